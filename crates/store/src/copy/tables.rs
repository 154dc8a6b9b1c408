//! The tables of a shop: in which order they are copied, how, and what proves that they are equal.

use sha2::{Digest, Sha256};

use crate::sql::{Connection, Error, Owned, Result, Session, Value};

/// Rows that are under way before an answer is waited for.
const ROWS_AT_ONCE: usize = 500;
/// Tables that a new database has rows in, which the old one's take the place of. Rows of `key_use` come
/// from a trigger as orders are copied, and are taken away again.
pub(super) const REPLACED: [&str; 4] = ["outbox", "ledger_account", "ledger_head", "key_use"];
/// Tables that belong to a database and not to a shop.
const OWN: [&str; 3] = ["schema_migration", "schema_lock", "shop_home"];

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

/// A table of the schema.
pub(super) struct Table {
    pub(super) name: String,
    columns: Vec<String>,
}

/// Every table, such that rows come after those that they refer to.
pub(super) fn tables(old: &Connection) -> Result<Vec<Table>> {
    // SQLite's own are no shop's: what it has counted, for one.
    let names = texts(
        old,
        "SELECT name FROM sqlite_schema
        WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name",
    )?;
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

/// A table that has rows in the new database already.
pub(super) fn first_taken(old: &Connection, new: &Connection) -> Result<Option<String>> {
    for table in tables(old)? {
        if !REPLACED.contains(&table.name.as_str()) && sums(new, &table)?.rows > 0 {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
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

pub(super) fn copy_table(old: &Connection, new: &Session, table: &Table) -> Result<()> {
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
pub(super) fn sums(connection: &Connection, table: &Table) -> Result<CopiedTable> {
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
