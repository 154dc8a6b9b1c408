-- What sunsweep keeps, in PostgreSQL: the twin of ../sqlite/0001_sunsweep.sql, with the same tables and
-- columns; a test compares them. Bytes are BYTEA, every number is BIGINT. Every row is written by the committer in one transaction with the decision
-- that made it true; the database refuses what would break money.
--
-- Numbers that stand for a word (kind, state, scene, role, fact) are those of `src/code.rs`.
-- Amounts are whole sun, moments are milliseconds since 1970-01-01 UTC in wall time unless a comment
-- says block time, addresses are 21 bytes with their prefix, order ids are 16 bytes whose first 48
-- bits are the time: tables keyed by them grow at their end, where the pages are warm.

-- One merchant.
-- Written by the operator. Read with its balances before each order.
CREATE TABLE merchant (
  id           BIGINT NOT NULL PRIMARY KEY,
  name         TEXT    NOT NULL,
  -- Where outcomes go when an order names no address.
  callback_url TEXT,
  -- 1: new orders are refused.
  is_paused    BIGINT NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
  created_ms   BIGINT NOT NULL
);

-- One API key of a merchant; a revoked one stays, because orders name it.
-- Written by the operator. Read at each request.
CREATE TABLE api_key (
  id                  BIGINT NOT NULL PRIMARY KEY,
  merchant_id         BIGINT NOT NULL REFERENCES merchant (id),
  -- The text that requests carry.
  text                TEXT    NOT NULL,
  name                TEXT    NOT NULL,
  -- The secret, sealed by the server; nobody can read it here.
  sealed_secret       BYTEA    NOT NULL,
  -- 1: a second order with the same reference is refused.
  is_reference_strict BIGINT NOT NULL CHECK (is_reference_strict IN (0, 1)),
  created_ms          BIGINT NOT NULL,
  -- When it stopped working.
  revoked_ms          BIGINT
);

CREATE UNIQUE INDEX api_key_text ON api_key (text);
CREATE INDEX api_key_of_merchant ON api_key (merchant_id);

-- One wallet of the pool, as the last reading and our own reservations leave it.
-- Written by the operator (who it is), by the pool's readings (capacity, bandwidth, balance) and by
-- order decisions (reservations). Read before each plan.
CREATE TABLE wallet (
  address            BYTEA    NOT NULL PRIMARY KEY CHECK (length(address) = 21),
  -- The address of the key that signs for it.
  signer             BYTEA    NOT NULL CHECK (length(signer) = 21),
  role               BIGINT NOT NULL,
  permission_id      BIGINT NOT NULL,
  is_enabled         BIGINT NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
  -- Stake that the chain would let it lend. May fall below zero between a withdrawal of stake and
  -- the next reading.
  energy_capacity    BIGINT NOT NULL DEFAULT 0,
  -- Stake of legs that are planned or signed: exactly their sum, which the audit checks.
  energy_reserved    BIGINT NOT NULL DEFAULT 0,
  bandwidth_capacity BIGINT NOT NULL DEFAULT 0,
  bandwidth_reserved BIGINT NOT NULL DEFAULT 0,
  own_bandwidth      BIGINT NOT NULL DEFAULT 0,
  balance            BIGINT NOT NULL DEFAULT 0,
  -- Raised whenever a decision moves a capacity: a reading that began before that is dropped.
  version            BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT wallet_energy_reserved_not_negative CHECK (energy_reserved >= 0),
  CONSTRAINT wallet_bandwidth_reserved_not_negative CHECK (bandwidth_reserved >= 0)
);

-- One order. All but its state and three moments is fixed when it is accepted.
-- Written by order decisions. Read by workers, queries and the console.
CREATE TABLE orders (
  id              BYTEA    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  merchant_id     BIGINT NOT NULL REFERENCES merchant (id),
  key_id          BIGINT NOT NULL REFERENCES api_key (id),
  receiver        BYTEA    NOT NULL CHECK (length(receiver) = 21),
  recipient       BYTEA,
  -- Whole token units in decimal digits: they may exceed 63 bits.
  token_amount    TEXT    NOT NULL,
  scene           BIGINT NOT NULL,
  -- The merchant's own label, not unique.
  reference       TEXT,
  callback_url    TEXT,
  transfer_energy BIGINT NOT NULL,
  energy          BIGINT NOT NULL,
  bandwidth       BIGINT NOT NULL,
  has_activation  BIGINT NOT NULL CHECK (has_activation IN (0, 1)),
  price           BIGINT NOT NULL CHECK (price >= 0),
  -- The merchant's available balance just after the hold.
  balance_after   BIGINT NOT NULL,
  state           BIGINT NOT NULL,
  created_ms      BIGINT NOT NULL,
  ready_ms        BIGINT,
  -- Block time of the receiver's transfer.
  used_ms         BIGINT,
  ended_ms        BIGINT,
  -- The receiver's transfer, so that the same one never counts for two orders.
  used_by         BYTEA,
  -- 1 exactly as long as the order has a row in the outbox.
  is_live         BIGINT NOT NULL CHECK (is_live IN (0, 1))
);

-- Who counts on this address, and whose transfer did we just see: live orders only, so it stays small.
CREATE INDEX orders_live ON orders (receiver, id) WHERE is_live = 1;
-- The newest order with a merchant's label.
CREATE INDEX orders_by_reference ON orders (merchant_id, reference, id) WHERE reference IS NOT NULL;

-- One leg: a chain step that fills an order, and the way back.
-- Written by order decisions. Read with its order.
CREATE TABLE leg (
  order_id    BYTEA    NOT NULL REFERENCES orders (id),
  -- From 1, in the order in which they were planned.
  number      BIGINT NOT NULL,
  kind        BIGINT NOT NULL,
  -- For a delegation: the chain's resource code, staked sun, and what the stake was to yield.
  resource    BIGINT,
  balance     BIGINT,
  units       BIGINT,
  -- The wallet that lends or pays.
  owner       BYTEA    NOT NULL REFERENCES wallet (address),
  state       BIGINT NOT NULL,
  -- Block times.
  included_ms BIGINT,
  returned_ms BIGINT,
  PRIMARY KEY (order_id, number)
);

-- One signed transaction of ours, stored before its first byte is sent.
-- Written by order decisions and by the block watcher (solid). Read with its order, and by txid for
-- each transaction of a new block.
CREATE TABLE chain_tx (
  order_id       BYTEA    NOT NULL,
  -- From 1, oldest first.
  number         BIGINT NOT NULL,
  txid           BYTEA    NOT NULL CHECK (length(txid) = 32),
  leg            BIGINT NOT NULL,
  road           BIGINT NOT NULL,
  signer         BYTEA    NOT NULL,
  bytes          BYTEA    NOT NULL,
  -- Chain time after which it can never be included.
  expiration_ms  BIGINT NOT NULL,
  state          BIGINT NOT NULL,
  is_maybe_taken BIGINT NOT NULL CHECK (is_maybe_taken IN (0, 1)),
  sent_ms        BIGINT,
  block          BIGINT,
  PRIMARY KEY (order_id, number),
  FOREIGN KEY (order_id, leg) REFERENCES leg (order_id, number)
);

-- Which of a block's transactions are ours and still open (stored or included).
CREATE UNIQUE INDEX chain_tx_open ON chain_tx (txid) WHERE state < 2;
-- What a fork or a solid block moves (included).
CREATE INDEX chain_tx_included ON chain_tx (block) WHERE state = 1;

-- One line of the chart, with its balance as a cache of its entries.
-- Written with each entry. Read before each order; recomputed by the audit.
CREATE TABLE ledger_account (
  kind        BIGINT NOT NULL,
  -- 0 for the operator's own accounts.
  merchant_id BIGINT NOT NULL,
  balance     BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, merchant_id),
  CONSTRAINT ledger_account_has_its_owner CHECK ((kind IN (1, 2)) = (merchant_id > 0)),
  -- Only "outside" (4), the counterpart of money that came in, may be negative.
  CONSTRAINT ledger_account_not_negative CHECK (kind = 4 OR balance >= 0)
);

INSERT INTO ledger_account (kind, merchant_id) VALUES (3, 0), (4, 0);

-- The header of one ledger transaction: a fact, once. It is inserted after its entries, and a trigger
-- refuses it unless they sum to zero.
-- Written by decisions and by the operator's credits. Never changed.
CREATE TABLE ledger_tx (
  -- The order's id, or a fresh one for a fact that no order caused.
  business BYTEA    NOT NULL CHECK (length(business) = 16),
  fact     BIGINT NOT NULL,
  order_id BYTEA    REFERENCES orders (id),
  -- Why, for facts that a person caused.
  reason   TEXT,
  at_ms    BIGINT NOT NULL,
  PRIMARY KEY (business, fact)
);

-- One signed amount on one ledger account. Without its header it cannot be committed.
-- Written before its header, in the same transaction. Never changed.
CREATE TABLE ledger_entry (
  business      BYTEA    NOT NULL,
  fact          BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  account_kind  BIGINT NOT NULL,
  merchant_id   BIGINT NOT NULL,
  amount        BIGINT NOT NULL,
  -- The ledger account's balance with this entry, for statements.
  balance_after BIGINT NOT NULL,
  PRIMARY KEY (business, fact, number),
  FOREIGN KEY (business, fact) REFERENCES ledger_tx (business, fact)
    DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (account_kind, merchant_id) REFERENCES ledger_account (kind, merchant_id)
);

CREATE FUNCTION ledger_tx_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entries BIGINT;
  total   NUMERIC;
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_tx WHERE business = NEW.business AND fact = NEW.fact) THEN
    RAISE EXCEPTION 'ledger_tx_exists: this fact was posted before'
      USING ERRCODE = 'unique_violation';
  END IF;
  SELECT COUNT(*), COALESCE(SUM(amount), 0) INTO entries, total
  FROM ledger_entry WHERE business = NEW.business AND fact = NEW.fact;
  IF entries < 2 OR total <> 0 THEN
    RAISE EXCEPTION 'ledger_tx_unbalanced: at least two entries, and their sum is zero'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_tx_sums_to_zero BEFORE INSERT ON ledger_tx
FOR EACH ROW EXECUTE FUNCTION ledger_tx_sums_to_zero();

CREATE FUNCTION ledger_entry_comes_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_tx WHERE business = NEW.business AND fact = NEW.fact) THEN
    RAISE EXCEPTION 'ledger_tx_exists: this fact was posted before'
      USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_comes_first BEFORE INSERT ON ledger_entry
FOR EACH ROW EXECUTE FUNCTION ledger_entry_comes_first();

-- Refuses whatever fires it, with the words that the trigger names.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ledger_tx_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_tx
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ledger_is_final: nothing in the ledger is changed');
CREATE TRIGGER ledger_entry_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ledger_is_final: nothing in the ledger is changed');

-- What is owed to the outside and not done yet: an order that wants attention, or a callback to be
-- delivered. It is the queue.
-- Written with the decision that owes something, and by workers. Read by workers that look for work.
CREATE TABLE outbox (
  kind        BIGINT NOT NULL,
  order_id    BYTEA    NOT NULL REFERENCES orders (id),
  -- When it wants to be looked at.
  due_ms      BIGINT NOT NULL,
  -- When a worker may take it: `due_ms` while it is free, the end of the lease while it is leased.
  wake_ms     BIGINT NOT NULL,
  -- Who has it; NULL while it is free.
  lease_owner TEXT,
  -- Raised at each claim, so that an older holder is refused.
  fence       BIGINT NOT NULL,
  -- How often something else asked for attention; one that came during a lease is not forgotten.
  nudges      BIGINT NOT NULL,
  PRIMARY KEY (kind, order_id)
);

CREATE INDEX outbox_wake ON outbox (kind, wake_ms);

-- The one callback of an order, with the bytes that every attempt posts.
-- Written with the decision that ended the order for its merchant; then by the callback worker.
CREATE TABLE callback (
  order_id BYTEA    NOT NULL PRIMARY KEY REFERENCES orders (id),
  -- The key whose secret signs.
  key_id   BIGINT NOT NULL REFERENCES api_key (id),
  url      TEXT    NOT NULL,
  body     BYTEA    NOT NULL,
  -- Attempts since it was owed, and when the first was due: the schedule counts from there.
  attempts BIGINT NOT NULL,
  first_ms BIGINT NOT NULL,
  state    BIGINT NOT NULL
);

-- One try at a callback, for looking at.
-- Written by the callback worker. Read by the console.
CREATE TABLE attempt (
  order_id BYTEA    NOT NULL REFERENCES callback (order_id),
  number   BIGINT NOT NULL,
  at_ms    BIGINT NOT NULL,
  -- HTTP status; NULL when there was no answer.
  status   BIGINT,
  note     TEXT    NOT NULL,
  took_ms  BIGINT NOT NULL,
  -- How the callback stood after it.
  state    BIGINT NOT NULL,
  PRIMARY KEY (order_id, number)
);

-- A signed request that placed an order: an exact copy of it never acts twice. Keyed by its time
-- first, so that new rows lie together and old ones are forgotten together.
-- Written with the order. Read before each order. Forgotten when the signature is too old anyway.
CREATE TABLE replay (
  timestamp_secs BIGINT NOT NULL,
  key_id         BIGINT NOT NULL,
  signature      BYTEA    NOT NULL,
  -- Hash of method and path.
  route          BYTEA    NOT NULL,
  order_id       BYTEA    NOT NULL,
  PRIMARY KEY (timestamp_secs, key_id, signature)
);

-- A merchant's own idempotency key and the order that it placed.
-- Written with the order. Read before each order that carries one. Forgotten after a day.
CREATE TABLE resend (
  key_id   BIGINT NOT NULL,
  text     TEXT    NOT NULL,
  -- Hash of method, path and canonical body.
  request  BYTEA    NOT NULL,
  order_id BYTEA    NOT NULL,
  at_ms    BIGINT NOT NULL,
  PRIMARY KEY (key_id, text)
);

CREATE INDEX resend_age ON resend (at_ms);

-- The last block whose transactions were looked at: at most one row.
-- Written and read by the block watcher.
CREATE TABLE watched_block (
  id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  number   BIGINT NOT NULL,
  block_id BYTEA    NOT NULL CHECK (length(block_id) = 32)
);
