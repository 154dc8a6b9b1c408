//! What was answered to requests before, so that none acts twice.

use app::rows::{ExactAnswer, NewAnswers, Remembered, RequestKeys, StoredAnswers};
use domain::UnixMillis;
use sha2::{Digest, Sha256};

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

/// Most rows that one transaction forgets, so that orders do not wait for it.
pub(crate) const PRUNED_ROWS_MAX: usize = 2_000;

/// How far apart the signed times of a request and of its resends can be while it may still be taken back,
/// in seconds: twice what a clock may be off, and the time that takes.
const RESENT_WITHIN_SECS: i64 = 900;

crate::statement::statements! {
    REPLAY = "
SELECT business, route, status, body FROM replay
LEFT JOIN exact_answer ON exact_answer.id = replay.business
WHERE timestamp_secs = ?1 AND key_id = ?2 AND signature = ?3";
    RESEND = "
SELECT business, request, status, body FROM resend
LEFT JOIN exact_answer ON exact_answer.id = resend.business
WHERE key_id = ?1 AND text = ?2";
    INSERT_REPLAY = "
INSERT INTO replay (timestamp_secs, key_id, signature, route, business)
VALUES (?1, ?2, ?3, ?4, ?5)";
    INSERT_RESEND = "
INSERT INTO resend (key_id, text, request, business, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    INSERT_EXACT = "INSERT INTO exact_answer (id, status, body, at_ms) VALUES (?1, ?2, ?3, ?4)";
    KEEP_EXACT = "UPDATE exact_answer SET at_ms = ?2 WHERE id = ?1 AND at_ms < ?2";
    FORGET_REPLAY = "
DELETE FROM replay WHERE timestamp_secs = ?1 AND key_id = ?2 AND signature = ?3";
    FORGET_RESENT = "
DELETE FROM replay WHERE timestamp_secs BETWEEN ?1 AND ?2 AND business = ?3";
    FORGET_RESEND = "DELETE FROM resend WHERE key_id = ?1 AND text = ?2";
    FORGET_EXACT = "DELETE FROM exact_answer WHERE id = ?1";
    PRUNE_REPLAYS = "
DELETE FROM replay WHERE (timestamp_secs, key_id, signature) IN (
  SELECT timestamp_secs, key_id, signature FROM replay WHERE timestamp_secs < ?1 LIMIT ?2)";
    PRUNE_RESENDS = "
DELETE FROM resend WHERE (key_id, text) IN (
  SELECT key_id, text FROM resend WHERE at_ms < ?1 LIMIT ?2)";
    PRUNE_EXACT = "
DELETE FROM exact_answer WHERE id IN (SELECT id FROM exact_answer WHERE at_ms < ?1 LIMIT ?2)";
}

/// What was answered to a request before.
pub(crate) fn stored(
    connection: &Connection,
    request: &RequestKeys,
) -> Result<StoredAnswers, Fault> {
    let replay = connection
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

pub(crate) fn read(row: &Row<'_>) -> sql::Result<(Remembered, [u8; 32])> {
    let remembered = match row.get::<Option<u16>>(2)? {
        Some(status) => Remembered::Exact(ExactAnswer { status, body: row.get(3)? }),
        None => Remembered::Order(column::order_id(row, 0)?),
    };
    Ok((remembered, row.get(1)?))
}

/// Remembers an answer; of a resend, that its signature leads to the answer, too.
pub(crate) fn remember(connection: &Connection, new: &NewAnswers) -> Result<(), Fault> {
    connection.note(|known| known.remember(new));
    let request = &new.request;
    // The signed time may lie ahead of ours, and replays are kept by it.
    let signed_ms = request.timestamp_secs.saturating_add(1).saturating_mul(1_000);
    let kept_from_ms = new.at.0.max(signed_ms);
    let business = match &new.answer {
        Remembered::Order(order) => order.0,
        Remembered::Exact(_) if new.is_resend => {
            let id = resent(connection, request)?;
            connection.prepare_cached(KEEP_EXACT)?.run(params![id, kept_from_ms])?;
            id
        }
        Remembered::Exact(answer) => {
            let id = exact_id(request);
            connection.prepare_cached(INSERT_EXACT)?.run(params![
                id,
                answer.status,
                answer.body,
                kept_from_ms,
            ])?;
            id
        }
    };
    connection.prepare_cached(INSERT_REPLAY)?.run(params![
        request.timestamp_secs,
        request.key.0,
        request.signature,
        request.route,
        business,
    ])?;
    if let Some(idempotency) = request.idempotency.as_ref().filter(|_| !new.is_resend) {
        connection.prepare_cached(INSERT_RESEND)?.run(params![
            request.key.0,
            idempotency.text,
            idempotency.request,
            business,
            new.at.0,
        ])?;
    }
    Ok(())
}

/// The row of the exact answer to which a request's idempotency key leads.
fn resent(connection: &Connection, request: &RequestKeys) -> Result<[u8; 16], Fault> {
    let key = request.idempotency.as_ref().map(|idempotency| idempotency.text.as_str());
    let mut resend = connection.prepare_cached(RESEND)?;
    let found = resend.query_row(params![request.key.0, key.unwrap_or_default()], |row| row.get(0));
    Ok(found?)
}

/// Forgets what was answered to a request whose effect is taken back, and to its resends.
pub(crate) fn forget(connection: &Connection, request: &RequestKeys) -> Result<(), Fault> {
    let replay = params![request.timestamp_secs, request.key.0, request.signature];
    connection.prepare_cached(FORGET_REPLAY)?.run(replay)?;
    if let Some(idempotency) = &request.idempotency {
        let resend = params![request.key.0, idempotency.text];
        connection.prepare_cached(FORGET_RESEND)?.run(resend)?;
        let signed = request.timestamp_secs;
        let (first, last) = (signed - RESENT_WITHIN_SECS, signed + RESENT_WITHIN_SECS);
        connection.prepare_cached(FORGET_RESENT)?.run(params![first, last, exact_id(request)])?;
    }
    connection.prepare_cached(FORGET_EXACT)?.run([exact_id(request)])?;
    Ok(())
}

/// The row of a request's exact answer; one request has one.
fn exact_id(request: &RequestKeys) -> [u8; 16] {
    let hash = Sha256::new()
        .chain_update(request.timestamp_secs.to_be_bytes())
        .chain_update(request.key.0.to_be_bytes())
        .chain_update(request.signature)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
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
    if replays + resends > 0 {
        return Ok(replays + resends);
    }
    // Only once nothing old leads to them: a row without its answer would seem to be an order's.
    let before = replays_before.min(resends_before);
    Ok(connection.prepare_cached(PRUNE_EXACT)?.execute(params![before.0, limit])?)
}
