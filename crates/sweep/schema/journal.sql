-- The journal of a sweeper: the merchant's own file, beside the keys. Version 1.

-- One row a run. Written by the sweeper; read by `resume` and `status`.
CREATE TABLE run (
  id TEXT NOT NULL PRIMARY KEY,           -- 12 hex digits; part of every idempotency key
  started_ms INTEGER NOT NULL,
  -- How far discovery is: the next position of the key source, and the unused addresses before it.
  next_position INTEGER NOT NULL DEFAULT 0,
  unused_in_a_row INTEGER NOT NULL DEFAULT 0,
  is_discovered INTEGER NOT NULL DEFAULT 0,
  -- When a person, or --yes, agreed to its plan. Nothing is ordered before.
  agreed_ms INTEGER,
  ended_ms INTEGER,
  token TEXT NOT NULL,
  symbol TEXT NOT NULL,
  decimals INTEGER NOT NULL,
  destination TEXT NOT NULL,
  minimum TEXT NOT NULL,
  api_url TEXT NOT NULL,
  node_url TEXT NOT NULL
) STRICT;

-- One row an address that holds the token, as discovery found it. Positions are those of the source.
CREATE TABLE holding (
  run TEXT NOT NULL REFERENCES run (id),
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  label TEXT NOT NULL,
  held TEXT NOT NULL,                     -- smallest units, decimal: 128 bits fit no integer column
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- One row an address of the plan and what is moved from it. Written before every step outside: a
-- state in here is a promise of what may have happened.
CREATE TABLE item (
  run TEXT NOT NULL REFERENCES run (id),
  address TEXT NOT NULL,
  asset TEXT NOT NULL CHECK (asset IN ('token', 'trx')),
  rank INTEGER NOT NULL,                  -- biggest first
  label TEXT NOT NULL,
  state TEXT NOT NULL,
  reason_code TEXT,
  reason_text TEXT,
  held TEXT NOT NULL,
  moved TEXT NOT NULL,
  attempt INTEGER NOT NULL,               -- orders placed or under way; part of the idempotency key
  serial TEXT,                            -- the newest order
  order_charged_sun INTEGER NOT NULL,     -- what the newest order costs as things stand
  earlier_charged_sun INTEGER NOT NULL,   -- what orders before it cost
  order_cost_sun INTEGER,                 -- what the plan expected
  burn_cost_sun INTEGER NOT NULL,
  signings INTEGER NOT NULL,              -- transfers signed so far
  txid TEXT,                              -- the newest one
  tx BLOB,                                -- its bytes, as they were sent
  expiration_ms INTEGER,
  amount TEXT,                            -- what it moves
  block INTEGER,                          -- where it is included
  burned_sun INTEGER NOT NULL,
  burned_for_energy_sun INTEGER NOT NULL,
  energy_used INTEGER NOT NULL,
  planned_ms INTEGER,
  ordered_ms INTEGER,
  ready_ms INTEGER,
  sent_ms INTEGER,
  ended_ms INTEGER,
  PRIMARY KEY (run, address, asset)
) STRICT, WITHOUT ROWID;
