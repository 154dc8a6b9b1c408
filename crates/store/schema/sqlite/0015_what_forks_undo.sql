-- What forks undo of an order: the part that is paid back, and a transfer that may come again.

-- What each unit of what it bought cost it, in sun, for its whole period; 0 for orders from before.
ALTER TABLE orders ADD COLUMN energy_unit_price INTEGER NOT NULL DEFAULT 0
  CHECK (energy_unit_price >= 0);
ALTER TABLE orders ADD COLUMN bandwidth_unit_price INTEGER NOT NULL DEFAULT 0
  CHECK (bandwidth_unit_price >= 0);
ALTER TABLE orders ADD COLUMN activation_price INTEGER NOT NULL DEFAULT 0
  CHECK (activation_price >= 0);
-- What was given back when it ended, in sun: the price of the part that a fork undid for good.
ALTER TABLE orders ADD COLUMN part_refunded INTEGER NOT NULL DEFAULT 0
  CHECK (part_refunded >= 0);
-- The newest transfer that counted as its use until a fork dropped its block.
ALTER TABLE orders ADD COLUMN undone_by BLOB CHECK (length(undone_by) = 32);
-- Chain time until which something that a fork dropped may come again and use it.
ALTER TABLE orders ADD COLUMN undone_until_ms INTEGER;

-- What was given back was not bought.
CREATE TRIGGER refunded_part_is_no_use AFTER UPDATE OF part_refunded ON orders
WHEN OLD.part_refunded <> NEW.part_refunded
BEGIN
  UPDATE key_use SET charged = charged + OLD.part_refunded - NEW.part_refunded
  WHERE key_id = NEW.key_id AND day = (NEW.created_ms + 28800000) / 86400000;
END;
