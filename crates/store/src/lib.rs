//! Keep it: the schema, the statements, and the committer, on SQLite or on PostgreSQL.
//!
//! Not here: business rules (they are in `domain`), the platform's names, decisions about what to
//! load (that is in `app`). Only here: SQL.
//!
//! Invariants: a work is answered only after its commit is durable; what one work writes is there
//! whole or not at all, and its neighbours in the same commit do not notice; the schema itself
//! refuses a ledger transaction that does not sum to zero, a changed entry and a negative balance.
//!
//! Read next: `schema/sqlite/0001_sunsweep.sql`, then `commit`, then `engine`, then `sql`.

mod admin;
mod admin_token;
mod answer;
mod audit;
pub mod backup;
mod batch;
mod batch_list;
mod batches;
mod callback;
mod callback_list;
#[cfg(test)]
#[path = "../tests/support/cluster.rs"]
mod cluster;
mod code;
mod column;
mod commit;
mod copy;
mod deposit;
mod dialect;
mod doors;
mod energy_use;
mod engine;
mod fault;
mod figures;
mod flight;
mod gathered;
mod job;
mod key;
mod key_use;
mod known;
mod ledger;
mod leg;
mod merchant;
mod merchant_statement;
mod migrate;
mod multiply;
mod open;
mod order;
mod order_list;
mod outbox;
mod person;
mod plain;
mod policy;
mod policy_list;
mod pool;
mod postgres;
mod postgres_dialect;
mod price;
mod read_ahead;
mod records;
mod sql;
mod sqlite;
mod sqlite_dialect;
mod statement;
mod store;
mod tally;
mod threads;
mod together;
mod transfer;
mod tx;
mod tx_known;
mod watch;

pub use copy::{CopiedTable, CopyFailed, Purpose, copy};
pub use doors::SqlStore;
pub use engine::{CommitMoment, FailPoint};
pub use migrate::MigrateError;
pub use multiply::Multiplier;
pub use open::{OpenError, Options};
pub use plain::PlainWriter;
pub use postgres::PostgresUrl;
pub use sql::Error as SqlError;

/// Brings a database of a test's up to date.
#[cfg(test)]
fn fill_template(url: &str) {
    SqlStore::connect(&url.into(), Options::default()).expect("a new database can be used");
}
