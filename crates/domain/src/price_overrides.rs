//! Prices that are set: by the house over the configured ones, by a merchant's own over the house's.
//!
//! What is not set is inherited. The list that a decision uses is put together inside its commit.

use std::collections::BTreeMap;

use crate::pricing::PriceList;

/// Most that one price may be, in sun; more is a slip.
pub const PRICE_SUN_MAX: i64 = 1_000_000_000;

/// Prices that differ from what is inherited.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PriceOverrides(BTreeMap<PriceName, i64>);

/// A price cannot be that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{} must be between 0 and {PRICE_SUN_MAX}, not {value}", name.text())]
pub struct PriceRefused {
    /// Which price.
    pub name: PriceName,
    /// What it was to be.
    pub value: i64,
}

/// A text that names no price.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{0}\" is not a price")]
pub struct NotAPrice(pub String);

/// The prices of a list by name, number in rows, and place in a [`PriceList`].
macro_rules! prices {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $field:ident;)*) => {
        /// One price of a list.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum PriceName {
            $($(#[$doc])* $name,)*
        }

        impl PriceName {
            /// Every price, in the order in which lists show them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its word: the key of the configuration's section `[price]`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($field),)*
                }
            }

            /// The number that stands for it in rows; never reused.
            #[must_use]
            pub const fn number(self) -> i64 {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            /// The price in a list.
            #[must_use]
            pub const fn of(self, list: &PriceList) -> i64 {
                match self {
                    $(Self::$name => list.$field,)*
                }
            }

            const fn put(self, list: &mut PriceList, value: i64) {
                match self {
                    $(Self::$name => list.$field = value,)*
                }
            }
        }
    };
}

prices! {
    /// Sun for a unit of energy, for an hour.
    EnergyHour = 1, energy_price_sun;
    /// Sun for a unit of energy and a day, when rented for 1 or 2 days.
    Energy1Day = 2, energy_price_1d_sun;
    /// Sun for a unit of energy and a day, when rented for 3 to 29 days.
    Energy3Days = 3, energy_price_3d_sun;
    /// Sun for a unit of energy and a day, when rented for 30 days.
    Energy30Days = 4, energy_price_30d_sun;
    /// Units of energy below which an order is small.
    SmallEnergy = 5, small_energy;
    /// Sun that a small order costs more.
    SmallSurcharge = 6, small_surcharge_sun;
    /// Sun for a unit of bandwidth, for an hour.
    Bandwidth = 7, bandwidth_price_sun;
    /// Sun for activating an address.
    Activation = 8, activation_price_sun;
    /// Sun for sending TRX, beside what is sent.
    TransferFee = 9, transfer_fee_sun;
}

impl PriceName {
    /// The price of a number in rows.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|name| name.number() == number)
    }
}

impl std::str::FromStr for PriceName {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        let found = Self::ALL.iter().copied().find(|name| name.text() == text);
        found.ok_or_else(|| NotAPrice(text.to_owned()))
    }
}

impl PriceOverrides {
    /// Sets a price, or lets it be inherited again.
    ///
    /// Errors: [`PriceRefused`] outside 0 to [`PRICE_SUN_MAX`].
    pub fn set(&mut self, name: PriceName, value: Option<i64>) -> Result<(), PriceRefused> {
        match value {
            Some(value) if !(0..=PRICE_SUN_MAX).contains(&value) => {
                return Err(PriceRefused { name, value });
            }
            Some(value) => self.0.insert(name, value),
            None => self.0.remove(&name),
        };
        Ok(())
    }

    /// The price that is set.
    #[must_use]
    pub fn get(&self, name: PriceName) -> Option<i64> {
        self.0.get(&name).copied()
    }

    /// The prices that are set.
    pub fn iter(&self) -> impl Iterator<Item = (PriceName, i64)> {
        self.0.iter().map(|(name, value)| (*name, *value))
    }

    /// The list with these prices in it.
    #[must_use]
    pub fn over(&self, inherited: &PriceList) -> PriceList {
        let mut list = *inherited;
        for (name, value) in self.iter() {
            name.put(&mut list, value);
        }
        list
    }

    /// These, with those of the other on top.
    #[must_use]
    pub fn under(mut self, other: &Self) -> Self {
        self.0.extend(other.iter());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURED: PriceList = PriceList {
        energy_price_sun: 1,
        energy_price_1d_sun: 2,
        energy_price_3d_sun: 3,
        energy_price_30d_sun: 4,
        small_energy: 5,
        small_surcharge_sun: 6,
        bandwidth_price_sun: 7,
        activation_price_sun: 8,
        transfer_fee_sun: 9,
    };

    #[test]
    fn every_price_has_its_own_name_number_and_place() {
        for (name, expected) in PriceName::ALL.iter().zip(1..) {
            assert_eq!(name.of(&CONFIGURED), expected);
            assert_eq!(name.number(), expected);
            assert_eq!(PriceName::from_number(expected), Some(*name));
            assert_eq!(name.text().parse(), Ok(*name));
            let mut set = PriceOverrides::default();
            set.set(*name, Some(100)).unwrap();
            let list = set.over(&CONFIGURED);
            for other in PriceName::ALL {
                let is = if other == name { 100 } else { other.of(&CONFIGURED) };
                assert_eq!(other.of(&list), is);
            }
        }
        assert_eq!(PriceName::from_number(0), None);
        assert_eq!("energy".parse::<PriceName>(), Err(NotAPrice("energy".to_owned())));
    }

    #[test]
    fn a_merchants_price_wins_over_the_houses_and_that_over_the_configured() {
        let set = |prices: &[(PriceName, i64)]| {
            let mut set = PriceOverrides::default();
            prices.iter().for_each(|(name, value)| set.set(*name, Some(*value)).unwrap());
            set
        };
        let house = set(&[(PriceName::EnergyHour, 60), (PriceName::Activation, 70)]);
        let own = set(&[(PriceName::EnergyHour, 50)]);
        let list = house.clone().under(&own).over(&CONFIGURED);
        assert_eq!((list.energy_price_sun, list.activation_price_sun), (50, 70));
        assert_eq!(list.bandwidth_price_sun, 7);
        let mut own = own;
        own.set(PriceName::EnergyHour, None).unwrap();
        assert_eq!(house.under(&own).over(&CONFIGURED).energy_price_sun, 60);
    }

    #[test]
    fn a_price_outside_its_limits_is_refused() {
        let mut set = PriceOverrides::default();
        for value in [-1, PRICE_SUN_MAX + 1] {
            let refused = PriceRefused { name: PriceName::Bandwidth, value };
            assert_eq!(set.set(PriceName::Bandwidth, Some(value)), Err(refused));
        }
        for value in [0, PRICE_SUN_MAX] {
            set.set(PriceName::Bandwidth, Some(value)).unwrap();
            assert_eq!(set.get(PriceName::Bandwidth), Some(value));
        }
    }
}
