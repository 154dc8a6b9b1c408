//! API keys.

use app::admin_rows::Slice;
use app::rows::Key;
use domain::key::{AllowList, KeyLimits, KeySpend, Scopes};
use domain::{Day, KeyId, MerchantId, OrderId, TransferId, UnixMillis};
use tron::Sun;

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

/// The columns of a key, as [`read`] expects them.
macro_rules! select {
    () => {
        "SELECT id, merchant_id, text, name, sealed_secret, is_reference_strict, created_ms, \
         revoked_ms, scopes, allowed_from, daily_cap FROM api_key"
    };
}

crate::statement::statements! {
    BY_TEXT = concat!(select!(), " WHERE text = ?1");
    BY_ID = concat!(select!(), " WHERE id = ?1");
    OF_MERCHANT =
        concat!(select!(), " WHERE merchant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
    LIVE = "SELECT COUNT(*) FROM api_key WHERE merchant_id = ?1 AND revoked_ms IS NULL";
    // One writer at a time: the next number is free.
    NEXT_ID = "SELECT COALESCE(MAX(id), 0) + 1 FROM api_key";
    INSERT = "
INSERT INTO api_key (id, merchant_id, text, name, sealed_secret, is_reference_strict, created_ms,
  revoked_ms, scopes, allowed_from, daily_cap)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    CHANGE_KEY = "
UPDATE api_key SET name = ?2, is_reference_strict = ?3, revoked_ms = ?4, scopes = ?5,
  allowed_from = ?6, daily_cap = ?7
WHERE id = ?1";
    REVOKE = "UPDATE api_key SET revoked_ms = ?2 WHERE text = ?1 AND revoked_ms IS NULL";
    SPEND = "
SELECT daily_cap, COALESCE((SELECT spent FROM key_day WHERE key_id = ?1 AND day = ?2), 0)
FROM api_key WHERE id = ?1";
    ADD_SPEND = "
INSERT INTO key_day (key_id, day, spent) VALUES (?1, ?2, ?3)
ON CONFLICT (key_id, day) DO UPDATE SET spent = key_day.spent + excluded.spent";
    SENT_WITH = "SELECT key_id, created_ms FROM transfer WHERE id = ?1";
    ORDERED_WITH = "SELECT key_id, created_ms FROM orders WHERE id = ?1";
}

fn read(row: &Row<'_>) -> sql::Result<Key> {
    Ok(Key {
        id: column::key_id(row, 0)?,
        merchant: column::merchant_id(row, 1)?,
        text: row.get(2)?,
        name: row.get(3)?,
        sealed_secret: row.get(4)?,
        is_reference_strict: row.get(5)?,
        created: column::millis(row, 6)?,
        revoked: column::maybe_millis(row, 7)?,
        limits: limits(row)?,
    })
}

fn limits(row: &Row<'_>) -> sql::Result<KeyLimits> {
    let (number, networks): (i64, String) = (row.get(8)?, row.get(9)?);
    let scopes = Scopes::from_number(number);
    let scopes = scopes.ok_or_else(|| column::meaningless(8, &number))?;
    let texts = networks.split(',').filter(|text| !text.is_empty());
    let allowed_from = AllowList::of(texts).map_err(|error| column::meaningless(9, &error))?;
    Ok(KeyLimits { scopes, allowed_from, daily_cap: column::maybe_sun(row, 10)? })
}

/// A key's cap, and what it has spent on a day.
pub(crate) fn spend(connection: &Connection, id: KeyId, day: Day) -> Result<KeySpend, Fault> {
    let mut spend = connection.prepare_cached(SPEND)?;
    Ok(spend.query_row(params![id.0, day.0], read_spend).optional()?.unwrap_or_default())
}

/// A key's cap and spend.
pub(crate) fn read_spend(row: &Row<'_>) -> sql::Result<KeySpend> {
    Ok(KeySpend { daily_cap: column::maybe_sun(row, 0)?, spent: column::sun(row, 1)? })
}

/// Counts what an order's key was charged, or given back, on the day on which the order was placed.
pub(crate) fn count_spend_of_order(
    connection: &Connection,
    order: OrderId,
    amount: Sun,
) -> Result<(), Fault> {
    let (key, created) = match connection.know(|known| known.placed(order)) {
        Some(placed) => placed,
        None => connection
            .prepare_cached(ORDERED_WITH)?
            .query_row([order.0], |row| Ok((column::key_id(row, 0)?, column::millis(row, 1)?)))?,
    };
    count_spend(connection, key, created.day_utc8(), amount)
}

/// Counts what a transfer's key was charged, or given back, on the day on which it was accepted.
pub(crate) fn count_spend_of_transfer(
    connection: &Connection,
    transfer: TransferId,
    amount: Sun,
) -> Result<(), Fault> {
    let (key, created) = connection
        .prepare_cached(SENT_WITH)?
        .query_row([transfer.0], |row| Ok((column::key_id(row, 0)?, column::millis(row, 1)?)))?;
    count_spend(connection, key, created.day_utc8(), amount)
}

/// Counts what a key was charged, or given back, on a day.
pub(crate) fn count_spend(
    connection: &Connection,
    key: KeyId,
    day: Day,
    amount: Sun,
) -> Result<(), Fault> {
    connection.note(|known| known.spend(key, day, amount));
    connection.prepare_cached(ADD_SPEND)?.run(params![key.0, day.0, amount.get()])?;
    Ok(())
}

/// A key by its text, revoked ones too.
pub(crate) fn by_text(connection: &Connection, text: &str) -> Result<Option<Key>, Fault> {
    Ok(connection.prepare_cached(BY_TEXT)?.query_row([text], read).optional()?)
}

/// A key by its identity.
pub(crate) fn by_id(connection: &Connection, id: KeyId) -> Result<Option<Key>, Fault> {
    Ok(connection.prepare_cached(BY_ID)?.query_row([id.0], read).optional()?)
}

/// A merchant's keys.
pub(crate) fn of_merchant(
    connection: &Connection,
    merchant: MerchantId,
) -> Result<Vec<Key>, Fault> {
    page_of_merchant(connection, merchant, Slice { after: None, limit: usize::MAX })
}

/// A part of a merchant's keys, oldest first.
pub(crate) fn page_of_merchant(
    connection: &Connection,
    merchant: MerchantId,
    slice: Slice<KeyId>,
) -> Result<Vec<Key>, Fault> {
    let after = slice.after.map_or(0, |id| id.0);
    let mut keys = connection.prepare_cached(OF_MERCHANT)?;
    let rows = keys.query_map(params![merchant.0, after, column::limit(slice.limit)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds a key under a fresh identity, unless the merchant has `live_max` live ones.
pub(crate) fn add(
    connection: &Connection,
    key: &Key,
    live_max: usize,
) -> Result<Option<KeyId>, Fault> {
    let live: i64 =
        connection.prepare_cached(LIVE)?.query_row([key.merchant.0], |row| row.get(0))?;
    if usize::try_from(live).is_ok_and(|live| live >= live_max) {
        return Ok(None);
    }
    let id = next_id(connection)?;
    insert(connection, &Key { id, ..key.clone() })?;
    Ok(Some(id))
}

/// The number that a new key gets.
pub(crate) fn next_id(connection: &Connection) -> Result<KeyId, Fault> {
    let mut next = connection.prepare_cached(NEXT_ID)?;
    Ok(next.query_row([], |row| column::key_id(row, 0))?)
}

/// Writes a key as it is from now on; what it is and whose never changes.
pub(crate) fn put(connection: &Connection, key: &Key) -> Result<(), Fault> {
    let changed = connection.prepare_cached(CHANGE_KEY)?.execute(params![
        key.id.0,
        key.name,
        key.is_reference_strict,
        key.revoked.map(|at| at.0),
        key.limits.scopes.number(),
        key.limits.allowed_from.to_string(),
        key.limits.daily_cap.map(Sun::get),
    ])?;
    if changed > 0 { Ok(()) } else { insert(connection, key) }
}

fn insert(connection: &Connection, key: &Key) -> Result<(), Fault> {
    connection.prepare_cached(INSERT)?.run(params![
        key.id.0,
        key.merchant.0,
        key.text,
        key.name,
        key.sealed_secret,
        key.is_reference_strict,
        key.created.0,
        key.revoked.map(|at| at.0),
        key.limits.scopes.number(),
        key.limits.allowed_from.to_string(),
        key.limits.daily_cap.map(Sun::get),
    ])?;
    Ok(())
}

/// Revokes a key; false when there is no such live key.
pub(crate) fn revoke(connection: &Connection, text: &str, now: UnixMillis) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(REVOKE)?.execute(params![text, now.0])? > 0)
}
