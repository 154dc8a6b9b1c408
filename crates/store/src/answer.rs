//! What was answered to requests before, so that none acts twice.

use app::rows::{NewAnswers, RequestKeys, StoredAnswers};
use domain::{OrderId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::column;
use crate::dialect::Fault;

/// Most rows that one transaction forgets, so that orders do not wait for it.
pub(crate) const PRUNED_ROWS_MAX: usize = 2_000;

crate::statement::statements! {
    REPLAY = "
SELECT order_id, route FROM replay WHERE timestamp_secs = ?1 AND key_id = ?2 AND signature = ?3";
    RESEND = "SELECT order_id, request FROM resend WHERE key_id = ?1 AND text = ?2";
    INSERT_REPLAY = "
INSERT INTO replay (timestamp_secs, key_id, signature, route, order_id)
VALUES (?1, ?2, ?3, ?4, ?5)";
    INSERT_RESEND = "
INSERT INTO resend (key_id, text, request, order_id, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    PRUNE_REPLAYS = "
DELETE FROM replay WHERE (timestamp_secs, key_id, signature) IN (
  SELECT timestamp_secs, key_id, signature FROM replay WHERE timestamp_secs < ?1 LIMIT ?2)";
    PRUNE_RESENDS = "
DELETE FROM resend WHERE (key_id, text) IN (
  SELECT key_id, text FROM resend WHERE at_ms < ?1 LIMIT ?2)";
}

/// What was answered to a request before.
pub(crate) fn stored(
    connection: &Connection,
    request: &RequestKeys,
) -> Result<StoredAnswers, Fault> {
    let read = |row: &Row<'_>| Ok((column::order_id(row, 0)?, row.get(1)?));
    let replay: Option<(OrderId, [u8; 32])> = connection
        .prepare_cached(REPLAY)?
        .query_row(params![request.timestamp_secs, request.key.0, request.signature], read)
        .optional()?;
    let resend = match &request.idempotency {
        Some(idempotency) => connection
            .prepare_cached(RESEND)?
            .query_row(params![request.key.0, idempotency.text], read)
            .optional()?,
        None => None,
    };
    Ok(StoredAnswers { replay, resend })
}

/// Remembers an answer.
pub(crate) fn remember(connection: &Connection, new: &NewAnswers) -> Result<(), Fault> {
    let request = &new.request;
    connection.prepare_cached(INSERT_REPLAY)?.execute(params![
        request.timestamp_secs,
        request.key.0,
        request.signature,
        request.route,
        new.order.0,
    ])?;
    if let Some(idempotency) = &request.idempotency {
        connection.prepare_cached(INSERT_RESEND)?.execute(params![
            request.key.0,
            idempotency.text,
            idempotency.request,
            new.order.0,
            new.at.0,
        ])?;
    }
    Ok(())
}

/// Forgets at most [`PRUNED_ROWS_MAX`] rows of each kind, and returns how many.
pub(crate) fn prune(
    connection: &Connection,
    replays_before: UnixMillis,
    resends_before: UnixMillis,
) -> Result<usize, Fault> {
    let limit = i64::try_from(PRUNED_ROWS_MAX).unwrap_or(i64::MAX);
    let replays = connection
        .prepare_cached(PRUNE_REPLAYS)?
        .execute(params![replays_before.0.div_euclid(1_000), limit])?;
    let resends =
        connection.prepare_cached(PRUNE_RESENDS)?.execute(params![resends_before.0, limit])?;
    Ok(replays + resends)
}
