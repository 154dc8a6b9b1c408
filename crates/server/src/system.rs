//! The system's clock and randomness behind the ports.

use std::time::{SystemTime, UNIX_EPOCH};

use app::ports::{Clock, Ids};
use domain::{OrderId, UnixMillis};

/// The system's wall clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Identities from the system's randomness.
pub struct SystemIds;

impl Ids for SystemIds {
    fn order_id(&self, _now: UnixMillis) -> OrderId {
        OrderId(uuid::Uuid::now_v7().into_bytes())
    }

    fn jitter_ppm(&self) -> i64 {
        let mut bytes = [0; 8];
        // Jitter only spreads load: without randomness the middle is as good.
        match getrandom::fill(&mut bytes) {
            Ok(()) => i64::try_from(u64::from_le_bytes(bytes) % 1_000_000).unwrap_or(500_000),
            Err(_) => 500_000,
        }
    }
}
