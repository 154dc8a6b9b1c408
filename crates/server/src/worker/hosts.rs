//! The hosts that callbacks are posted to: each has few places of its own, those that let us wait have half
//! of all places together, and what finds none comes back when there may be one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use domain::UnixMillis;

/// Shortest wait before a callback is claimed again whose host has no place now, in milliseconds.
const NO_PLACE_MS: i64 = 1_000;
/// Longest such wait, in milliseconds.
const NO_PLACE_MAX_MS: i64 = 300_000;
/// From when on an attempt counts as one that let us wait, however it ended: a receiver that
/// breaks off after nine seconds has kept a place as long as one that answers then. No longer than the least
/// `callback.timeout_secs`, so that whoever never answers is always one.
const SLOW: Duration = Duration::from_secs(1);
/// Hosts of which something is remembered; beyond it those without an attempt under way are forgotten.
const HOSTS_MAX: usize = 1_000;

/// Attempts under way, and how the last ones went, by host.
pub(super) struct Hosts {
    /// Places of one host.
    per_host: usize,
    /// Places of all the slow ones together.
    slow_max: usize,
    hosts: Mutex<HashMap<String, Host>>,
}

/// What is known of a host.
struct Host {
    /// Attempts under way.
    taken: usize,
    /// Whether its last attempt let us wait.
    is_slow: bool,
    /// How long its last attempt took, in milliseconds.
    took_ms: i64,
    /// When the next callback that finds no place is to come back, if others wait already.
    line_ends: UnixMillis,
}

impl Default for Host {
    fn default() -> Self {
        Self { taken: 0, is_slow: false, took_ms: NO_PLACE_MS, line_ends: UnixMillis(0) }
    }
}

impl Hosts {
    /// Nothing is under way. Of `places` for all, as many as `per_host` are one host's.
    pub(super) fn new(places: usize, per_host: usize) -> Self {
        Self { per_host, slow_max: (places / 2).max(1), hosts: Mutex::default() }
    }

    /// Takes a place of a host.
    ///
    /// Errors: it has none now; the moment at which the callback is to come back.
    pub(super) fn enter(&self, name: &str, now: UnixMillis) -> Result<(), UnixMillis> {
        let mut hosts = self.hosts.lock().expect("nothing panics while holding it");
        if hosts.len() >= HOSTS_MAX && !hosts.contains_key(name) {
            hosts.retain(|_, host| host.taken > 0);
        }
        let slow_taken: usize =
            hosts.values().filter(|host| host.is_slow).map(|host| host.taken).sum();
        let host = hosts.entry(name.to_owned()).or_default();
        if host.taken < self.per_host && (!host.is_slow || slow_taken < self.slow_max) {
            host.taken += 1;
            return Ok(());
        }
        Err(host.back_at(now, self.per_host))
    }

    /// Gives a place back after an attempt that took so long by the clock that callbacks come back by, and that
    /// was waited for so long.
    pub(super) fn leave(&self, name: &str, took_ms: i64, waited: Duration) {
        let mut hosts = self.hosts.lock().expect("nothing panics while holding it");
        let Some(host) = hosts.get_mut(name) else { return };
        host.taken = host.taken.saturating_sub(1);
        (host.took_ms, host.is_slow) = (took_ms.max(0), waited >= SLOW);
    }
}

impl Host {
    /// When a callback that found no place is to come back. One after the other, no faster than places
    /// become free: the more there are, the longer each stays away.
    fn back_at(&mut self, now: UnixMillis, per_host: usize) -> UnixMillis {
        let places = i64::try_from(per_host).unwrap_or(i64::MAX).max(1);
        let (earliest, latest) = (now.after_ms(NO_PLACE_MS), now.after_ms(NO_PLACE_MAX_MS));
        let back = self.line_ends.clamp(earliest, latest);
        self.line_ends = back.after_ms((self.took_ms / places).max(1));
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    #[test]
    fn a_host_has_few_places_and_gets_them_back() {
        let hosts = Hosts::new(64, 2);
        assert_eq!([hosts.enter("a:443", NOW), hosts.enter("a:443", NOW)], [Ok(()), Ok(())]);
        assert!(hosts.enter("a:443", NOW).is_err(), "no third place");
        assert_eq!(hosts.enter("b:443", NOW), Ok(()), "another host is not delayed");
        hosts.leave("a:443", 20, Duration::from_millis(20));
        assert_eq!(hosts.enter("a:443", NOW), Ok(()));
    }

    #[test]
    fn hosts_that_let_us_wait_have_half_of_the_places() {
        let hosts = Hosts::new(8, 4);
        let names = ["a:443", "b:443", "c:443"];
        for name in names {
            hosts.enter(name, NOW).unwrap();
            hosts.leave(name, 10_000, Duration::from_millis(10_000));
        }
        let entered = || {
            let tries = (0..4).flat_map(|_| names);
            tries.filter(|name| hosts.enter(name, NOW).is_ok()).count()
        };
        assert_eq!(entered(), 4, "of eight");
        assert_eq!(hosts.enter("d:443", NOW), Ok(()), "one that is not known");
        hosts.leave("d:443", 20, Duration::from_millis(20));
        assert_eq!(hosts.enter("d:443", NOW), Ok(()), "one that answers");
        // It is the time that counts; an attempt that is over soon makes it like all others.
        hosts.leave("a:443", 1_000, Duration::from_millis(1_000));
        assert_eq!(entered(), 1);
        hosts.leave("a:443", 20, Duration::from_millis(20));
        assert_eq!(hosts.enter("a:443", NOW), Ok(()));
    }

    #[test]
    fn the_longer_a_line_is_the_less_often_each_comes_back() {
        let hosts = Hosts::new(64, 4);
        for _ in 0..4 {
            hosts.enter("a:443", NOW).unwrap();
        }
        let waits = |count: usize, now: UnixMillis| -> Vec<i64> {
            let back = || hosts.enter("a:443", now).unwrap_err().since(now);
            (0..count).map(|_| back()).collect()
        };
        assert_eq!(waits(5, NOW), [1_000, 1_250, 1_500, 1_750, 2_000]);
        hosts.leave("a:443", 10_000, Duration::from_millis(10_000));
        hosts.enter("a:443", NOW).unwrap();
        assert_eq!(waits(3, NOW), [2_250, 4_750, 7_250], "as places become free");
        assert_eq!(waits(1_000, NOW).pop(), Some(NO_PLACE_MAX_MS));
        let long_ago = UnixMillis(0);
        assert_eq!(waits(1, long_ago), [NO_PLACE_MAX_MS], "nor longer when the clock goes back");
        let later = NOW.after_ms(NO_PLACE_MAX_MS + 3_600_000);
        assert_eq!(waits(1, later), [1_000], "the line is over");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let hosts = Hosts::new(64, 4);
        hosts.enter("a:443", NOW).unwrap();
        for number in 0..3 * HOSTS_MAX {
            let name = format!("{number}:443");
            hosts.enter(&name, NOW).unwrap();
            hosts.leave(&name, 10_000, Duration::from_millis(10_000));
        }
        let known = hosts.hosts.lock().unwrap();
        assert!(known.len() <= HOSTS_MAX && known["a:443"].taken == 1);
    }
}
