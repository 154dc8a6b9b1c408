-- What a key has bought, day by day: running sums, so that a summary reads one row a day and not one
-- an order.

-- The orders that a key has placed on one day, without those that were refunded. A cache of orders,
-- which the audit recomputes.
-- Written by the triggers below with the order itself. Read by summaries.
CREATE TABLE key_use (
  key_id  BIGINT NOT NULL REFERENCES api_key (id),
  -- Days of UTC+8 since 1970-01-01, of the moment when the order was placed.
  day     BIGINT NOT NULL,
  orders  BIGINT NOT NULL,
  energy  BIGINT NOT NULL,
  -- Sun.
  charged BIGINT NOT NULL,
  PRIMARY KEY (key_id, day)
);

-- 3: refunded.
CREATE FUNCTION order_counts_as_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO key_use (key_id, day, orders, energy, charged)
  VALUES (NEW.key_id, (NEW.created_ms + 28800000) / 86400000, 1, NEW.energy, NEW.price)
  ON CONFLICT (key_id, day) DO UPDATE SET orders = key_use.orders + 1,
    energy = key_use.energy + excluded.energy, charged = key_use.charged + excluded.charged;
  RETURN NULL;
END $$;
CREATE TRIGGER order_counts_as_use AFTER INSERT ON orders
FOR EACH ROW WHEN (NEW.state <> 3) EXECUTE FUNCTION order_counts_as_use();

CREATE FUNCTION refunded_order_is_no_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE key_use
  SET orders = orders - 1, energy = energy - NEW.energy, charged = charged - NEW.price
  WHERE key_id = NEW.key_id AND day = (NEW.created_ms + 28800000) / 86400000;
  RETURN NULL;
END $$;
CREATE TRIGGER refunded_order_is_no_use AFTER UPDATE OF state ON orders
FOR EACH ROW WHEN (OLD.state <> 3 AND NEW.state = 3) EXECUTE FUNCTION refunded_order_is_no_use();
