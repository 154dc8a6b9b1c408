//! An order: the commercial life of one collection.

pub mod next;
pub mod step;
pub mod whole;

pub use next::{Action, next_action};
pub use step::{Decision, Event, Refused, accept};
pub use whole::WholeOrder;

use tron::{Address, Bandwidth, Energy, Sun, TokenUnits, TxId};

use crate::collect::Scene;
use crate::id::{KeyId, MerchantId, OrderId};
use crate::time::UnixMillis;

/// Where an order stands.
///
/// ```text
/// filling ─► delivered ─► ended
///    └─────► refunded
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OrderState {
    /// Accepted and paid for; legs are on their way.
    Filling,
    /// The chain showed that the address can make its transfer; the money is earned.
    Delivered,
    /// Everything lent is back. Final.
    Ended,
    /// It could not be filled; the money is back. Final.
    Refunded,
}

/// One collection that a merchant paid for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Identity and serial.
    pub id: OrderId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that placed it.
    pub key: KeyId,
    /// The address that gets what it lacks.
    pub receiver: Address,
    /// Where its tokens are to go, if named.
    pub recipient: Option<Address>,
    /// Tokens that the receiver held when the order was placed.
    pub token_amount: TokenUnits,
    /// The scene that is executed.
    pub scene: Scene,
    /// The merchant's own label, not unique.
    pub reference: Option<String>,
    /// Where to post the outcome.
    pub callback_url: Option<String>,
    /// Energy that the transfer takes.
    pub transfer_energy: Energy,
    /// Energy bought: the part of it that was missing.
    pub energy: Energy,
    /// Bandwidth bought.
    pub bandwidth: Bandwidth,
    /// Whether activation was bought.
    pub has_activation: bool,
    /// What it costs.
    pub price: Sun,
    /// The merchant's available balance just after the hold; the answer to a replay repeats it.
    pub balance_after: Sun,
    /// Where it stands.
    pub state: OrderState,
    /// When it was accepted.
    pub created: UnixMillis,
    /// When it was found ready.
    pub ready: Option<UnixMillis>,
    /// When the receiver's transfer was seen in a block.
    pub used: Option<UnixMillis>,
    /// The receiver's transfer, so that the same one never counts for two orders.
    pub used_by: Option<TxId>,
    /// When everything was back, or the money was.
    pub ended: Option<UnixMillis>,
}

impl Order {
    /// Whether its transfer is still expected, so that others must not count on its energy.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            OrderState::Filling | OrderState::Delivered => self.used.is_none(),
            OrderState::Ended | OrderState::Refunded => false,
        }
    }

    /// What was given back, in sun.
    #[must_use]
    pub fn refunded(&self) -> Sun {
        if self.state == OrderState::Refunded { self.price } else { Sun::ZERO }
    }
}
