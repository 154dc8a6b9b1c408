//! An order: the commercial life of one collection, or of energy for a period.

pub mod kind;
pub mod leftover;
pub mod next;
pub mod reference;
mod served;
mod shortage;
pub mod step;
pub mod whole;

pub use kind::{Collection, OrderKind, Origin};
pub use next::{Action, next_action};
pub use step::{Decision, Event, Refused, accept};
pub use whole::{Use, WholeOrder};

use tron::{Address, Bandwidth, Energy, Sun, TxId};

use crate::id::{KeyId, MerchantId, OrderId};
use crate::period::Period;
use crate::pricing::UnitPrices;
use crate::time::UnixMillis;

/// Where an order stands.
///
/// ```text
/// filling ─► delivered ─► ended
///    └─────► refunded ◄─┘ undone by a fork, and not filled again
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OrderState {
    /// Accepted and paid for; legs are on their way.
    Filling,
    /// The chain showed that what was ordered is there; the money is earned.
    Delivered,
    /// Everything lent is back. Final.
    Ended,
    /// It could not be filled; the money is back. Final.
    Refunded,
}

/// What a merchant paid for: one collection, or energy for a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Identity and serial.
    pub id: OrderId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that placed it.
    pub key: KeyId,
    /// Where it came from.
    pub origin: Origin,
    /// What it is about.
    pub kind: OrderKind,
    /// The address that gets the resources.
    pub receiver: Address,
    /// The merchant's own label, not unique.
    pub reference: Option<String>,
    /// Where to post the outcome.
    pub callback_url: Option<String>,
    /// Energy bought: what was asked for, or what the collection's transfer lacked.
    pub energy: Energy,
    /// Bandwidth bought.
    pub bandwidth: Bandwidth,
    /// Whether activation was bought.
    pub has_activation: bool,
    /// What it costs.
    pub price: Sun,
    /// What each unit of it cost; zero in orders from before this was kept.
    pub unit_prices: UnitPrices,
    /// The merchant's available balance just after the hold; the answer to a replay repeats it.
    pub balance_after: Sun,
    /// Where it stands.
    pub state: OrderState,
    /// When it was accepted.
    pub created: UnixMillis,
    /// When it was found ready. `None` in a delivered order: a fork undid what it was found ready
    /// with, and it is filled again.
    pub ready: Option<UnixMillis>,
    /// When the receiver's transfer was seen in a block, or the call that used up the energy.
    pub used: Option<UnixMillis>,
    /// That transaction, so that the same one never counts for two orders.
    pub used_by: Option<TxId>,
    /// The newest transfer that counted as its use until a fork dropped its block. It may come again.
    pub undone_by: Option<TxId>,
    /// Chain time until which something that a fork dropped may come again and use it after all: nothing is
    /// lent for it a second time before.
    pub undone_until: Option<UnixMillis>,
    /// When the merchant asked to end it early.
    pub stopped: Option<UnixMillis>,
    /// When everything was back, or the money was.
    pub ended: Option<UnixMillis>,
    /// What was given back when it ended, in sun: the price of the part that a fork undid for good.
    pub part_refunded: Sun,
}

impl Order {
    /// Whether it still counts on its energy, so that others must not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            OrderState::Filling | OrderState::Delivered => {
                self.used.is_none() && self.stopped.is_none()
            }
            OrderState::Ended | OrderState::Refunded => false,
        }
    }

    /// Whether it is neither final nor used, whether its merchant stopped it or not.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        let is_final = matches!(self.state, OrderState::Ended | OrderState::Refunded);
        !is_final && self.used.is_none()
    }

    /// The collection that it is about, if it is one.
    #[must_use]
    pub const fn collection(&self) -> Option<&Collection> {
        match &self.kind {
            OrderKind::Collection(collection) => Some(collection),
            OrderKind::Energy { .. } => None,
        }
    }

    /// Whether what it lent goes back as soon as it was used, and not only at the end of the period.
    ///
    /// A count policy pays for transfers, not for time.
    #[must_use]
    pub fn returns_when_used(&self) -> bool {
        match self.origin {
            Origin::CountPolicy(_) => true,
            Origin::Api | Origin::Manual | Origin::AutoPolicy(_) => {
                self.kind.period() == Period::HOUR
            }
        }
    }

    /// How long what it lent may stay, in seconds, from ready; `hour_secs` is the operator's hour.
    #[must_use]
    pub fn rent_secs(&self, hour_secs: i64) -> i64 {
        self.kind.period().secs(hour_secs)
    }

    /// Whether legs are to be planned and signed for it.
    #[must_use]
    pub fn is_to_be_filled(&self) -> bool {
        self.state == OrderState::Filling || self.is_spoiled()
    }

    /// Whether it was delivered and a fork undid that before it was used.
    #[must_use]
    pub fn is_spoiled(&self) -> bool {
        self.state == OrderState::Delivered
            && self.ready.is_none()
            && self.used.is_none()
            && self.stopped.is_none()
    }

    /// Whether this transfer counted as its use, was dropped by a fork, and would count again.
    #[must_use]
    pub fn awaits_again(&self, transfer: TxId) -> bool {
        let is_open = self.state == OrderState::Delivered && self.is_open();
        is_open && self.undone_by == Some(transfer)
    }

    /// Whether a transfer that a fork dropped may still come again at this chain time, so that nothing is
    /// lent for it a second time.
    #[must_use]
    pub fn may_come_again(&self, chain_now: UnixMillis) -> bool {
        self.is_spoiled() && self.undone_until.is_some_and(|until| chain_now < until)
    }

    /// What was given back, in sun: everything, or the part that a fork undid for good.
    #[must_use]
    pub fn refunded(&self) -> Sun {
        if self.state == OrderState::Refunded { self.price } else { self.part_refunded }
    }
}
