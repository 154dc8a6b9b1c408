//! Merchants, with their balances.

use app::admin_rows::{MerchantLine, Slice};
use app::rows::Merchant;
use domain::{MerchantId, UnixMillis};

use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{column, deposit, ledger};

/// The columns of a merchant and where they come from, as [`read`] expects them.
macro_rules! select {
    () => {
        "SELECT merchant.id, name, callback_url, is_paused, available.balance, held.balance, \
         created_ms FROM merchant \
         JOIN ledger_account AS available ON available.kind = 1 \
           AND available.merchant_id = merchant.id \
         JOIN ledger_account AS held ON held.kind = 2 AND held.merchant_id = merchant.id"
    };
}

crate::statement::statements! {
    BY_ID = concat!(select!(), " WHERE merchant.id = ?1");
    PAGE = concat!(select!(), " WHERE merchant.id > ?1 ORDER BY merchant.id LIMIT ?2");
    // One writer at a time: the next number is free.
    NEXT_ID = "SELECT COALESCE(MAX(id), 0) + 1 FROM merchant";
    PAUSE = "UPDATE merchant SET is_paused = ?2 WHERE id = ?1";
    CHANGE_MERCHANT = "
UPDATE merchant SET name = ?2, callback_url = ?3, is_paused = ?4 WHERE id = ?1";
    INSERT = "INSERT INTO merchant (id, name, callback_url, created_ms) VALUES (?1, ?2, ?3, ?4)";
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<Merchant> {
    Ok(Merchant {
        id: column::merchant_id(row, 0)?,
        name: row.get(1)?,
        callback_url: row.get(2)?,
        is_paused: row.get(3)?,
        available: column::sun(row, 4)?,
        held: column::sun(row, 5)?,
        created: column::millis(row, 6)?,
    })
}

/// A merchant.
pub(crate) fn by_id(connection: &Connection, id: MerchantId) -> Result<Option<Merchant>, Fault> {
    Ok(connection.prepare_cached(BY_ID)?.query_row([id.0], read).optional()?)
}

/// Every merchant.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Merchant>, Fault> {
    page(connection, Slice { after: None, limit: usize::MAX })
}

fn page(connection: &Connection, slice: Slice<MerchantId>) -> Result<Vec<Merchant>, Fault> {
    let after = slice.after.map_or(0, |id| id.0);
    let mut page = connection.prepare_cached(PAGE)?;
    let rows = page.query_map(params![after, column::limit(slice.limit)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Merchants with what lists show of them, in the order of their numbers.
pub(crate) fn lines(
    connection: &Connection,
    slice: Slice<MerchantId>,
) -> Result<Vec<MerchantLine>, Fault> {
    let line = |merchant: Merchant| {
        let deposit_addresses = deposit::addresses(connection, Some(merchant.id))?;
        Ok(MerchantLine { merchant, deposit_addresses })
    };
    page(connection, slice)?.into_iter().map(line).collect()
}

/// Refuses a merchant's new orders, or takes them again.
pub(crate) fn pause(
    connection: &Connection,
    id: MerchantId,
    is_paused: bool,
) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(PAUSE)?.execute(params![id.0, is_paused])? == 1)
}

/// Adds a merchant with its ledger accounts.
pub(crate) fn add(
    connection: &Connection,
    name: &str,
    callback_url: Option<&str>,
    now: UnixMillis,
) -> Result<MerchantId, Fault> {
    let id = next_id(connection)?;
    connection.prepare_cached(INSERT)?.run(params![id.0, name, callback_url, now.0])?;
    ledger::open_accounts(connection, id)?;
    Ok(id)
}

/// The number that a new merchant gets.
pub(crate) fn next_id(connection: &Connection) -> Result<MerchantId, Fault> {
    let mut next = connection.prepare_cached(NEXT_ID)?;
    Ok(next.query_row([], |row| column::merchant_id(row, 0))?)
}

/// Writes a merchant as it is from now on; an unknown number is a new one, with its ledger accounts.
pub(crate) fn put(connection: &Connection, merchant: &Merchant) -> Result<(), Fault> {
    let changed = connection.prepare_cached(CHANGE_MERCHANT)?.execute(params![
        merchant.id.0,
        merchant.name,
        merchant.callback_url,
        merchant.is_paused,
    ])?;
    if changed > 0 {
        return Ok(());
    }
    let created = merchant.created.0;
    let (id, name, url) = (merchant.id, &merchant.name, &merchant.callback_url);
    connection.prepare_cached(INSERT)?.run(params![id.0, name, url, created])?;
    ledger::open_accounts(connection, id)
}
