//! How long energy is rented.

/// The longest rent, in days.
pub const PERIOD_DAYS_MAX: u8 = 30;
/// Seconds in a day.
const DAY_SECS: i64 = 24 * 3_600;

/// How long energy is rented: an hour at most, or a number of days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Period {
    /// 0 for an hour.
    days: u8,
}

impl Period {
    /// An hour at most: what is lent goes back as soon as it has been used. What a collection rents.
    pub const HOUR: Self = Self { days: 0 };

    /// A day. What a policy's refill rents.
    pub const DAY: Self = Self { days: 1 };

    /// A number of days, 1 to [`PERIOD_DAYS_MAX`].
    #[must_use]
    pub fn from_days(days: u8) -> Option<Self> {
        (1..=PERIOD_DAYS_MAX).contains(&days).then_some(Self { days })
    }

    /// How many days; `None` for an hour.
    #[must_use]
    pub fn days(self) -> Option<u8> {
        (self.days > 0).then_some(self.days)
    }

    /// How often the price of a unit is paid: once for each day, once for an hour.
    #[must_use]
    pub fn times_paid(self) -> i64 {
        i64::from(self.days.max(1))
    }

    /// Length in seconds; `hour_secs` is how long the operator lets an hour be.
    #[must_use]
    pub fn secs(self, hour_secs: i64) -> i64 {
        self.days().map_or(hour_secs, |days| i64::from(days) * DAY_SECS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_or_1_to_30_days() {
        assert_eq!(Period::HOUR.days(), None);
        assert_eq!(Period::HOUR.secs(3_600), 3_600);
        assert_eq!(Period::HOUR.times_paid(), 1);
        for days in [1, 3, 30] {
            let period = Period::from_days(days).unwrap();
            assert_eq!(period.days(), Some(days));
            assert_eq!(period.secs(3_600), i64::from(days) * 86_400);
            assert_eq!(period.times_paid(), i64::from(days));
        }
        assert_eq!(Period::from_days(0), None);
        assert_eq!(Period::from_days(31), None);
    }
}
