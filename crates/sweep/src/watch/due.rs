//! When an address is due: by what it holds, by the clock, or by how long it has held it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tron::TokenUnits;

use super::memory::Seen;

/// What is due when.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// Wait between two looks.
    pub every: Duration,
    /// Addresses that hold the threshold are swept at these moments only; without it at every look.
    pub schedule: Option<Schedule>,
    /// An address that holds this much does not wait for the schedule.
    pub at_once: Option<TokenUnits>,
    /// An address is swept when it has held tokens for so long, also below the threshold.
    pub max_age: Option<Duration>,
    /// Less than this is not swept by its age either.
    pub aged_min: TokenUnits,
}

/// A cron expression, in UTC.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    text: String,
}

/// The text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a schedule is a cron expression in UTC such as \"30 2 * * *\"")]
pub struct ScheduleError(String);

/// One look: what its addresses are measured by.
pub struct Due<'a> {
    /// What is due when.
    pub settings: &'a WatchSettings,
    /// The threshold.
    pub min: TokenUnits,
    /// Whether this look is at a scheduled moment, or there is no schedule.
    pub is_scheduled: bool,
}

impl Due<'_> {
    /// Whether an address that holds this much is to be swept now.
    #[must_use]
    pub fn is_due(&self, held: TokenUnits, seen: Option<&Seen>, now_ms: i64) -> bool {
        if seen.is_some_and(|seen| seen.not_before_ms > now_ms) {
            return false;
        }
        // Found for its TRX, which has a minimum of its own.
        if held.0 == 0 {
            return self.is_scheduled;
        }
        let is_full = held >= self.min && self.is_scheduled;
        let is_urgent = self.settings.at_once.is_some_and(|at_once| held >= at_once);
        is_full || is_urgent || (held >= self.settings.aged_min && self.is_old(seen, now_ms))
    }

    fn is_old(&self, seen: Option<&Seen>, now_ms: i64) -> bool {
        let (Some(max_age), Some(seen)) = (self.settings.max_age, seen) else { return false };
        let age = now_ms.saturating_sub(seen.since_ms);
        u128::try_from(age).is_ok_and(|age| age >= max_age.as_millis())
    }
}

impl WatchSettings {
    /// The next scheduled moment, Unix milliseconds; `None` without a schedule.
    #[must_use]
    pub fn next_scheduled_ms(&self, now_ms: i64) -> Option<i64> {
        self.schedule.as_ref().map(|schedule| schedule.next_ms(now_ms))
    }
}

impl Schedule {
    /// The first moment of it after this one; the end of time if there is none.
    #[must_use]
    pub fn next_ms(&self, now_ms: i64) -> i64 {
        let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let now: Zoned = now.to_zoned(TimeZone::UTC);
        let next = self.cron.find_next_occurrence(&now, false);
        next.map_or(i64::MAX, |at| at.timestamp().as_millisecond())
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| ScheduleError(error.to_string()))?;
        Ok(Self { cron, text: text.to_owned() })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn seen(since_ms: i64) -> Seen {
        Seen { since_ms, failures: 0, not_before_ms: 0 }
    }

    fn settings() -> WatchSettings {
        WatchSettings {
            every: Duration::from_secs(60),
            schedule: None,
            at_once: Some(TokenUnits(500)),
            max_age: Some(Duration::from_secs(24 * 3_600)),
            aged_min: TokenUnits(5),
        }
    }

    #[test]
    fn an_address_is_due_by_threshold_urgency_or_age() {
        let settings = settings();
        let day = 24 * HOUR_MS;
        for (held, is_scheduled, age, is_due) in [
            (0, true, 0, true),
            (0, false, day, false),
            (100, true, 0, true),
            (99, true, 0, false),
            (100, false, 0, false),
            (500, false, 0, true),
            (99, false, day, true),
            (99, false, day - 1, false),
            (4, true, day, false),
            (5, true, day, true),
        ] {
            let due = Due { settings: &settings, min: TokenUnits(100), is_scheduled };
            let found = due.is_due(TokenUnits(held), Some(&seen(7)), 7 + age);
            assert_eq!(found, is_due, "{held} {is_scheduled} {age}");
        }
    }

    #[test]
    fn an_address_that_failed_waits() {
        let settings = settings();
        let due = Due { settings: &settings, min: TokenUnits(100), is_scheduled: true };
        let held_off = Seen { not_before_ms: 1_000, failures: 1, ..seen(0) };
        assert!(!due.is_due(TokenUnits(900), Some(&held_off), 999));
        assert!(due.is_due(TokenUnits(900), Some(&held_off), 1_000));
    }

    #[test]
    fn a_schedule_is_a_cron_expression_in_utc() {
        let schedule: Schedule = "30 2 * * *".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(schedule.next_ms(at("2026-11-25T02:29:59Z")), at("2026-11-25T02:30:00Z"));
        assert_eq!(schedule.next_ms(at("2026-11-25T02:30:00Z")), at("2026-11-26T02:30:00Z"));
        assert_eq!(schedule.to_string(), "30 2 * * *");
        for bad in ["", "hourly", "61 * * * *", "* * *", "* * * * * *"] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad}");
        }
    }
}
