//! What the chain burns for what is missing.

use tron::{Bandwidth, Sun};

use super::Need;
use crate::limits::TRANSFER_BANDWIDTH;

/// What the chain takes from an address that has no resources.
///
/// Source: `wallet/getchainparameters`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnFees {
    /// For one unit of energy.
    pub energy: Sun,
    /// For one byte.
    pub byte: Sun,
    /// From whoever activates an address: the bandwidth that this burns, and the contract's own fee.
    pub activation: Sun,
}

impl Need {
    /// What the chain burns for it: the energy, all bytes of the transfer if neither kind of bandwidth
    /// covers them, and what somebody pays who activates the address.
    #[must_use]
    pub fn burn_cost(&self, fees: &BurnFees) -> Sun {
        let times = |fee: Sun, units: i64| fee.get().saturating_mul(units);
        let energy = times(fees.energy, self.energy.get());
        let is_short = self.bandwidth > Bandwidth::ZERO;
        let bytes = if is_short { times(fees.byte, TRANSFER_BANDWIDTH) } else { 0 };
        let activation = if self.activation { fees.activation.get() } else { 0 };
        Sun::new(energy.saturating_add(bytes).saturating_add(activation))
    }
}

#[cfg(test)]
mod tests {
    use tron::Energy;

    use super::*;

    #[test]
    fn only_what_is_missing_is_burned_and_bytes_all_or_none() {
        let fees = BurnFees {
            energy: Sun::new(100),
            byte: Sun::new(1_000),
            activation: Sun::new(1_100_000),
        };
        for (energy, bandwidth, activation, burned) in [
            (0, 0, false, 0),
            (64_285, 0, false, 6_428_500),
            (64_285, 1, false, 6_774_500),
            (64_285, 346, true, 7_874_500),
            (i64::MAX, 0, true, i64::MAX),
        ] {
            let (energy, bandwidth) = (Energy::new(energy), Bandwidth::new(bandwidth));
            let need = Need { activation, bandwidth, energy };
            assert_eq!(need.burn_cost(&fees), Sun::new(burned), "{need:?}");
        }
    }
}
