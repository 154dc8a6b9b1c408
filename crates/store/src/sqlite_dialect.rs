//! What is SQLite's own: pragmas, and what its errors mean for us.

use std::time::Duration;

use app::ports::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, ffi};

use crate::sql;

/// Most statements that a connection keeps prepared.
pub(crate) const STATEMENTS_CACHED: usize = 320;
/// Pages in the log at which a commit moves them to the database file.
///
/// Source: measured; 1000 to 4000 bound the log, a separate passive checkpointer does not.
const CHECKPOINT_PAGES: i64 = 4_000;
/// Bytes to which the log is cut after a checkpoint.
const LOG_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// How what is said about a damaged file begins.
const DAMAGED: &str = "the database file is damaged";

/// Whether an error says that the file is damaged, which nothing but another file makes good.
pub(crate) fn is_damage(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(text) if text.starts_with(DAMAGED))
}

/// Sets up a connection that may write.
pub(crate) fn prepare_writer(
    connection: &Connection,
    cache_kib: u32,
    busy_timeout: Duration,
) -> Result<(), Error> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_MAX)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    prepare_reader(connection, cache_kib, busy_timeout)
}

/// Sets up any connection.
pub(crate) fn prepare_reader(
    connection: &Connection,
    cache_kib: u32,
    busy_timeout: Duration,
) -> Result<(), Error> {
    // Without it, statements that a partial index might serve are compiled again at each execution,
    // to peek at their values: a third of the committer's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A negative number means kibibytes.
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

/// Runs one of the words around a transaction.
pub(crate) fn run(connection: &Connection, word: &'static str) -> sql::Result<()> {
    connection.prepare_cached(word)?.execute([])?;
    Ok(())
}

/// What an error means to the caller.
pub(crate) fn store_error(error: Error) -> StoreError {
    if let Error::SqliteFailure(error, text) = error {
        let text = text.unwrap_or_else(|| error.to_string());
        failure(error, text)
    } else {
        StoreError::Broken(error.to_string())
    }
}

fn failure(error: ffi::Error, text: String) -> StoreError {
    match (error.code, error.extended_code) {
        (
            ErrorCode::ConstraintViolation,
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => StoreError::Conflict(text),
        (ErrorCode::ConstraintViolation, ffi::SQLITE_CONSTRAINT_TRIGGER)
            if text.starts_with("ledger_tx_exists") =>
        {
            StoreError::Conflict(text)
        }
        (
            ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::ApiMisuse
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::TooBig,
            _,
        ) => StoreError::Broken(text),
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
            StoreError::Unavailable(format!("{DAMAGED}: {text}"))
        }
        // Everything else is the machine's: a full disk, a failed read, a file that is locked,
        // read-only, gone or damaged.
        _ => StoreError::Unavailable(text),
    }
}
