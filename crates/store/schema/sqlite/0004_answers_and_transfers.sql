-- Exact answers to signed requests that place no order, and transfers: TRX that a merchant has sent
-- to an address.

-- The exact first answer to a signed request whose effect is not an order: an order's answer is
-- rendered again from its row, this one is given again byte by byte.
-- Written in the commit that made it true. Read when `replay` or `resend` leads here. Forgotten after
-- both.
CREATE TABLE exact_answer (
  id     BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  status INTEGER NOT NULL,
  body   TEXT    NOT NULL,
  -- Not before the moments by which the rows that lead here are forgotten.
  at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX exact_answer_age ON exact_answer (at_ms);

-- From here on: the id of the order that the request placed, or of an exact answer.
ALTER TABLE replay RENAME COLUMN order_id TO business;
ALTER TABLE resend RENAME COLUMN order_id TO business;

-- The outbox is about more than orders now: what a row is about is named by its kind, an order's id
-- (kinds 0 and 1) or a transfer's (2). A column's reference cannot be dropped in place.
CREATE TABLE outbox_of_more (
  kind        INTEGER NOT NULL,
  -- The order or the transfer.
  subject     BLOB    NOT NULL CHECK (length(subject) = 16),
  -- When it wants to be looked at.
  due_ms      INTEGER NOT NULL,
  -- When a worker may take it: `due_ms` while it is free, the end of the lease while it is leased.
  wake_ms     INTEGER NOT NULL,
  -- Who has it; NULL while it is free.
  lease_owner TEXT,
  -- Raised at each claim, so that an older holder is refused.
  fence       INTEGER NOT NULL,
  -- How often something else asked for attention; one that came during a lease is not forgotten.
  nudges      INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

INSERT INTO outbox_of_more (kind, subject, due_ms, wake_ms, lease_owner, fence, nudges)
SELECT kind, order_id, due_ms, wake_ms, lease_owner, fence, nudges FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_of_more RENAME TO outbox;
CREATE INDEX outbox_wake ON outbox (kind, wake_ms);

-- One transfer with its one signed transaction, stored before its first byte is sent. All but its
-- state and what the chain said is fixed when it is made.
-- Written by transfer decisions. Read by the transfer worker, and by txid for each transaction of a
-- new block.
CREATE TABLE transfer (
  id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  merchant_id    INTEGER NOT NULL REFERENCES merchant (id),
  key_id         INTEGER NOT NULL REFERENCES api_key (id),
  receiver       BLOB    NOT NULL CHECK (length(receiver) = 21),
  amount         INTEGER NOT NULL CHECK (amount > 0),
  -- What it costs beyond the amount, activation included.
  fee            INTEGER NOT NULL CHECK (fee >= 0),
  has_activation INTEGER NOT NULL CHECK (has_activation IN (0, 1)),
  -- The wallet that pays, and the most that leaves it: the amount and what the network takes.
  payer          BLOB    NOT NULL REFERENCES wallet (address),
  outlay_max     INTEGER NOT NULL CHECK (outlay_max >= amount),
  txid           BLOB    NOT NULL CHECK (length(txid) = 32),
  bytes          BLOB    NOT NULL,
  -- Chain time after which it can never be included.
  expiration_ms  INTEGER NOT NULL,
  state          INTEGER NOT NULL,
  is_maybe_taken INTEGER NOT NULL CHECK (is_maybe_taken IN (0, 1)),
  sent_ms        INTEGER,
  block          INTEGER,
  created_ms     INTEGER NOT NULL,
  ended_ms       INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX transfer_txid ON transfer (txid);
-- Which of a block's transactions are ours and still open (stored or included), and what open ones
-- take from each payer.
CREATE INDEX transfer_open ON transfer (payer, outlay_max) WHERE state < 2;
-- What a fork or a solid block moves (included).
CREATE INDEX transfer_included ON transfer (block) WHERE state = 1;
-- A merchant's transfers, for statements.
CREATE INDEX transfer_of_merchant ON transfer (merchant_id, id);

-- What the reference did: a row is about something that is there.
CREATE TRIGGER outbox_has_its_subject BEFORE INSERT ON outbox
BEGIN
  SELECT RAISE(ABORT, 'outbox_has_its_subject: there is no such order')
  WHERE NEW.kind IN (0, 1) AND NOT EXISTS (SELECT 1 FROM orders WHERE id = NEW.subject);
  SELECT RAISE(ABORT, 'outbox_has_its_subject: there is no such transfer')
  WHERE NEW.kind = 2 AND NOT EXISTS (SELECT 1 FROM transfer WHERE id = NEW.subject);
END;

-- The transaction on chain that a fact is about, if one is: a transfer's or a deposit's.
ALTER TABLE ledger_tx ADD COLUMN txid BLOB;
