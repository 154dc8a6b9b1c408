//! order_released: the order failed, so the money is given back in full.
//!
//! ```text
//! merchant.held       - price
//! merchant.available  + price
//! ```
//!
//! Id: derived from (order id, "released"), so posting it twice is a key conflict.

use tron::Sun;

use crate::id::{MerchantId, OrderId};
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `price` in sun, not negative.
#[must_use]
pub fn order_released(
    order: OrderId,
    merchant: MerchantId,
    price: Sun,
    at: UnixMillis,
) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Held(merchant), amount: -price },
        Entry { account: LedgerAccount::Available(merchant), amount: price },
    ];
    LedgerTx::new(order.0, Fact::OrderReleased, Some(order), at, entries)
}
