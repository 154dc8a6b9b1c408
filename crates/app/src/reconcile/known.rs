//! What rows know of that which blocks show, asked by transaction, whatever became of it.

use std::collections::BTreeSet;

use tron::TxId;

use super::findings::{UnknownDeposit, UnknownTx};
use crate::ports::StoreError;
use crate::records::Database;

/// Transactions asked about in one read of the database.
const TXIDS_PER_READ: usize = 500;

/// Those that no order and no transfer knows.
pub(super) async fn unknown_txs(
    database: &dyn Database,
    mut seen: Vec<UnknownTx>,
) -> Result<Vec<UnknownTx>, StoreError> {
    let txids: Vec<TxId> = seen.iter().map(|tx| tx.txid).collect();
    let mut known = BTreeSet::new();
    for part in txids.chunks(TXIDS_PER_READ) {
        known.extend(database.known_txs(part).await?);
    }
    seen.retain(|tx| !known.contains(&tx.txid));
    Ok(seen)
}

/// Those that are not kept, and whether the scan will come to them.
pub(super) async fn unknown_deposits(
    database: &dyn Database,
    mut paid: Vec<UnknownDeposit>,
) -> Result<Vec<UnknownDeposit>, StoreError> {
    if paid.is_empty() {
        return Ok(paid);
    }
    // Before the deposits: what a scan that runs meanwhile keeps is then either known or ahead of it,
    // and never proposed as one that it has passed.
    let scanned = database.scanned().await?.map(|block| block.number);
    let txids: Vec<TxId> = paid.iter().map(|deposit| deposit.txid).collect();
    let mut known = BTreeSet::new();
    for part in txids.chunks(TXIDS_PER_READ) {
        known.extend(database.known_deposits(part).await?);
    }
    paid.retain(|deposit| !known.contains(&deposit.txid));
    for deposit in &mut paid {
        // The scan looks for addresses that were handed out.
        let is_scanned_for = deposit.merchant.is_some();
        deposit.is_ahead_of_scan =
            is_scanned_for && scanned.is_some_and(|scanned| deposit.block > scanned);
    }
    Ok(paid)
}
