-- Batches: many collections that one person starts together. The twin of ../sqlite/0009_batches.sql.

-- One batch. What became of its orders is told by their own rows.
-- Written by decisions about batches. Read by their worker and by people.
CREATE TABLE batch (
  id              BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  merchant_id     BIGINT NOT NULL REFERENCES merchant (id),
  -- The key that its orders are placed with.
  key_id          BIGINT NOT NULL REFERENCES api_key (id),
  name            TEXT    NOT NULL,
  state           BIGINT NOT NULL,
  -- What keeps its rows from becoming orders.
  hindrance       BIGINT,
  row_count       BIGINT NOT NULL CHECK (row_count BETWEEN 1 AND 10000),
  -- The newest dry run: when it was asked for, and when its last row was looked at.
  dry_begun_ms    BIGINT,
  dry_finished_ms BIGINT,
  created_ms      BIGINT NOT NULL,
  resumed_ms      BIGINT,
  ended_ms        BIGINT
);

CREATE INDEX batch_of_merchant ON batch (merchant_id, id);

-- One address of a batch.
-- Written with the batch; then by its worker, one commit with the row's order, and by cancel and retry.
CREATE TABLE batch_row (
  batch_id       BYTEA   NOT NULL REFERENCES batch (id),
  -- From 1, as the rows were given.
  number         BIGINT NOT NULL,
  address        BYTEA   NOT NULL CHECK (length(address) = 21),
  recipient      BYTEA,
  reference      TEXT,
  -- Waiting (0), placed (1), failed (2), cancelled (3).
  state          BIGINT NOT NULL,
  -- Which try, from 1.
  attempt        BIGINT NOT NULL,
  -- The order of this try; batch_order has it too, for ever.
  order_id       BYTEA,
  failure        BIGINT,
  failure_text   TEXT,
  -- Sun that the chain would have burned, at the moment when the order was placed.
  burn           BIGINT,
  -- What the newest dry run found: either need and price, or why it would be refused.
  checked_ms     BIGINT,
  -- Whole token units in decimal digits: they may exceed 63 bits.
  token_amount   TEXT,
  scene          BIGINT,
  energy         BIGINT,
  bandwidth      BIGINT,
  has_activation BIGINT CHECK (has_activation IN (0, 1)),
  price          BIGINT,
  check_burn     BIGINT,
  check_failure  BIGINT,
  check_text     TEXT,
  PRIMARY KEY (batch_id, number),
  CONSTRAINT batch_row_placed_has_its_order CHECK ((state = 1) = (order_id IS NOT NULL))
);

-- An address stands in a batch once.
CREATE UNIQUE INDEX batch_row_address ON batch_row (batch_id, address);
-- The next rows that wait.
CREATE INDEX batch_row_by_state ON batch_row (batch_id, state, number);

-- The order of one try of one row. Its key is what keeps a row from being ordered twice.
-- Written in the commit that places the order. Never changed.
CREATE TABLE batch_order (
  batch_id BYTEA   NOT NULL,
  number   BIGINT NOT NULL,
  attempt  BIGINT NOT NULL,
  order_id BYTEA   NOT NULL REFERENCES orders (id),
  PRIMARY KEY (batch_id, number, attempt),
  FOREIGN KEY (batch_id, number) REFERENCES batch_row (batch_id, number)
);

CREATE UNIQUE INDEX batch_order_order ON batch_order (order_id);

-- What the reference would do: a row of the outbox (kind 3) is about a batch that is there.
CREATE FUNCTION outbox_has_its_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 3 AND NOT EXISTS (SELECT 1 FROM batch WHERE id = NEW.subject) THEN
    RAISE EXCEPTION 'outbox_has_its_batch: there is no such batch'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER outbox_has_its_batch BEFORE INSERT ON outbox
FOR EACH ROW EXECUTE FUNCTION outbox_has_its_batch();

-- A seventh scope: 64 batches.
ALTER TABLE admin_token DROP CONSTRAINT admin_token_scopes_check;
ALTER TABLE admin_token ADD CONSTRAINT admin_token_scopes_check CHECK (scopes BETWEEN 1 AND 127);
