//! Answers of one kind, kept for a while; identical questions under way share one flight.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use tokio::time::Instant;

use crate::cache::CacheSettings;
use crate::verdict::NodeError;

type Flight<V> = Shared<BoxFuture<'static, Result<V, NodeError>>>;
type WeakFlight<V> = WeakShared<BoxFuture<'static, Result<V, NodeError>>>;

/// Kept answers and questions under way, bounded in number and age.
pub(crate) struct Shelf<K, V: Clone> {
    settings: CacheSettings,
    state: Mutex<State<K, V>>,
    shared: AtomicU64,
}

struct State<K, V: Clone> {
    /// Grows with every [`Shelf::clear`], so that a late answer is not kept for a newer block.
    generation: u64,
    slots: HashMap<K, Slot<V>>,
}

enum Slot<V: Clone> {
    /// Weak: when everybody who waits gives up, the request is dropped with them.
    Flying {
        flight: WeakFlight<V>,
        asked: Instant,
    },
    Ready {
        value: V,
        asked: Instant,
    },
}

/// What a reader has to do.
enum Step<V: Clone> {
    Take(V),
    Fly(Flight<V>, u64),
}

impl<K: Hash + Eq + Clone, V: Clone + Send + Sync + 'static> Shelf<K, V> {
    pub(crate) fn new(settings: CacheSettings) -> Self {
        let state = Mutex::new(State { generation: 0, slots: HashMap::new() });
        Self { settings, state, shared: AtomicU64::new(0) }
    }

    /// How many reads got the answer of another one's request.
    pub(crate) fn shared(&self) -> u64 {
        self.shared.load(Ordering::Relaxed)
    }

    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.generation += 1;
        state.slots = HashMap::new();
    }

    /// The kept answer, the answer of a request that is under way, or that of `ask`.
    pub(crate) async fn get(
        &self,
        key: K,
        ask: impl Future<Output = Result<V, NodeError>> + Send + 'static,
    ) -> Result<V, NodeError> {
        let (flight, generation) = match self.step(&key, Instant::now(), ask) {
            Step::Take(value) => return Ok(value),
            Step::Fly(flight, generation) => (flight, generation),
        };
        let answer = flight.clone().await;
        self.land(&key, &flight, generation, &answer);
        answer
    }

    fn step(
        &self,
        key: &K,
        now: Instant,
        ask: impl Future<Output = Result<V, NodeError>> + Send + 'static,
    ) -> Step<V> {
        let mut state = self.lock();
        let generation = state.generation;
        match state.slots.get(key) {
            Some(Slot::Ready { value, asked }) if now - *asked < self.settings.age_max => {
                self.shared.fetch_add(1, Ordering::Relaxed);
                return Step::Take(value.clone());
            }
            Some(Slot::Flying { flight, .. }) => {
                if let Some(flight) = flight.upgrade() {
                    self.shared.fetch_add(1, Ordering::Relaxed);
                    return Step::Fly(flight, generation);
                }
            }
            Some(Slot::Ready { .. }) | None => {}
        }
        let flight = ask.boxed().shared();
        self.make_room(&mut state, now);
        if state.slots.len() < self.settings.entries_max {
            let weak = flight.downgrade().expect("a flight that nobody polled is not finished");
            state.slots.insert(key.clone(), Slot::Flying { flight: weak, asked: now });
        }
        Step::Fly(flight, generation)
    }

    /// Drops what is of no use when the shelf is full; if that frees nothing, every kept answer.
    /// Questions under way stay: they are what protects the node from a crowd.
    fn make_room(&self, state: &mut State<K, V>, now: Instant) {
        if state.slots.len() < self.settings.entries_max {
            return;
        }
        let age_max = self.settings.age_max;
        state.slots.retain(|_, slot| match slot {
            Slot::Flying { flight, .. } => flight.upgrade().is_some(),
            Slot::Ready { asked, .. } => now - *asked < age_max,
        });
        if state.slots.len() >= self.settings.entries_max {
            state.slots.retain(|_, slot| matches!(slot, Slot::Flying { .. }));
        }
    }

    /// Keeps the answer of a flight in its own slot; everybody who waited comes here.
    fn land(&self, key: &K, flight: &Flight<V>, generation: u64, answer: &Result<V, NodeError>) {
        let mut state = self.lock();
        if state.generation != generation {
            return;
        }
        let asked = match state.slots.get(key) {
            Some(Slot::Flying { flight: weak, asked })
                if weak.upgrade().is_some_and(|other| other.ptr_eq(flight)) =>
            {
                *asked
            }
            Some(Slot::Flying { .. } | Slot::Ready { .. }) | None => return,
        };
        match answer {
            Ok(value) => {
                let value = value.clone();
                state.slots.insert(key.clone(), Slot::Ready { value, asked });
            }
            Err(_) => {
                state.slots.remove(key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
