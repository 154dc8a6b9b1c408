-- Policies: standing orders that keep energy on an address, one refill after the other.

-- One policy; a merchant has at most one of a kind for an address.
-- Written by decisions about policies. Read by their workers, by the block watcher and by lists.
CREATE TABLE policy (
  id             INTEGER NOT NULL PRIMARY KEY,
  kind           INTEGER NOT NULL,
  merchant_id    INTEGER NOT NULL REFERENCES merchant (id),
  -- The key that set it up or renewed it last.
  key_id         INTEGER NOT NULL REFERENCES api_key (id),
  receiver       BLOB    NOT NULL CHECK (length(receiver) = 21),
  state          INTEGER NOT NULL,
  step           INTEGER NOT NULL,
  -- Terms of a count policy.
  transfers_left INTEGER,
  is_perpetual   INTEGER CHECK (is_perpetual IN (0, 1)),
  has_bandwidth  INTEGER CHECK (has_bandwidth IN (0, 1)),
  unused         INTEGER,
  unused_max     INTEGER,
  -- Terms of an auto policy; NULL energy follows the address.
  energy         INTEGER,
  usual_energy   INTEGER,
  period_days    INTEGER,
  ends_ms        INTEGER,
  -- Refills ordered so far, and the one that is not over.
  refills        INTEGER NOT NULL,
  open_order     BLOB    REFERENCES orders (id),
  failures       INTEGER NOT NULL,
  quiet_looks    INTEGER NOT NULL,
  not_before_ms  INTEGER NOT NULL,
  created_ms     INTEGER NOT NULL,
  updated_ms     INTEGER NOT NULL,
  -- 1: what its address does in blocks matters to it.
  is_watched     INTEGER NOT NULL CHECK (is_watched IN (0, 1)),
  -- When a worker is to look at it, NULL while it rests. A worker that takes it moves this to the end
  -- of its lease; whoever nudges it meanwhile moves it back.
  due_ms         INTEGER,
  CONSTRAINT policy_transfers_left_not_negative CHECK (transfers_left >= 0)
) STRICT;

CREATE UNIQUE INDEX policy_of_address ON policy (merchant_id, kind, receiver);
CREATE INDEX policy_listed ON policy (merchant_id, kind, id);
-- Whose policy is the sender of this transfer: only those to whom it matters.
CREATE INDEX policy_watched ON policy (receiver) WHERE is_watched = 1;
CREATE INDEX policy_due ON policy (due_ms) WHERE due_ms IS NOT NULL;

-- One refill of a policy. Its key is what keeps one use from being refilled twice.
-- Written in the commit that places the order and advances the policy. Never changed.
CREATE TABLE policy_refill (
  policy_id INTEGER NOT NULL REFERENCES policy (id),
  -- From 1.
  number    INTEGER NOT NULL,
  order_id  BLOB    NOT NULL REFERENCES orders (id),
  PRIMARY KEY (policy_id, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX policy_refill_order ON policy_refill (order_id);

-- One transfer that a count policy paid for, counted once.
-- Written by the block watcher in the commit that counts it; deleted when a fork drops its block.
CREATE TABLE policy_transfer (
  policy_id   INTEGER NOT NULL REFERENCES policy (id),
  txid        BLOB    NOT NULL CHECK (length(txid) = 32),
  block       INTEGER NOT NULL,
  -- 1: taken from what is left; 0: the policy was perpetual.
  is_deducted INTEGER NOT NULL CHECK (is_deducted IN (0, 1)),
  -- 1: the block cannot be undone.
  is_solid    INTEGER NOT NULL DEFAULT 0 CHECK (is_solid IN (0, 1)),
  PRIMARY KEY (policy_id, txid)
) STRICT, WITHOUT ROWID;

CREATE INDEX policy_transfer_open ON policy_transfer (block) WHERE is_solid = 0;
