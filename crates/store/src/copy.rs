//! Move a shop from SQLite to PostgreSQL, and prove that nothing was lost on the way.
//!
//! Everything happens in one transaction of each database. Both sides are read again and compared, then
//! the old one says that its shop has moved, and only then the new one is committed: whatever fails in
//! between, there are never two shops with the same orders and wallets.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::audit;
use crate::fault;
use crate::open::{OpenError, Options};
use crate::postgres::{self, PostgresUrl};
use crate::sql::{Connection, Error, Owned, Result, Session, Value};
use crate::sqlite;

/// Rows that are under way before an answer is waited for.
const ROWS_AT_ONCE: usize = 500;
/// Tables that a new database has rows in, which the old one's take the place of. Rows of `key_use` come
/// from a trigger as orders are copied, and are taken away again.
const REPLACED: [&str; 4] = ["outbox", "ledger_account", "ledger_head", "key_use"];
/// Tables that belong to a database and not to a shop.
const OWN: [&str; 2] = ["schema_migration", "schema_lock"];

/// What was copied of one table: the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// A hash over all of them, whatever their order, in hex.
    pub hash: String,
}

/// Why nothing was copied; the new database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyFailed {
    /// One of the databases cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is a shop in it already.
    #[error("the new database is not empty: {0} has rows; give an empty one")]
    NotEmpty(String),
    /// There is a shop in it, and the old one's has moved away.
    #[error("the shop was moved to another database before; the new one has a shop, use it")]
    MovedBefore,
    /// The new database could not be asked any more whether it has taken the shop.
    #[error(
        "whether the new database has taken the shop is not known, so the old one refuses to work: run \
         this again when the new one can be reached"
    )]
    InDoubt(#[source] OpenError),
    /// One of the databases failed.
    #[error("the copy did not go through")]
    Sql(#[from] Error),
    /// What arrived is not what was sent.
    #[error("table {table} differs: {old} rows with hash {old_hash}, and {new} with {new_hash}")]
    Differs {
        /// Which.
        table: String,
        /// Rows in the old database.
        old: u64,
        /// Their hash.
        old_hash: String,
        /// Rows in the new one.
        new: u64,
        /// Their hash.
        new_hash: String,
    },
    /// The new database's own audit found something.
    #[error("the audit of the new database found {0} differences, the first: {1}")]
    Audit(usize, String),
}

/// What a copy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The shop moves: from now on it is in the new database, and the old one refuses to work.
    Move,
    /// Everything is done and proved, and then undone.
    Rehearsal,
}

/// Copies everything of a SQLite file into an empty PostgreSQL database. Servers may work with the file:
/// what they want to write waits, and is refused once the shop has moved.
///
/// Shape: each row is read three times. Errors: [`CopyFailed`].
pub fn copy(
    from: &Path,
    to: &PostgresUrl<'_>,
    purpose: Purpose,
) -> std::result::Result<Vec<CopiedTable>, CopyFailed> {
    // Connections to PostgreSQL wait for themselves, which a thread that runs other tasks must not do.
    std::thread::scope(|scope| {
        let copied = scope.spawn(|| {
            let old = sqlite::leaving_connection(from, Options::default())?;
            let new = postgres::migrated_connection(to)?;
            old.begin_write()?;
            new.begin_write()?;
            let Connection::Postgres(session) = &new else { return Err(Error::Gone.into()) };
            let copied = copy_all(&old, &new, session)?;
            match purpose {
                Purpose::Rehearsal => {
                    new.rollback()?;
                    old.rollback()?;
                }
                Purpose::Move => {
                    sqlite::set_moved(&old, true)?;
                    old.commit()?;
                    new.commit().or_else(|error| settle(&old, to, error))?;
                }
            }
            Ok(copied)
        });
        copied.join().expect("copying does not panic")
    })
}

/// What became of a commit of the new database that failed; the old one works again if it came to nothing.
fn settle(
    old: &Connection,
    to: &PostgresUrl<'_>,
    failed: Error,
) -> std::result::Result<(), CopyFailed> {
    let new = postgres::migrated_connection(to).map_err(CopyFailed::InDoubt)?;
    // It has the turn to write once nobody works on the commit any more.
    new.begin_write()?;
    if first_taken(old, &new)?.is_some() {
        return Ok(());
    }
    old.begin_write()?;
    sqlite::set_moved(old, false)?;
    old.commit()?;
    Err(failed.into())
}

/// A table that has rows in the new database already.
fn first_taken(old: &Connection, new: &Connection) -> Result<Option<String>> {
    for table in tables(old)? {
        if !REPLACED.contains(&table.name.as_str()) && sums(new, &table)?.rows > 0 {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

fn copy_all(
    old: &Connection,
    new: &Connection,
    session: &Session,
) -> std::result::Result<Vec<CopiedTable>, CopyFailed> {
    match first_taken(old, new)? {
        Some(_) if sqlite::is_moved(old)? => return Err(CopyFailed::MovedBefore),
        Some(table) => return Err(CopyFailed::NotEmpty(table)),
        None => {}
    }
    let tables = tables(old)?;
    for name in REPLACED {
        new.batch(&format!("DELETE FROM {name}"))?;
    }
    for table in &tables {
        if table.name == "key_use" {
            new.batch("DELETE FROM key_use")?;
        }
        copy_table(old, session, table)?;
    }
    // What waits for the end of the transaction is checked now.
    new.batch("SET CONSTRAINTS ALL IMMEDIATE")?;
    let mut copied = Vec::with_capacity(tables.len());
    for table in &tables {
        let (sent, arrived) = (sums(old, table)?, sums(new, table)?);
        if sent != arrived {
            return Err(CopyFailed::Differs {
                table: table.name.clone(),
                old: sent.rows,
                old_hash: sent.hash,
                new: arrived.rows,
                new_hash: arrived.hash,
            });
        }
        copied.push(sent);
    }
    let audit = audit::audit(new).map_err(broken)?;
    match audit.differences.first() {
        Some(first) => Err(CopyFailed::Audit(audit.differences.len(), first.clone())),
        None => Ok(copied),
    }
}

fn broken(fault: fault::Fault) -> CopyFailed {
    match fault {
        fault::Fault::Sql(error) => CopyFailed::Sql(error),
        other @ (fault::Fault::LeaseLost | fault::Fault::Broken(_)) => {
            CopyFailed::Audit(1, fault::store_error(other).to_string())
        }
    }
}

/// A table of the schema.
struct Table {
    name: String,
    columns: Vec<String>,
}

/// Every table, such that rows come after those that they refer to.
fn tables(old: &Connection) -> Result<Vec<Table>> {
    let names = texts(old, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let mut waiting = Vec::new();
    for name in names.into_iter().filter(|name| !OWN.contains(&name.as_str())) {
        let columns = texts(old, &format!("SELECT name FROM pragma_table_info('{name}')"))?;
        let parents = format!("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('{name}')");
        let mut parents = texts(old, &parents)?;
        parents.retain(|parent| *parent != name);
        match name.as_str() {
            // The header of a ledger transaction is refused before its entries.
            "ledger_entry" => parents.retain(|parent| parent != "ledger_tx"),
            "ledger_tx" => parents.push("ledger_entry".to_owned()),
            "key_use" => parents.push("orders".to_owned()),
            _ => {}
        }
        waiting.push((Table { name, columns }, parents));
    }
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let is_there = |parent: &String| ordered.iter().any(|table| table.name == *parent);
        let next = waiting.iter().position(|(table, parents)| {
            // The queue is about orders and transfers, which a trigger looks for.
            let is_last = table.name != "outbox" || waiting.len() == 1;
            is_last && parents.iter().all(is_there)
        });
        // Rows that refer to each other in a ring could be written in no order.
        let Some(next) = next else { return Err(Error::NoRow) };
        ordered.push(waiting.remove(next).0);
    }
    Ok(ordered)
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    connection.each_row(sql, 1, &mut |values| {
        if let Value::Text(text) = values[0] {
            all.push(text.to_owned());
        }
        Ok(())
    })?;
    Ok(all)
}

fn select(table: &Table) -> String {
    format!("SELECT {} FROM {}", table.columns.join(", "), table.name)
}

fn copy_table(old: &Connection, new: &Session, table: &Table) -> Result<()> {
    let places: Vec<String> =
        (1..=table.columns.len()).map(|number| format!("${number}")).collect();
    let columns = table.columns.join(", ");
    let insert = format!("INSERT INTO {} ({columns}) VALUES ({})", table.name, places.join(", "));
    let insert = new.prepare_text(&insert)?;
    let mut under_way = 0;
    old.each_row(&select(table), table.columns.len(), &mut |values| {
        new.send(insert.clone(), values.iter().map(|value| Owned::of(*value)).collect());
        under_way += 1;
        if under_way % ROWS_AT_ONCE == 0 { new.settle() } else { Ok(()) }
    })?;
    new.settle()
}

/// The rows of a table and their hash: the sum of the hashes of its rows, so that no order matters.
fn sums(connection: &Connection, table: &Table) -> Result<CopiedTable> {
    let (mut rows, mut lanes) = (0, [0_u64; 4]);
    connection.each_row(&select(table), table.columns.len(), &mut |values| {
        rows += 1;
        let mut hash = Sha256::new();
        for value in values {
            let (kind, bytes) = match value {
                Value::Null => (0_u8, Vec::new()),
                Value::Integer(number) => (1, number.to_be_bytes().to_vec()),
                Value::Text(text) => (2, text.as_bytes().to_vec()),
                Value::Bytes(bytes) => (3, bytes.to_vec()),
            };
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        for (lane, part) in lanes.iter_mut().zip(hash.finalize().chunks_exact(8)) {
            let part = part.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
            *lane = lane.wrapping_add(part);
        }
        Ok(())
    })?;
    let hash: String = lanes.iter().map(|lane| format!("{lane:016x}")).collect();
    Ok(CopiedTable { name: table.name.clone(), rows, hash })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::cluster;
    use crate::doors::SqlStore;

    /// A file with a shop, whose commit in the new database went unanswered.
    fn left(directory: &tempfile::TempDir) -> (std::path::PathBuf, Connection) {
        let path = directory.path().join("sunsweep.sqlite");
        drop(SqlStore::inline_at(&path).unwrap());
        let old = sqlite::leaving_connection(&path, Options::default()).unwrap();
        let merchant = "INSERT INTO merchant (id, name, created_ms) VALUES (1, 'Shop', 0)";
        old.batch(merchant).unwrap();
        (path, old)
    }

    #[test]
    fn on_postgres_a_shop_that_did_not_arrive_is_where_it_was() {
        let Some(cluster) = cluster() else { return };
        let (url, directory) = (cluster.database(), tempfile::tempdir().unwrap());
        let (path, old) = left(&directory);
        sqlite::set_moved(&old, true).unwrap();
        assert!(matches!(SqlStore::inline_at(&path), Err(OpenError::Moved { .. })));
        let failed = settle(&old, &url.as_str().into(), Error::Gone);
        assert!(matches!(failed, Err(CopyFailed::Sql(Error::Gone))), "{failed:?}");
        drop(SqlStore::inline_at(&path).unwrap());
    }

    #[test]
    fn on_postgres_a_shop_that_arrived_unanswered_has_moved() {
        let Some(cluster) = cluster() else { return };
        let (url, directory) = (cluster.database(), tempfile::tempdir().unwrap());
        let (path, old) = left(&directory);
        copy(&path, &url.as_str().into(), Purpose::Move).unwrap();
        settle(&old, &url.as_str().into(), Error::Gone).unwrap();
        assert!(matches!(SqlStore::inline_at(&path), Err(OpenError::Moved { .. })));
    }

    #[test]
    fn on_postgres_a_shop_whose_way_is_in_doubt_works_nowhere() {
        let Some(cluster) = cluster() else { return };
        let directory = tempfile::tempdir().unwrap();
        let (path, old) = left(&directory);
        sqlite::set_moved(&old, true).unwrap();
        let url = cluster.database().replace("dbname=", "dbname=not_");
        let failed = settle(&old, &url.as_str().into(), Error::Gone);
        assert!(matches!(failed, Err(CopyFailed::InDoubt(_))), "{failed:?}");
        assert!(matches!(SqlStore::inline_at(&path), Err(OpenError::Moved { .. })));
    }
}
