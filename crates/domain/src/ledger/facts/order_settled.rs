//! order_settled: the order was delivered, so the money is earned.
//!
//! ```text
//! merchant.held  - price
//! revenue        + price
//! ```
//!
//! Id: derived from (order id, "settled"), so posting it twice is a key conflict.

use tron::Sun;

use crate::id::{MerchantId, OrderId};
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `price` in sun, not negative.
#[must_use]
pub fn order_settled(order: OrderId, merchant: MerchantId, price: Sun, at: UnixMillis) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Held(merchant), amount: -price },
        Entry { account: LedgerAccount::Revenue, amount: price },
    ];
    LedgerTx::new(order.0, Fact::OrderSettled, Some(order), at, entries)
}
