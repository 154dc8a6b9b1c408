-- Deposits: TRX that merchants send to addresses of their own, and how far the chain was scanned.

-- One deposit address. A merchant has one for each extended public key that was ever configured; the
-- newest is shown, all are credited.
-- Written when an address is first asked for, before anybody can know it. Read by the scanner.
CREATE TABLE deposit_address (
  address     BLOB    NOT NULL PRIMARY KEY CHECK (length(address) = 21),
  merchant_id INTEGER NOT NULL REFERENCES merchant (id),
  -- The fingerprint of the extended public key, and the number of the address below it.
  xpub        TEXT    NOT NULL,
  number      INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  UNIQUE (merchant_id, xpub)
) STRICT, WITHOUT ROWID;

-- One deposit, in a block that cannot be undone.
-- Written by the scanner, with the credit and the scanned block. Never changed.
CREATE TABLE deposit (
  txid           BLOB    NOT NULL CHECK (length(txid) = 32),
  contract_index INTEGER NOT NULL,
  -- The business id of its credit.
  id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
  merchant_id    INTEGER NOT NULL REFERENCES merchant (id),
  address        BLOB    NOT NULL REFERENCES deposit_address (address),
  sender         BLOB    NOT NULL CHECK (length(sender) = 21),
  amount         INTEGER NOT NULL CHECK (amount > 0),
  block          INTEGER NOT NULL,
  -- Block time, and wall time when it was seen.
  at_ms          INTEGER NOT NULL,
  seen_ms        INTEGER NOT NULL,
  -- 0: less than the minimum, kept for looking at.
  is_credited    INTEGER NOT NULL CHECK (is_credited IN (0, 1)),
  PRIMARY KEY (txid, contract_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX deposit_by_block ON deposit (block);
CREATE INDEX deposit_of_merchant ON deposit (merchant_id, block);

-- The last solid block that was scanned for deposits: at most one row. It only goes forward.
-- Written with the deposits of the blocks up to it. Read before each scan.
CREATE TABLE scanned_block (
  id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  number   INTEGER NOT NULL,
  block_id BLOB    NOT NULL CHECK (length(block_id) = 32),
  -- The block's time.
  at_ms    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER scanned_block_goes_forward BEFORE UPDATE ON scanned_block
WHEN NEW.number <= OLD.number
BEGIN SELECT RAISE(ABORT, 'scanned_block_goes_forward: a block was scanned before'); END;
CREATE TRIGGER deposit_is_not_changed BEFORE UPDATE ON deposit
BEGIN SELECT RAISE(ABORT, 'deposit_is_final: nothing in a deposit is changed'); END;
CREATE TRIGGER deposit_is_not_deleted BEFORE DELETE ON deposit
BEGIN SELECT RAISE(ABORT, 'deposit_is_final: no deposit is deleted'); END;
