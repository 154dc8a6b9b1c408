//! A connection as the statements of this room see it, whichever database is behind it.

mod row;
mod statement;
mod value;

use app::ports::StoreError;

pub(crate) use row::Row;
pub(crate) use statement::Statement;
pub(crate) use value::{FromValue, Parameter, Params, Value, params};

use crate::sqlite_dialect as sqlite;

/// Why a statement did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such row.
    #[error("there is no such row")]
    NoRow,
    /// A value that no writer of ours could have left.
    #[error("column {column}: {value} means nothing here")]
    Meaningless {
        /// Which column of the answer, from 0.
        column: usize,
        /// What it holds.
        value: String,
    },
    /// SQLite refused or failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// What a statement answers.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// An answer that may be no row.
pub(crate) trait OptionalExtension<T> {
    /// No row is `None`.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A connection to a database.
pub(crate) enum Connection {
    /// To a SQLite file.
    Sqlite(rusqlite::Connection),
}

impl Connection {
    /// A statement, prepared once for each connection.
    pub(crate) fn prepare_cached(&self, sql: &'static str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
        }
    }

    /// SQLite's own connection, if it is that.
    pub(crate) fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
        }
    }

    /// Opens a transaction that may write; no other may until it ends.
    pub(crate) fn begin_write(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN IMMEDIATE"),
        }
    }

    /// Opens a transaction that sees one state of the database.
    pub(crate) fn begin_read(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN DEFERRED"),
        }
    }

    /// Makes a transaction durable.
    pub(crate) fn commit(&self) -> Result<()> {
        self.run("COMMIT")
    }

    /// Undoes a transaction.
    pub(crate) fn rollback(&self) -> Result<()> {
        self.run("ROLLBACK")
    }

    /// Marks the beginning of one work in a batch.
    pub(crate) fn savepoint(&self) -> Result<()> {
        self.run("SAVEPOINT work")
    }

    /// Keeps what one work wrote.
    pub(crate) fn release(&self) -> Result<()> {
        self.run("RELEASE SAVEPOINT work")
    }

    /// Undoes what one work wrote.
    pub(crate) fn rollback_to_savepoint(&self) -> Result<()> {
        self.run("ROLLBACK TO SAVEPOINT work")
    }

    /// Whether no transaction is open.
    pub(crate) fn is_at_rest(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_autocommit(),
        }
    }

    fn run(&self, word: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, word),
        }
    }
}

/// What an error means to the caller.
pub(crate) fn store_error(error: Error) -> StoreError {
    match error {
        Error::Sqlite(error) => sqlite::store_error(error),
        Error::NoRow | Error::Meaningless { .. } => StoreError::Broken(error.to_string()),
    }
}
