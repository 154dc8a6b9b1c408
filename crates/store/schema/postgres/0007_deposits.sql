-- Deposits: TRX that merchants send to addresses of their own, and how far the chain was scanned.

-- One deposit address. A merchant has one for each extended public key that was ever configured; the
-- newest is shown, all are credited.
-- Written when an address is first asked for, before anybody can know it. Read by the scanner.
CREATE TABLE deposit_address (
  address     BYTEA    NOT NULL PRIMARY KEY CHECK (length(address) = 21),
  merchant_id BIGINT NOT NULL REFERENCES merchant (id),
  -- The fingerprint of the extended public key, and the number of the address below it.
  xpub        TEXT    NOT NULL,
  number      BIGINT NOT NULL,
  created_ms  BIGINT NOT NULL,
  UNIQUE (merchant_id, xpub)
);

-- One deposit, in a block that cannot be undone.
-- Written by the scanner, with the credit and the scanned block. Never changed.
CREATE TABLE deposit (
  txid           BYTEA    NOT NULL CHECK (length(txid) = 32),
  contract_index BIGINT NOT NULL,
  -- The business id of its credit.
  id             BYTEA    NOT NULL UNIQUE CHECK (length(id) = 16),
  merchant_id    BIGINT NOT NULL REFERENCES merchant (id),
  address        BYTEA    NOT NULL REFERENCES deposit_address (address),
  sender         BYTEA    NOT NULL CHECK (length(sender) = 21),
  amount         BIGINT NOT NULL CHECK (amount > 0),
  block          BIGINT NOT NULL,
  -- Block time, and wall time when it was seen.
  at_ms          BIGINT NOT NULL,
  seen_ms        BIGINT NOT NULL,
  -- 0: less than the minimum, kept for looking at.
  is_credited    BIGINT NOT NULL CHECK (is_credited IN (0, 1)),
  PRIMARY KEY (txid, contract_index)
);

CREATE INDEX deposit_by_block ON deposit (block);
CREATE INDEX deposit_of_merchant ON deposit (merchant_id, block);

-- The last solid block that was scanned for deposits: at most one row. It only goes forward.
-- Written with the deposits of the blocks up to it. Read before each scan.
CREATE TABLE scanned_block (
  id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  number   BIGINT NOT NULL,
  block_id BYTEA    NOT NULL CHECK (length(block_id) = 32),
  -- The block's time.
  at_ms    BIGINT NOT NULL
);

CREATE TRIGGER scanned_block_goes_forward BEFORE UPDATE ON scanned_block
FOR EACH ROW WHEN (NEW.number <= OLD.number)
EXECUTE FUNCTION refuse_change('scanned_block_goes_forward: a block was scanned before');
CREATE TRIGGER deposit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON deposit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('deposit_is_final: nothing in a deposit is changed');
