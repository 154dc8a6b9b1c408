//! What all ports of a run share.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use app::rows::OutboxKind;
use devnet::Devnet;
use domain::limits::OrderLimits;
use domain::{OrderId, PolicyId, UnixMillis};
use tron::{Address, TxId};

use crate::blocks::Blocks;
use crate::book::Book;
use crate::chronicle::Chronicle;
use crate::faults::{Fault, Weather};
use crate::mutation::Mutation;
use crate::ports::Mailbox;
use crate::random::Random;

/// A promise that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) check: &'static str,
    pub(crate) order: Option<OrderId>,
    pub(crate) text: String,
}

/// The chain, and everything of a run that ports touch.
pub(crate) struct Stage {
    pub(crate) devnet: Devnet,
    /// A defect that was put in on purpose.
    pub(crate) mutation: Option<Mutation>,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    pub(crate) chronicle: Chronicle,
    pub(crate) book: Book,
    pub(crate) blocks: Blocks,
    pub(crate) mailbox: Mailbox,
    /// The step up to which the chain was shown by the last read of a receiver's resources by a task.
    pub(crate) reads: BTreeMap<(u64, Address), u64>,
    /// The newest claim of each row.
    pub(crate) fences: BTreeMap<(OutboxKind, [u8; 16]), i64>,
    /// The newest claim of each policy.
    pub(crate) policy_fences: BTreeMap<PolicyId, i64>,
    /// How many blocks the node is behind that told a task the head last.
    pub(crate) lags: BTreeMap<u64, u64>,
    /// The task that goes on at present.
    pub(crate) task: u64,
    /// Until when each transfer of a payer can be in a block, in chain time.
    pub(crate) expirations: BTreeMap<TxId, i64>,
    /// The last step that changed what an address can use, other than by us.
    pub(crate) disturbed: BTreeMap<Address, u64>,
    /// Addresses that somebody else lent energy to, or made cheaper, during the run.
    pub(crate) helped: BTreeSet<Address>,
    /// Addresses whose owner has used energy for something else.
    pub(crate) wasteful: BTreeSet<Address>,
    /// The last step that changed it for everybody: a fork, other weights, other prices.
    pub(crate) all_disturbed: u64,
    pub(crate) step: u64,
    /// The chain's clock.
    pub(crate) chain_ms: i64,
    /// How far the wall clock is from the chain's.
    pub(crate) wall_offset_ms: i64,
    /// The latest that the wall clock has ever shown.
    pub(crate) latest: UnixMillis,
    /// How the operator bounds the life of an order, such as how long a promise to an address lasts.
    pub(crate) limits: OrderLimits,
    /// Pauses are short and nothing hangs: faults have stopped.
    pub(crate) is_quiet: bool,
    /// Orders that became ready since payers last looked.
    pub(crate) delivered: Vec<OrderId>,
    /// A failure after a commit was reported to its caller.
    pub(crate) has_committed_unanswered: bool,
    pub(crate) violation: Option<Violation>,
}

impl Stage {
    pub(crate) fn new(
        devnet: Devnet,
        random: Random,
        limits: OrderLimits,
        mutation: Option<Mutation>,
    ) -> Arc<Self> {
        let chain_ms = devnet.now_ms();
        let state = State {
            random,
            weather: Weather::calm(),
            chronicle: Chronicle::default(),
            book: Book::default(),
            blocks: Blocks::default(),
            mailbox: Mailbox::default(),
            reads: BTreeMap::new(),
            fences: BTreeMap::new(),
            policy_fences: BTreeMap::new(),
            lags: BTreeMap::new(),
            task: 0,
            expirations: BTreeMap::new(),
            disturbed: BTreeMap::new(),
            helped: BTreeSet::new(),
            wasteful: BTreeSet::new(),
            all_disturbed: 0,
            step: 0,
            chain_ms,
            wall_offset_ms: 0,
            latest: UnixMillis(chain_ms),
            limits,
            is_quiet: false,
            delivered: Vec::new(),
            has_committed_unanswered: false,
            violation: None,
        };
        Arc::new(Self { devnet, mutation, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with the shared state; nothing in there may wait.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.lock())
    }

    /// Wall time.
    pub(crate) fn now(&self) -> UnixMillis {
        self.with(|state| state.now())
    }

    /// After the chain's clock moved.
    pub(crate) fn follow_clock(&self) {
        let chain_ms = self.devnet.now_ms();
        self.with(|state| {
            state.chain_ms = chain_ms;
            state.latest = state.latest.max(state.now());
        });
    }

    /// Gives everybody else the chance to go first.
    pub(crate) fn pass(&self) -> Pause {
        let left = self.with(State::draw_pause);
        Pause { left }
    }

    pub(crate) fn note(&self, order: Option<OrderId>, text: impl Into<String>) {
        self.with(|state| state.note(order, text));
    }

    pub(crate) fn violate(&self, check: &'static str, order: Option<OrderId>, text: String) {
        self.with(|state| state.violate(check, order, text));
    }
}

impl State {
    pub(crate) const fn now(&self) -> UnixMillis {
        UnixMillis(self.chain_ms.saturating_add(self.wall_offset_ms))
    }

    /// Tells what happens, up to the first broken promise: what else is under way then is not its cause.
    pub(crate) fn note(&mut self, order: Option<OrderId>, text: impl Into<String>) {
        if self.violation.is_some() {
            return;
        }
        let at = self.now();
        self.chronicle.note(self.step, at.get(), order, text.into());
    }

    /// Remembers the first broken promise; the run ends with it.
    pub(crate) fn violate(&mut self, check: &'static str, order: Option<OrderId>, text: String) {
        self.note(order, format!("VIOLATION {check}: {text}"));
        self.violation.get_or_insert(Violation { check, order, text });
    }

    /// Whether a fault strikes now.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        self.weather.strikes(fault, &mut self.random)
    }

    /// Somebody else changed what this address can use.
    pub(crate) fn disturb(&mut self, address: Address) {
        self.disturbed.insert(address, self.step);
    }

    /// Something changed what every address can use.
    pub(crate) const fn disturb_all(&mut self) {
        self.all_disturbed = self.step;
    }

    /// The last step that changed what this address can use, other than by us.
    pub(crate) fn disturbed_at(&self, address: Address) -> u64 {
        self.disturbed.get(&address).copied().unwrap_or(0).max(self.all_disturbed)
    }

    fn draw_pause(&mut self) -> u64 {
        if self.is_quiet {
            return 0;
        }
        if self.strikes(Fault::Hang) {
            return 100 + self.random.below(2_000);
        }
        match self.random.below(100) {
            0..=74 => 0,
            75..=95 => 1,
            _ => 2 + self.random.below(6),
        }
    }
}

/// Waits for so many polls.
pub(crate) struct Pause {
    left: u64,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
