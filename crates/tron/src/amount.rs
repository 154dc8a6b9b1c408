//! Money: integers with the unit in the type. No floating point.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

/// Sun in one TRX.
pub const SUN_PER_TRX: i64 = 1_000_000;

/// An amount of TRX in sun, 1 TRX = 1 000 000 sun; signed, so that it can be a ledger entry.
///
/// Panics: arithmetic past `i64` is a broken invariant (total supply is below 2^57 sun) and panics.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sun(i64);

/// An amount of a token in its smallest unit (USDT: millionths).
///
/// Shape: `u128` is enough for every six-decimal token; larger contract words are refused on decode.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct TokenUnits(pub u128);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("an amount is digits with at most one point")]
    Shape,
    /// More digits after the point than the unit has.
    #[error("at most 6 digits after the point")]
    Precision,
    /// Does not fit.
    #[error("the amount is too large")]
    Overflow,
}

impl Sun {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount in sun.
    #[must_use]
    pub const fn new(sun: i64) -> Self {
        Self(sun)
    }

    /// An amount in whole TRX.
    ///
    /// Panics: past `i64::MAX` sun.
    #[must_use]
    pub const fn from_trx(trx: i64) -> Self {
        Self(trx.checked_mul(SUN_PER_TRX).expect("whole TRX fit in 63 bits of sun"))
    }

    /// The amount in sun.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether this is less than nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or `None` past `i64`.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The product, or `None` past `i64`.
    #[must_use]
    pub fn checked_mul(self, times: i64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }

    /// Parses an amount of TRX such as `12.5`; extra digits are refused, never rounded.
    ///
    /// Errors: [`AmountError`].
    pub fn parse_trx(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(AmountError::Shape);
        }
        if fraction.len() > 6 {
            return Err(AmountError::Precision);
        }
        let whole: i64 = whole.parse().map_err(|_| AmountError::Overflow)?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| AmountError::Shape)?;
        whole
            .checked_mul(SUN_PER_TRX)
            .and_then(|sun| sun.checked_add(fraction))
            .map(Self)
            .ok_or(AmountError::Overflow)
    }

    /// The amount in TRX with up to six decimals, without trailing zeros: `12.5`.
    #[must_use]
    pub fn to_trx_string(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        if fraction == 0 {
            return format!("{sign}{whole}");
        }
        let fraction = format!("{fraction:06}");
        format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl Add for Sun {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("sun stay within the supply of TRX"))
    }
}

impl Sub for Sun {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("sun stay within the supply of TRX"))
    }
}

impl Neg for Sun {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect("sun stay within the supply of TRX"))
    }
}

impl Sum for Sun {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Debug for Sun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sun", self.0)
    }
}

impl fmt::Display for Sun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trx_text_round_trips_and_extra_digits_are_refused() {
        for (text, sun) in [("0", 0), ("1", 1_000_000), ("12.5", 12_500_000), ("0.000001", 1)] {
            assert_eq!(Sun::parse_trx(text), Ok(Sun::new(sun)));
            assert_eq!(Sun::new(sun).to_trx_string(), text);
        }
        assert_eq!(Sun::new(-1_500_000).to_trx_string(), "-1.5");
        assert_eq!(Sun::parse_trx("0.0000001"), Err(AmountError::Precision));
        for bad in ["", ".", "1.", "-1", "1e3", "1,5", " 1"] {
            assert_eq!(Sun::parse_trx(bad), Err(AmountError::Shape), "{bad:?}");
        }
        assert_eq!(Sun::parse_trx("9999999999999999999"), Err(AmountError::Overflow));
    }
}
