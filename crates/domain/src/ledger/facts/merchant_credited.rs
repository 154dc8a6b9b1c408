//! merchant_credited: the operator credits a merchant for money that came in from outside.
//!
//! ```text
//! outside             - amount
//! merchant.available  + amount
//! ```
//!
//! Id: a fresh business id that the caller makes once and keeps for repeats.

use tron::Sun;

use crate::id::MerchantId;
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `amount` in sun, not negative; `reason` is kept for statements.
#[must_use]
pub fn merchant_credited(
    business: [u8; 16],
    merchant: MerchantId,
    amount: Sun,
    reason: &str,
    at: UnixMillis,
) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Outside, amount: -amount },
        Entry { account: LedgerAccount::Available(merchant), amount },
    ];
    let mut tx = LedgerTx::new(business, Fact::MerchantCredited, None, at, entries);
    tx.reason = Some(reason.to_owned());
    tx
}
