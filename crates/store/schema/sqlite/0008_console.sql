-- People who use the console, and what its search needs.

-- One person: one of the operator's, or a member of one merchant. A person who is shut out stays,
-- because the log names it.
-- Written with each change of who may come in, and with each try to sign in. Read at each request of
-- the console.
CREATE TABLE person (
  id                  INTEGER NOT NULL PRIMARY KEY,
  name                TEXT    NOT NULL,
  -- NULL: one of the operator's people.
  merchant_id         INTEGER REFERENCES merchant (id),
  -- 0 admin, 1 viewer.
  rank                INTEGER NOT NULL,
  -- Argon2id hash, in the PHC format; NULL until an invitation was accepted.
  password_hash       TEXT,
  -- The secret behind one-time codes, sealed by the server; nobody can read it here.
  sealed_totp         BLOB,
  -- The time step of the newest code that was used.
  totp_step           INTEGER NOT NULL DEFAULT 0,
  -- SHA-256 of the token in the link that is open, and until when it works.
  invitation_hash     BLOB CHECK (length(invitation_hash) = 32),
  invitation_until_ms INTEGER,
  -- Wrong tries since the last right one, and until when no try counts.
  wrong_tries         INTEGER NOT NULL DEFAULT 0 CHECK (wrong_tries >= 0),
  wait_until_ms       INTEGER,
  created_ms          INTEGER NOT NULL,
  -- When it was shut out.
  disabled_ms         INTEGER,
  CONSTRAINT person_proves_itself_with_both
    CHECK ((password_hash IS NULL) = (sealed_totp IS NULL)),
  CONSTRAINT person_invitation_has_an_end
    CHECK ((invitation_hash IS NULL) = (invitation_until_ms IS NULL))
) STRICT;

CREATE UNIQUE INDEX person_name ON person (name);
CREATE UNIQUE INDEX person_invitation ON person (invitation_hash)
WHERE invitation_hash IS NOT NULL;

-- One browser that is signed in. The token itself is in its cookie only.
-- Written when it begins and ends, and about once a minute in between. Read at each request of the
-- console.
CREATE TABLE session (
  -- SHA-256 of the token.
  token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
  person_id  INTEGER NOT NULL REFERENCES person (id),
  began_ms   INTEGER NOT NULL,
  seen_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_of_person ON session (person_id);
CREATE INDEX session_seen ON session (seen_ms);
CREATE INDEX session_began ON session (began_ms);

-- The time under which an attempt was signed, in seconds: with the body and the key's secret it gives
-- the signature that was sent. NULL when nothing was sent, or before it was kept.
ALTER TABLE attempt ADD COLUMN signed_secs INTEGER;

-- Where people look for an order: by the address, by a transaction of ours, by the receiver's own.
CREATE INDEX orders_of_receiver ON orders (receiver, id);
CREATE INDEX orders_used_by ON orders (used_by) WHERE used_by IS NOT NULL;
CREATE INDEX chain_tx_of_txid ON chain_tx (txid);
