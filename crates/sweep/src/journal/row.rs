//! Runs and holdings as rows.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tron::{Address, TokenUnits};

use super::{Cursor, JournalError};
use crate::settings::Token;
use crate::target::Target;

/// The name of a run: 12 hex digits, random.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RunId(String);

impl RunId {
    /// A name from six random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(hex::encode(bytes))
    }

    /// The name of that text; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_name.then(|| Self(text.to_lowercase()))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One run: what it was told, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// When it began, Unix milliseconds.
    pub started_ms: i64,
    /// Where discovery goes on.
    pub cursor: Cursor,
    /// When its plan was agreed to.
    pub agreed_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// What is moved.
    pub token: Token,
    /// Where to.
    pub destination: Address,
    /// What stays where it is.
    pub min: TokenUnits,
    /// The server's base URL.
    pub api_url: String,
    /// The node's base URL, without what a provider puts into its path or query.
    pub node_url: String,
}

/// An address that holds the token, or TRX alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Its place in the source of keys.
    pub position: usize,
    /// The address.
    pub target: Target,
    /// Tokens that it holds; none if it was found for its TRX.
    pub held: TokenUnits,
}

const RUN_COLUMNS: &str = "id, started_ms, next_position, unused_in_a_row, is_discovered, agreed_ms, \
     ended_ms, token, symbol, decimals, destination, minimum, api_url, node_url";

pub(super) fn is_empty(connection: &Connection) -> Result<bool, JournalError> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

pub(super) fn insert_run(connection: &Connection, run: &Run) -> Result<(), JournalError> {
    let sql = format!(
        "INSERT INTO run ({RUN_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
         ?13, ?14)"
    );
    connection.execute(
        &sql,
        params![
            run.id.0,
            run.started_ms,
            number(run.cursor.next_position),
            number(run.cursor.unused_in_a_row),
            run.cursor.is_at_end,
            run.agreed_ms,
            run.ended_ms,
            run.token.address.to_string(),
            run.token.symbol,
            run.token.decimals,
            run.destination.to_string(),
            run.min.0.to_string(),
            run.api_url,
            run.node_url,
        ],
    )?;
    Ok(())
}

/// The named run, or the newest.
pub(super) fn find_run(connection: &Connection, id: Option<&RunId>) -> rusqlite::Result<Run> {
    let sql = format!(
        "SELECT {RUN_COLUMNS} FROM run WHERE ?1 IS NULL OR id = ?1 ORDER BY started_ms DESC LIMIT 1"
    );
    connection.query_row(&sql, params![id.map(|id| &id.0)], read_run)
}

pub(super) fn unfinished_run(connection: &Connection) -> Result<Option<Run>, JournalError> {
    let sql = format!(
        "SELECT {RUN_COLUMNS} FROM run WHERE ended_ms IS NULL ORDER BY started_ms DESC LIMIT 1"
    );
    Ok(connection.query_row(&sql, [], read_run).optional()?)
}

pub(super) fn unfinished_runs(connection: &Connection) -> Result<Vec<Run>, JournalError> {
    let sql =
        format!("SELECT {RUN_COLUMNS} FROM run WHERE ended_ms IS NULL ORDER BY started_ms, id");
    let mut select = connection.prepare(&sql)?;
    let runs = select.query_map([], read_run)?;
    Ok(runs.collect::<Result<_, _>>()?)
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let decimals: i64 = row.get(9)?;
    Ok(Run {
        id: RunId(row.get(0)?),
        started_ms: row.get(1)?,
        cursor: Cursor {
            next_position: place(row.get(2)?),
            unused_in_a_row: place(row.get(3)?),
            is_at_end: row.get(4)?,
        },
        agreed_ms: row.get(5)?,
        ended_ms: row.get(6)?,
        token: Token {
            address: parsed(row, 7)?,
            symbol: row.get(8)?,
            decimals: u8::try_from(decimals).unwrap_or(0),
        },
        destination: parsed(row, 10)?,
        min: units(row, 11)?,
        api_url: row.get(12)?,
        node_url: row.get(13)?,
    })
}

pub(super) fn insert_holdings(
    connection: &Connection,
    run: &RunId,
    found: &[Holding],
    cursor: Cursor,
) -> Result<(), JournalError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO holding (run, position, address, label, held) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for one in found {
        insert.execute(params![
            run.0,
            number(one.position),
            one.target.address.to_string(),
            one.target.label,
            one.held.0.to_string(),
        ])?;
    }
    connection.execute(
        "UPDATE run SET next_position = ?2, unused_in_a_row = ?3, is_discovered = ?4 WHERE id = ?1",
        params![
            run.0,
            number(cursor.next_position),
            number(cursor.unused_in_a_row),
            cursor.is_at_end
        ],
    )?;
    Ok(())
}

pub(super) fn holdings(connection: &Connection, run: &RunId) -> Result<Vec<Holding>, JournalError> {
    let mut select = connection.prepare_cached(
        "SELECT position, address, label, held FROM holding WHERE run = ?1 ORDER BY position",
    )?;
    let rows = select.query_map(params![run.0], |row| {
        let target = Target { address: parsed(row, 1)?, label: row.get(2)? };
        Ok(Holding { position: place(row.get(0)?), target, held: units(row, 3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn set_agreed(
    connection: &Connection,
    run: &RunId,
    agreed_ms: i64,
) -> Result<(), JournalError> {
    // One that was closed because nobody had agreed to it yet is open from now on.
    connection.execute(
        "UPDATE run SET agreed_ms = ?2, ended_ms = NULL WHERE id = ?1",
        params![run.0, agreed_ms],
    )?;
    Ok(())
}

pub(super) fn set_ended(
    connection: &Connection,
    run: &RunId,
    ended_ms: i64,
) -> Result<(), JournalError> {
    connection.execute("UPDATE run SET ended_ms = ?2 WHERE id = ?1", params![run.0, ended_ms])?;
    Ok(())
}

fn number(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

fn place(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// A column of text that is something else.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| unreadable(column, &text))
}

pub(super) fn units(row: &Row<'_>, column: usize) -> rusqlite::Result<TokenUnits> {
    parsed(row, column).map(TokenUnits)
}

pub(super) fn unreadable(column: usize, text: &str) -> rusqlite::Error {
    let cause = Box::new(JournalError::Row(text.to_owned()));
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause)
}
