-- Orders of more than one kind, and the use of plain energy.
--
-- Orders from before are collections that came through the API, which is what the defaults say.

-- What the order is about: a collection (0), or energy for a period (1), for which recipient is NULL
-- and token_amount, scene and transfer_energy are 0.
ALTER TABLE orders ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
-- Days that energy is rented for; 0 for an hour, which is what a collection rents.
ALTER TABLE orders ADD COLUMN period_days BIGINT NOT NULL DEFAULT 0
  CHECK (period_days BETWEEN 0 AND 30);
-- Where it came from: a program (0), a person (1), a count policy (2), an auto policy (3).
ALTER TABLE orders ADD COLUMN origin BIGINT NOT NULL DEFAULT 0;
-- The policy, for those that one placed.
ALTER TABLE orders ADD COLUMN policy_id BIGINT ;
-- When the merchant asked to end it early.
ALTER TABLE orders ADD COLUMN stopped_ms BIGINT ;

-- One call by a receiver that used energy of a plain order whose use is followed.
-- Written by order decisions. Read with its order. A call counts once for an order, whatever block it
-- is in.
CREATE TABLE energy_use (
  order_id BYTEA    NOT NULL REFERENCES orders (id),
  -- From 1, oldest first.
  number   BIGINT NOT NULL,
  txid     BYTEA    NOT NULL CHECK (length(txid) = 32),
  -- Block time.
  at_ms    BIGINT NOT NULL,
  energy   BIGINT NOT NULL CHECK (energy > 0),
  PRIMARY KEY (order_id, number)
);

CREATE UNIQUE INDEX energy_use_txid ON energy_use (order_id, txid);
