//! transfer_released: the transfer never happened and never will, so the money is given back in full.
//!
//! ```text
//! merchant.held       - amount - fee
//! merchant.available  + amount + fee
//! ```
//!
//! Id: derived from (transfer id, "released"), so posting it twice is a key conflict.

use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;
use crate::transfer::Transfer;

/// The posting.
#[must_use]
pub fn transfer_released(transfer: &Transfer, at: UnixMillis) -> LedgerTx {
    let (merchant, total) = (transfer.merchant, transfer.total());
    let entries = vec![
        Entry { account: LedgerAccount::Held(merchant), amount: -total },
        Entry { account: LedgerAccount::Available(merchant), amount: total },
    ];
    LedgerTx::new(transfer.id.0, Fact::TransferReleased, None, at, entries).about(transfer.txid)
}
