//! Callbacks: the bytes owed, and the attempts at posting them.

use app::rows::{Attempt, Callback, CallbackState, OutboxKind};
use domain::callback::{CallbackEvent, Outcome};
use domain::{Order, OrderId, UnixMillis};

use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{Connection, OptionalExtension, params};
use crate::{column, outbox};

crate::statement::statements! {
    INSERT = "
INSERT INTO callback (order_id, key_id, url, body, attempts, first_ms, state)
VALUES (?1, ?2, ?3, ?4, 0, ?5, 0)";
    OF_ORDER = "
SELECT order_id, key_id, url, body, attempts, first_ms, state FROM callback WHERE order_id = ?1";
    COUNT_ATTEMPT = "
UPDATE callback SET attempts = attempts + 1, state = ?2 WHERE order_id = ?1";
    // Numbered on, because a replay counts the attempts that matter to the schedule from zero.
    INSERT_ATTEMPT = "
INSERT INTO attempt (order_id, number, at_ms, status, note, took_ms, state, signed_secs)
SELECT ?1, COALESCE(MAX(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM attempt WHERE order_id = ?1";
    ATTEMPTS = "
SELECT order_id, at_ms, status, note, took_ms, state, signed_secs FROM attempt WHERE order_id = ?1
ORDER BY number";
    OWE_AGAIN = "
UPDATE callback SET attempts = 0, first_ms = ?2, state = 0 WHERE order_id = ?1 AND state <> 0";
}

/// Owes a callback, due when the order ended for its merchant.
pub(crate) fn owe(
    connection: &Connection,
    event: &CallbackEvent,
    body: &[u8],
    order: Option<&Order>,
) -> Result<(), Fault> {
    let ended =
        order.filter(|order| order.id == event.order).and_then(|order| match event.outcome {
            Outcome::Delivered => order.ready,
            Outcome::Refunded => order.ended,
        });
    let Some(first) = ended else {
        let what = format!("the callback of order {} came without the order's end", event.order);
        return Err(Fault::Broken(what));
    };
    connection.prepare_cached(INSERT)?.run(params![
        event.order.0,
        event.key.0,
        event.url,
        body,
        first.0,
    ])?;
    outbox::want(connection, OutboxKind::Callback, event.order.0, first)
}

/// The callback of an order.
pub(crate) fn of_order(connection: &Connection, order: OrderId) -> Result<Option<Callback>, Fault> {
    let mut callback = connection.prepare_cached(OF_ORDER)?;
    let found = callback.query_row([order.0], |row| {
        Ok(Callback {
            order: column::order_id(row, 0)?,
            key: column::key_id(row, 1)?,
            url: row.get(2)?,
            body: row.get(3)?,
            attempts: row.get(4)?,
            first: column::millis(row, 5)?,
            state: column::code(row, 6)?,
        })
    });
    Ok(found.optional()?)
}

/// Keeps an attempt and how the callback stands after it.
pub(crate) fn record(connection: &Connection, attempt: &Attempt) -> Result<(), Fault> {
    let (order, state) = (attempt.order.0, attempt.state.number());
    // An attempt at a callback that nobody is owed is refused by its foreign key.
    connection.prepare_cached(COUNT_ATTEMPT)?.run(params![order, state])?;
    connection.prepare_cached(INSERT_ATTEMPT)?.run(params![
        order,
        attempt.at.0,
        attempt.status,
        attempt.note,
        attempt.took_ms,
        state,
        attempt.signed_secs,
    ])?;
    Ok(())
}

/// The attempts at an order's callback, oldest first.
pub(crate) fn attempts(connection: &Connection, order: OrderId) -> Result<Vec<Attempt>, Fault> {
    let mut attempts = connection.prepare_cached(ATTEMPTS)?;
    let rows = attempts.query_map([order.0], |row| {
        Ok(Attempt {
            order: column::order_id(row, 0)?,
            at: column::millis(row, 1)?,
            status: row.get(2)?,
            note: row.get(3)?,
            took_ms: row.get(4)?,
            state: column::code::<CallbackState>(row, 5)?,
            signed_secs: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes a callback owed again from the beginning of its schedule, due now; one that is still owed
/// is only due now. False when there is none.
pub(crate) fn replay(
    connection: &Connection,
    order: OrderId,
    now: UnixMillis,
) -> Result<bool, Fault> {
    if of_order(connection, order)?.is_none() {
        return Ok(false);
    }
    connection.prepare_cached(OWE_AGAIN)?.run(params![order.0, now.0])?;
    outbox::want(connection, OutboxKind::Callback, order.0, now)?;
    Ok(true)
}
