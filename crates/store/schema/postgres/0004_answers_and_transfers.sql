-- Exact answers to signed requests that place no order, and transfers: TRX that a merchant has sent
-- to an address.

-- The exact first answer to a signed request whose effect is not an order: an order's answer is
-- rendered again from its row, this one is given again byte by byte.
-- Written in the commit that made it true. Read when `replay` or `resend` leads here. Forgotten after
-- both.
CREATE TABLE exact_answer (
  id     BYTEA    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  status BIGINT NOT NULL,
  body   TEXT    NOT NULL,
  -- Not before the moments by which the rows that lead here are forgotten.
  at_ms  BIGINT NOT NULL
);

CREATE INDEX exact_answer_age ON exact_answer (at_ms);

-- From here on: the id of the order that the request placed, or of an exact answer.
ALTER TABLE replay RENAME COLUMN order_id TO business;
ALTER TABLE resend RENAME COLUMN order_id TO business;

-- The outbox is about more than orders now: what a row is about is named by its kind, an order's id
-- (kinds 0 and 1) or a transfer's (2).
ALTER TABLE outbox DROP CONSTRAINT outbox_order_id_fkey;
ALTER TABLE outbox RENAME COLUMN order_id TO subject;
ALTER TABLE outbox ADD CONSTRAINT outbox_subject_check CHECK (length(subject) = 16);

-- One transfer with its one signed transaction, stored before its first byte is sent. All but its
-- state and what the chain said is fixed when it is made.
-- Written by transfer decisions. Read by the transfer worker, and by txid for each transaction of a
-- new block.
CREATE TABLE transfer (
  id             BYTEA    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  merchant_id    BIGINT NOT NULL REFERENCES merchant (id),
  key_id         BIGINT NOT NULL REFERENCES api_key (id),
  receiver       BYTEA    NOT NULL CHECK (length(receiver) = 21),
  amount         BIGINT NOT NULL CHECK (amount > 0),
  -- What it costs beyond the amount, activation included.
  fee            BIGINT NOT NULL CHECK (fee >= 0),
  has_activation BIGINT NOT NULL CHECK (has_activation IN (0, 1)),
  -- The wallet that pays, and the most that leaves it: the amount and what the network takes.
  payer          BYTEA    NOT NULL REFERENCES wallet (address),
  outlay_max     BIGINT NOT NULL CHECK (outlay_max >= amount),
  txid           BYTEA    NOT NULL CHECK (length(txid) = 32),
  bytes          BYTEA    NOT NULL,
  -- Chain time after which it can never be included.
  expiration_ms  BIGINT NOT NULL,
  state          BIGINT NOT NULL,
  is_maybe_taken BIGINT NOT NULL CHECK (is_maybe_taken IN (0, 1)),
  sent_ms        BIGINT,
  block          BIGINT,
  created_ms     BIGINT NOT NULL,
  ended_ms       BIGINT
);

CREATE UNIQUE INDEX transfer_txid ON transfer (txid);
-- Which of a block's transactions are ours and still open (stored or included), and what open ones
-- take from each payer.
CREATE INDEX transfer_open ON transfer (payer, outlay_max) WHERE state < 2;
-- What a fork or a solid block moves (included).
CREATE INDEX transfer_included ON transfer (block) WHERE state = 1;
-- A merchant's transfers, for statements.
CREATE INDEX transfer_of_merchant ON transfer (merchant_id, id);

-- What the reference did: a row is about something that is there.
CREATE FUNCTION outbox_has_its_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind IN (0, 1) AND NOT EXISTS (SELECT 1 FROM orders WHERE id = NEW.subject) THEN
    RAISE EXCEPTION 'outbox_has_its_subject: there is no such order'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  IF NEW.kind = 2 AND NOT EXISTS (SELECT 1 FROM transfer WHERE id = NEW.subject) THEN
    RAISE EXCEPTION 'outbox_has_its_subject: there is no such transfer'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER outbox_has_its_subject BEFORE INSERT ON outbox
FOR EACH ROW EXECUTE FUNCTION outbox_has_its_subject();

-- The transaction on chain that a fact is about, if one is: a transfer's or a deposit's.
ALTER TABLE ledger_tx ADD COLUMN txid BYTEA;
