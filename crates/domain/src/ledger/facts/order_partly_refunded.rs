//! order_partly_refunded: a part of what a delivered order was charged for never was there for good, so the
//! price of that part is given back: a fork undid it, or somebody else supplied it first.
//!
//! ```text
//! operator.revenue    - part
//! merchant.available  + part
//! ```
//!
//! Id: derived from (order id, "partly refunded"), so posting it twice is a key conflict: the part is all
//! of what was undone, known when nothing can be undone any more.

use tron::Sun;

use crate::id::{MerchantId, OrderId};
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `part` in sun, not negative, at most the order's price.
#[must_use]
pub fn order_partly_refunded(
    order: OrderId,
    merchant: MerchantId,
    part: Sun,
    at: UnixMillis,
) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Revenue, amount: -part },
        Entry { account: LedgerAccount::Available(merchant), amount: part },
    ];
    LedgerTx::new(order.0, Fact::OrderPartlyRefunded, Some(order), at, entries)
}
