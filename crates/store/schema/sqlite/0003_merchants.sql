-- Merchants as a business: what keys may do and spend.
--
-- What a new column of an existing row means is what was true before: every scope, from anywhere, no
-- cap.

-- What a key may be used for: 1 read, 2 order, 4 transfer, added up.
ALTER TABLE api_key ADD COLUMN scopes INTEGER NOT NULL DEFAULT 7 CHECK (scopes BETWEEN 1 AND 7);
-- Networks that its requests may come from, separated by commas; empty: from anywhere.
ALTER TABLE api_key ADD COLUMN allowed_from TEXT NOT NULL DEFAULT '';
-- Most that it may spend in a day of UTC+8; NULL: no cap.
ALTER TABLE api_key ADD COLUMN daily_cap INTEGER CHECK (daily_cap >= 0);

-- What a key has spent on a day: what was charged, less what was given back of it. A cache of the
-- ledger, which the audit recomputes.
-- Written with each ledger transaction of an order. Read before each order.
CREATE TABLE key_day (
  key_id INTEGER NOT NULL REFERENCES api_key (id),
  -- Days of UTC+8 since 1970-01-01, of the moment when the order was placed.
  day    INTEGER NOT NULL,
  spent  INTEGER NOT NULL,
  PRIMARY KEY (key_id, day)
) STRICT, WITHOUT ROWID;

INSERT INTO key_day (key_id, day, spent)
SELECT key_id, (created_ms + 28800000) / 86400000, -SUM(amount)
FROM ledger_entry
JOIN ledger_tx ON ledger_tx.business = ledger_entry.business AND ledger_tx.fact = ledger_entry.fact
JOIN orders ON orders.id = ledger_tx.order_id
WHERE account_kind = 1
GROUP BY 1, 2;
