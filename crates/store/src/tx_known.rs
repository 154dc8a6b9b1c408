//! Which transactions rows know, whatever became of them.

use std::collections::BTreeSet;

use tron::TxId;

use crate::column;
use crate::fault::Fault;
use crate::sql::{Connection, OptionalExtension};

crate::statement::statements! {
    OF_ORDERS = "SELECT txid FROM chain_tx WHERE txid = ?1 LIMIT 1";
    OF_TRANSFERS = "SELECT txid FROM transfer WHERE txid = ?1 LIMIT 1";
    OF_DEPOSITS = "SELECT txid FROM deposit WHERE txid = ?1 LIMIT 1";
}

/// Those that orders and transfers know as theirs.
pub(crate) fn ours(connection: &Connection, txids: &[TxId]) -> Result<BTreeSet<TxId>, Fault> {
    let mut ours = known(connection, OF_ORDERS, txids)?;
    ours.extend(known(connection, OF_TRANSFERS, txids)?);
    Ok(ours)
}

/// Those that brought deposits.
pub(crate) fn deposits(connection: &Connection, txids: &[TxId]) -> Result<BTreeSet<TxId>, Fault> {
    known(connection, OF_DEPOSITS, txids)
}

fn known(
    connection: &Connection,
    sql: &'static str,
    txids: &[TxId],
) -> Result<BTreeSet<TxId>, Fault> {
    let mut by_txid = connection.prepare_cached(sql)?;
    let mut known = BTreeSet::new();
    for txid in txids {
        let found = by_txid.query_row([txid.as_bytes()], |row| column::txid(row, 0));
        known.extend(found.optional()?);
    }
    Ok(known)
}
