//! A prepared statement.

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::{Error, Params, Result, Row, Session, Value};

/// A prepared statement of a connection.
pub(crate) enum Statement<'c> {
    /// SQLite's.
    Sqlite(rusqlite::CachedStatement<'c>),
    /// PostgreSQL's.
    Postgres(&'c Session, &'static str, tokio_postgres::Statement),
}

impl Statement<'_> {
    /// Runs it and counts the rows that it changed.
    pub(crate) fn execute(&mut self, params: impl Params) -> Result<usize> {
        params.with(|values| match self {
            Self::Sqlite(statement) => Ok(statement.execute(bound(values))?),
            Self::Postgres(session, _, statement) => {
                let changed = session.execute(statement, values)?;
                Ok(usize::try_from(changed).unwrap_or(usize::MAX))
            }
        })
    }

    /// Runs it; how many rows it changes is of no interest, and what stops it may be said by whatever is
    /// asked next.
    pub(crate) fn run(&mut self, params: impl Params) -> Result<()> {
        params.with(|values| match self {
            Self::Sqlite(statement) => Ok(statement.execute(bound(values)).map(drop)?),
            Self::Postgres(session, sql, statement) => session.run((sql, statement), values),
        })
    }

    /// The first row of its answer.
    ///
    /// Errors: [`Error::NoRow`] when there is none.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        params.with(|values| match self {
            Self::Sqlite(statement) => match statement.query(bound(values))?.next()? {
                Some(row) => read(&Row::Sqlite(row)),
                None => Err(Error::NoRow),
            },
            Self::Postgres(session, _, statement) => {
                match session.query(statement, values)?.first() {
                    Some(row) => read(&Row::Postgres(row)),
                    None => Err(Error::NoRow),
                }
            }
        })
    }

    /// Every row of its answer.
    pub(crate) fn query_map<T>(
        &mut self,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<std::vec::IntoIter<Result<T>>> {
        params.with(|values| match self {
            Self::Sqlite(statement) => {
                let (mut rows, mut all) = (statement.query(bound(values))?, Vec::new());
                while let Some(row) = rows.next()? {
                    all.push(read(&Row::Sqlite(row)));
                }
                Ok(all.into_iter())
            }
            Self::Postgres(session, _, statement) => {
                let rows = session.query(statement, values)?;
                let all: Vec<_> = rows.iter().map(|row| read(&Row::Postgres(row))).collect();
                Ok(all.into_iter())
            }
        })
    }

    /// Whether its answer has a row.
    pub(crate) fn exists(&mut self, params: impl Params) -> Result<bool> {
        match self.query_row(params, |_| Ok(())) {
            Ok(()) => Ok(true),
            Err(Error::NoRow) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A value as SQLite takes it.
struct Bound<'a>(Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn bound<'a>(values: &'a [Value<'a>]) -> impl rusqlite::Params + 'a {
    rusqlite::params_from_iter(values.iter().copied().map(Bound))
}
