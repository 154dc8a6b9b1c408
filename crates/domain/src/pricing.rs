//! What an order costs.

use tron::Sun;

use crate::collect::Need;

/// The prices of one merchant, all in sun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Sun for one unit of energy, for an hour.
    pub energy_price_sun: i64,
    /// Sun for one unit of bandwidth, for an hour.
    pub bandwidth_price_sun: i64,
    /// Sun for activating an address.
    pub activation_price_sun: i64,
}

/// The price of a need: only what is missing is paid for.
///
/// Units: sun. Errors: `None` past 63 bits, which configured limits make unreachable.
#[must_use]
pub fn price(need: &Need, prices: &Prices) -> Option<Sun> {
    let energy = need.energy.get().checked_mul(prices.energy_price_sun)?;
    let bandwidth = need.bandwidth.get().checked_mul(prices.bandwidth_price_sun)?;
    let activation = if need.activation { prices.activation_price_sun } else { 0 };
    Some(Sun::new(energy.checked_add(bandwidth)?.checked_add(activation)?))
}

#[cfg(test)]
mod tests {
    use tron::{Bandwidth, Energy};

    use super::*;

    const PRICES: Prices = Prices {
        energy_price_sun: 60,
        bandwidth_price_sun: 1_000,
        activation_price_sun: 1_500_000,
    };

    #[test]
    fn only_what_is_missing_is_paid_for() {
        let need = |energy, bandwidth, activation| Need {
            activation,
            bandwidth: Bandwidth::new(bandwidth),
            energy: Energy::new(energy),
        };
        assert_eq!(price(&need(0, 0, false), &PRICES), Some(Sun::ZERO));
        assert_eq!(price(&need(65_000, 0, false), &PRICES), Some(Sun::new(3_900_000)));
        assert_eq!(price(&need(65_000, 346, true), &PRICES), Some(Sun::new(5_746_000)));
        assert_eq!(price(&need(i64::MAX, 0, false), &PRICES), None);
    }
}
