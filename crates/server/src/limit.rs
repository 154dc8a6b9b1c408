//! How often somebody may ask: each key by its identity, whoever is not known by where it comes from.
//!
//! Not here: who is calling (`auth`), which address a request comes from (`peer`).
//!
//! Invariants: a key's limit is spent by requests that it authenticated and by no other, so nobody can
//! use up somebody else's; the memory for peers is fixed, however many there are; a clock that is set
//! back refuses nobody.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::ports::Clock;
use domain::KeyId;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Buckets for peers. Two peers share one with a chance of one in this many.
pub const PEER_BUCKETS: u64 = 65_536;
/// How much of an IPv6 address names a peer: a subscriber is given at least that much.
const IPV6_PEER_BYTES: usize = 8;

/// A rate and how far it may be exceeded at once. A rate of 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_second: u32,
    /// Requests at once after a pause; at least one.
    pub burst: u32,
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Of each key.
    pub key: Rate,
    /// Of each peer, for requests that no key authenticated.
    pub peer: Rate,
}

/// Too many requests; nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When one more is allowed, in whole seconds, at least one.
    pub available_in_secs: u32,
}

/// Counts what is asked.
pub struct Limits {
    keys: Option<Limiter<KeyId>>,
    peers: Option<Limiter<u64>>,
    lookups: Option<Limiter<u64>>,
    clock: ElapsedClock,
    hasher: RandomState,
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, ElapsedClock, NoOpMiddleware<Duration>>;

impl Limits {
    /// Nobody has asked anything yet.
    #[must_use]
    pub fn new(settings: &LimitSettings, clock: Arc<dyn Clock>) -> Self {
        let clock = ElapsedClock::new(clock);
        Self {
            keys: limiter(settings.key, &clock),
            peers: limiter(settings.peer, &clock),
            lookups: limiter(settings.peer, &clock),
            clock,
            hasher: RandomState::new(),
        }
    }

    /// Counts a request that this key authenticated.
    ///
    /// Errors: it is one too many, and does not count.
    pub fn key(&self, key: KeyId) -> Result<(), Throttled> {
        self.check(self.keys.as_ref(), &key)
    }

    /// Counts a request from this peer that nobody authenticated.
    ///
    /// Errors: it is one too many, and does not count.
    pub fn peer(&self, peer: IpAddr) -> Result<(), Throttled> {
        self.check(self.peers.as_ref(), &self.bucket(peer))
    }

    /// Counts a request from this peer that names a key which was never seen to work here, so that the
    /// database has to be asked. Beside [`Self::peer`], as often: a key that works is not kept out by
    /// those who name none.
    ///
    /// Errors: it is one too many, and does not count.
    pub fn lookup(&self, peer: IpAddr) -> Result<(), Throttled> {
        self.check(self.lookups.as_ref(), &self.bucket(peer))
    }

    fn check<K: Clone + Eq + Hash>(
        &self,
        limiter: Option<&Limiter<K>>,
        who: &K,
    ) -> Result<(), Throttled> {
        let Some(limiter) = limiter else { return Ok(()) };
        limiter.check_key(who).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Throttled { available_in_secs: u32::try_from(secs.max(1)).unwrap_or(u32::MAX) }
        })
    }

    /// The bucket of a peer; which ones share it differs from start to start.
    fn bucket(&self, peer: IpAddr) -> u64 {
        let hash = match peer.to_canonical() {
            IpAddr::V4(address) => self.hasher.hash_one(address.octets()),
            IpAddr::V6(address) => self.hasher.hash_one(&address.octets()[..IPV6_PEER_BYTES]),
        };
        hash % PEER_BUCKETS
    }
}

fn limiter<K: Clone + Eq + Hash>(rate: Rate, clock: &ElapsedClock) -> Option<Limiter<K>> {
    let per_second = NonZeroU32::new(rate.per_second)?;
    let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_second(per_second).allow_burst(burst);
    Some(RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()))
}

/// Time that has passed by the port's wall clock. It stands still while that is set back, so that
/// nobody has to wait for it to catch up.
#[derive(Clone)]
struct ElapsedClock {
    wall: Arc<dyn Clock>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    wall_ms: i64,
    elapsed_ms: u64,
}

impl ElapsedClock {
    fn new(wall: Arc<dyn Clock>) -> Self {
        let wall_ms = wall.now().get();
        Self { wall, seen: Arc::new(Mutex::new(Seen { wall_ms, elapsed_ms: 0 })) }
    }
}

impl governor::clock::Clock for ElapsedClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let wall_ms = self.wall.now().get();
        let mut seen = self.seen.lock().expect("nothing panics holding it");
        let passed = wall_ms.saturating_sub(seen.wall_ms);
        seen.elapsed_ms = seen.elapsed_ms.saturating_add(u64::try_from(passed).unwrap_or(0));
        seen.wall_ms = wall_ms;
        Duration::from_millis(seen.elapsed_ms)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use domain::UnixMillis;

    use super::*;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> UnixMillis {
            UnixMillis(self.0.load(Ordering::Relaxed))
        }
    }

    fn limits(key: Rate, peer: Rate) -> (Limits, Arc<Hand>) {
        let hand = Arc::new(Hand(AtomicI64::new(1_000_000)));
        (Limits::new(&LimitSettings { key, peer }, hand.clone()), hand)
    }

    const NONE: Rate = Rate { per_second: 0, burst: 0 };
    const SLOW: Rate = Rate { per_second: 1, burst: 3 };

    #[test]
    fn a_burst_is_allowed_then_the_rate_each_key_for_itself() {
        let (limits, hand) = limits(SLOW, NONE);
        for _ in 0..3 {
            assert_eq!(limits.key(KeyId(1)), Ok(()));
        }
        let throttled = Throttled { available_in_secs: 1 };
        assert_eq!(limits.key(KeyId(1)), Err(throttled));
        assert_eq!(limits.key(KeyId(1)), Err(throttled), "and asking again costs nothing");
        assert_eq!(limits.key(KeyId(2)), Ok(()), "another key");
        hand.0.fetch_add(1_000, Ordering::Relaxed);
        assert_eq!(limits.key(KeyId(1)), Ok(()));
        assert_eq!(limits.key(KeyId(1)), Err(throttled));
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        let (limits, _) = limits(NONE, NONE);
        for _ in 0..10_000 {
            assert_eq!(limits.key(KeyId(1)), Ok(()));
            assert_eq!(limits.peer([127, 0, 0, 1].into()), Ok(()));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_refuses_nobody() {
        let (limits, hand) = limits(SLOW, NONE);
        for _ in 0..3 {
            assert_eq!(limits.key(KeyId(1)), Ok(()));
        }
        hand.0.fetch_sub(900_000, Ordering::Relaxed);
        assert_eq!(limits.key(KeyId(1)), Err(Throttled { available_in_secs: 1 }));
        hand.0.fetch_add(1_000, Ordering::Relaxed);
        assert_eq!(limits.key(KeyId(1)), Ok(()), "a second is a second");
    }

    #[test]
    fn peers_are_a_bounded_number_of_buckets() {
        let (limits, _) = limits(NONE, SLOW);
        for number in 0..300_000_u32 {
            let _ = limits.peer(std::net::Ipv4Addr::from(number).into());
        }
        assert!(limits.peers.as_ref().unwrap().len() <= 65_536);
    }

    #[test]
    fn an_address_and_its_ipv6_writing_are_one_peer_and_so_is_a_network() {
        let (limits, _) = limits(NONE, SLOW);
        let bucket = |text: &str| limits.bucket(text.parse().unwrap());
        assert_eq!(bucket("192.0.2.1"), bucket("::ffff:192.0.2.1"));
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::2"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
    }
}
