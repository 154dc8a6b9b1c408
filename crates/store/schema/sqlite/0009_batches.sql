-- Batches: many collections that one person starts together.

-- One batch. What became of its orders is told by their own rows.
-- Written by decisions about batches. Read by their worker and by people.
CREATE TABLE batch (
  id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  merchant_id     INTEGER NOT NULL REFERENCES merchant (id),
  -- The key that its orders are placed with.
  key_id          INTEGER NOT NULL REFERENCES api_key (id),
  name            TEXT    NOT NULL,
  state           INTEGER NOT NULL,
  -- What keeps its rows from becoming orders.
  hindrance       INTEGER,
  row_count       INTEGER NOT NULL CHECK (row_count BETWEEN 1 AND 10000),
  -- The newest dry run: when it was asked for, and when its last row was looked at.
  dry_begun_ms    INTEGER,
  dry_finished_ms INTEGER,
  created_ms      INTEGER NOT NULL,
  resumed_ms      INTEGER,
  ended_ms        INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_of_merchant ON batch (merchant_id, id);

-- One address of a batch.
-- Written with the batch; then by its worker, one commit with the row's order, and by cancel and retry.
CREATE TABLE batch_row (
  batch_id       BLOB    NOT NULL REFERENCES batch (id),
  -- From 1, as the rows were given.
  number         INTEGER NOT NULL,
  address        BLOB    NOT NULL CHECK (length(address) = 21),
  recipient      BLOB,
  reference      TEXT,
  -- Waiting (0), placed (1), failed (2), cancelled (3).
  state          INTEGER NOT NULL,
  -- Which try, from 1.
  attempt        INTEGER NOT NULL,
  -- The order of this try; batch_order has it too, for ever.
  order_id       BLOB,
  failure        INTEGER,
  failure_text   TEXT,
  -- Sun that the chain would have burned, at the moment when the order was placed.
  burn           INTEGER,
  -- What the newest dry run found: either need and price, or why it would be refused.
  checked_ms     INTEGER,
  -- Whole token units in decimal digits: they may exceed 63 bits.
  token_amount   TEXT,
  scene          INTEGER,
  energy         INTEGER,
  bandwidth      INTEGER,
  has_activation INTEGER CHECK (has_activation IN (0, 1)),
  price          INTEGER,
  check_burn     INTEGER,
  check_failure  INTEGER,
  check_text     TEXT,
  PRIMARY KEY (batch_id, number),
  CONSTRAINT batch_row_placed_has_its_order CHECK ((state = 1) = (order_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- An address stands in a batch once.
CREATE UNIQUE INDEX batch_row_address ON batch_row (batch_id, address);
-- The next rows that wait.
CREATE INDEX batch_row_by_state ON batch_row (batch_id, state, number);

-- The order of one try of one row. Its key is what keeps a row from being ordered twice.
-- Written in the commit that places the order. Never changed.
CREATE TABLE batch_order (
  batch_id BLOB    NOT NULL,
  number   INTEGER NOT NULL,
  attempt  INTEGER NOT NULL,
  order_id BLOB    NOT NULL REFERENCES orders (id),
  PRIMARY KEY (batch_id, number, attempt),
  FOREIGN KEY (batch_id, number) REFERENCES batch_row (batch_id, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX batch_order_order ON batch_order (order_id);

-- What the reference would do: a row of the outbox (kind 3) is about a batch that is there.
CREATE TRIGGER outbox_has_its_batch BEFORE INSERT ON outbox
WHEN NEW.kind = 3
BEGIN
  SELECT RAISE(ABORT, 'outbox_has_its_batch: there is no such batch')
  WHERE NOT EXISTS (SELECT 1 FROM batch WHERE id = NEW.subject);
END;

-- A seventh scope: 64 batches. A column's check cannot be changed in place.
CREATE TABLE admin_token_of_more (
  -- The public part, by which it is found.
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,
  -- 1 read, 2 merchants, 4 money, 8 prices, 16 pool, 32 callbacks, 64 batches, added up.
  scopes      INTEGER NOT NULL CHECK (scopes BETWEEN 1 AND 127),
  -- Argon2id hash of the secret part, in the PHC format.
  secret_hash TEXT    NOT NULL,
  created_ms  INTEGER NOT NULL,
  revoked_ms  INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO admin_token_of_more (id, name, scopes, secret_hash, created_ms, revoked_ms)
SELECT id, name, scopes, secret_hash, created_ms, revoked_ms FROM admin_token;
DROP TABLE admin_token;
ALTER TABLE admin_token_of_more RENAME TO admin_token;
