//! What an address lacks for one token transfer.

use tron::{Bandwidth, Energy};

use crate::limits::TRANSFER_BANDWIDTH;

/// What the chain says about an address at one moment.
///
/// Available amounts are limit minus used and may be negative: an address can owe usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether the address has appeared on chain.
    pub exists: bool,
    /// Energy limit minus energy used.
    pub energy_available: Energy,
    /// Energy limit, own and acquired stake together.
    pub energy_limit: Energy,
    /// Bandwidth limit of own and acquired stake together.
    pub staked_bandwidth_limit: Bandwidth,
    /// Staked bandwidth limit minus used.
    pub staked_bandwidth_available: Bandwidth,
    /// Free bandwidth left today.
    pub free_bandwidth_available: Bandwidth,
    /// Energy that the real transfer takes, found by simulating it.
    pub transfer_energy: Energy,
}

/// The network's resource totals at one moment.
///
/// Source: `wallet/getaccountresource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainTotals {
    /// Energy that all stake shares in a day.
    pub energy_limit: i64,
    /// Whole TRX staked for energy on the network.
    pub energy_weight_trx: i64,
    /// Bandwidth that all stake shares in a day.
    pub bandwidth_limit: i64,
    /// Whole TRX staked for bandwidth on the network.
    pub bandwidth_weight_trx: i64,
}

/// What other open orders on the same address already count on.
///
/// Why: two collections of one address in a row must not both be promised the same energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Commitments {
    /// Energy that is there for transfers of other orders.
    pub energy: Energy,
    /// Energy that plain orders on the address rent and have not used, as far as that is known.
    pub rented: Energy,
    /// Energy of delegations of others that may be there already: sent, and not known to be in a block.
    pub in_doubt: Energy,
    /// Transfers that other orders still expect to be made.
    pub transfers: i64,
    /// Bandwidth for those transfers that their orders bought and the chain does not show yet.
    pub bandwidth_to_come: Bandwidth,
    /// The part of that which may be there already: sent, and not known to be in a block.
    pub bandwidth_in_doubt: Bandwidth,
    /// Energy of delegations that are on their way back to the pool from this address.
    pub reclaiming: Energy,
    /// Bandwidth of such delegations.
    pub bandwidth_reclaiming: Bandwidth,
    /// Another order is activating the address.
    pub is_activating: bool,
}

/// What is missing for one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The address has to be activated first.
    pub activation: bool,
    /// Staked bandwidth that is missing; zero when free or staked bandwidth alone suffices.
    pub bandwidth: Bandwidth,
    /// Energy that is missing.
    pub energy: Energy,
}

impl Need {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.activation && self.bandwidth == Bandwidth::ZERO && self.energy == Energy::ZERO
    }
}

impl Reading {
    /// What one more transfer lacks beyond what other orders count on: what its order pays for.
    ///
    /// What others count on or rent is theirs as far as it is still there: who has used it already is owed
    /// nothing by this order. What of theirs may be there or not is counted as if it were: it is not to be
    /// promised twice, and where it is not there yet nothing of it is counted.
    #[must_use]
    pub fn need(&self, commitments: &Commitments) -> Need {
        let available = self.energy_left_after_reclaims(commitments);
        let theirs = commitments.energy.plus(commitments.rented).plus(commitments.in_doubt);
        let energy = available.saturating_sub(theirs.get().min(available.max(0)));
        let to_come = commitments.bandwidth_to_come;
        // What may be there already must not count twice; and no more than one transfer's is paid twice.
        let sure = to_come.shortfall_over(commitments.bandwidth_in_doubt);
        let at_most = self.missing_bytes(commitments, sure).min(TRANSFER_BANDWIDTH);
        let missing_bytes = at_most.max(self.missing_bytes(commitments, to_come));
        self.need_with(energy, missing_bytes, commitments)
    }

    /// What is missing so that this transfer and those that others expect can all be made, in any order: what
    /// others count on and is not there any more, too.
    ///
    /// `lent` is the energy that the order's own legs yield already. What plain orders rent, and what may be
    /// there or not, is theirs as far as it is there: it never makes the order's own energy less.
    #[must_use]
    pub fn need_of_all(&self, commitments: &Commitments, lent: Energy) -> Need {
        let available = self.energy_left_after_reclaims(commitments);
        let left = available.saturating_sub(commitments.energy.get());
        let of_others = left.saturating_sub(lent.get()).max(0);
        let theirs = commitments.rented.plus(commitments.in_doubt).get().min(of_others);
        let missing_bytes = self.missing_bytes(commitments, commitments.bandwidth_to_come);
        self.need_with(left.saturating_sub(theirs), missing_bytes, commitments)
    }

    /// Bandwidth that one more transfer lacks when so much of what others bought is still to come.
    ///
    /// Free and staked bandwidth are never combined for one transaction (java-tron
    /// `BandwidthProcessor.consume`), so either must cover a transfer alone; staked is used first, so
    /// of several transfers some can be served by each.
    fn missing_bytes(&self, commitments: &Commitments, to_come: Bandwidth) -> i64 {
        let transfers = commitments.transfers.saturating_add(1);
        let free =
            if self.exists { self.free_bandwidth_available.get() } else { FREE_BANDWIDTH_NEW };
        let served_free = (free / TRANSFER_BANDWIDTH).clamp(0, transfers);
        (transfers - served_free)
            .saturating_mul(TRANSFER_BANDWIDTH)
            .saturating_sub(to_come.get())
            .saturating_sub(left_after_reclaims(
                self.staked_bandwidth_available.get(),
                self.staked_bandwidth_limit.get(),
                commitments.bandwidth_reclaiming.get(),
            ))
            .max(0)
    }

    /// What is missing where so much energy is there for the transfer, and so much bandwidth is not.
    fn need_with(&self, energy: i64, missing_bytes: i64, commitments: &Commitments) -> Need {
        Need {
            activation: !self.exists && !commitments.is_activating,
            bandwidth: Bandwidth::new(missing_bytes),
            energy: Energy::new(self.transfer_energy.get().saturating_sub(energy).max(0)),
        }
    }

    /// Available energy once the stake that is being reclaimed has left.
    fn energy_left_after_reclaims(&self, commitments: &Commitments) -> i64 {
        left_after_reclaims(
            self.energy_available.get(),
            self.energy_limit.get(),
            commitments.reclaiming.get(),
        )
    }
}

/// What is available of `all` units once so many of them have left.
///
/// An undelegation takes limit and usage back in proportion to the stake (java-tron
/// `UnDelegateResourceActuator`), so what is available shrinks by the same share.
fn left_after_reclaims(available: i64, all: i64, leaving: i64) -> i64 {
    if leaving <= 0 || available <= 0 {
        return available;
    }
    if leaving >= all {
        return 0;
    }
    let left = i128::from(available) * i128::from(all - leaving) / i128::from(all);
    i64::try_from(left).expect("a share of an i64 fits an i64")
}

/// Free bandwidth of an address on the day it is activated.
///
/// Source: chain parameter `getFreeNetLimit`.
const FREE_BANDWIDTH_NEW: i64 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        Reading {
            exists: true,
            energy_available: Energy::ZERO,
            energy_limit: Energy::ZERO,
            staked_bandwidth_limit: Bandwidth::ZERO,
            staked_bandwidth_available: Bandwidth::ZERO,
            free_bandwidth_available: Bandwidth::new(600),
            transfer_energy: Energy::new(64_285),
        }
    }

    fn need(reading: Reading) -> (bool, i64, i64) {
        let need = reading.need(&Commitments::default());
        (need.activation, need.bandwidth.get(), need.energy.get())
    }

    #[test]
    fn only_the_shortfall_is_needed() {
        assert_eq!(need(reading()), (false, 0, 64_285));
        let part = Reading { energy_available: Energy::new(20_000), ..reading() };
        assert_eq!(need(part), (false, 0, 44_285));
        let enough = Reading { energy_available: Energy::new(64_285), ..reading() };
        assert_eq!(need(enough), (false, 0, 0));
        let in_debt = Reading { energy_available: Energy::new(-300), ..reading() };
        assert_eq!(need(in_debt), (false, 0, 64_585));
    }

    #[test]
    fn bandwidth_comes_from_one_source_alone() {
        let short = Reading {
            free_bandwidth_available: Bandwidth::new(345),
            staked_bandwidth_available: Bandwidth::new(100),
            ..reading()
        };
        assert_eq!(need(short).1, 246);
        let staked = Reading { staked_bandwidth_available: Bandwidth::new(346), ..short };
        assert_eq!(need(staked).1, 0);
    }

    #[test]
    fn a_new_address_brings_its_free_bandwidth() {
        let new = Reading { exists: false, free_bandwidth_available: Bandwidth::ZERO, ..reading() };
        assert_eq!(need(new), (true, 0, 64_285));
    }

    #[test]
    fn what_other_orders_count_on_is_not_promised_twice() {
        let rich = Reading { energy_available: Energy::new(70_000), ..reading() };
        let one_open =
            Commitments { energy: Energy::new(64_285), transfers: 1, ..Commitments::default() };
        let need = rich.need(&one_open);
        assert_eq!(need.energy.get(), 64_285 - (70_000 - 64_285));
        assert_eq!(need.bandwidth.get(), 346, "600 free bytes serve one transfer, not two");
    }

    #[test]
    fn bandwidth_that_may_be_there_already_is_counted_once() {
        let of = |staked| {
            let staked = Bandwidth::new(staked);
            let reading = Reading {
                staked_bandwidth_available: staked,
                free_bandwidth_available: Bandwidth::ZERO,
                ..reading()
            };
            let theirs = Commitments {
                transfers: 1,
                bandwidth_to_come: Bandwidth::new(346),
                bandwidth_in_doubt: Bandwidth::new(346),
                ..Commitments::default()
            };
            reading.need(&theirs).bandwidth.get()
        };
        assert_eq!(of(0), 346, "theirs is not there yet");
        assert_eq!(of(346), 346, "all that is there is theirs");
        assert_eq!(of(692), 0);
    }

    #[test]
    fn energy_belongs_to_who_counts_on_it_as_far_as_it_is_there() {
        let with = |available| {
            let energy = Energy::new(available);
            Reading { energy_available: energy, energy_limit: energy, ..reading() }
        };
        let of = |available, theirs| with(available).need(&theirs).energy.get();
        let rented = |energy| Commitments { rented: Energy::new(energy), ..Commitments::default() };
        let counted =
            |energy| Commitments { energy: Energy::new(energy), ..Commitments::default() };
        for theirs in [rented, counted] {
            assert_eq!(of(65_000, theirs(65_000)), 64_285, "all of it is another order's");
            assert_eq!(of(65_000, theirs(45_000)), 44_285, "the rest counts");
            assert_eq!(of(20_000, theirs(65_000)), 64_285, "what was used is nobody's debt");
        }
        let both = Commitments { rented: Energy::new(9_000), ..counted(50_000) };
        assert_eq!(of(65_000, both), 64_285 - 6_000, "each has its own");
        let own = Energy::new(64_285);
        let of_all = |theirs| with(20_000 + own.get()).need_of_all(&theirs, own).energy.get();
        assert_eq!(of_all(rented(65_000)), 0, "its own is its own");
        assert_eq!(of_all(counted(20_001)), 1, "whoever is ready before it stays so");
    }

    #[test]
    fn bandwidth_on_its_way_back_does_not_count() {
        let of = |available, leaving| {
            let reading = Reading {
                staked_bandwidth_available: Bandwidth::new(available),
                staked_bandwidth_limit: Bandwidth::new(692),
                free_bandwidth_available: Bandwidth::ZERO,
                ..reading()
            };
            let bandwidth_reclaiming = Bandwidth::new(leaving);
            let reclaims = Commitments { bandwidth_reclaiming, ..Commitments::default() };
            reading.need(&reclaims).bandwidth.get()
        };
        assert_eq!(of(346, 0), 0);
        assert_eq!(of(346, 346), 173, "what was used leaves in proportion");
        assert_eq!(of(692, 346), 0);
        assert_eq!(of(346, 692), 346);
    }

    #[test]
    fn energy_on_its_way_back_does_not_count() {
        let energy = Energy::new(64_289);
        let rich = Reading { energy_available: energy, energy_limit: energy, ..reading() };
        let all = Commitments { reclaiming: energy, ..Commitments::default() };
        assert_eq!(rich.need(&all).energy.get(), 64_285);
        let half = Commitments { reclaiming: Energy::new(32_145), ..Commitments::default() };
        assert_eq!(rich.need(&half).energy.get(), 64_285 - 32_144);
    }
}
