//! What is lent once more, free of charge, to a collection that is short when it is read back: what our
//! stake, or that of others, yields too little of; not what its receiver has used itself.

use tron::{Bandwidth, Energy, Resource, Sun};

use super::whole::commitments;
use super::{OrderState, WholeOrder};
use crate::collect::plan::units_for_sun;
use crate::collect::{ChainTotals, Commitments, Need, Reading};
use crate::leg::{Leg, LegState};
use crate::limits::{STAKE_DRIFT_PPM, TRANSFER_BANDWIDTH};

impl WholeOrder {
    /// The part of a shortage that it is owed; the rest its receiver has used, so it is settled without.
    ///
    /// Its legs owe what was bought at all times, and what the transfer takes more than it did. They make up
    /// for stake that has left the address: for what would be short if nothing there were used. Usage is
    /// its receiver's doing, but for what others on the address paid for: taking their stake back leaves a
    /// share of that behind. What is owed is a sum that legs count towards, so nothing is lent for it twice.
    ///
    /// Energy for a period is owed what was bought, and an order that a fork undid whatever it lacks.
    #[must_use]
    pub fn owed(
        &self,
        need: Need,
        reading: &Reading,
        totals: &ChainTotals,
        others: &[Self],
    ) -> Need {
        let Some(collection) = self.order.collection().filter(|_| !self.order.is_spoiled()) else {
            return need;
        };
        let promised = collection.transfer_energy;
        // Where bandwidth of others may be there already, it is there or to come: it is not short.
        let counted_on =
            Commitments { bandwidth_in_doubt: Bandwidth::ZERO, ..commitments(others, totals) };
        let of_stake = self.need_beside(&reading.with_nothing_used(), totals, &counted_on);
        let grown = reading.transfer_energy.shortfall_over(promised);
        let left_behind =
            others.iter().map(Self::energy_left_behind).fold(Energy::ZERO, Energy::plus);
        let owed = self.order.energy.plus(grown).plus(left_behind);
        let lent = Energy::new(self.yield_of(Resource::Energy, totals));
        // What was lent before was owed, by others too that have left since. And the stake beside its legs
        // drifts as well, and nobody knows how much of that was used before.
        let beside = i128::from(reading.energy_limit.shortfall_over(lent).get());
        let drift = beside * i128::from(STAKE_DRIFT_PPM) / 1_000_000;
        let drift = Energy::new(i64::try_from(drift).unwrap_or(i64::MAX));
        let explained = owed.max(Energy::new(self.lent_units(Resource::Energy))).plus(drift);
        let is_drift = need.energy <= explained.shortfall_over(lent);
        let owed = if is_drift { explained } else { owed };
        let energy = owed.shortfall_over(lent).max(of_stake.energy);

        let transfers = others.iter().filter(|other| other.has_made_its_transfer()).count();
        // One transfer's worth is lent once whatever became of it: what was found may have been on its way
        // back to the pool, and it is worth little.
        let transfers = i64::try_from(transfers).unwrap_or(i64::MAX).saturating_add(1);
        let left_behind = Bandwidth::new(transfers.saturating_mul(TRANSFER_BANDWIDTH));
        let lent = Bandwidth::new(self.yield_of(Resource::Bandwidth, totals));
        let bandwidth = self.order.bandwidth.plus(left_behind).shortfall_over(lent);
        Need {
            activation: need.activation,
            bandwidth: need.bandwidth.min(bandwidth.max(of_stake.bandwidth)),
            energy: need.energy.min(energy),
        }
    }

    /// Whether its legs on chain yield all that it bought at these totals.
    #[must_use]
    pub fn yields_what_it_bought(&self, totals: &ChainTotals) -> bool {
        self.yield_of(Resource::Energy, totals) >= self.order.energy.get()
            && self.yield_of(Resource::Bandwidth, totals) >= self.order.bandwidth.get()
    }

    /// Units of a resource that its legs on chain yield at these totals.
    fn yield_of(&self, wanted: Resource, totals: &ChainTotals) -> i64 {
        let stake = self.fill_legs().filter(|leg| leg.is_lent()).filter_map(|leg| leg.kind.stake());
        let of_it = stake.filter(|(resource, _)| *resource == wanted).map(|(_, balance)| balance);
        units_for_sun(wanted, of_it.sum::<Sun>(), totals)
    }

    /// Most energy that its receiver has used by right on its account and that may stay behind as usage when
    /// its stake leaves.
    fn energy_left_behind(&self) -> Energy {
        let Some(collection) = self.order.collection() else {
            let has_stayed = |leg: &Leg| leg.state == LegState::Included;
            let is_leaving = !self.order.is_open() || !self.fill_legs().all(has_stayed);
            let lent = Energy::new(self.lent_units(Resource::Energy));
            return if is_leaving { lent } else { Energy::ZERO };
        };
        if self.has_made_its_transfer() { collection.transfer_energy } else { Energy::ZERO }
    }

    fn has_made_its_transfer(&self) -> bool {
        let is_refunded = self.order.state == OrderState::Refunded;
        self.order.collection().is_some() && self.order.used.is_some() && !is_refunded
    }
}
