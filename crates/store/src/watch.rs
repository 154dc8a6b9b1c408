//! The last block that was looked at.

use app::rows::WatchedBlock;

use crate::fault::Fault;
use crate::sql::{Connection, OptionalExtension, params};

crate::statement::statements! {
    GET = "SELECT number, block_id FROM watched_block WHERE id = 1";
    SET = "
INSERT INTO watched_block (id, number, block_id) VALUES (1, ?1, ?2)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, block_id = excluded.block_id";
}

/// The last block that was looked at.
pub(crate) fn get(connection: &Connection) -> Result<Option<WatchedBlock>, Fault> {
    let mut get = connection.prepare_cached(GET)?;
    let found = get.query_row([], |row| Ok(WatchedBlock { number: row.get(0)?, id: row.get(1)? }));
    Ok(found.optional()?)
}

/// Remembers the last block that was looked at.
pub(crate) fn set(connection: &Connection, block: WatchedBlock) -> Result<(), Fault> {
    connection.prepare_cached(SET)?.run(params![block.number, block.id])?;
    Ok(())
}
