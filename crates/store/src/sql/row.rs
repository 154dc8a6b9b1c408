//! One row of an answer.

use rusqlite::types::ValueRef;

use super::{Error, FromValue, Result, Value};

/// One row of an answer.
pub(crate) enum Row<'r> {
    /// SQLite's.
    Sqlite(&'r rusqlite::Row<'r>),
    /// PostgreSQL's.
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of a column, counted from 0.
    ///
    /// Errors: [`Error::Meaningless`] when it is not one of these.
    pub(crate) fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = self.value(column)?;
        T::from_value(value)
            .ok_or_else(|| Error::Meaningless { column, value: format!("{value:?}") })
    }

    pub(super) fn value(&self, column: usize) -> Result<Value<'_>> {
        match self {
            Self::Sqlite(row) => match row.get_ref(column)? {
                ValueRef::Null => Ok(Value::Null),
                ValueRef::Integer(number) => Ok(Value::Integer(number)),
                ValueRef::Text(text) => std::str::from_utf8(text).map(Value::Text).map_err(|_| {
                    Error::Meaningless { column, value: "text that is not UTF-8".to_owned() }
                }),
                ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes)),
                ValueRef::Real(number) => {
                    Err(Error::Meaningless { column, value: number.to_string() })
                }
            },
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}
