//! order_refunded: a fork undid what was delivered and it could not be delivered again, so the money
//! that was earned is given back in full.
//!
//! ```text
//! operator.revenue    - price
//! merchant.available  + price
//! ```
//!
//! Id: derived from (order id, "refunded"), so posting it twice is a key conflict.

use tron::Sun;

use crate::id::{MerchantId, OrderId};
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `price` in sun, not negative.
#[must_use]
pub fn order_refunded(
    order: OrderId,
    merchant: MerchantId,
    price: Sun,
    at: UnixMillis,
) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Revenue, amount: -price },
        Entry { account: LedgerAccount::Available(merchant), amount: price },
    ];
    LedgerTx::new(order.0, Fact::OrderRefunded, Some(order), at, entries)
}
