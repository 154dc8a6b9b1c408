//! deposit_credited: TRX arrived on the merchant's deposit address, in a block that cannot be undone.
//!
//! ```text
//! outside             - amount
//! merchant.available  + amount
//! ```
//!
//! Id: derived from (deposit id, "credited"); the deposit's id is made from the transaction's id and
//! the contract's place in it, so crediting it twice is a key conflict.

use crate::deposit::Deposit;
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};

/// The posting.
#[must_use]
pub fn deposit_credited(deposit: &Deposit) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Outside, amount: -deposit.amount },
        Entry { account: LedgerAccount::Available(deposit.merchant), amount: deposit.amount },
    ];
    LedgerTx::new(deposit.id.0, Fact::DepositCredited, None, deposit.seen, entries)
        .about(deposit.txid)
}
