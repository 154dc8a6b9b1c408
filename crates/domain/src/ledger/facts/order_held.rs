//! order_held: the merchant's money is set aside while we fill the order.
//!
//! ```text
//! merchant.available  - price
//! merchant.held       + price
//! ```
//!
//! Id: derived from (order id, "held"), so posting it twice is a key conflict.

use tron::Sun;

use crate::id::{MerchantId, OrderId};
use crate::ledger::{Entry, Fact, LedgerAccount, LedgerTx};
use crate::time::UnixMillis;

/// The posting; `price` in sun, not negative.
#[must_use]
pub fn order_held(order: OrderId, merchant: MerchantId, price: Sun, at: UnixMillis) -> LedgerTx {
    let entries = vec![
        Entry { account: LedgerAccount::Available(merchant), amount: -price },
        Entry { account: LedgerAccount::Held(merchant), amount: price },
    ];
    LedgerTx::new(order.0, Fact::OrderHeld, Some(order), at, entries)
}
