-- How many legs of a wallet's stake are not back yet: each needs the wallet's own bandwidth once more.

-- Legs with stake (kind 1, delegations, and 2, leftovers) from planned (0) to returning (4): exactly
-- their number, which the audit checks. Written by order decisions. Read before each plan.
ALTER TABLE wallet ADD COLUMN legs_open BIGINT NOT NULL DEFAULT 0;

UPDATE wallet SET legs_open = (
  SELECT COUNT(*) FROM leg
  WHERE leg.owner = wallet.address AND leg.kind IN (1, 2) AND leg.state BETWEEN 0 AND 4);
