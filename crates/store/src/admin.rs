//! The operator's side of a commit: what a person's change reads and writes, and its line in the log.

use app::admin_rows::{
    AdminChanges, AdminNeeds, AdminRequest, AdminRows, LogEntry, NumberedLogEntry, Slice,
};

use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{admin_token, callback, column, deposit, key, merchant, person, pool, price};

crate::statement::statements! {
    ANSWER = "SELECT hash, answer FROM admin_answer WHERE actor = ?1 AND text = ?2";
    INSERT_ANSWER = "
INSERT INTO admin_answer (actor, text, hash, answer, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    // One writer at a time: the next number is free.
    INSERT_LOG = "
INSERT INTO admin_log (number, at_ms, actor, action, subject, before_json, after_json)
SELECT COALESCE(MAX(number), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6 FROM admin_log";
    LOG = "
SELECT number, at_ms, actor, action, subject, before_json, after_json FROM admin_log
WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
    NEWEST_OF = "
SELECT number, at_ms, actor, action, subject, before_json, after_json FROM admin_log
WHERE action = ?1 ORDER BY number DESC LIMIT 1";
    // Among those with the action.
    NEWEST_ABOUT = "
SELECT number, at_ms, actor, action, subject, before_json, after_json FROM admin_log
WHERE action = ?1 AND subject = ?2 ORDER BY number DESC LIMIT 1";
}

/// Loads what a person's change needs.
pub(crate) fn load(connection: &Connection, needs: &AdminNeeds) -> Result<AdminRows, Fault> {
    let mut rows = AdminRows {
        next_merchant: merchant::next_id(connection)?,
        next_key: key::next_id(connection)?,
        next_person: person::next_id(connection)?,
        ..AdminRows::default()
    };
    if let Some(merchant) = needs.keys_of {
        rows.keys = key::of_merchant(connection, merchant)?;
    }
    if let Some(text) = &needs.key {
        rows.key = key::by_text(connection, text)?;
    }
    if let Some(address) = needs.wallet {
        rows.wallet = pool::row(connection, address)?;
    }
    if let Some(order) = needs.callback {
        rows.callback = callback::of_order(connection, order)?;
    }
    if let Some(owner) = needs.prices_of {
        rows.prices = price::of_owner(connection, owner)?;
    }
    if let Some(id) = &needs.token {
        rows.token = admin_token::by_id(connection, id)?;
    }
    if let Some(name) = &needs.token_named {
        rows.token_named = admin_token::live_named(connection, name)?;
    }
    if let Some((merchant, xpub)) = &needs.deposit_address {
        rows.deposit_address = deposit::address_of(connection, *merchant, xpub)?;
    }
    if let Some(key) = &needs.person {
        rows.person = person::by_key(connection, key)?;
    }
    if let Some(request) = &needs.request {
        rows.answered = answered(connection, request)?;
    }
    if let Some((action, subject)) = &needs.log {
        let mut line = connection.prepare_cached(NEWEST_ABOUT)?;
        rows.log = line.query_row(params![*action, subject], read_log).optional()?;
    }
    Ok(rows)
}

fn answered(
    connection: &Connection,
    request: &AdminRequest,
) -> Result<Option<([u8; 32], String)>, Fault> {
    let mut answer = connection.prepare_cached(ANSWER)?;
    let found = answer
        .query_row(params![request.actor, request.text], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// Writes a person's change with its line in the log.
pub(crate) fn write(connection: &Connection, changes: &AdminChanges) -> Result<(), Fault> {
    if let Some(merchant) = &changes.merchant {
        merchant::put(connection, merchant)?;
    }
    if let Some(key) = &changes.key {
        key::put(connection, key)?;
    }
    if let Some(wallet) = &changes.wallet {
        pool::put_row(connection, wallet)?;
    }
    if let Some((owner, prices)) = &changes.prices {
        price::put(connection, *owner, prices)?;
    }
    if let Some(token) = &changes.token {
        admin_token::put(connection, token)?;
    }
    if let Some(address) = &changes.deposit_address {
        deposit::insert_address(connection, address)?;
    }
    if let Some(person) = &changes.person {
        person::put(connection, person)?;
    }
    if let Some(change) = changes.session {
        person::change_session(connection, change)?;
    }
    if let Some((order, now)) = changes.replay {
        callback::replay(connection, order, now)?;
    }
    if let Some((request, answer)) = &changes.answer {
        connection.prepare_cached(INSERT_ANSWER)?.run(params![
            request.actor,
            request.text,
            request.hash,
            answer,
            changes.log.at.0,
        ])?;
    }
    log(connection, &changes.log)
}

fn log(connection: &Connection, entry: &LogEntry) -> Result<(), Fault> {
    connection.prepare_cached(INSERT_LOG)?.run(params![
        entry.at.0,
        entry.actor,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
    ])?;
    Ok(())
}

/// Lines of the log, newest first.
pub(crate) fn log_lines(
    connection: &Connection,
    slice: Slice<i64>,
) -> Result<Vec<NumberedLogEntry>, Fault> {
    let mut lines = connection.prepare_cached(LOG)?;
    let rows = lines
        .query_map(params![slice.after.unwrap_or(i64::MAX), column::limit(slice.limit)], |row| {
            Ok(NumberedLogEntry { number: row.get(0)?, entry: read_log(row)? })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest line with an action.
pub(crate) fn newest_log_of(
    connection: &Connection,
    action: &str,
) -> Result<Option<LogEntry>, Fault> {
    let mut line = connection.prepare_cached(NEWEST_OF)?;
    Ok(line.query_row([action], read_log).optional()?)
}

fn read_log(row: &Row<'_>) -> sql::Result<LogEntry> {
    Ok(LogEntry {
        at: column::millis(row, 1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        before: row.get(5)?,
        after: row.get(6)?,
    })
}
