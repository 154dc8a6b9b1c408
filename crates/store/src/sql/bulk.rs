//! Whole tables, for moving them: rows one after the other, whatever their columns.

use super::{Connection, Result, Row, Value};

/// Rows that are fetched at once.
const ROWS_AT_ONCE: usize = 1_000;

/// What is done with a row.
type Each<'a> = &'a mut dyn FnMut(&[Value<'_>]) -> Result<()>;

impl Connection {
    /// Hands over every row of a question, with so many columns; inside a transaction.
    pub(crate) fn each_row(&self, sql: &str, columns: usize, each: Each<'_>) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    hand_over(&Row::Sqlite(row), columns, each)?;
                }
                Ok(())
            }
            Self::Postgres(session) => {
                session.batch(&format!("DECLARE each_row NO SCROLL CURSOR FOR {sql}"))?;
                let fetch = session.prepare_text(&format!("FETCH {ROWS_AT_ONCE} FROM each_row"))?;
                loop {
                    let rows = session.query(&fetch, &[])?;
                    for row in &rows {
                        hand_over(&Row::Postgres(row), columns, each)?;
                    }
                    if rows.len() < ROWS_AT_ONCE {
                        return session.batch("CLOSE each_row");
                    }
                }
            }
        }
    }
}

fn hand_over(row: &Row<'_>, columns: usize, each: Each<'_>) -> Result<()> {
    let values = (0..columns).map(|column| row.value(column)).collect::<Result<Vec<_>>>()?;
    each(&values)
}
