//! The last block that was looked at.

use app::rows::WatchedBlock;

use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

crate::statement::statements! {
    GET = "SELECT number, block_id FROM watched_block WHERE id = 1";
    SET = "
INSERT INTO watched_block (id, number, block_id) VALUES (1, ?1, ?2)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, block_id = excluded.block_id,
  is_half_told = 0";
    TELL = "UPDATE watched_block SET is_half_told = 1 WHERE id = 1";
    TOLD = "SELECT number, block_id FROM watched_block WHERE id = 1 AND is_half_told = 0";
}

/// The last block that was looked at.
pub(crate) fn get(connection: &Connection) -> Result<Option<WatchedBlock>, Fault> {
    found(connection, GET)
}

/// The block up to which orders know the chain; `None` while they are being told.
pub(crate) fn told(connection: &Connection) -> Result<Option<WatchedBlock>, Fault> {
    found(connection, TOLD)
}

/// From now on orders are being told, until the next block is remembered.
pub(crate) fn tell(connection: &Connection) -> Result<(), Fault> {
    connection.prepare_cached(TELL)?.run([])?;
    Ok(())
}

fn found(connection: &Connection, sql: &'static str) -> Result<Option<WatchedBlock>, Fault> {
    let mut get = connection.prepare_cached(sql)?;
    Ok(get.query_row([], read).optional()?)
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<WatchedBlock> {
    Ok(WatchedBlock { number: row.get(0)?, id: row.get(1)? })
}

/// Remembers the last block that was looked at.
pub(crate) fn set(connection: &Connection, block: WatchedBlock) -> Result<(), Fault> {
    connection.prepare_cached(SET)?.run(params![block.number, block.id])?;
    Ok(())
}
