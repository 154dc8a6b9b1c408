//! Brings a database to the newest schema: numbered SQL, embedded, applied once, never backwards.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "sunsweep",
        sql: include_str!("../schema/sqlite/0001_sunsweep.sql"),
    },
    Migration {
        number: 2,
        name: "order_kinds",
        sql: include_str!("../schema/sqlite/0002_order_kinds.sql"),
    },
    Migration {
        number: 3,
        name: "merchants",
        sql: include_str!("../schema/sqlite/0003_merchants.sql"),
    },
    Migration {
        number: 4,
        name: "answers_and_transfers",
        sql: include_str!("../schema/sqlite/0004_answers_and_transfers.sql"),
    },
    Migration {
        number: 5,
        name: "policies",
        sql: include_str!("../schema/sqlite/0005_policies.sql"),
    },
    Migration {
        number: 6,
        name: "key_use",
        sql: include_str!("../schema/sqlite/0006_key_use.sql"),
    },
    Migration {
        number: 7,
        name: "deposits",
        sql: include_str!("../schema/sqlite/0007_deposits.sql"),
    },
];

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// An applied step is not the one that this program has.
    #[error("migration {number} was applied with another text than this program has")]
    Changed {
        /// Which step.
        number: i64,
    },
    /// The database was opened by a newer program.
    #[error(
        "the database is at migration {found}, and this program knows {known}; use the newer one"
    )]
    Future {
        /// The newest applied step.
        found: i64,
        /// The newest step known here.
        known: i64,
    },
    /// The database refused or failed.
    #[error("the schema could not be brought up to date")]
    Sql(#[from] rusqlite::Error),
}

/// The book of applied steps, and the row that a migrating process holds so that a second one waits.
const BOOK: &str = "
CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS schema_lock (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), turns INTEGER NOT NULL) STRICT;
INSERT INTO schema_lock (id, turns) VALUES (1, 0) ON CONFLICT (id) DO NOTHING;";

/// Applies what is missing, in one transaction.
///
/// Errors: [`MigrateError`]; nothing has changed then.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), MigrateError> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[Migration]) -> Result<(), MigrateError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(BOOK)?;
    tx.execute("UPDATE schema_lock SET turns = turns + 1 WHERE id = 1", [])?;
    let known = migrations.last().map_or(0, |newest| newest.number);
    let newest = "SELECT COALESCE(MAX(number), 0) FROM schema_migration";
    let found: i64 = tx.query_row(newest, [], |row| row.get(0))?;
    if found > known {
        return Err(MigrateError::Future { found, known });
    }
    for migration in migrations {
        let checksum = hex::encode(Sha256::digest(migration.sql));
        let applied: Option<String> = tx
            .query_row(
                "SELECT checksum FROM schema_migration WHERE number = ?1",
                [migration.number],
                |row| row.get(0),
            )
            .optional()?;
        match applied {
            Some(applied) if applied == checksum => {}
            Some(_) => return Err(MigrateError::Changed { number: migration.number }),
            None => {
                tx.execute_batch(migration.sql)?;
                tx.execute(
                    "INSERT INTO schema_migration (number, name, checksum) VALUES (?1, ?2, ?3)",
                    params![migration.number, migration.name, checksum],
                )?;
            }
        }
    }
    Ok(tx.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(connection: &Connection) -> Vec<String> {
        let sql =
            "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn applying_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let first = schema(&connection);
        migrate(&mut connection).unwrap();
        assert_eq!(schema(&connection), first);
        let applied: i64 = connection
            .query_row("SELECT COUNT(*) FROM schema_migration", [], |row| row.get(0))
            .unwrap();
        assert_eq!(usize::try_from(applied).unwrap(), MIGRATIONS.len());
    }

    #[test]
    fn orders_from_before_there_were_kinds_are_collections_through_the_api() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &MIGRATIONS[..1]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO merchant (id, name, created_ms) VALUES (1, 'Shop', 0);
                INSERT INTO api_key (id, merchant_id, text, name, sealed_secret,
                  is_reference_strict, created_ms) VALUES (1, 1, 'K', 'key', x'00', 0, 0);
                INSERT INTO orders (id, merchant_id, key_id, receiver, token_amount, scene,
                  transfer_energy, energy, bandwidth, has_activation, price, balance_after, state,
                  created_ms, is_live)
                VALUES (x'00000000000000000000000000000001', 1, 1,
                  x'41a614f803b6fd780986a42c78ec9c7f77e6ded13c', '25', 1, 64285, 64285, 0, 0, 0, 0,
                  2, 0, 0);",
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let mut id = [0; 16];
        id[15] = 1;
        let connection = crate::sql::Connection::Sqlite(connection);
        let whole = crate::order::whole(&connection, domain::OrderId(id)).unwrap().unwrap();
        let collection = whole.order.collection().unwrap();
        assert_eq!(collection.transfer_energy.get(), 64_285);
        assert_eq!(whole.order.origin, domain::Origin::Api);
        assert_eq!((whole.order.stopped, whole.uses), (None, Vec::new()));
        let audit = crate::audit::audit(&connection).unwrap();
        assert_eq!(audit.differences, Vec::<String>::new());
    }

    #[test]
    fn numbers_go_up() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }

    #[test]
    fn a_changed_step_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        let step =
            Migration { number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER) STRICT;" };
        apply(&mut connection, &[step]).unwrap();
        let changed = Migration { sql: "CREATE TABLE one (b INTEGER) STRICT;", ..step };
        let error = apply(&mut connection, &[changed]).unwrap_err();
        assert!(matches!(error, MigrateError::Changed { number: 1 }), "{error}");
    }

    #[test]
    fn a_database_from_the_future_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        let one = Migration { number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER) STRICT;" };
        let two = Migration { number: 2, name: "two", sql: "CREATE TABLE two (a INTEGER) STRICT;" };
        apply(&mut connection, &[one, two]).unwrap();
        let error = apply(&mut connection, &[one]).unwrap_err();
        assert!(matches!(error, MigrateError::Future { found: 2, known: 1 }), "{error}");
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        let one = Migration { number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER) STRICT;" };
        let bad =
            Migration { number: 2, name: "bad", sql: "CREATE TABLE two (a INTEGER); NONSENSE" };
        assert!(apply(&mut connection, &[one, bad]).is_err());
        assert_eq!(schema(&connection), Vec::<String>::new());
        apply(&mut connection, &[one]).unwrap();
    }
}
