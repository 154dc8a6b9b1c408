//! Rental lengths on the wire: `"1H"`, `"1D"` to `"30D"` as text, 0 and 1 to 30 as a number.
//!
//! Source: api-contract 6.1. The platform documents the codes 0, 1, 3 and 30; "n days = n" is our
//! reading for the rest. Hours other than one are not rented.

use domain::Period;

/// The text of a period.
#[must_use]
pub fn text(period: Period) -> String {
    period.days().map_or_else(|| "1H".to_owned(), |days| format!("{days}D"))
}

/// The period of a text: upper case only, no leading zero, as the documents print it.
#[must_use]
pub fn from_text(text: &str) -> Option<Period> {
    if text == "1H" {
        return Some(Period::HOUR);
    }
    let days = text.strip_suffix('D').filter(|days| !days.starts_with(['0', '+']))?;
    days.parse().ok().and_then(Period::from_days)
}

/// The number that a query answers.
#[must_use]
pub fn code(period: Period) -> i64 {
    period.days().map_or(0, i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_code_name_the_same_period() {
        for (written, number) in [("1H", 0), ("1D", 1), ("3D", 3), ("30D", 30)] {
            let period = from_text(written).unwrap();
            assert_eq!((text(period).as_str(), code(period)), (written, number));
        }
    }

    #[test]
    fn what_the_platform_does_not_rent_is_refused() {
        for bad in ["", "1h", "3H", "0D", "31D", "01D", "+1D", "1", "D", "1X", "256D", "1D "] {
            assert_eq!(from_text(bad), None, "{bad:?}");
        }
    }
}
