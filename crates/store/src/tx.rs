//! Signed transactions of ours.

use std::collections::BTreeSet;

use app::rows::{OwnTx, TxOwner};
use domain::{ChainTx, LegId, OrderId};
use tron::{Address, TxId};

use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{column, flight, outbox, transfer};

crate::statement::statements! {
    INSERT = "
INSERT INTO chain_tx (order_id, number, txid, leg, road, signer, bytes, expiration_ms, state,
  is_maybe_taken, sent_ms, block)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    UPDATE = "
UPDATE chain_tx SET state = ?3, is_maybe_taken = ?4, sent_ms = ?5, block = ?6
WHERE order_id = ?1 AND number = ?2";
    OF_ORDER = "
SELECT order_id, leg, txid, road, signer, bytes, expiration_ms, state, is_maybe_taken, sent_ms, block,
  number
FROM chain_tx WHERE order_id = ?1 ORDER BY number";
    // As that of legs.
    LIVE_ON = "
SELECT order_id, leg, txid, road, signer, bytes, expiration_ms, chain_tx.state, is_maybe_taken, sent_ms,
  block, number
FROM orders CROSS JOIN chain_tx
WHERE orders.receiver = ?1 AND orders.is_live = 1 AND chain_tx.order_id = orders.id";
    OPEN_BY_TXID = "SELECT txid, order_id FROM chain_tx WHERE txid = ?1 AND state < 2";
    INCLUDED_SINCE = "
SELECT txid, order_id FROM chain_tx WHERE state = 1 AND block >= ?1 ORDER BY block, order_id, number";
    // In the order of the partial index, which holds open ones only.
    OPEN = "SELECT txid, order_id FROM chain_tx WHERE state < 2 ORDER BY txid";
    INCLUDED_UNTIL = "
SELECT txid, order_id, block FROM chain_tx WHERE state = 1 AND block <= ?1
ORDER BY block, order_id, number";
    // An included transaction is an open one, which is what its index is about.
    MARK_SOLID = "
UPDATE chain_tx SET state = 2 WHERE txid = ?1 AND state < 2 AND state = 1 RETURNING order_id";
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<ChainTx> {
    Ok(ChainTx {
        leg: LegId { order: column::order_id(row, 0)?, number: row.get(1)? },
        txid: column::txid(row, 2)?,
        road: column::code(row, 3)?,
        signer: column::address(row, 4)?,
        bytes: row.get(5)?,
        expiration: column::millis(row, 6)?,
        state: column::code(row, 7)?,
        is_maybe_taken: row.get(8)?,
        sent_at: column::maybe_millis(row, 9)?,
        block: row.get(10)?,
    })
}

fn read_own(row: &Row<'_>) -> sql::Result<OwnTx> {
    let owner = TxOwner::Order(column::order_id(row, 1)?);
    Ok(OwnTx { txid: column::txid(row, 0)?, owner })
}

/// The transactions of an order, oldest first.
pub(crate) fn of_order(connection: &Connection, order: OrderId) -> Result<Vec<ChainTx>, Fault> {
    let mut txs = connection.prepare_cached(OF_ORDER)?;
    Ok(txs.query_map([order.0], read)?.collect::<Result<_, _>>()?)
}

/// The transactions of the live orders on an address, by order, each order's oldest first.
pub(crate) fn live_on(connection: &Connection, receiver: Address) -> Result<Vec<ChainTx>, Fault> {
    let mut txs = connection.prepare_cached(LIVE_ON)?;
    let rows = txs.query_map([receiver.as_bytes()], |row| Ok((row.get::<i64>(11)?, read(row)?)))?;
    let mut txs: Vec<(i64, ChainTx)> = rows.collect::<Result<_, _>>()?;
    txs.sort_by_key(|(number, tx)| (tx.leg.order, *number));
    Ok(txs.into_iter().map(|(_, tx)| tx).collect())
}

/// Writes what differs: transactions move and are added, their bytes never change.
pub(crate) fn update(
    connection: &Connection,
    old: &[ChainTx],
    new: &[ChainTx],
) -> Result<(), Fault> {
    if new.len() < old.len() {
        return Err(Fault::Broken("a transaction was to vanish".to_owned()));
    }
    for (number, (before, after)) in (1_i64..).zip(old.iter().zip(new)) {
        if before == after {
            continue;
        }
        let moved = ChainTx {
            state: after.state,
            is_maybe_taken: after.is_maybe_taken,
            sent_at: after.sent_at,
            block: after.block,
            ..before.clone()
        };
        if moved != *after {
            return Err(Fault::Broken(format!("transaction {} was to change", before.txid)));
        }
        connection.prepare_cached(UPDATE)?.run(params![
            after.leg.order.0,
            number,
            after.state.number(),
            after.is_maybe_taken,
            after.sent_at.map(|at| at.0),
            after.block,
        ])?;
    }
    for (number, tx) in (1_i64..).zip(new).skip(old.len()) {
        insert(connection, number, tx)?;
    }
    Ok(())
}

fn insert(connection: &Connection, number: i64, tx: &ChainTx) -> Result<(), Fault> {
    connection.prepare_cached(INSERT)?.run(params![
        tx.leg.order.0,
        number,
        tx.txid.as_bytes(),
        tx.leg.number,
        tx.road.number(),
        tx.signer.as_bytes(),
        tx.bytes,
        tx.expiration.0,
        tx.state.number(),
        tx.is_maybe_taken,
        tx.sent_at.map(|at| at.0),
        tx.block,
    ])?;
    Ok(())
}

/// A transaction's id as it is looked for.
pub(crate) fn bytes_of(txid: &TxId) -> Vec<u8> {
    txid.as_bytes().to_vec()
}

/// Which of these transactions are ours and open, those of orders first.
pub(crate) fn own(connection: &Connection, txids: &[TxId]) -> Result<Vec<OwnTx>, Fault> {
    let of_orders = flight::found_of(connection, OPEN_BY_TXID, txids, bytes_of, read_own)?;
    let of_transfers = transfer::own(connection, txids)?;
    Ok(of_orders.into_iter().map(|(_, own)| own).chain(of_transfers).collect())
}

/// Our transactions that are included in this block or a later one and not solid.
pub(crate) fn included_since(connection: &Connection, block: i64) -> Result<Vec<OwnTx>, Fault> {
    let mut included = connection.prepare_cached(INCLUDED_SINCE)?;
    let mut own: Vec<OwnTx> = included.query_map([block], read_own)?.collect::<Result<_, _>>()?;
    own.extend(transfer::included_since(connection, block)?);
    Ok(own)
}

/// Every transaction of ours that is not yet solid or lost.
pub(crate) fn open(connection: &Connection) -> Result<Vec<OwnTx>, Fault> {
    let mut open = connection.prepare_cached(OPEN)?;
    let mut own: Vec<OwnTx> = open.query_map([], read_own)?.collect::<Result<_, _>>()?;
    own.extend(transfer::open(connection)?);
    Ok(own)
}

/// Our transactions that are included in this block or an earlier one and not solid, by block.
pub(crate) fn included_until(
    connection: &Connection,
    block: i64,
) -> Result<Vec<(i64, OwnTx)>, Fault> {
    let mut included = connection.prepare_cached(INCLUDED_UNTIL)?;
    let rows = included.query_map([block], |row| Ok((row.get(2)?, read_own(row)?)))?;
    let mut own: Vec<(i64, OwnTx)> = rows.collect::<Result<_, _>>()?;
    own.extend(transfer::included_until(connection, block)?);
    own.sort_by_key(|(block, _)| *block);
    Ok(own)
}

/// Marks these transactions of orders as solid, those that are included; orders that waited for nothing
/// else are due.
pub(crate) fn mark_solid(connection: &Connection, txids: &[TxId]) -> Result<(), Fault> {
    let mut mark = connection.prepare_cached(MARK_SOLID)?;
    let mut orders = BTreeSet::new();
    for txid in txids {
        let order = mark.query_row([txid.as_bytes()], |row| column::order_id(row, 0));
        orders.extend(order.optional()?);
    }
    orders.into_iter().try_for_each(|order| outbox::wake_settled(connection, order))
}
