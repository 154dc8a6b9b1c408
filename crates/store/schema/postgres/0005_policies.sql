-- Policies: standing orders that keep energy on an address, one refill after the other.

-- One policy; a merchant has at most one of a kind for an address.
-- Written by decisions about policies. Read by their workers, by the block watcher and by lists.
CREATE TABLE policy (
  id             BIGINT NOT NULL PRIMARY KEY,
  kind           BIGINT NOT NULL,
  merchant_id    BIGINT NOT NULL REFERENCES merchant (id),
  -- The key that set it up or renewed it last.
  key_id         BIGINT NOT NULL REFERENCES api_key (id),
  receiver       BYTEA    NOT NULL CHECK (length(receiver) = 21),
  state          BIGINT NOT NULL,
  step           BIGINT NOT NULL,
  -- Terms of a count policy.
  transfers_left BIGINT,
  is_perpetual   BIGINT CHECK (is_perpetual IN (0, 1)),
  has_bandwidth  BIGINT CHECK (has_bandwidth IN (0, 1)),
  unused         BIGINT,
  unused_max     BIGINT,
  -- Terms of an auto policy; NULL energy follows the address.
  energy         BIGINT,
  usual_energy   BIGINT,
  period_days    BIGINT,
  ends_ms        BIGINT,
  -- Refills ordered so far, and the one that is not over.
  refills        BIGINT NOT NULL,
  open_order     BYTEA    REFERENCES orders (id),
  failures       BIGINT NOT NULL,
  quiet_looks    BIGINT NOT NULL,
  not_before_ms  BIGINT NOT NULL,
  created_ms     BIGINT NOT NULL,
  updated_ms     BIGINT NOT NULL,
  -- 1: what its address does in blocks matters to it.
  is_watched     BIGINT NOT NULL CHECK (is_watched IN (0, 1)),
  -- When a worker is to look at it, NULL while it rests. A worker that takes it moves this to the end
  -- of its lease; whoever nudges it meanwhile moves it back.
  due_ms         BIGINT,
  CONSTRAINT policy_transfers_left_not_negative CHECK (transfers_left >= 0)
);

CREATE UNIQUE INDEX policy_of_address ON policy (merchant_id, kind, receiver);
CREATE INDEX policy_listed ON policy (merchant_id, kind, id);
-- Whose policy is the sender of this transfer: only those to whom it matters.
CREATE INDEX policy_watched ON policy (receiver) WHERE is_watched = 1;
CREATE INDEX policy_due ON policy (due_ms) WHERE due_ms IS NOT NULL;

-- One refill of a policy. Its key is what keeps one use from being refilled twice.
-- Written in the commit that places the order and advances the policy. Never changed.
CREATE TABLE policy_refill (
  policy_id BIGINT NOT NULL REFERENCES policy (id),
  -- From 1.
  number    BIGINT NOT NULL,
  order_id  BYTEA    NOT NULL REFERENCES orders (id),
  PRIMARY KEY (policy_id, number)
);

CREATE UNIQUE INDEX policy_refill_order ON policy_refill (order_id);

-- One transfer that a count policy paid for, counted once.
-- Written by the block watcher in the commit that counts it; deleted when a fork drops its block.
CREATE TABLE policy_transfer (
  policy_id   BIGINT NOT NULL REFERENCES policy (id),
  txid        BYTEA    NOT NULL CHECK (length(txid) = 32),
  block       BIGINT NOT NULL,
  -- 1: taken from what is left; 0: the policy was perpetual.
  is_deducted BIGINT NOT NULL CHECK (is_deducted IN (0, 1)),
  -- 1: the block cannot be undone.
  is_solid    BIGINT NOT NULL DEFAULT 0 CHECK (is_solid IN (0, 1)),
  PRIMARY KEY (policy_id, txid)
);

CREATE INDEX policy_transfer_open ON policy_transfer (block) WHERE is_solid = 0;
