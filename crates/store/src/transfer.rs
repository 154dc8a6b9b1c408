//! Transfers, each with its one transaction.

use std::collections::BTreeMap;

use app::rows::{OwnTx, TxOwner};
use domain::{MerchantId, Transfer, TransferId};
use tron::{Address, Sun, TxId};

use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{column, flight, tx};

/// The columns of a transfer, as [`read`] expects them.
macro_rules! columns {
    () => {
        "id, merchant_id, key_id, receiver, amount, fee, has_activation, payer, outlay_max, txid, \
         bytes, expiration_ms, state, is_maybe_taken, sent_ms, block, created_ms, ended_ms"
    };
}

crate::statement::statements! {
    INSERT = concat!("INSERT INTO transfer (", columns!(), ")
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");
    UPDATE = "
UPDATE transfer SET state = ?2, is_maybe_taken = ?3, sent_ms = ?4, block = ?5, ended_ms = ?6
WHERE id = ?1";
    BY_ID = concat!("SELECT ", columns!(), " FROM transfer WHERE id = ?1");
    OF_MERCHANT = concat!("SELECT ", columns!(), "
FROM transfer WHERE merchant_id = ?1 ORDER BY id DESC LIMIT ?2");
    OPEN_BY_TXID = "SELECT txid, id FROM transfer WHERE txid = ?1 AND state < 2";
    OPEN = "SELECT txid, id FROM transfer WHERE state < 2 ORDER BY payer";
    // What open transfers may still take from each payer; an included one has taken it.
    OUTLAYS = "
SELECT payer, SUM(outlay_max) FROM transfer WHERE state < 2 AND state = 0
GROUP BY payer ORDER BY payer";
    // By the index of open ones, of which there are those of the last minute or two.
    OPEN_ACTIVATION = "
SELECT 1 FROM transfer WHERE state < 2 AND receiver = ?1 AND has_activation = 1
ORDER BY payer LIMIT 1";
    INCLUDED_SINCE = "SELECT txid, id FROM transfer WHERE state = 1 AND block >= ?1 ORDER BY block, id";
    INCLUDED_UNTIL = "
SELECT txid, id, block FROM transfer WHERE state = 1 AND block <= ?1 ORDER BY block, id";
}

fn read(row: &Row<'_>) -> sql::Result<Transfer> {
    Ok(Transfer {
        id: TransferId(row.get(0)?),
        merchant: column::merchant_id(row, 1)?,
        key: column::key_id(row, 2)?,
        receiver: column::address(row, 3)?,
        amount: column::sun(row, 4)?,
        fee: column::sun(row, 5)?,
        has_activation: row.get(6)?,
        payer: column::address(row, 7)?,
        outlay_max: column::sun(row, 8)?,
        txid: column::txid(row, 9)?,
        bytes: row.get(10)?,
        expiration: column::millis(row, 11)?,
        state: column::code(row, 12)?,
        is_maybe_taken: row.get(13)?,
        sent_at: column::maybe_millis(row, 14)?,
        block: row.get(15)?,
        created: column::millis(row, 16)?,
        ended: column::maybe_millis(row, 17)?,
    })
}

fn read_own(row: &Row<'_>) -> sql::Result<OwnTx> {
    let owner = TxOwner::Transfer(TransferId(row.get(1)?));
    Ok(OwnTx { txid: column::txid(row, 0)?, owner })
}

/// A transfer.
pub(crate) fn by_id(connection: &Connection, id: TransferId) -> Result<Option<Transfer>, Fault> {
    Ok(connection.prepare_cached(BY_ID)?.query_row([id.0], read).optional()?)
}

/// A merchant's newest transfers.
pub(crate) fn of_merchant(
    connection: &Connection,
    merchant: MerchantId,
    limit: i64,
) -> Result<Vec<Transfer>, Fault> {
    let mut all = connection.prepare_cached(OF_MERCHANT)?;
    Ok(all.query_map([merchant.0, limit], read)?.collect::<Result<_, _>>()?)
}

/// Writes a transfer: a new one whole, a known one's state and what the chain said.
pub(crate) fn write(
    connection: &Connection,
    old: Option<&Transfer>,
    new: &Transfer,
) -> Result<(), Fault> {
    let Some(before) = old.filter(|old| old.id == new.id) else {
        return insert(connection, new);
    };
    let moved = Transfer {
        state: new.state,
        is_maybe_taken: new.is_maybe_taken,
        sent_at: new.sent_at,
        block: new.block,
        ended: new.ended,
        ..before.clone()
    };
    if moved != *new {
        return Err(Fault::Broken(format!("transfer {} was to become another", new.id)));
    }
    connection.prepare_cached(UPDATE)?.run(params![
        new.id.0,
        new.state.number(),
        new.is_maybe_taken,
        new.sent_at.map(|at| at.0),
        new.block,
        new.ended.map(|at| at.0),
    ])?;
    Ok(())
}

fn insert(connection: &Connection, new: &Transfer) -> Result<(), Fault> {
    connection.prepare_cached(INSERT)?.run(params![
        new.id.0,
        new.merchant.0,
        new.key.0,
        new.receiver.as_bytes(),
        new.amount.get(),
        new.fee.get(),
        new.has_activation,
        new.payer.as_bytes(),
        new.outlay_max.get(),
        new.txid.as_bytes(),
        new.bytes,
        new.expiration.0,
        new.state.number(),
        new.is_maybe_taken,
        new.sent_at.map(|at| at.0),
        new.block,
        new.created.0,
        new.ended.map(|at| at.0),
    ])?;
    Ok(())
}

/// What open transfers may still take from each payer.
pub(crate) fn outlays(connection: &Connection) -> Result<BTreeMap<Address, Sun>, Fault> {
    let mut outlays = connection.prepare_cached(OUTLAYS)?;
    let rows = outlays.query_map([], |row| Ok((column::address(row, 0)?, column::sun(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an open transfer is charged for the activation of this address.
pub(crate) fn is_activated(connection: &Connection, receiver: Address) -> Result<bool, Fault> {
    let mut found = connection.prepare_cached(OPEN_ACTIVATION)?;
    Ok(found.query_row([receiver.as_bytes()], |_| Ok(())).optional()?.is_some())
}

/// The open transfers with one of these transactions.
pub(crate) fn own(connection: &Connection, txids: &[TxId]) -> Result<Vec<OwnTx>, Fault> {
    let own = flight::found_of(connection, OPEN_BY_TXID, txids, tx::bytes_of, read_own)?;
    Ok(own.into_iter().map(|(_, own)| own).collect())
}

/// Every open transfer.
pub(crate) fn open(connection: &Connection) -> Result<Vec<OwnTx>, Fault> {
    let mut open = connection.prepare_cached(OPEN)?;
    Ok(open.query_map([], read_own)?.collect::<Result<_, _>>()?)
}

/// Transfers that are included in this block or a later one and not solid.
pub(crate) fn included_since(connection: &Connection, block: i64) -> Result<Vec<OwnTx>, Fault> {
    let mut included = connection.prepare_cached(INCLUDED_SINCE)?;
    Ok(included.query_map([block], read_own)?.collect::<Result<_, _>>()?)
}

/// Transfers that are included in this block or an earlier one and not solid, by block.
pub(crate) fn included_until(
    connection: &Connection,
    block: i64,
) -> Result<Vec<(i64, OwnTx)>, Fault> {
    let mut included = connection.prepare_cached(INCLUDED_UNTIL)?;
    let rows = included.query_map([block], |row| Ok((row.get(2)?, read_own(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
