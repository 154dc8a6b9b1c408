//! Limits, usage and the chain totals that limits are computed from (`getaccountresource`).

use serde_json::Value;
use tron::{Bandwidth, Energy, Sun};

use crate::json::{self, Problem, Read};

/// What all stake on the chain shares: `limit = stake / 1 000 000 * (total / weight)`.
///
/// Units: limits in energy and bandwidth a day; weights in whole TRX.
/// Source: java-tron `Wallet.getAccountResource`; no other endpoint shows the energy weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainTotals {
    /// Energy of the whole chain a day (the *current* limit).
    pub energy_limit: Energy,
    /// Stake for energy of the whole chain, whole TRX; always above zero.
    pub energy_weight_trx: i64,
    /// Staked bandwidth of the whole chain a day.
    pub bandwidth_limit: Bandwidth,
    /// Stake for bandwidth of the whole chain, whole TRX; zero where nobody staked for it.
    pub bandwidth_weight_trx: i64,
}

impl ChainTotals {
    /// Energy a day that this much stake yields now, as java-tron computes it.
    ///
    /// Source: java-tron `EnergyProcessor.calculateGlobalEnergyLimitV2`.
    #[must_use]
    pub fn energy_of(&self, stake: Sun) -> Energy {
        Energy::new(yield_of(stake, self.energy_limit.get(), self.energy_weight_trx))
    }

    /// Bandwidth a day that this much stake yields now, as java-tron computes it.
    ///
    /// Source: java-tron `BandwidthProcessor.calculateGlobalNetLimitV2`.
    #[must_use]
    pub fn bandwidth_of(&self, stake: Sun) -> Bandwidth {
        Bandwidth::new(yield_of(stake, self.bandwidth_limit.get(), self.bandwidth_weight_trx))
    }

    /// Reads the totals out of an answer of `getaccountresource`.
    pub(crate) fn read(answer: &Value) -> Read<Self> {
        let totals = Self {
            energy_limit: json::energy(answer, "TotalEnergyLimit")?,
            energy_weight_trx: json::natural(answer, "TotalEnergyWeight")?,
            bandwidth_limit: json::bandwidth(answer, "TotalNetLimit")?,
            bandwidth_weight_trx: json::natural(answer, "TotalNetWeight")?,
        };
        // Energy is what we sell: a total of zero is a broken answer, not a price.
        if totals.energy_limit <= Energy::ZERO {
            return json::bad("TotalEnergyLimit", Problem::Missing);
        }
        if totals.energy_weight_trx <= 0 {
            return json::bad("TotalEnergyWeight", Problem::Missing);
        }
        Ok(totals)
    }
}

/// Two divisions and one multiplication in doubles, cut once at the end; no rounding per TRX.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "java-tron computes limits in IEEE doubles and casts to long; we must agree to the unit"
)]
fn yield_of(stake: Sun, total_limit: i64, total_weight_trx: i64) -> i64 {
    if total_weight_trx <= 0 {
        return 0;
    }
    let stake_trx = stake.get() as f64 / 1_000_000.0;
    (stake_trx * (total_limit as f64 / total_weight_trx as f64)) as i64
}

/// Stake that stands behind some usage: a long product, then one double quotient, cut at the end.
///
/// Source: java-tron `FreezeV2Util.getV2EnergyUsage`, `getV2NetUsage`.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "java-tron computes the stake behind usage in IEEE doubles; we must agree to the sun"
)]
pub(crate) fn stake_behind(used: i64, total_limit: i64, total_weight_trx: i64) -> i64 {
    if total_limit <= 0 {
        return 0;
    }
    let scaled = used.saturating_mul(1_000_000);
    (scaled as f64 * (total_weight_trx as f64 / total_limit as f64)) as i64
}

/// What one address may use now.
///
/// Usage is already decayed to the head block. It can exceed the limit after a reclaim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceView {
    /// Energy a day from own and received stake.
    pub energy_limit: Energy,
    /// Energy used and not yet recovered.
    pub energy_used: Energy,
    /// Bandwidth a day from own and received stake.
    pub staked_bandwidth_limit: Bandwidth,
    /// Staked bandwidth used and not yet recovered.
    pub staked_bandwidth_used: Bandwidth,
    /// Free bandwidth a day.
    pub free_bandwidth_limit: Bandwidth,
    /// Free bandwidth used and not yet recovered.
    pub free_bandwidth_used: Bandwidth,
    /// The totals in the same answer.
    pub totals: ChainTotals,
}

impl ResourceView {
    /// Energy usable now.
    #[must_use]
    pub fn energy_available(&self) -> Energy {
        self.energy_limit.shortfall_over(self.energy_used)
    }

    /// Staked bandwidth usable now. Never added to free bandwidth: a transaction uses one source.
    #[must_use]
    pub fn staked_bandwidth_available(&self) -> Bandwidth {
        self.staked_bandwidth_limit.shortfall_over(self.staked_bandwidth_used)
    }

    /// Free bandwidth usable now.
    #[must_use]
    pub fn free_bandwidth_available(&self) -> Bandwidth {
        self.free_bandwidth_limit.shortfall_over(self.free_bandwidth_used)
    }

    /// Reads an answer of `getaccountresource`; `None` when the address does not exist.
    pub(crate) fn read(answer: &Value) -> Read<Option<Self>> {
        if json::is_empty_object(json::object(answer)?) {
            return Ok(None);
        }
        Ok(Some(Self {
            energy_limit: json::energy(answer, "EnergyLimit")?,
            energy_used: json::energy(answer, "EnergyUsed")?,
            staked_bandwidth_limit: json::bandwidth(answer, "NetLimit")?,
            staked_bandwidth_used: json::bandwidth(answer, "NetUsed")?,
            free_bandwidth_limit: json::bandwidth(answer, "freeNetLimit")?,
            free_bandwidth_used: json::bandwidth(answer, "freeNetUsed")?,
            totals: ChainTotals::read(answer)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WEIGHT_TRX: i64 = 18_971_780_957;

    fn totals() -> ChainTotals {
        ChainTotals {
            energy_limit: Energy::new(180_000_000_000),
            energy_weight_trx: WEIGHT_TRX,
            bandwidth_limit: Bandwidth::new(43_200_000_000),
            bandwidth_weight_trx: 26_860_000_000,
        }
    }

    #[test]
    fn stake_yields_what_java_tron_says() {
        for (sun, energy) in [
            (3_372_761_060, 32_000),
            (3_372_761_059, 31_999),
            (3_373_000_000, 32_002),
            (6_775_560_772, 64_285),
            (6_776_000_000, 64_289),
            (6_851_000_000, 65_000),
            (13_731_880_456, 130_285),
            (13_732_000_000, 130_286),
            (13_808_000_000, 131_007),
            (105_398_783_095, 1_000_000),
            (105_399_000_000, 1_000_002),
            (0, 0),
        ] {
            assert_eq!(totals().energy_of(Sun::new(sun)), Energy::new(energy), "{sun} sun");
        }
    }

    #[test]
    fn the_stake_behind_usage_is_what_java_tron_says() {
        let behind = stake_behind(61_607, 180_000_000_000, WEIGHT_TRX);
        assert_eq!(1_000_000_000_000 - behind, 993_506_697_170);
    }

    #[test]
    fn no_bandwidth_stake_yields_no_bandwidth() {
        let nobody = ChainTotals { bandwidth_weight_trx: 0, ..totals() };
        assert_eq!(nobody.bandwidth_of(Sun::from_trx(1_000)), Bandwidth::ZERO);
    }

    #[test]
    fn absent_numbers_are_zero_and_available_is_never_negative() {
        let view = ResourceView::read(&json!({
            "freeNetUsed": 441, "freeNetLimit": 600, "EnergyUsed": 70_000, "EnergyLimit": 65_000,
            "TotalNetLimit": 43_200_000_000_i64, "TotalNetWeight": 26_860_000_000_i64,
            "tronPowerLimit": 3, "TotalEnergyLimit": 180_000_000_000_i64,
            "TotalEnergyWeight": WEIGHT_TRX,
        }))
        .unwrap()
        .unwrap();
        assert_eq!(view.energy_available(), Energy::ZERO);
        assert_eq!(view.staked_bandwidth_available(), Bandwidth::ZERO);
        assert_eq!(view.free_bandwidth_available(), Bandwidth::new(159));
        assert_eq!(view.totals, totals());
        assert_eq!(ResourceView::read(&json!({})).unwrap(), None);
    }

    #[test]
    fn unreadable_totals_are_an_error_and_never_a_guess() {
        for (answer, field) in [
            (json!({"TotalEnergyLimit": 5}), "TotalEnergyWeight"),
            (json!({"TotalEnergyWeight": 5}), "TotalEnergyLimit"),
            (json!({"TotalEnergyLimit": -5, "TotalEnergyWeight": 5}), "TotalEnergyLimit"),
            (json!({"EnergyLimit": "65000"}), "EnergyLimit"),
            (json!({"EnergyLimit": 6.5}), "EnergyLimit"),
            (json!([]), "answer"),
        ] {
            assert_eq!(ResourceView::read(&answer).unwrap_err().field, field);
        }
    }
}
