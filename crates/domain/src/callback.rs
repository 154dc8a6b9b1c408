//! Callbacks: what is told, and when it is tried again.

use tron::{Address, Sun, TxId};

use crate::id::{KeyId, OrderId};
use crate::order::Origin;
use crate::period::Period;
use crate::time::UnixMillis;

/// How an order ended, as the merchant is told. There is exactly one for each order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// What was ordered is there.
    Delivered,
    /// It could not be done; the money is back.
    Refunded,
}

/// Everything that a callback's bytes are rendered from, when the fact is committed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallbackEvent {
    /// The order.
    pub order: OrderId,
    /// The key that placed it; its secret signs.
    pub key: KeyId,
    /// Where the order came from.
    pub origin: Origin,
    /// For how long what was ordered may stay.
    pub period: Period,
    /// Where to post.
    pub url: String,
    /// How the order ended.
    pub outcome: Outcome,
    /// The address that got the resources.
    pub receiver: Address,
    /// The merchant's own label.
    pub reference: Option<String>,
    /// Energy ordered, in units.
    pub energy: i64,
    /// Energy that our delegations yield, in units.
    pub energy_delegated: i64,
    /// What it cost, in sun; zero when refunded.
    pub amount: Sun,
    /// The activation's transaction.
    pub activation: Option<TxId>,
    /// The bandwidth delegation's transaction.
    pub bandwidth: Option<TxId>,
    /// The first energy delegation's transaction.
    pub delegation: Option<TxId>,
}

/// Renders a callback to its bytes. Declared here and implemented by the room that knows the wire.
pub trait Format: Send + Sync {
    /// The exact body; attempts resend these bytes.
    fn callback_body(&self, event: &CallbackEvent) -> Vec<u8>;
}

/// The published delays, then a slower tail, then a dead letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Delay before attempt 2, 3, …, in seconds, each from the end of the attempt before.
    pub delays_secs: Vec<i64>,
    /// How long after the first attempt the tail ends, in seconds.
    pub tail_secs: i64,
}

/// Longest delay of the tail, in seconds: six hours.
pub const TAIL_DELAY_MAX_SECS: i64 = 6 * 3_600;

impl Schedule {
    /// When to try again after `attempts` failed ones, or `None`: give up, a dead letter.
    ///
    /// In the tail each delay is half as long again as the one before, up to
    /// [`TAIL_DELAY_MAX_SECS`], and up to a fifth longer or shorter by `jitter_ppm` (0 to 1 000 000),
    /// so that receivers who failed together are not all tried together.
    #[must_use]
    pub fn next(
        &self,
        attempts: u32,
        first: UnixMillis,
        now: UnixMillis,
        jitter_ppm: i64,
    ) -> Option<UnixMillis> {
        let done = usize::try_from(attempts).ok()?.checked_sub(1)?;
        if let Some(delay) = self.delays_secs.get(done) {
            return Some(now.after_secs(*delay));
        }
        // From at least a second and by at least a second: else a short delay would never grow.
        let mut delay_secs = self.delays_secs.last().copied().unwrap_or(15).max(1);
        for _ in self.delays_secs.len()..=done {
            let longer = delay_secs.saturating_add((delay_secs / 2).max(1));
            delay_secs = longer.min(TAIL_DELAY_MAX_SECS);
            if delay_secs == TAIL_DELAY_MAX_SECS {
                break;
            }
        }
        let spread_ms = delay_secs * 1_000 / 5;
        let jitter_ms = spread_ms * (jitter_ppm.clamp(0, 1_000_000) - 500_000) / 500_000;
        let at = now.after_ms(delay_secs * 1_000 + jitter_ms);
        (at <= first.after_secs(self.tail_secs)).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        Schedule { delays_secs: vec![15, 15, 30, 180, 600, 1200, 1800], tail_secs: 72 * 3_600 }
    }

    #[test]
    fn the_published_delays_come_first_and_without_jitter() {
        let mut now = UnixMillis(0);
        let mut delays = Vec::new();
        for attempts in 1..=7 {
            let next = schedule().next(attempts, UnixMillis(0), now, 999_999).unwrap();
            delays.push(next.since(now) / 1_000);
            now = next;
        }
        assert_eq!(delays, [15, 15, 30, 180, 600, 1200, 1800]);
    }

    #[test]
    fn the_tail_slows_down_from_the_shortest_delay_too() {
        for last in [1, 0, i64::MIN] {
            let schedule = Schedule { delays_secs: vec![last], tail_secs: i64::MAX };
            let due = |attempts| {
                schedule.next(attempts, UnixMillis(0), UnixMillis(0), 500_000).unwrap().0 / 1_000
            };
            assert_eq!([2, 3, 4, 5, 6].map(due), [2, 3, 4, 6, 9], "after {last}");
            assert_eq!(due(u32::MAX), TAIL_DELAY_MAX_SECS);
        }
    }

    #[test]
    fn the_tail_slows_down_and_ends_after_72_hours() {
        for jitter_ppm in [0, 500_000, 1_000_000] {
            let (mut now, mut attempts, mut last_delay) = (UnixMillis(3_840_000), 8, 1_800_000);
            while let Some(next) = schedule().next(attempts, UnixMillis(0), now, jitter_ppm) {
                let delay = next.since(now);
                assert!(
                    delay >= last_delay * 4 / 5,
                    "attempt {attempts}: {delay} after {last_delay}"
                );
                assert!(delay <= TAIL_DELAY_MAX_SECS * 1_200);
                (now, attempts, last_delay) = (next, attempts + 1, delay);
            }
            assert!(now.0 <= 72 * 3_600_000, "nothing is tried after the tail");
            assert!(now.0 >= 60 * 3_600_000, "the tail is used: {now:?}");
            assert!(attempts < 40);
        }
    }
}
