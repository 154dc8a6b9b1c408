//! The run: carries every address of the journal from where it is to its end.
//!
//! Each address is driven by its state alone, so that a run that was killed goes on by being run.
//! A bounded number is under way at once; an address leaves its place when a block holds its
//! transfer, and all those together are followed until their blocks are solid.

mod check;
mod cost;
mod leftover;
mod order;
mod prepared;
mod send;
mod solid;
mod terms;
mod wait;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::stream::{self, StreamExt};
use node::{NodeError, TronNode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::{ApiClient, ApiError};
use crate::ask::patiently;
use crate::journal::{Item, Journal, JournalError, RunId};
use crate::observe::{Event, Observer};
use crate::receiver::Wakes;
use crate::record::{Asset, Reason, ReasonCode, State};
use crate::settings::Settings;
use crate::target::KeySource;
pub use cost::{TOLERANCE_MIN, TOLERANCE_PERCENT, TooDear};
use solid::Following;
use terms::Terms;

/// Why a run stopped before its end. What is in the journal is true; the run can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The server accepts nothing from this key.
    #[error("the server does not serve this key")]
    Api(#[from] ApiError),
    /// The chain's prices cannot be read.
    #[error("the chain cannot be read")]
    Node(#[from] NodeError),
    /// An order cost more than was agreed to.
    #[error("{0}")]
    TooDear(TooDear),
}

/// Addresses that are tried alone, one after the other, before the rest no longer waits for a first.
const PIONEERS_MAX: usize = 3;

/// Everything that a run works with. A clone works with the same.
#[derive(Clone)]
pub struct Sweeper {
    /// What it is told.
    pub settings: Settings,
    /// The server.
    pub api: Arc<ApiClient>,
    /// The chain.
    pub node: Arc<dyn TronNode>,
    /// The keys.
    pub keys: Arc<dyn KeySource>,
    /// The journal.
    pub journal: Arc<Journal>,
    /// Which run of it.
    pub run: RunId,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// Begins nothing new once cancelled.
    pub stop: CancellationToken,
    /// Orders whose callback came.
    pub wakes: Wakes,
}

/// What is to happen next with an address.
enum Step {
    /// Look at its state again.
    Go,
    /// Nothing in this call: it is final, included, or waits for another day.
    Rest,
}

impl Sweeper {
    /// Runs until nothing is open, nothing moves any more, or it is told to stop.
    ///
    /// Shape: idempotent; open addresses that are left have a reason and are carried on by the next
    /// call. Errors: [`Halt`].
    pub async fn run(&self) -> Result<(), Halt> {
        let terms = Terms::default();
        for item in self.journal.items(&self.run).await? {
            self.weigh_cost(&item, &terms);
        }
        self.carry_all(&terms).await?;
        // What was ordered is carried to its end, as it is paid for; somebody has to decide on the rest.
        match terms.too_dear.into_inner() {
            Some(dear) => Err(Halt::TooDear(dear)),
            None => Ok(()),
        }
    }

    async fn carry_all(&self, terms: &Terms) -> Result<(), Halt> {
        loop {
            let open = self.open().await?;
            if open.is_empty() && self.stop.is_cancelled() && self.settings.leftovers.is_some() {
                return Ok(());
            }
            if open.is_empty() {
                match self.add_leftovers(terms).await? {
                    true => continue,
                    false => return Ok(self.journal.end(&self.run, now_ms()).await?),
                }
            }
            let is_again_needed = self.round(open, terms).await?;
            let is_done = self.open().await?.is_empty();
            if !is_done && (self.stop.is_cancelled() || !is_again_needed) {
                return Ok(());
            }
        }
    }

    async fn open(&self) -> Result<Vec<Item>, Halt> {
        let mut items = self.journal.items(&self.run).await?;
        items.retain(|item| !item.record.state.is_final());
        // What may be on its way already goes first; then the biggest.
        items.sort_by_key(|item| (item.record.state == State::Planned, item.rank));
        Ok(items)
    }

    /// Carries all of them as far as they go. Whether some came back from a dropped block.
    async fn round(&self, open: Vec<Item>, terms: &Terms) -> Result<bool, Halt> {
        let (included, rest): (Vec<Item>, Vec<Item>) =
            open.into_iter().partition(|item| item.record.state == State::Included);
        let following = Following::new(included);
        let carry = async {
            let rest = self.open_the_way(rest, &following, terms).await?;
            let mut carried = stream::iter(rest)
                .map(|item| self.carry(item, terms))
                .buffer_unordered(self.settings.concurrency.max(1));
            while let Some(item) = carried.next().await {
                let item = item?;
                if item.record.state == State::Included {
                    following.add(item);
                }
            }
            following.no_more();
            Ok::<(), Halt>(())
        };
        let (_, is_again_needed) = futures::try_join!(carry, self.follow_to_solid(&following))?;
        Ok(is_again_needed)
    }

    /// The first transfer to an address that holds no token costs twice the energy of all later ones.
    /// So one goes alone until a block holds it, and nobody else pays for a first.
    async fn open_the_way(
        &self,
        rest: Vec<Item>,
        following: &Following,
        terms: &Terms,
    ) -> Result<Vec<Item>, Halt> {
        let (token, to) = (self.settings.token.address, self.settings.destination);
        let held = patiently(|| self.node.token_balance(token, to)).await?;
        let mut rest = std::collections::VecDeque::from(rest);
        let mut left_behind = Vec::new();
        while held.0 == 0 && left_behind.len() < PIONEERS_MAX && !self.stop.is_cancelled() {
            let first = rest.iter().position(|item| item.record.asset == Asset::Token);
            let Some(first) = first.and_then(|first| rest.remove(first)) else { break };
            let carried = self.carry(first, terms).await?;
            if carried.record.state == State::Included {
                following.add(carried);
                break;
            }
            left_behind.push(carried);
        }
        Ok(rest.into())
    }

    /// One address, step by step, until it is included, final, or has to wait.
    async fn carry(&self, mut item: Item, terms: &Terms) -> Result<Item, Halt> {
        let until = Instant::now() + self.settings.patience;
        loop {
            // What may be on its way is followed to a block; everything else can wait for a resume.
            if self.stop.is_cancelled() && item.record.state != State::Signed {
                return Ok(item);
            }
            let is_leftover = item.record.asset == Asset::Trx;
            let step = match item.record.state {
                State::Planned | State::Ready if is_leftover => {
                    self.sign_leftover(&mut item, terms).await?
                }
                State::Planned => self.begin(&mut item, terms).await?,
                State::Ordering => self.place(&mut item, terms, until).await?,
                State::Ordered => self.wait_ready(&mut item, terms, until).await?,
                State::Ready => self.sign(&mut item, terms, until).await?,
                State::Signed => self.send(&mut item).await?,
                State::Included | State::Swept | State::Failed | State::Skipped => Step::Rest,
            };
            match step {
                Step::Go => {}
                Step::Rest => return Ok(item),
            }
        }
    }

    /// Stores a state before it is acted on, and tells the observer.
    async fn reach(&self, item: &mut Item, state: State) -> Result<Step, Halt> {
        let times = &mut item.record.times;
        match state {
            State::Ordered => times.ordered_ms = times.ordered_ms.or(Some(now_ms())),
            State::Ready => times.ready_ms = times.ready_ms.or(Some(now_ms())),
            State::Signed => times.sent_ms = Some(now_ms()),
            State::Swept | State::Failed | State::Skipped => times.ended_ms = Some(now_ms()),
            State::Planned | State::Ordering | State::Included => {}
        }
        item.record.state = state;
        if !matches!(state, State::Failed | State::Skipped) {
            item.record.reason = None;
        }
        self.save(item).await?;
        Ok(if state.is_final() { Step::Rest } else { Step::Go })
    }

    /// Ends an address without having moved anything.
    async fn give_up(&self, item: &mut Item, state: State, reason: Reason) -> Result<Step, Halt> {
        item.record.reason = Some(reason);
        self.reach(item, state).await
    }

    /// Leaves an address where it is, with the reason why, for this call or for a resume.
    async fn park(&self, item: &mut Item, reason: Reason) -> Result<Step, Halt> {
        item.record.reason = Some(reason);
        self.save(item).await?;
        Ok(Step::Rest)
    }

    async fn park_unreachable(&self, item: &mut Item, error: &NodeError) -> Result<Step, Halt> {
        let text = chain_of(error);
        self.park(item, Reason::new(ReasonCode::Unreachable, text)).await
    }

    async fn save(&self, item: &Item) -> Result<(), Halt> {
        self.journal.save(&self.run, item).await?;
        self.observer.notice(&Event::Changed(&item.record));
        Ok(())
    }

    /// Waits, unless the run is told to stop.
    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// This machine's clock, Unix milliseconds.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
