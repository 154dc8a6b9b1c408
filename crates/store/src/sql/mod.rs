//! A connection as the statements of this room see it, whichever database is behind it.

mod bulk;
mod many;
mod pile;
mod postgres_value;
mod row;
mod session;
mod statement;
mod value;

use app::ports::StoreError;

pub(crate) use pile::How;
pub(crate) use postgres_value::{Owned, owned};
pub(crate) use row::Row;
pub(crate) use session::{Patience, Question, Session};
pub(crate) use statement::Statement;
pub(crate) use value::{FromValue, Parameter, Params, Value, params};

use crate::known::Known;
use crate::{postgres_dialect as postgres, sqlite_dialect as sqlite};

/// Why a statement did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// PostgreSQL refused or failed.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL did not answer in time.
    #[error("the database does not answer")]
    Silent,
    /// The connection is of no use any more.
    #[error("the connection to the database is gone")]
    Gone,
}

impl Error {
    /// Whether the transaction was only in the way of another one, so that all of it is to be done again.
    pub(crate) fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::Postgres(error) if postgres::is_worth_repeating(error))
    }

    /// Whether a lock was held for longer than it may be waited for.
    pub(crate) fn is_held_up(&self) -> bool {
        matches!(self, Self::Postgres(error) if postgres::is_held_up(error))
    }

    /// What it is to somebody who only needs to know that the database cannot be used now.
    pub(crate) fn unavailable(&self) -> StoreError {
        StoreError::Unavailable(match self {
            Self::Postgres(error) => postgres::said(error),
            Self::NoRow
            | Self::Meaningless { .. }
            | Self::Sqlite(_)
            | Self::Silent
            | Self::Gone => self.to_string(),
        })
    }
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
    /// To a PostgreSQL server.
    Postgres(Box<Session>),
}

impl Connection {
    /// A statement, prepared once for each connection.
    pub(crate) fn prepare_cached(&self, sql: &'static str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session, sql, session.prepare(sql)?)),
        }
    }

    /// SQLite's own connection, if it is that.
    pub(crate) fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
            Self::Postgres(_) => None,
        }
    }

    /// Runs statements that take nothing and answer nothing, as those of a migration.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(session) => session.batch(sql),
        }
    }

    /// Whether what is asked from now on may take long; an embedded database answers when it can.
    pub(crate) fn set_patience(&self, is_long: bool) {
        if let Self::Postgres(session) = self {
            session.set_patience(is_long);
        }
    }

    /// Opens a transaction that may write; no other may until it ends.
    pub(crate) fn begin_write(&self) -> Result<()> {
        self.ask_to_write()?;
        self.settle()
    }

    /// The same without waiting where several may be waiting for their turn: that it has come, or that the
    /// database is gone, shows at the first question.
    pub(crate) fn ask_to_write(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN IMMEDIATE"),
            Self::Postgres(session) => session.begin_write(),
        }
    }

    /// How often an answer was waited for so far, where the database is another program.
    pub(crate) fn round_trips(&self) -> u64 {
        self.as_postgres().map_or(0, Session::round_trips)
    }

    /// Opens a transaction that sees one state of the database.
    pub(crate) fn begin_read(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "BEGIN DEFERRED"),
            Self::Postgres(session) => session.begin(postgres::BEGIN_READ),
        }
    }

    /// Makes a transaction durable.
    pub(crate) fn commit(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "COMMIT"),
            Self::Postgres(session) => session.end("COMMIT"),
        }
    }

    /// Undoes a transaction.
    pub(crate) fn rollback(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "ROLLBACK"),
            Self::Postgres(session) => session.rollback(),
        }
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
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, "ROLLBACK TO SAVEPOINT work"),
            Self::Postgres(session) => session.rollback_to_savepoint(),
        }
    }

    /// PostgreSQL's own connection, if it is that.
    pub(crate) fn as_postgres(&self) -> Option<&Session> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(session) => Some(session),
        }
    }

    /// What is known without asking, if works are done together; kept equal to what they write.
    pub(crate) fn know<T>(&self, ask: impl FnOnce(&mut Known) -> Option<T>) -> Option<T> {
        self.as_postgres()?.known().borrow_mut().as_mut().and_then(ask)
    }

    /// Lets what is known, if anything is, follow a write.
    pub(crate) fn note(&self, follow: impl FnOnce(&mut Known)) {
        self.know(|known| {
            follow(known);
            Some(())
        });
    }

    /// Something is about to be written that what is known does not follow.
    pub(crate) fn forget_known(&self) {
        if let Self::Postgres(session) = self {
            session.known().borrow_mut().take();
        }
    }

    /// Waits until everything that was asked of it is done; what is gathered waits on.
    pub(crate) fn settle(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.settle(),
        }
    }

    /// Whether another transaction can begin.
    pub(crate) fn is_at_rest(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_autocommit(),
            Self::Postgres(session) => session.is_at_rest(),
        }
    }

    fn run(&self, word: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, word),
            Self::Postgres(session) => {
                let statement = session.prepare(word)?;
                session.run((word, &statement), &[])
            }
        }
    }
}

/// What an error means to the caller.
pub(crate) fn store_error(error: Error) -> StoreError {
    match error {
        Error::Sqlite(error) => sqlite::store_error(error),
        Error::Postgres(error) => postgres::store_error(&error),
        Error::Silent | Error::Gone => error.unavailable(),
        Error::NoRow | Error::Meaningless { .. } => StoreError::Broken(error.to_string()),
    }
}
