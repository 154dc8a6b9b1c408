//! What a refill has to bring: what the address lacks of what its policy keeps there.

use tron::{Bandwidth, Energy, Resource, Sun};

use super::limits::DRIFT_PPM;
use super::{Policy, PolicyKind, Terms};
use crate::collect::plan::units_for_sun;
use crate::collect::{ChainTotals, Reading};
use crate::leg::Leg;
use crate::limits::{EnergyBounds, TRANSFER_BANDWIDTH};
use crate::order::whole::commitments;
use crate::order::{Origin, WholeOrder};

/// What the chain says about a policy's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sight {
    /// The address; its transfer energy is what the policy keeps.
    pub reading: Reading,
    /// The network's totals.
    pub totals: ChainTotals,
    /// TRX of the address that its transactions can burn.
    pub balance: Sun,
    /// What one byte costs an address without bandwidth.
    pub byte_price: Sun,
}

/// What a refill has to bring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefillNeed {
    /// The node that was asked has not seen what was lent: nothing is decided by what it says.
    NotVisible,
    /// Nothing is missing.
    Nothing,
    /// This much.
    Order {
        /// Energy, within the bounds of an order.
        energy: Energy,
        /// Bandwidth; zero unless the policy sees to it.
        bandwidth: Bandwidth,
    },
}

/// What the address lacks beside what other orders on it count on; `live` are all live orders on it.
///
/// What this policy's own refills lend is there for this policy. Errors: none; doubt is
/// [`RefillNeed::NotVisible`].
#[must_use]
pub fn refill_need(
    policy: &Policy,
    sight: &Sight,
    live: &[WholeOrder],
    bounds: &EnergyBounds,
) -> RefillNeed {
    if !shows_what_is_lent(sight, live) {
        return RefillNeed::NotVisible;
    }
    let is_own = |other: &WholeOrder| {
        policy_of(other).is_some_and(|id| id == policy.id) && other.expects_use()
    };
    let others: Vec<WholeOrder> = live.iter().filter(|other| !is_own(other)).cloned().collect();
    let need = sight.reading.need(&commitments(&others, &sight.totals));
    let missing = need.energy.get();
    let bandwidth = match policy.has_bandwidth() && !can_burn(sight) {
        true => need.bandwidth,
        false => Bandwidth::ZERO,
    };
    let is_enough = missing == 0 || is_drift(policy, sight.reading.transfer_energy, need.energy);
    if is_enough && bandwidth == Bandwidth::ZERO {
        return RefillNeed::Nothing;
    }
    RefillNeed::Order { energy: Energy::new(missing.clamp(bounds.min, bounds.max)), bandwidth }
}

/// Whether so little is missing of what an auto policy keeps that no transfer needs it. What stake yields
/// changes a little with all stake of the network, and the least order costs a hundred times as much as
/// that is worth.
///
/// A count policy keeps one transfer's energy and no more, and so does an auto policy that follows its
/// address: nothing of that may be missing, because an address without TRX could not make up for it.
fn is_drift(policy: &Policy, kept: Energy, missing: Energy) -> bool {
    let Terms::Auto(auto) = policy.terms else { return false };
    let is_little =
        i128::from(missing.get()) * 1_000_000 <= i128::from(kept.get()) * i128::from(DRIFT_PPM);
    let there = kept.shortfall_over(missing);
    is_little && auto.usual.is_none_or(|usual| there >= usual)
}

/// The policy that placed an order, if one did.
#[must_use]
pub const fn policy_of(whole: &WholeOrder) -> Option<crate::id::PolicyId> {
    match whole.order.origin {
        Origin::CountPolicy(id) | Origin::AutoPolicy(id) => Some(id),
        Origin::Api | Origin::Manual => None,
    }
}

/// Where the refills of a policy come from.
#[must_use]
pub const fn origin_of(policy: &Policy) -> Origin {
    match policy.kind() {
        PolicyKind::Count => Origin::CountPolicy(policy.id),
        PolicyKind::Auto => Origin::AutoPolicy(policy.id),
    }
}

/// Whether the address can pay for the bytes of a transfer with TRX of its own.
fn can_burn(sight: &Sight) -> bool {
    sight.balance.get() >= sight.byte_price.get().saturating_mul(TRANSFER_BANDWIDTH)
}

/// Whether the answer comes from a node that has seen what is lent to the address: one that lags would
/// make us lend twice. One unit of tolerance: the node truncates once, over the sum of all stake.
fn shows_what_is_lent(sight: &Sight, live: &[WholeOrder]) -> bool {
    let lent = live.iter().flat_map(|other| &other.legs).filter(|leg| leg.is_lent());
    let lent = units_for_sun(Resource::Energy, lent.map(Leg::energy_stake).sum(), &sight.totals);
    sight.reading.exists && sight.reading.energy_limit.get() >= lent - 1
}
