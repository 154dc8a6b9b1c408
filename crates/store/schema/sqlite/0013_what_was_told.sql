-- Who may rely on what the chain was told to have done, and who holds a policy.

-- 1 from when something of a block, or of a fork, is told to orders until all of it is: what they know
-- then is of no block. Written by the block watcher. Read where an order is filled again.
ALTER TABLE watched_block ADD COLUMN is_half_told INTEGER NOT NULL DEFAULT 0
  CHECK (is_half_told IN (0, 1));

-- Raised at each claim of a policy: an older holder is refused. Written by claims. Read with every write
-- of a policy's worker.
ALTER TABLE policy ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
