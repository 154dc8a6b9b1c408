//! transfer_held: the merchant's money is set aside while a transfer is on its way.
//!
//! ```text
//! merchant.available  - amount - fee
//! merchant.held       + amount + fee
//! ```
//!
//! Id: derived from (transfer id, "held"), so posting it twice is a key conflict.

use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::transfer::Transfer;

/// The posting, at the moment of acceptance.
#[must_use]
pub fn transfer_held(transfer: &Transfer) -> LedgerTx {
    let (merchant, total) = (transfer.merchant, transfer.total());
    let entries = vec![
        Entry { account: LedgerAccount::Available(merchant), amount: -total },
        Entry { account: LedgerAccount::Held(merchant), amount: total },
    ];
    LedgerTx::new(transfer.id.0, Fact::TransferHeld, None, transfer.created, entries)
        .about(transfer.txid)
}
