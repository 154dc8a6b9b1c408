//! What an order costs.

use tron::{Energy, Sun};

use crate::collect::Need;
use crate::period::Period;

/// The prices of one merchant, all in sun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// For one unit of energy, for an hour.
    pub energy_price_sun: i64,
    /// For one unit of energy and a day, when rented for 1 or 2 days.
    pub energy_price_1d_sun: i64,
    /// For one unit of energy and a day, when rented for 3 to 29 days.
    pub energy_price_3d_sun: i64,
    /// For one unit of energy and a day, when rented for 30 days.
    pub energy_price_30d_sun: i64,
    /// An order for less energy than this is small, in units.
    pub small_energy: i64,
    /// What a small order costs more.
    pub small_surcharge_sun: i64,
    /// For one unit of bandwidth, for an hour.
    pub bandwidth_price_sun: i64,
    /// For activating an address.
    pub activation_price_sun: i64,
    /// For sending TRX, beside what is sent.
    pub transfer_fee_sun: i64,
}

/// What energy for a period costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// For one unit; for days, for one unit and a day.
    pub unit_price: Sun,
    /// Surcharge of a small order, zero for others.
    pub surcharge: Sun,
    /// Everything, the surcharge included.
    pub total: Sun,
}

/// What each unit of what an order bought cost it for its whole period, without any surcharge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitPrices {
    /// For one unit of energy.
    pub energy: Sun,
    /// For one unit of bandwidth.
    pub bandwidth: Sun,
    /// For the activation.
    pub activation: Sun,
}

impl UnitPrices {
    /// What this much cost.
    #[must_use]
    pub fn of(&self, part: &Need) -> Sun {
        let energy = part.energy.get().saturating_mul(self.energy.get());
        let bandwidth = part.bandwidth.get().saturating_mul(self.bandwidth.get());
        let activation = if part.activation { self.activation.get() } else { 0 };
        Sun::new(energy.saturating_add(bandwidth).saturating_add(activation))
    }
}

impl PriceList {
    /// What a unit of each costs for a whole period.
    #[must_use]
    pub fn unit_prices(&self, period: Period) -> UnitPrices {
        let for_all = |price: i64| Sun::new(price.saturating_mul(period.times_paid()));
        UnitPrices {
            energy: for_all(self.energy_price(period).get()),
            bandwidth: for_all(self.bandwidth_price_sun),
            activation: Sun::new(self.activation_price_sun),
        }
    }

    /// The price of a unit of energy; for days, of a unit and a day. A length between two of the list
    /// costs what the shorter one does.
    #[must_use]
    pub fn energy_price(&self, period: Period) -> Sun {
        Sun::new(match period.days() {
            None => self.energy_price_sun,
            Some(0..=2) => self.energy_price_1d_sun,
            Some(3..=29) => self.energy_price_3d_sun,
            Some(_) => self.energy_price_30d_sun,
        })
    }

    /// What energy for a period costs.
    ///
    /// Errors: `None` past 63 bits, which configured limits make unreachable.
    #[must_use]
    pub fn quote(&self, energy: Energy, period: Period) -> Option<Quote> {
        let unit_price = self.energy_price(period);
        let is_small = energy.get() < self.small_energy;
        let surcharge = Sun::new(if is_small { self.small_surcharge_sun } else { 0 });
        let rent = energy.get().checked_mul(unit_price.get())?.checked_mul(period.times_paid())?;
        let total = Sun::new(rent.checked_add(surcharge.get())?);
        Some(Quote { unit_price, surcharge, total })
    }

    /// What energy for a period costs, with bandwidth and the activation of its receiver if those are
    /// bought.
    ///
    /// Errors: `None` past 63 bits.
    #[must_use]
    pub fn energy_order(&self, need: &Need, period: Period) -> Option<Sun> {
        let total = self.quote(need.energy, period)?.total.get();
        let bandwidth = need.bandwidth.get().checked_mul(self.bandwidth_price_sun)?;
        let bandwidth = bandwidth.checked_mul(period.times_paid())?;
        let total = total.checked_add(bandwidth)?;
        total.checked_add(self.activation(need.activation)).map(Sun::new)
    }

    /// What a collection costs: only what is missing is paid for, and there is no surcharge.
    ///
    /// Errors: `None` past 63 bits, which configured limits make unreachable.
    #[must_use]
    pub fn collection(&self, need: &Need) -> Option<Sun> {
        let energy = need.energy.get().checked_mul(self.energy_price_sun)?;
        let bandwidth = need.bandwidth.get().checked_mul(self.bandwidth_price_sun)?;
        let activation = self.activation(need.activation);
        Some(Sun::new(energy.checked_add(bandwidth)?.checked_add(activation)?))
    }

    const fn activation(&self, is_bought: bool) -> i64 {
        if is_bought { self.activation_price_sun } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use tron::Bandwidth;

    use super::*;

    const PRICES: PriceList = PriceList {
        energy_price_sun: 60,
        energy_price_1d_sun: 90,
        energy_price_3d_sun: 80,
        energy_price_30d_sun: 70,
        small_energy: 50_000,
        small_surcharge_sun: 600_000,
        bandwidth_price_sun: 1_000,
        activation_price_sun: 1_500_000,
        transfer_fee_sun: 300_000,
    };

    #[test]
    fn only_what_is_missing_is_paid_for() {
        let need = |energy, bandwidth, activation| Need {
            activation,
            bandwidth: Bandwidth::new(bandwidth),
            energy: Energy::new(energy),
        };
        assert_eq!(PRICES.collection(&need(0, 0, false)), Some(Sun::ZERO));
        assert_eq!(PRICES.collection(&need(65_000, 0, false)), Some(Sun::new(3_900_000)));
        assert_eq!(PRICES.collection(&need(65_000, 346, true)), Some(Sun::new(5_746_000)));
        assert_eq!(PRICES.collection(&need(i64::MAX, 0, false)), None);
    }

    /// Energy, days (0 for an hour), unit price, surcharge, total.
    const QUOTES: [(i64, u8, i64, i64, i64); 9] = [
        (65_000, 0, 60, 0, 3_900_000),
        (50_000, 0, 60, 0, 3_000_000),
        (49_999, 0, 60, 600_000, 3_599_940),
        (65_000, 1, 90, 0, 5_850_000),
        (65_000, 2, 90, 0, 11_700_000),
        (65_000, 3, 80, 0, 15_600_000),
        (65_000, 29, 80, 0, 150_800_000),
        (65_000, 30, 70, 0, 136_500_000),
        (10_000, 30, 70, 600_000, 21_600_000),
    ];

    #[test]
    fn energy_costs_its_period_and_small_orders_cost_more() {
        for (energy, days, unit_price, surcharge, total) in QUOTES {
            let period = Period::from_days(days).unwrap_or(Period::HOUR);
            let quote = PRICES.quote(Energy::new(energy), period).unwrap();
            let found = (quote.unit_price.get(), quote.surcharge.get(), quote.total.get());
            assert_eq!(found, (unit_price, surcharge, total), "{energy} for {days} days");
            let with = |activation, bandwidth| {
                let (energy, bandwidth) = (Energy::new(energy), Bandwidth::new(bandwidth));
                PRICES.energy_order(&Need { activation, bandwidth, energy }, period)
            };
            assert_eq!(with(false, 0), Some(Sun::new(total)));
            assert_eq!(with(true, 0), Some(Sun::new(total + 1_500_000)));
            let bytes = 346_000 * period.times_paid();
            assert_eq!(with(false, 346), Some(Sun::new(total + bytes)));
            let all = Need {
                activation: true,
                bandwidth: Bandwidth::new(346),
                energy: Energy::new(energy),
            };
            let of_units = PRICES.unit_prices(period).of(&all);
            assert_eq!(Some(of_units + Sun::new(surcharge)), with(true, 346), "unit by unit");
        }
        assert_eq!(PRICES.quote(Energy::new(i64::MAX), Period::HOUR), None);
    }
}
