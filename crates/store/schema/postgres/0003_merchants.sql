-- Merchants as a business: what keys may do and spend.
--
-- What a new column of an existing row means is what was true before: every scope, from anywhere, no
-- cap.

-- What a key may be used for: 1 read, 2 order, 4 transfer, added up.
ALTER TABLE api_key ADD COLUMN scopes BIGINT NOT NULL DEFAULT 7 CHECK (scopes BETWEEN 1 AND 7);
-- Networks that its requests may come from, separated by commas; empty: from anywhere.
ALTER TABLE api_key ADD COLUMN allowed_from TEXT NOT NULL DEFAULT '';
-- Most that it may spend in a day of UTC+8; NULL: no cap.
ALTER TABLE api_key ADD COLUMN daily_cap BIGINT CHECK (daily_cap >= 0);

-- What a key has spent on a day: what was charged, less what was given back of it. A cache of the
-- ledger, which the audit recomputes.
-- Written with each ledger transaction of an order. Read before each order.
CREATE TABLE key_day (
  key_id BIGINT NOT NULL REFERENCES api_key (id),
  -- Days of UTC+8 since 1970-01-01, of the moment when the order was placed.
  day    BIGINT NOT NULL,
  spent  BIGINT NOT NULL,
  PRIMARY KEY (key_id, day)
);

-- Where the ledger ends: one row.
-- Written with each ledger transaction. Read to number the next one.
CREATE TABLE ledger_head (
  id        BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  -- How many entries there are.
  entries   BIGINT NOT NULL,
  -- When the newest was posted; it never goes back, whatever the clock does.
  posted_ms BIGINT NOT NULL
);

-- The place of an entry in the whole ledger, from 1 in the order of posting, and when it was posted:
-- statements are read and cut by them.
ALTER TABLE ledger_entry ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_entry ADD COLUMN posted_ms BIGINT NOT NULL DEFAULT 0;

-- No PostgreSQL database was in use before this step: there is nothing to number.
INSERT INTO ledger_head (id, entries, posted_ms) VALUES (1, 0, 0);

-- A merchant's statement, in the order of posting.
CREATE UNIQUE INDEX ledger_entry_of_merchant ON ledger_entry (merchant_id, posted_ms, position)
WHERE merchant_id > 0;
-- The orders of a merchant, newest first.
CREATE INDEX orders_of_merchant ON orders (merchant_id, id);
-- The callbacks that somebody may have to look at: owed (0) and dead (2) ones.
CREATE INDEX callback_undelivered ON callback (state, order_id) WHERE state <> 1;

-- A price that is set; what is not set is inherited: a merchant's from the house, the house's from the
-- configuration.
-- Written by the operator. Read before each order, inside its commit.
CREATE TABLE price (
  -- 0: the house's.
  merchant_id BIGINT NOT NULL,
  -- Which price; the numbers are those of domain::price_overrides.
  name        BIGINT NOT NULL,
  value       BIGINT NOT NULL CHECK (value >= 0),
  PRIMARY KEY (merchant_id, name)
);

-- A bearer token of the admin interface; a revoked one stays, because the log names it.
-- Written by the operator. Read at each admin request.
CREATE TABLE admin_token (
  -- The public part, by which it is found.
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,
  -- 1 read, 2 merchants, 4 money, 8 prices, 16 pool, 32 callbacks, added up.
  scopes      BIGINT NOT NULL CHECK (scopes BETWEEN 1 AND 63),
  -- Argon2id hash of the secret part, in the PHC format.
  secret_hash TEXT    NOT NULL,
  created_ms  BIGINT NOT NULL,
  revoked_ms  BIGINT
);

-- One change by a person or a program of the operator's, for ever.
-- Written with the change. Read by the operator. Never changed.
CREATE TABLE admin_log (
  number      BIGINT NOT NULL PRIMARY KEY,
  at_ms       BIGINT NOT NULL,
  -- Who, as "cli root" or "token billing".
  actor       TEXT    NOT NULL,
  -- What, as "merchant.pause".
  action      TEXT    NOT NULL,
  -- To whom, as "merchant 7".
  subject     TEXT    NOT NULL,
  -- How it was and how it is, as JSON without any secret; NULL when it was or is not there.
  before_json TEXT,
  after_json  TEXT
);

CREATE TRIGGER admin_log_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('admin_log_is_final: nothing in the log is changed');

-- What a request that moved money was answered: the same one again never moves it twice.
-- Written with the ledger transaction. Read before it. Kept for ever: there are few.
CREATE TABLE admin_answer (
  -- Who sent it; the same text from another is another request.
  actor  TEXT    NOT NULL,
  text   TEXT    NOT NULL,
  -- Hash of what was wanted.
  hash   BYTEA    NOT NULL CHECK (length(hash) = 32),
  answer TEXT    NOT NULL,
  at_ms  BIGINT NOT NULL,
  PRIMARY KEY (actor, text)
);
