//! The resource arithmetic of java-tron, bit for bit: IEEE doubles, truncated where it truncates.
//!
//! Source: java-tron `ResourceProcessor`, `EnergyProcessor`, `BandwidthProcessor`, `FreezeV2Util`;
//! written down in `docs/chain.md`.
#![expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "the network computes these figures in doubles and truncates; so must we"
)]

use tron::Resource;

use crate::state::Properties;

/// Slots in a day: the longest recovery.
const DAY_SLOTS: i64 = 28_800;
/// A window of a day in thousandths of a slot, the unit in which windows are stored.
pub(crate) const DAY_WINDOW: i64 = DAY_SLOTS * WINDOW_UNIT;
const WINDOW_UNIT: i64 = 1_000;
const PRECISION: i128 = 1_000_000;
const SUN_PER_TRX: f64 = 1_000_000.0;

/// What was used of a resource, when, and over how long it recovers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) used: i64,
    /// Slot in which `used` was true.
    pub(crate) slot: i64,
    /// Thousandths of a slot; 0 is a day.
    pub(crate) window: i64,
}

/// What the network shares out of a resource, and among how much stake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) limit: i64,
    /// Whole TRX.
    pub(crate) weight: i64,
}

/// The current totals of a resource.
pub(crate) fn totals(properties: &Properties, resource: Resource) -> Totals {
    match resource {
        Resource::Bandwidth => Totals {
            limit: properties.parameters.get("getTotalNetLimit"),
            weight: properties.net_weight,
        },
        Resource::Energy => Totals {
            limit: properties.parameters.get("getTotalEnergyCurrentLimit"),
            weight: properties.energy_weight,
        },
    }
}

impl Totals {
    /// Units that this much stake (sun) yields.
    pub(crate) fn limit_of(self, stake: i64) -> i64 {
        if self.weight == 0 {
            return 0;
        }
        ((stake as f64 / SUN_PER_TRX) * (self.limit as f64 / self.weight as f64)) as i64
    }

    /// Own stake (sun) that current use ties up, after received stake absorbed its part.
    pub(crate) fn tied_up(self, used: i64, acquired: i64) -> i64 {
        let used_sun = (used.saturating_mul(1_000_000) as f64
            * (self.weight as f64 / self.limit as f64)) as i64;
        used_sun.saturating_sub(acquired).max(0)
    }
}

impl Usage {
    /// The window in whole slots and in thousandths, as `getWindowSize` and `getWindowSizeV2`.
    const fn windows(&self) -> (i64, i64) {
        match self.window {
            0 => (DAY_SLOTS, DAY_WINDOW),
            short if short < WINDOW_UNIT => (DAY_SLOTS, short),
            stored => (stored / WINDOW_UNIT, stored),
        }
    }

    /// What is still used at a later slot; the window does not change.
    pub(crate) fn recovered(&self, now: i64) -> i64 {
        let (window, _) = self.windows();
        plain_increase(self.used, 0, self.slot, now, window)
    }

    /// Uses more (or, with 0, only decays), merging the windows.
    pub(crate) fn increase(&mut self, units: i64, now: i64) {
        let (window, window_thousandths) = self.windows();
        let elapsed = now - self.slot;
        let last = decayed(average(self.used, window), elapsed, window);
        let new = average(units, DAY_SLOTS);
        let used = (last * i128::from(window) + new * i128::from(DAY_SLOTS)) / PRECISION;
        let remaining = last * i128::from(window) / PRECISION;
        self.window = if remaining == 0 {
            DAY_WINDOW
        } else {
            let rest = i128::from(window_thousandths) - i128::from(elapsed) * 1_000;
            let area = remaining * rest + i128::from(units) * i128::from(DAY_WINDOW);
            to_i64(ceil_div(area, used)).min(DAY_WINDOW)
        };
        self.used = to_i64(used);
        self.slot = now;
    }

    /// A copy as it looks at a later slot.
    pub(crate) fn at(mut self, now: i64) -> Self {
        let slot = self.slot;
        self.increase(0, now);
        Self { slot, ..self }
    }

    /// What a successful contract call does to the caller before it charges: decay, and forget the
    /// window when nothing is left.
    pub(crate) fn settle(&mut self, now: i64) {
        self.increase(0, now);
        if self.used == 0 {
            self.window = 0;
        }
    }

    /// Takes over used units from a receiver whose window is given, as an undelegate does.
    pub(crate) fn absorb(&mut self, units: i64, receiver: &Self, now: i64) {
        self.increase(0, now);
        let (_, own_window) = self.windows();
        let (_, their_window) = receiver.windows();
        let used = self.used + units;
        self.window = if used == 0 {
            DAY_WINDOW
        } else {
            let area = i128::from(self.used) * i128::from(own_window)
                + i128::from(units) * i128::from(their_window);
            to_i64(ceil_div(area, i128::from(used))).min(DAY_WINDOW)
        };
        self.used = used;
    }
}

/// Used units that an undelegate of `balance` sun carries back to the owner.
///
/// `used` is the receiver's, decayed; `yielding` is all its stake before the subtraction.
pub(crate) fn carried_back(used: i64, balance: i64, yielding: i64, totals: Totals) -> i64 {
    let share = (used as f64 * (balance as f64 / yielding as f64)) as i64;
    share.min(totals.limit_of(balance))
}

/// Free bandwidth after a decay over a day and further use in the same slot.
pub(crate) fn free_increase(used: i64, units: i64, slot: i64, now: i64) -> i64 {
    plain_increase(used, units, slot, now, DAY_SLOTS)
}

fn plain_increase(used: i64, units: i64, slot: i64, now: i64, window: i64) -> i64 {
    let last = decayed(average(used, window), now - slot, window);
    to_i64((last + average(units, window)) * i128::from(window) / PRECISION)
}

fn average(units: i64, window: i64) -> i128 {
    ceil_div(i128::from(units) * PRECISION, i128::from(window))
}

fn decayed(average: i128, elapsed: i64, window: i64) -> i128 {
    if elapsed == 0 {
        return average;
    }
    if elapsed >= window {
        return 0;
    }
    let left = (window - elapsed) as f64 / window as f64;
    (average as f64 * left + 0.5).floor() as i128
}

const fn ceil_div(a: i128, b: i128) -> i128 {
    a / b + if a % b > 0 { 1 } else { 0 }
}

fn to_i64(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENERGY: Totals = Totals { limit: 180_000_000_000, weight: 18_971_780_957 };

    #[test]
    fn stake_yields_the_published_energy() {
        for (wanted, sun, trx, from_trx) in [
            (32_000, 3_372_761_060, 3_373, 32_002),
            (64_285, 6_775_560_772, 6_776, 64_289),
            (65_000, 6_850_920_902, 6_851, 65_000),
            (130_285, 13_731_880_456, 13_732, 130_286),
            (131_000, 13_807_240_586, 13_808, 131_007),
            (1_000_000, 105_398_783_095, 105_399, 1_000_002),
        ] {
            assert_eq!(ENERGY.limit_of(sun), wanted, "{sun} sun");
            assert!(ENERGY.limit_of(sun - 1) < wanted, "{sun} sun is the least");
            assert_eq!(ENERGY.limit_of(trx * 1_000_000), from_trx, "{trx} TRX");
        }
        assert_eq!(Totals { limit: 1, weight: 0 }.limit_of(1), 0);
    }

    #[test]
    fn usage_recovers_as_published() {
        let mut usage = Usage::default();
        usage.increase(64_285, 1_000);
        for (elapsed, used, window) in [
            (0, 64_285, 28_800_000),
            (1, 64_282, 28_799_000),
            (20, 64_240, 28_780_000),
            (600, 62_945, 28_200_000),
            (1_200, 61_606, 27_600_000),
            (4_800, 53_570, 24_000_000),
            (14_400, 32_142, 14_400_000),
            (28_799, 2, 1_000),
            (28_800, 0, 28_800_000),
        ] {
            let later = usage.at(1_000 + elapsed);
            assert_eq!((later.used, later.window), (used, window), "after {elapsed} slots");
            assert_eq!(usage.recovered(1_000 + elapsed), used);
        }
    }

    #[test]
    fn free_bandwidth_recovers_as_published() {
        let used = free_increase(0, 268, 0, 0);
        for (elapsed, left) in [(0, 268), (1, 268), (1_200, 256), (14_400, 134), (28_799, 0)] {
            assert_eq!(free_increase(used, 0, 0, elapsed), left, "after {elapsed} slots");
        }
    }

    #[test]
    fn reclaiming_all_carries_the_use_to_the_owner() {
        let mut receiver = Usage::default();
        receiver.increase(64_285, 1_020);
        receiver.increase(0, 2_200);
        let all = 6_900_000_000;
        let carried = carried_back(receiver.used, all, all, ENERGY);
        assert_eq!(carried, 61_651);
        assert_eq!(receiver.used - carried, 0);
        let mut pool = Usage::default();
        pool.absorb(carried, &receiver, 2_200);
        assert_eq!((pool.used, pool.window), (61_651, 27_620_000));
        for (elapsed, left) in [(1_200, 58_972), (14_400, 29_508), (27_620, 0)] {
            assert_eq!(pool.recovered(2_200 + elapsed), left, "after {elapsed} slots");
        }
    }

    #[test]
    fn reclaiming_a_part_merges_usage_and_windows() {
        let mut receiver = Usage::default();
        receiver.increase(64_285, 1_020);
        receiver.increase(0, 2_200);
        let carried = carried_back(receiver.used, 6_900_000_000, 7_900_000_000, ENERGY);
        assert_eq!(carried, 53_847);
        assert_eq!(receiver.used - carried, 7_804);
        let mut pool = Usage::default();
        pool.increase(50_000, 0);
        pool.absorb(carried, &receiver, 2_200);
        assert_eq!((pool.used, pool.window), (100_027, 27_149_092));
    }

    #[test]
    fn used_energy_ties_up_stake() {
        let frozen = 1_000_000_000_000;
        assert_eq!(frozen - ENERGY.tied_up(61_607, 0), 993_506_697_170);
        assert_eq!(ENERGY.tied_up(61_607, i64::MAX), 0);
    }
}
