//! Rental lengths: `"1H"`, `"1D"` to `"30D"` as text, 0 and 1 to 30 as a number.
//!
//! Source: api-contract 6.1. The platform documents the codes 0, 1, 3 and 30; "n days = n" is our
//! reading for the rest.

use std::fmt;
use std::str::FromStr;

/// Seconds in an hour.
const HOUR_SECS: i64 = 3600;
/// Seconds in a day.
const DAY_SECS: i64 = 24 * HOUR_SECS;
/// The longest rental, days.
pub const MAX_PERIOD_DAYS: u8 = 30;

/// How long energy is rented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// 0 for one hour, else days.
    code: u8,
}

/// Why something is not a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is 1H or 1D to 30D")]
pub struct NotAPeriod;

impl Period {
    /// One hour, given back as soon as it is used. What a collection order rents.
    pub const HOUR: Self = Self { code: 0 };

    /// A number of days.
    ///
    /// Errors: not 1 to [`MAX_PERIOD_DAYS`].
    pub fn from_days(days: u8) -> Result<Self, NotAPeriod> {
        if (1..=MAX_PERIOD_DAYS).contains(&days) {
            Ok(Self { code: days })
        } else {
            Err(NotAPeriod)
        }
    }

    /// The period of that code in an answer to a query.
    ///
    /// Errors: no such code.
    pub fn from_code(code: i64) -> Result<Self, NotAPeriod> {
        match u8::try_from(code) {
            Ok(0) => Ok(Self::HOUR),
            Ok(days) => Self::from_days(days),
            Err(_) => Err(NotAPeriod),
        }
    }

    /// The period of that many seconds.
    ///
    /// Errors: not one hour and not a number of days that can be rented.
    pub fn from_secs(secs: i64) -> Result<Self, NotAPeriod> {
        if secs == HOUR_SECS {
            return Ok(Self::HOUR);
        }
        if secs % DAY_SECS != 0 {
            return Err(NotAPeriod);
        }
        u8::try_from(secs / DAY_SECS).map_err(|_| NotAPeriod).and_then(Self::from_days)
    }

    /// The number that a query answers.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.code
    }

    /// Length in seconds.
    #[must_use]
    pub fn secs(self) -> i64 {
        if self.code == 0 { HOUR_SECS } else { i64::from(self.code) * DAY_SECS }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code == 0 { f.write_str("1H") } else { write!(f, "{}D", self.code) }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    /// Upper case only, no leading zero, as the documents print it.
    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        if text == "1H" {
            return Ok(Self::HOUR);
        }
        let days = text.strip_suffix('D').ok_or(NotAPeriod)?;
        if days.starts_with(['0', '+']) {
            return Err(NotAPeriod);
        }
        days.parse().map_err(|_| NotAPeriod).and_then(Self::from_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_code_and_seconds_name_the_same_period() {
        for (text, code, secs) in
            [("1H", 0, 3600), ("1D", 1, 86_400), ("3D", 3, 259_200), ("30D", 30, 2_592_000)]
        {
            let period: Period = text.parse().unwrap();
            assert_eq!(
                (period.to_string().as_str(), period.code(), period.secs()),
                (text, code, secs)
            );
            assert_eq!(Period::from_code(i64::from(code)), Ok(period));
            assert_eq!(Period::from_secs(secs), Ok(period));
        }
    }

    #[test]
    fn what_the_platform_does_not_rent_is_refused() {
        for bad in ["", "1h", "3H", "0D", "31D", "01D", "+1D", "1", "D", "1X", "256D", "1D "] {
            assert_eq!(bad.parse::<Period>(), Err(NotAPeriod), "{bad:?}");
        }
        assert_eq!(Period::from_code(31), Err(NotAPeriod));
        assert_eq!(Period::from_code(-1), Err(NotAPeriod));
        assert_eq!(Period::from_secs(0), Err(NotAPeriod));
        assert_eq!(Period::from_secs(7200), Err(NotAPeriod));
        assert_eq!(Period::from_secs(i64::MIN), Err(NotAPeriod));
    }
}
