//! A clock that stands still, identities that count, names that stand for this machine.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use app::ports::{Clock, Ids};
use domain::{OrderId, UnixMillis};
use sunsweep::callback_client::{Lookup, LookupFuture};

/// Time that moves when it is told to.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn at(now_ms: i64) -> Self {
        Self(AtomicI64::new(now_ms))
    }

    pub(crate) fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }

    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

/// Order `n` is `00000000000070008` and `n` in 15 hex digits; jitter is always in the middle.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn order_id(&self, _now: UnixMillis) -> OrderId {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        OrderId::parse(&format!("00000000000070008{number:015x}")).unwrap()
    }

    fn jitter_ppm(&self) -> i64 {
        500_000
    }
}

/// Every name stands for this machine.
pub(crate) struct LoopbackNames;

impl Lookup for LoopbackNames {
    fn lookup(&self, _host: &str) -> LookupFuture {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}
