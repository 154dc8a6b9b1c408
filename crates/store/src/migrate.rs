//! Brings a database to the newest schema: numbered SQL, embedded, applied once, never backwards.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::postgres_dialect::ASK_BRIEFLY;
use crate::sql::{Connection, Error, OptionalExtension, params};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
    /// A program that knows the steps up to this one still works with the schema after this step: it may
    /// run, and be started, beside newer ones on the same PostgreSQL.
    works_with: i64,
}

/// A step with its two texts, and the oldest program that can work with it.
macro_rules! step {
    ($number:literal, $file:literal, $works_with:literal) => {
        Migration {
            number: $number,
            name: $file,
            sqlite: include_str!(concat!("../schema/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../schema/postgres/", $file, ".sql")),
            works_with: $works_with,
        }
    };
}

// What a program of before does not know, a step may only add: the next release may take it away.
const MIGRATIONS: &[Migration] = &[
    step!(1, "0001_sunsweep", 1),
    step!(2, "0002_order_kinds", 2),
    step!(3, "0003_merchants", 3),
    step!(4, "0004_answers_and_transfers", 4),
    step!(5, "0005_policies", 5),
    step!(6, "0006_key_use", 6),
    step!(7, "0007_deposits", 7),
    step!(8, "0008_console", 7),
    step!(9, "0009_batches", 7),
    step!(11, "0011_chain_lease", 7),
    step!(12, "0012_open_legs", 12),
    step!(13, "0013_what_was_told", 12),
    step!(14, "0014_triggers_of_many_rows", 12),
    step!(15, "0015_what_forks_undo", 12),
    step!(16, "0016_log_by_action", 12),
    step!(17, "0017_shop_home", 12),
    step!(18, "0018_live_orders", 12),
];

/// The newest step that this program knows.
pub(crate) fn newest_known() -> i64 {
    MIGRATIONS.last().map_or(0, |newest| newest.number)
}

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
    Sql(#[from] Error),
}

/// The book of applied steps, and the row that a migrating process holds so that a second one waits.
const BOOK: &str = "
CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS schema_lock (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), turns INTEGER NOT NULL) STRICT;
INSERT INTO schema_lock (id, turns) VALUES (1, 0) ON CONFLICT (id) DO NOTHING;";

/// The same for a database that programs of two releases may use at the same time. Its row is also the
/// turn to write, which every commit waits for.
const SHARED_BOOK: &str = "
CREATE TABLE IF NOT EXISTS schema_migration (
  number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
  works_with BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS schema_lock (
  id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1), turns BIGINT NOT NULL);
INSERT INTO schema_lock (id, turns) VALUES (1, 0) ON CONFLICT (id) DO NOTHING;";

/// Times that two processes may stand in each other's way while they open the same new book.
const BOOK_TRIES_MAX: u32 = 5;

/// How long those are waited for who read a table that a step changes, as a dump or an audit does.
const HELD_UP_MAX: Duration = Duration::from_secs(15 * 60);
/// Between two tries, in which others have the turn to write.
const HELD_UP_PAUSE: Duration = Duration::from_millis(500);
/// Between two lines of the log that say so.
const SAID_EVERY: Duration = Duration::from_secs(30);

const COUNT_TURN: &str = "UPDATE schema_lock SET turns = turns + 1 WHERE id = 1";
const NEWEST: &str = "SELECT COALESCE(MAX(number), 0) FROM schema_migration";
const WORKS_WITH: &str = "SELECT COALESCE(MAX(works_with), 0) FROM schema_migration";
const CHECKSUM: &str = "SELECT checksum FROM schema_migration WHERE number = ?1";
const APPLIED: &str = "INSERT INTO schema_migration (number, name, checksum) VALUES (?1, ?2, ?3)";
const APPLIED_SHARED: &str = "
INSERT INTO schema_migration (number, name, checksum, works_with) VALUES (?1, ?2, ?3, ?4)";

/// Applies what is missing, in one transaction; again and again while others are in its way.
///
/// Errors: [`MigrateError`]; nothing has changed then.
pub(crate) fn migrate(connection: &Connection) -> Result<(), MigrateError> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &Connection, migrations: &[Migration]) -> Result<(), MigrateError> {
    let (began, mut said) = (Instant::now(), None::<Instant>);
    loop {
        match apply_once(connection, migrations) {
            Err(MigrateError::Sql(error))
                if error.is_held_up() && began.elapsed() < HELD_UP_MAX =>
            {
                if said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
                    said = Some(Instant::now());
                    tracing::warn!(
                        "the schema is brought up to date as soon as nobody is in the way: somebody reads \
                         a table that changes, as a dump or an audit does, or a neighbour is at it"
                    );
                }
                std::thread::sleep(HELD_UP_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn apply_once(connection: &Connection, migrations: &[Migration]) -> Result<(), MigrateError> {
    let opened = open_book(connection).map_err(MigrateError::from);
    match opened.and_then(|()| apply_missing(connection, migrations)) {
        Ok(()) => Ok(connection.commit()?),
        Err(error) => {
            // Whatever stopped it is what is told; a connection that cannot go back is given up.
            drop(connection.rollback());
            Err(error)
        }
    }
}

/// Opens the transaction of the steps, with a book to write them in.
fn open_book(connection: &Connection) -> Result<(), Error> {
    match connection {
        Connection::Sqlite(_) => {
            connection.begin_write()?;
            connection.batch(BOOK)
        }
        Connection::Postgres(_) => {
            let mut tries = 1;
            // A program that may not make tables can still use those that are there.
            while let Err(error) = connection.batch("SELECT turns FROM schema_lock") {
                match connection.batch(SHARED_BOOK) {
                    Ok(()) => break,
                    Err(_) if tries < BOOK_TRIES_MAX => tries += 1,
                    Err(refused) => {
                        tracing::debug!(%error, "there is no book of the schema");
                        return Err(refused);
                    }
                }
            }
            connection.begin_write()
        }
    }
}

fn apply_missing(connection: &Connection, migrations: &[Migration]) -> Result<(), MigrateError> {
    let number = |sql| connection.prepare_cached(sql)?.query_row([], |row| row.get::<i64>(0));
    let known = migrations.last().map_or(0, |newest| newest.number);
    let found = number(NEWEST)?;
    let is_shared = matches!(connection, Connection::Postgres(_));
    if found > known {
        if !is_shared || number(WORKS_WITH)? > known {
            return Err(MigrateError::Future { found, known });
        }
        tracing::warn!(
            "the database is at migration {found} and this program knows {known}: it works with it, \
             but use the newer program soon"
        );
    }
    for migration in migrations {
        let sql = if is_shared { migration.postgres } else { migration.sqlite };
        let checksum = hex::encode(Sha256::digest(sql));
        let applied: Option<String> = connection
            .prepare_cached(CHECKSUM)?
            .query_row([migration.number], |row| row.get(0))
            .optional()?;
        match applied {
            Some(applied) if applied == checksum => continue,
            Some(_) => return Err(MigrateError::Changed { number: migration.number }),
            None => {}
        }
        if is_shared {
            connection.batch(ASK_BRIEFLY)?;
        }
        connection.batch(sql)?;
        connection.prepare_cached(COUNT_TURN)?.run([])?;
        let (number, name, works_with) = (migration.number, migration.name, migration.works_with);
        match is_shared {
            true => connection
                .prepare_cached(APPLIED_SHARED)?
                .run(params![number, name, checksum, works_with])?,
            false => connection.prepare_cached(APPLIED)?.run(params![number, name, checksum])?,
        }
    }
    Ok(connection.settle()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster, postgres};

    fn step(number: i64, sqlite: &'static str) -> Migration {
        Migration { number, name: "a step", sqlite, postgres: "", works_with: number }
    }

    fn memory() -> Connection {
        Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap())
    }

    fn schema(connection: &Connection) -> Vec<String> {
        let connection = connection.as_sqlite().unwrap();
        let sql =
            "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn applying_twice_changes_nothing() {
        let connection = memory();
        migrate(&connection).unwrap();
        let first = schema(&connection);
        migrate(&connection).unwrap();
        assert_eq!(schema(&connection), first);
        let applied: i64 = connection
            .as_sqlite()
            .unwrap()
            .query_row("SELECT COUNT(*) FROM schema_migration", [], |row| row.get(0))
            .unwrap();
        assert_eq!(usize::try_from(applied).unwrap(), MIGRATIONS.len());
    }

    #[test]
    fn orders_from_before_there_were_kinds_are_collections_through_the_api() {
        let connection = memory();
        apply(&connection, &MIGRATIONS[..1]).unwrap();
        connection
            .batch(
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
        migrate(&connection).unwrap();
        let mut id = [0; 16];
        id[15] = 1;
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
        let connection = memory();
        let step = step(1, "CREATE TABLE one (a INTEGER) STRICT;");
        apply(&connection, &[step]).unwrap();
        let changed = super::Migration { sqlite: "CREATE TABLE one (b INTEGER) STRICT;", ..step };
        let error = apply(&connection, &[changed]).unwrap_err();
        assert!(matches!(error, MigrateError::Changed { number: 1 }), "{error}");
    }

    #[test]
    fn a_database_from_the_future_is_refused() {
        let connection = memory();
        let one = step(1, "CREATE TABLE one (a INTEGER) STRICT;");
        let two = step(2, "CREATE TABLE two (a INTEGER) STRICT;");
        apply(&connection, &[one, two]).unwrap();
        let error = apply(&connection, &[one]).unwrap_err();
        assert!(matches!(error, MigrateError::Future { found: 2, known: 1 }), "{error}");
    }

    /// As a dump does, which may take hours.
    #[test]
    fn on_postgres_a_step_waits_for_who_reads_and_nobody_waits_for_the_step() {
        let Some(cluster) = cluster::cluster() else { return };
        let url = cluster.database();
        let connect = || postgres::connection(&url).unwrap();
        let reading = connect();
        reading.batch("SET idle_in_transaction_session_timeout = 0").unwrap();
        reading.begin_read().unwrap();
        reading.batch("SELECT COUNT(*) FROM orders").unwrap();
        let sql = "ALTER TABLE orders ADD COLUMN extra BIGINT";
        let new =
            Migration { number: 9_999, name: "new", sqlite: "", postgres: sql, works_with: 1 };
        let steps = [MIGRATIONS, &[new]].concat();
        let neighbour = connect();
        std::thread::scope(|scope| {
            let starting = [1, 2].map(|_| scope.spawn(|| apply(&connect(), &steps)));
            let waiting =
                "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
            while !neighbour.prepare_cached(waiting).unwrap().exists([]).unwrap() {}
            // More often than a step could have held it up without anybody's timeout.
            for _ in 0..2 {
                neighbour.begin_write().unwrap();
                neighbour.batch("UPDATE schema_lock SET turns = turns + 1").unwrap();
                neighbour.commit().unwrap();
            }
            reading.commit().unwrap();
            for server in starting {
                server.join().unwrap().unwrap();
            }
        });
        neighbour.batch("SELECT extra FROM orders").unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let connection = memory();
        let one = step(1, "CREATE TABLE one (a INTEGER) STRICT;");
        let bad = step(2, "CREATE TABLE two (a INTEGER); NONSENSE");
        assert!(apply(&connection, &[one, bad]).is_err());
        assert_eq!(schema(&connection), Vec::<String>::new());
        apply(&connection, &[one]).unwrap();
    }
}
