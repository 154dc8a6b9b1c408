//! How the pool supplies a need: which wallets lend how much.

use tron::{Resource, Sun};

use super::need::{ChainTotals, Need};
use crate::leg::LegKind;
use crate::limits::{DELEGATION_MIN_SUN, SPLIT_WALLETS_MAX};
use crate::pool::{NoCapacity, Pool};

/// The stake in sun that yields at least `units` of a resource at these totals.
///
/// Units: whole units of energy or bandwidth in, sun out, rounded up and at least 1 TRX.
/// Errors: `None` when the totals are zero or the result does not fit 63 bits.
/// Source: inverse of java-tron `EnergyProcessor.calculateGlobalEnergyLimitV2`; one sun is added for
/// the two roundings of its double arithmetic.
#[must_use]
pub fn sun_for_units(resource: Resource, units: i64, totals: &ChainTotals) -> Option<Sun> {
    let (limit, weight) = match resource {
        Resource::Energy => (totals.energy_limit, totals.energy_weight_trx),
        Resource::Bandwidth => (totals.bandwidth_limit, totals.bandwidth_weight_trx),
    };
    if limit <= 0 || weight <= 0 || units < 0 {
        return None;
    }
    let product = i128::from(units).checked_mul(i128::from(weight))?.checked_mul(1_000_000)?;
    let sun = product.div_euclid(i128::from(limit)) + 1;
    i64::try_from(sun).ok().map(|sun| Sun::new(sun.max(DELEGATION_MIN_SUN)))
}

/// The units that a stake yields at these totals, rounded down: the inverse of [`sun_for_units`].
#[must_use]
pub fn units_for_sun(resource: Resource, sun: Sun, totals: &ChainTotals) -> i64 {
    let (limit, weight) = match resource {
        Resource::Energy => (totals.energy_limit, totals.energy_weight_trx),
        Resource::Bandwidth => (totals.bandwidth_limit, totals.bandwidth_weight_trx),
    };
    if weight <= 0 {
        return 0;
    }
    let units = i128::from(sun.get()) * i128::from(limit) / (i128::from(weight) * 1_000_000);
    i64::try_from(units).unwrap_or(i64::MAX)
}

/// The most units for which [`sun_for_units`] asks no more than this stake.
#[must_use]
pub fn most_units_for_sun(resource: Resource, sun: Sun, totals: &ChainTotals) -> i64 {
    let (limit, weight) = match resource {
        Resource::Energy => (totals.energy_limit, totals.energy_weight_trx),
        Resource::Bandwidth => (totals.bandwidth_limit, totals.bandwidth_weight_trx),
    };
    if limit <= 0 || weight <= 0 || sun.get() < DELEGATION_MIN_SUN {
        return 0;
    }
    let units = (i128::from(sun.get()) * i128::from(limit) - 1) / (i128::from(weight) * 1_000_000);
    i64::try_from(units).unwrap_or(i64::MAX)
}

/// The most units that are at most `units` [`with_margin`].
#[must_use]
pub fn without_margin(units: i64, ppm: i64) -> i64 {
    let scaled = i128::from(units) * 1_000_000 / (1_000_000 + i128::from(ppm));
    let least = i64::try_from(scaled).unwrap_or(i64::MAX);
    if with_margin(least.saturating_add(1), ppm) <= units { least.saturating_add(1) } else { least }
}

/// Adds the margin against drift of the network's stake: `units` and `ppm` parts per million more.
#[must_use]
pub fn with_margin(units: i64, ppm: i64) -> i64 {
    let extra = i128::from(units) * i128::from(ppm) / 1_000_000;
    units.saturating_add(i64::try_from(extra).unwrap_or(i64::MAX))
}

/// The legs that supply a need, taken from the pool's capacity.
///
/// Shape: at most one activation, then bandwidth, then energy, each resource over at most
/// [`SPLIT_WALLETS_MAX`] wallets. The pool's reservations grow by what was taken.
/// Errors: [`NoCapacity`], naming what is short; the pool is then unchanged for the caller, because
/// the caller drops it.
pub fn plan_legs(
    need: &Need,
    totals: &ChainTotals,
    margin_ppm: i64,
    pool: &mut Pool,
) -> Result<Vec<(tron::Address, LegKind)>, NoCapacity> {
    let mut legs = Vec::new();
    if need.activation {
        legs.push((pool.take_activator()?, LegKind::Activation));
    }
    let wanted = [
        (Resource::Bandwidth, need.bandwidth.get()),
        (Resource::Energy, with_margin(need.energy.get(), margin_ppm)),
    ];
    for (resource, units) in wanted {
        if units == 0 {
            continue;
        }
        let sun = sun_for_units(resource, units, totals).ok_or(NoCapacity::Totals)?;
        for (owner, balance) in pool.take(resource, sun, SPLIT_WALLETS_MAX)? {
            let share = i128::from(units) * i128::from(balance.get()) / i128::from(sun.get());
            let units = i64::try_from(share).unwrap_or(units);
            legs.push((owner, LegKind::Delegation { resource, balance, units }));
        }
    }
    Ok(legs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTALS: ChainTotals = ChainTotals {
        energy_limit: 180_000_000_000,
        energy_weight_trx: 18_971_780_957,
        bandwidth_limit: 43_200_000_000,
        bandwidth_weight_trx: 26_860_000_000,
    };

    #[test]
    fn stake_for_energy_matches_the_published_table_within_one_sun() {
        for (energy, sun) in [
            (32_000, 3_372_761_060),
            (64_285, 6_775_560_772),
            (65_000, 6_850_920_902),
            (130_285, 13_731_880_456),
            (131_000, 13_807_240_586),
            (1_000_000, 105_398_783_095_i64),
        ] {
            let got = sun_for_units(Resource::Energy, energy, &TOTALS).unwrap().get();
            assert!((0..=1).contains(&(got - sun)), "{energy}: {got} against {sun}");
        }
    }

    #[test]
    fn the_chain_refuses_less_than_one_trx_and_unreadable_totals_are_refused() {
        assert_eq!(sun_for_units(Resource::Energy, 1, &TOTALS), Some(Sun::from_trx(1)));
        let unread = ChainTotals { energy_weight_trx: 0, ..TOTALS };
        assert_eq!(sun_for_units(Resource::Energy, 1, &unread), None);
        assert_eq!(sun_for_units(Resource::Energy, i64::MAX, &TOTALS), None);
    }

    #[test]
    fn the_margin_is_a_share_of_the_need() {
        assert_eq!(with_margin(64_285, 2_000), 64_413);
        assert_eq!(with_margin(0, 5_000), 0);
    }
}
