//! The three ways in which the platform writes a moment.

use domain::UnixMillis;
use jiff::Timestamp;
use jiff::tz::{Offset, offset};

/// The platform writes the time of acceptance with the offset of China.
const CHINA: Offset = offset(8);

/// `2023-10-09T10:21:07.840478Z`: delegations.
///
/// The text has microseconds, always six digits, of which we know three.
/// Panics: never; a moment outside the years -9999 to 9999 is shown as the nearest one inside.
#[must_use]
pub fn utc_micros(moment: UnixMillis) -> String {
    with_offset(moment, Offset::UTC, "Z")
}

/// `2023-06-15T21:42:13.200565+08:00`: the acceptance of an order.
///
/// Digits, panics: as [`utc_micros`].
#[must_use]
pub fn china_micros(moment: UnixMillis) -> String {
    with_offset(moment, CHINA, "+08:00")
}

/// `2023-04-28 12:31:04`: when a key was made. The text does not say so, but it is China's time.
///
/// Panics: as [`utc_micros`].
#[must_use]
pub fn china_civil(moment: UnixMillis) -> String {
    CHINA.to_datetime(inside(moment)).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn with_offset(moment: UnixMillis, offset: Offset, suffix: &str) -> String {
    let civil = offset.to_datetime(inside(moment));
    format!("{civil:.6}{suffix}")
}

/// The nearest moment inside the calendar.
fn inside(moment: UnixMillis) -> Timestamp {
    let beyond = if moment.get() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(moment.get()).unwrap_or(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_show_six_digits_and_the_same_moment() {
        assert_eq!(utc_micros(UnixMillis(1_686_796_826_000)), "2023-06-15T02:40:26.000000Z");
        assert_eq!(china_micros(UnixMillis(1_686_796_826_000)), "2023-06-15T10:40:26.000000+08:00");
        assert_eq!(utc_micros(UnixMillis(1_696_846_867_840)), "2023-10-09T10:21:07.840000Z");
        assert_eq!(utc_micros(UnixMillis(0)), "1970-01-01T00:00:00.000000Z");
        assert_eq!(china_civil(UnixMillis(1_682_656_264_999)), "2023-04-28 12:31:04");
        assert_eq!(utc_micros(UnixMillis(-1)), "1969-12-31T23:59:59.999000Z");
    }

    #[test]
    fn moments_beyond_the_calendar_do_not_panic() {
        assert!(utc_micros(UnixMillis(i64::MAX)).starts_with("9999-12-3"));
        assert!(china_micros(UnixMillis(i64::MIN)).starts_with("-009999-01-0"));
    }
}
