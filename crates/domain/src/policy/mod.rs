//! A policy: a standing order that keeps energy on one address, one refill after the other.
//!
//! A *count* policy keeps the energy of one transfer there for so many transfers; an *auto* policy
//! keeps a given amount available for so many days. Each refill is an order of its own, with its own
//! hold, serial and callback; nothing is charged for the policy itself. A policy has at most one open
//! refill, so that it can never run away with a merchant's balance.
//!
//! Read next: [`step`] for what can happen to one, [`next`] for what one wants now.

pub mod edit;
pub mod limits;
pub mod next;
pub mod refill;
pub mod step;

pub use edit::{CountEdit, CountTerms, NewPolicy};
pub use next::{PolicyAction, next_action};
pub use refill::{RefillNeed, Sight, refill_need};
pub use step::{Lack, PolicyDecision, PolicyEvent, PolicyRefused, RefillEnd, step};

use tron::{Address, Energy};

use crate::id::{KeyId, MerchantId, OrderId, PolicyId};
use crate::time::UnixMillis;

/// Where a policy stands. The arrows are in [`step::moved`] and in `docs/policies.md`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PolicyState {
    /// It refills.
    Enabled,
    /// It does not refill: its address was idle for too long, or the merchant paused it.
    Paused,
    /// The merchant switched it off.
    Disabled,
    /// Its transfers are made, or its days are over.
    Ended,
}

/// What a policy did last, as its merchant is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PolicyStep {
    /// A refill is on its way.
    Delegating,
    /// A refill is on the address.
    Delegated,
    /// The last refill was used or ran out, and goes back.
    Released,
    /// The merchant cannot pay for a refill.
    BalanceLow,
    /// The pool cannot supply a refill.
    EnergyLow,
    /// Nothing is on the address, and a refill is waited for: nothing is missing, or a refill failed
    /// and is tried again.
    Waiting,
}

/// Which kind a policy is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PolicyKind {
    /// So many transfers.
    Count,
    /// So many days.
    Auto,
}

/// What the merchant bought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Terms {
    /// Keeps the energy of one transfer, for so many transfers.
    Count(Count),
    /// Keeps an amount of energy available, for so many days.
    Auto(Auto),
}

/// The terms of a count policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// Transfers left; of no meaning while it is perpetual.
    pub left: i64,
    /// Whether it goes on for as long as the balance lasts.
    pub is_perpetual: bool,
    /// Whether an address that lacks both bandwidth and TRX gets bandwidth too.
    pub has_bandwidth: bool,
    /// Refills in a row that ran out unused; each lasts a day.
    pub unused: i64,
    /// At so many of them it pauses.
    pub unused_max: i64,
}

/// The terms of an auto policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Auto {
    /// Energy to keep available; `None` follows the address's own transfers.
    pub energy: Option<Energy>,
    /// What its transfers take, as the chain showed it.
    pub usual: Option<Energy>,
    /// How many days were asked for.
    pub period_days: i64,
    /// When they are over.
    pub ends: UnixMillis,
}

/// A standing order that keeps energy on one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Identity.
    pub id: PolicyId,
    /// Who pays for the refills.
    pub merchant: MerchantId,
    /// The key that set it up or changed it last: it pays for the refills as far as it may, and its
    /// secret signs their callbacks.
    pub key: KeyId,
    /// The address.
    pub receiver: Address,
    /// What was bought.
    pub terms: Terms,
    /// Where it stands.
    pub state: PolicyState,
    /// What it did last.
    pub step: PolicyStep,
    /// Refills ordered so far: the number of the newest.
    pub refills: i64,
    /// The refill that is not over.
    pub open: Option<OrderId>,
    /// Refills in a row that could not be ordered or failed.
    pub failures: i64,
    /// Looks in a row that found nothing missing; each waits longer for the next.
    pub quiet_looks: i64,
    /// No refill before this moment.
    pub not_before: UnixMillis,
    /// When it was set up.
    pub created: UnixMillis,
    /// When it changed last.
    pub updated: UnixMillis,
}

impl Policy {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> PolicyKind {
        match self.terms {
            Terms::Count(_) => PolicyKind::Count,
            Terms::Auto(_) => PolicyKind::Auto,
        }
    }

    /// Energy to keep available; `one_transfer` is what a transfer takes while nothing better is
    /// known.
    #[must_use]
    pub fn target(&self, one_transfer: Energy) -> Energy {
        match self.terms {
            Terms::Count(_) => one_transfer,
            Terms::Auto(auto) => auto.energy.or(auto.usual).unwrap_or(one_transfer),
        }
    }

    /// Whether it follows its address and what that takes is known: seen, or estimated before.
    #[must_use]
    pub const fn knows_its_transfers(&self) -> bool {
        matches!(self.terms, Terms::Auto(Auto { usual: Some(_), .. }))
    }

    /// Whether the address gets bandwidth when it lacks that too.
    #[must_use]
    pub fn has_bandwidth(&self) -> bool {
        matches!(self.terms, Terms::Count(Count { has_bandwidth: true, .. }))
    }

    /// Whether a transfer that its address makes now is to be looked at: it refills, or a refill that
    /// was paid for is still there.
    #[must_use]
    pub fn watches(&self) -> bool {
        self.state == PolicyState::Enabled || self.open.is_some()
    }

    /// Whether transfers are left to refill for.
    fn has_transfers_left(&self) -> bool {
        match self.terms {
            Terms::Count(count) => count.is_perpetual || count.left > 0,
            Terms::Auto(_) => true,
        }
    }
}
