-- Triggers that look at all rows of a statement at once: a commit of many orders writes each table with
-- one statement. They refuse and count what those of before did, row by row.
--
-- What is looked for is asked as a value, (SELECT 1 …) IS NULL, and not by EXISTS or a join: those may be
-- planned to read the whole table once, and keep that plan when it has grown.

CREATE FUNCTION orders_count_as_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO key_use (key_id, day, orders, energy, charged)
  SELECT key_id, (created_ms + 28800000) / 86400000, COUNT(*), SUM(energy), SUM(price)
  FROM added WHERE state <> 3
  GROUP BY key_id, (created_ms + 28800000) / 86400000
  ON CONFLICT (key_id, day) DO UPDATE SET orders = key_use.orders + excluded.orders,
    energy = key_use.energy + excluded.energy, charged = key_use.charged + excluded.charged;
  RETURN NULL;
END $$;
DROP TRIGGER order_counts_as_use ON orders;
DROP FUNCTION order_counts_as_use();
CREATE TRIGGER order_counts_as_use AFTER INSERT ON orders REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION orders_count_as_use();

-- A second header under the same key is refused by the key itself.
CREATE OR REPLACE FUNCTION ledger_tx_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM added CROSS JOIN LATERAL (
      SELECT COUNT(*) AS entries, COALESCE(SUM(amount), 0) AS total FROM ledger_entry
      WHERE business = added.business AND fact = added.fact) AS sums
    WHERE sums.entries < 2 OR sums.total <> 0
  ) THEN
    RAISE EXCEPTION 'ledger_tx_unbalanced: at least two entries, and their sum is zero'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER ledger_tx_sums_to_zero ON ledger_tx;
CREATE TRIGGER ledger_tx_sums_to_zero AFTER INSERT ON ledger_tx REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION ledger_tx_sums_to_zero();

CREATE OR REPLACE FUNCTION ledger_entry_comes_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM added WHERE (
      SELECT 1 FROM ledger_tx WHERE business = added.business AND fact = added.fact) IS NOT NULL
  ) THEN
    RAISE EXCEPTION 'ledger_tx_exists: this fact was posted before'
      USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER ledger_entry_comes_first ON ledger_entry;
CREATE TRIGGER ledger_entry_comes_first AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_comes_first();

DROP TRIGGER outbox_has_its_subject ON outbox;
DROP TRIGGER outbox_has_its_batch ON outbox;
DROP FUNCTION outbox_has_its_batch();
CREATE OR REPLACE FUNCTION outbox_has_its_subject() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  missing TEXT;
BEGIN
  SELECT CASE kind WHEN 2 THEN 'transfer' WHEN 3 THEN 'batch' ELSE 'order' END INTO missing
  FROM added
  WHERE CASE
    WHEN kind IN (0, 1) THEN (SELECT 1 FROM orders WHERE id = subject) IS NULL
    WHEN kind = 2 THEN (SELECT 1 FROM transfer WHERE id = subject) IS NULL
    WHEN kind = 3 THEN (SELECT 1 FROM batch WHERE id = subject) IS NULL
    ELSE FALSE END
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'outbox_has_its_subject: there is no such %', missing
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_has_its_subject AFTER INSERT ON outbox REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION outbox_has_its_subject();
