//! merchant_debited: the operator takes money from a merchant, paying it out outside.
//!
//! ```text
//! merchant.available  - amount
//! outside             + amount
//! ```
//!
//! Id: a fresh business id that the caller makes once and keeps for repeats.

use tron::Sun;

use crate::id::MerchantId;
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `amount` in sun, not negative; `reason` is kept for statements.
#[must_use]
pub fn merchant_debited(
    business: [u8; 16],
    merchant: MerchantId,
    amount: Sun,
    reason: &str,
    at: UnixMillis,
) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Available(merchant), amount: -amount },
        Entry { account: LedgerAccount::Outside, amount },
    ];
    let mut tx = LedgerTx::new(business, Fact::MerchantDebited, None, at, entries);
    tx.reason = Some(reason.to_owned());
    tx
}
