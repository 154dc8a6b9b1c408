//! transfer_settled: the transfer cannot be undone any more; the amount left, the fee is earned.
//!
//! ```text
//! merchant.held  - amount - fee
//! outside        + amount
//! revenue        + fee
//! ```
//!
//! Id: derived from (transfer id, "settled"), so posting it twice is a key conflict.

use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;
use crate::transfer::Transfer;

/// The posting.
#[must_use]
pub fn transfer_settled(transfer: &Transfer, at: UnixMillis) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Held(transfer.merchant), amount: -transfer.total() },
        Entry { account: LedgerAccount::Outside, amount: transfer.amount },
        Entry { account: LedgerAccount::Revenue, amount: transfer.fee },
    ];
    LedgerTx::new(transfer.id.0, Fact::TransferSettled, None, at, entries).about(transfer.txid)
}
