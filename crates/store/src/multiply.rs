//! Rows by the million, for benchmarks: what one life left behind, as often as wanted.
//!
//! Ids, references, receivers and transactions are new ones; balances are not moved, so the audit finds
//! fault with such a database.

use std::ops::Range;
use std::path::Path;

use app::ports::StoreError;
use domain::{MerchantId, OrderId};

use crate::fault::{self, Fault};
use crate::open::{OpenError, Options};
use crate::postgres::{PostgresUrl, migrated_connection};
use crate::sql::{self, Connection, Value};
use crate::sqlite::writing_connection;

/// Rows of each table that one transaction adds at most.
const AT_ONCE: i64 = 50_000;
/// Tables with rows of an order, parents first, with the column that names it.
const OF_ORDER: &[(&str, &str)] = &[
    ("orders", "id"),
    ("leg", "order_id"),
    ("chain_tx", "order_id"),
    ("callback", "order_id"),
    ("attempt", "order_id"),
    ("ledger_entry", "business"),
    ("ledger_tx", "business"),
    ("outbox", "subject"),
];
/// Tables with rows of a merchant.
const OF_MERCHANT: &[(&str, &str)] =
    &[("merchant", "id"), ("api_key", "merchant_id"), ("ledger_account", "merchant_id")];

/// Adds rows to a database.
pub struct Multiplier(Connection);

impl Multiplier {
    /// For a SQLite file.
    ///
    /// Errors: [`OpenError`].
    pub fn sqlite(path: &Path) -> Result<Self, OpenError> {
        Ok(Self(writing_connection(path, Options::default())?))
    }

    /// For a PostgreSQL database.
    ///
    /// Errors: [`OpenError`].
    pub fn postgres(url: &PostgresUrl<'_>) -> Result<Self, OpenError> {
        Ok(Self(migrated_connection(url)?))
    }

    /// Adds orders like this one, with these numbers.
    ///
    /// Errors: [`StoreError`]; some of them may be there then.
    pub fn orders(&self, like: OrderId, numbers: Range<i64>) -> Result<(), StoreError> {
        let blob = self.blob(&hex::encode(like.0));
        let head = "UPDATE ledger_head SET entries = (SELECT MAX(position) FROM ledger_entry)";
        self.add(OF_ORDER, &blob, numbers, Some(head))
    }

    /// Adds merchants like this one, with its keys, with these numbers.
    ///
    /// Errors: [`StoreError`]; some of them may be there then.
    pub fn merchants(&self, like: MerchantId, numbers: Range<i64>) -> Result<(), StoreError> {
        self.add(OF_MERCHANT, &like.0.to_string(), numbers, None)
    }

    fn add(
        &self,
        tables: &[(&str, &str)],
        like: &str,
        numbers: Range<i64>,
        after: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut first = numbers.start;
        while first < numbers.end {
            let last = (first + AT_ONCE).min(numbers.end) - 1;
            let added = self.0.begin_write().and_then(|()| {
                if self.0.as_sqlite().is_none() {
                    // Else each order would update the same sum once more, which takes the square of them.
                    self.0.batch("SET LOCAL session_replication_role = replica")?;
                }
                for (table, key) in tables {
                    self.0.batch(&self.insertion(table, key, like, (first, last))?)?;
                }
                after.map_or(Ok(()), |after| self.0.batch(after))?;
                self.0.commit()
            });
            if let Err(error) = added {
                drop(self.0.rollback());
                return Err(fault::store_error(Fault::from(error)));
            }
            first = last + 1;
        }
        let rested = self.0.batch("ANALYZE");
        rested.map_err(|error| fault::store_error(Fault::from(error)))
    }

    fn insertion(
        &self,
        table: &str,
        key: &str,
        like: &str,
        (first, last): (i64, i64),
    ) -> sql::Result<String> {
        let columns = self.columns(table)?;
        let values: Vec<_> = columns.iter().map(|column| self.fresh(table, column)).collect();
        Ok(format!(
            "INSERT INTO {table} ({}) \
             WITH RECURSIVE numbers (n) AS \
               (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) \
             SELECT {} FROM numbers CROSS JOIN {table} AS old WHERE old.{key} = {like}",
            columns.join(", "),
            values.join(", ")
        ))
    }

    /// What a column of the row with number `n` holds.
    fn fresh(&self, table: &str, column: &str) -> String {
        match (table, column) {
            ("merchant", "id") | (_, "merchant_id")
                if OF_MERCHANT.iter().any(|one| one.0 == table) =>
            {
                format!("old.{column} + n")
            }
            ("api_key", "id") => "old.id + n".to_owned(),
            ("api_key", "text") => "old.text || '-' || n".to_owned(),
            ("orders", "id") | (_, "order_id" | "business" | "subject") => self.id(),
            ("orders", "receiver") => self.joined("substr(old.receiver, 1, 5)", &self.id()),
            ("chain_tx", "txid") => self.joined(&self.id(), "substr(old.txid, 17)"),
            ("orders", "reference") => "old.reference || '-' || n".to_owned(),
            // An order has at most 8 entries.
            ("ledger_entry", "position") => "old.position + 8 * n".to_owned(),
            _ => format!("old.{column}"),
        }
    }

    /// An id, 16 bytes, before all that are given out now.
    fn id(&self) -> String {
        match self.0.as_sqlite() {
            Some(_) => "CAST(x'00' || printf('%015x', n) AS BLOB)".to_owned(),
            None => r"('\x00'::bytea || convert_to(lpad(to_hex(n::bigint), 15, '0'), 'UTF8'))"
                .to_owned(),
        }
    }

    fn joined(&self, one: &str, other: &str) -> String {
        match self.0.as_sqlite() {
            Some(_) => format!("CAST({one} || {other} AS BLOB)"),
            None => format!("({one} || {other})"),
        }
    }

    fn blob(&self, digits: &str) -> String {
        match self.0.as_sqlite() {
            Some(_) => format!("x'{digits}'"),
            None => format!(r"'\x{digits}'::bytea"),
        }
    }

    fn columns(&self, table: &str) -> sql::Result<Vec<String>> {
        let question = match self.0.as_sqlite() {
            Some(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
            None => format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
        };
        let mut columns = Vec::new();
        self.0.each_row(&question, 1, &mut |values| {
            if let [Value::Text(name)] = values {
                columns.push((*name).to_owned());
            }
            Ok(())
        })?;
        Ok(columns)
    }
}
