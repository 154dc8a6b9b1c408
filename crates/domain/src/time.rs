//! Time as the decisions see it: an argument, never a clock.

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// How far UTC+8 is ahead of UTC, in milliseconds.
const UTC8_MS: i64 = 8 * 3_600_000;

/// A day of UTC+8, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(pub i64);

/// A moment in milliseconds since 1970-01-01 UTC.
///
/// Wall time and chain time share this type but never a variable: names say which (`now`, `chain_now`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The moment this many milliseconds later; saturating, so that a limit of "for ever" is safe.
    #[must_use]
    pub const fn after_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The moment this many seconds later.
    #[must_use]
    pub const fn after_secs(self, secs: i64) -> Self {
        self.after_ms(secs.saturating_mul(1_000))
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The day of UTC+8 that it lies in: what the platform calls a day.
    #[must_use]
    pub const fn day_utc8(self) -> Day {
        Day(self.0.saturating_add(UTC8_MS).div_euclid(DAY_MS))
    }
}

impl Day {
    /// Its first moment.
    #[must_use]
    pub const fn start_utc8(self) -> UnixMillis {
        UnixMillis(self.0.saturating_mul(DAY_MS).saturating_sub(UTC8_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_utc8() {
        // 2023-06-15 00:00:00 +08:00
        let midnight = UnixMillis(1_686_758_400_000);
        let day = midnight.day_utc8();
        assert_eq!(day.start_utc8(), midnight);
        assert_eq!(midnight.after_ms(-1).day_utc8(), Day(day.0 - 1));
        assert_eq!(midnight.after_ms(DAY_MS - 1).day_utc8(), day);
        assert_eq!(midnight.after_ms(DAY_MS).day_utc8(), Day(day.0 + 1));
        assert_eq!(UnixMillis(-UTC8_MS - 1).day_utc8(), Day(-1));
    }
}
