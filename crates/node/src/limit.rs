//! Our own limit for one endpoint: so many requests a second, so many at once.
//!
//! A provider suspends a key for seconds when it is over its rate, so waiting here is cheaper than
//! being refused there. Nobody waits longer than the deadline of the question.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::transport::TransportError;
use crate::verdict::DEFAULT_RETRY;

/// What one endpoint is asked for at most. Zero means unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimit {
    /// Average distance between two requests.
    pub interval: Duration,
    /// Requests that may go out at once after a quiet time; at least one.
    pub burst: u32,
    /// Requests under way at once.
    pub concurrent: u32,
}

impl RequestLimit {
    /// So many requests a second, evenly spread: a burst would come on top within one second, and
    /// providers count seconds. Zero is unlimited.
    #[must_use]
    pub fn per_second(requests: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(requests).unwrap_or_default();
        Self { interval, ..Self::default() }
    }
}

impl Default for RequestLimit {
    fn default() -> Self {
        Self { interval: Duration::ZERO, burst: 1, concurrent: 64 }
    }
}

/// Where every request to an endpoint passes, one turn each, first come first served.
pub(crate) struct Turnstile {
    pace: Option<Mutex<Pace>>,
    places: Option<Semaphore>,
}

impl Turnstile {
    pub(crate) fn new(limit: RequestLimit) -> Self {
        let pace = (!limit.interval.is_zero()).then(|| Mutex::new(Pace::new(limit)));
        let places = usize::try_from(limit.concurrent).ok().filter(|places| *places > 0);
        let places = places.map(|places| Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { pace, places }
    }

    /// Waits for a turn. The request is under way while the result is held.
    ///
    /// Errors: [`TransportError::Limited`], at once when no turn is free before the deadline, or at
    /// the deadline when too many requests are under way.
    pub(crate) async fn enter(
        &self,
        deadline: Instant,
    ) -> Result<Option<SemaphorePermit<'_>>, TransportError> {
        let place = match &self.places {
            None => None,
            Some(places) => {
                let place = tokio::time::timeout_at(deadline, places.acquire()).await;
                let busy = TransportError::Limited { retry_after: DEFAULT_RETRY };
                Some(place.map_err(|_| busy)?.expect("the semaphore is never closed"))
            }
        };
        if let Some(turn) = self.next_turn(deadline)? {
            tokio::time::sleep_until(turn).await;
        }
        Ok(place)
    }

    fn next_turn(&self, deadline: Instant) -> Result<Option<Instant>, TransportError> {
        let Some(pace) = &self.pace else { return Ok(None) };
        let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = pace.reserve(Instant::now(), deadline);
        turn.map(Some).map_err(|retry_after| TransportError::Limited { retry_after })
    }
}

/// The schedule of turns: an average distance, and how far it may run ahead of it.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    ahead_max: Duration,
    /// When the next turn is due if turns come at the average distance.
    due: Option<Instant>,
}

impl Pace {
    fn new(limit: RequestLimit) -> Self {
        let interval = limit.interval;
        let ahead_max = interval.saturating_mul(limit.burst.saturating_sub(1));
        Self { interval, ahead_max, due: None }
    }

    /// Takes the next turn at or after `now`, or says how far away it is if past the deadline.
    fn reserve(&mut self, now: Instant, deadline: Instant) -> Result<Instant, Duration> {
        let due = self.due.map_or(now, |due| due.max(now));
        let turn = due.checked_sub(self.ahead_max).map_or(now, |turn| turn.max(now));
        if turn > deadline {
            return Err(turn - now);
        }
        self.due = Some(due + self.interval);
        Ok(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn limit(interval_ms: u64, burst: u32, concurrent: u32) -> RequestLimit {
        RequestLimit { interval: Duration::from_millis(interval_ms), burst, concurrent }
    }

    #[test]
    fn turns_come_at_the_average_distance_after_a_burst() {
        let mut pace = Pace::new(limit(100, 3, 0));
        let now = Instant::now();
        let far = now + Duration::from_secs(60);
        let millis: Vec<u128> =
            (0..6).map(|_| (pace.reserve(now, far).unwrap() - now).as_millis()).collect();
        assert_eq!(millis, [0, 0, 0, 100, 200, 300]);

        let later = now + Duration::from_secs(10);
        let millis: Vec<u128> =
            (0..4).map(|_| (pace.reserve(later, far).unwrap() - later).as_millis()).collect();
        assert_eq!(millis, [0, 0, 0, 100], "quiet time is not saved up beyond the burst");
    }

    #[test]
    fn a_turn_past_the_deadline_is_refused_and_not_used_up() {
        let mut pace = Pace::new(limit(1_000, 1, 0));
        let now = Instant::now();
        assert_eq!(pace.reserve(now, now), Ok(now));
        let soon = now + Duration::from_millis(10);
        for _ in 0..5 {
            assert_eq!(pace.reserve(now, soon), Err(Duration::from_secs(1)));
        }
        let next = now + Duration::from_secs(1);
        assert_eq!(pace.reserve(now, next), Ok(next));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_place_past_the_deadline() {
        let turnstile = Turnstile::new(limit(0, 1, 1));
        let held = turnstile.enter(Instant::now() + Duration::from_secs(60)).await.unwrap();
        assert!(held.is_some());
        let error = turnstile.enter(Instant::now()).await.unwrap_err();
        assert_eq!(error, TransportError::Limited { retry_after: DEFAULT_RETRY });
        drop(held);
        assert!(turnstile.enter(Instant::now() + Duration::from_secs(60)).await.is_ok());
    }

    #[test]
    fn a_rate_is_an_interval_without_a_burst() {
        let rate = RequestLimit::per_second(15);
        assert_eq!((rate.interval.as_micros(), rate.burst), (66_666, 1));
        assert!(RequestLimit::per_second(0).interval.is_zero());
    }

    #[tokio::test]
    async fn zero_is_unlimited() {
        let turnstile = Turnstile::new(limit(0, 0, 0));
        for _ in 0..1_000 {
            assert!(turnstile.enter(Instant::now()).await.unwrap().is_none());
        }
    }
}
