//! Watch mode: looks again and again, and sweeps what is due.
//!
//! What it is: a loop of looks, each of which may begin a run like any other. It is not: another way
//! of sweeping; orders, transfers and judgement are the run's.
//!
//! Invariants: an outage of node or server ends a look and never the watch; a run that did not end is
//! carried on before anything new is planned, and its addresses are in no other run; an address that
//! failed is left alone for longer each time, so that a broken one does not buy an order every minute.
//!
//! | File | Holds |
//! |---|---|
//! | `due` | which addresses are due: threshold, schedule, age |
//! | `memory` | since when each holds something, and how often it failed; kept in a file |
//! | `metrics` | numbers for a monitoring system, and the endpoint that shows them |
//!
//! Read next: [`Watcher`], then `due`.

mod due;
mod memory;
mod metrics;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tron::Address;

pub use due::{Due, Schedule, ScheduleError, WatchSettings};
pub use memory::{FIRST_HOLD_OFF, HOLD_OFF_MAX, Memory, MemoryError, Seen};
pub use metrics::{Metrics, MetricsError, serve};

use crate::ask::patiently;
use crate::discover::{DiscoverError, Reader, discover};
use crate::journal::{Holding, Journal, JournalError, Run};
use crate::observe::Silent;
use crate::plan::Planner;
use crate::price::PriceBook;
use crate::record::{Record, State};
use crate::run::{Halt, Sweeper, chain_of, now_ms};
use crate::session::begin;
use crate::target::KeySourceError;

/// Longest wait after looks that failed.
const OUTAGE_WAIT_MAX: Duration = Duration::from_secs(300);

/// Why the watch ends by itself: what it must be able to write or read is gone.
#[derive(Debug, thiserror::Error)]
pub enum WatchEnded {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What it remembers.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeySourceError),
}

/// Why one look came to nothing.
enum Missed {
    /// The watch goes on; the next look may work.
    Outage(&'static str, String),
    /// It cannot go on.
    Ended(WatchEnded),
}

/// Told after a run, with everything that became of it.
pub type OnRun = Box<dyn Fn(&Run, &[Record]) + Send + Sync>;

/// Looks and sweeps until told to stop.
pub struct Watcher {
    /// What carries runs; its `run` is set for each.
    pub sweeper: Sweeper,
    /// What is due when.
    pub settings: WatchSettings,
    /// Where orders go, as runs write it down.
    pub api_url: String,
    /// What is asked, as runs write it down.
    pub node_url: String,
    /// What is remembered.
    pub memory: Memory,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Told after each run, with everything that became of it.
    pub on_run: OnRun,
}

impl Watcher {
    /// Watches until its sweeper's `stop` is cancelled; what is under way is then finished or parked.
    ///
    /// Errors: [`WatchEnded`]; never an outage.
    pub async fn watch(&mut self) -> Result<(), WatchEnded> {
        let mut failures = 0_u32;
        // A scheduled moment that passed while nothing ran is not made up for.
        let mut scheduled_ms = self.settings.next_scheduled_ms(now_ms());
        while !self.sweeper.stop.is_cancelled() {
            let now = now_ms();
            let is_scheduled = scheduled_ms.is_none_or(|at| at <= now);
            match self.look(now, is_scheduled).await {
                Ok(()) => {
                    failures = 0;
                    self.metrics.looked(now);
                    // A scheduled look that failed is made again until it works.
                    if is_scheduled {
                        scheduled_ms = self.settings.next_scheduled_ms(now);
                    }
                }
                Err(Missed::Ended(ended)) => return Err(ended),
                Err(Missed::Outage(what, text)) => {
                    failures = failures.saturating_add(1);
                    self.metrics.failed_look(what);
                    tracing::warn!("this look came to nothing ({what}): {text}");
                }
            }
            let wait = self.wait(failures, scheduled_ms);
            tokio::select! {
                () = self.sweeper.stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(())
    }

    /// Until the next look: longer after outages, shorter before a scheduled moment.
    fn wait(&self, failures: u32, scheduled_ms: Option<i64>) -> Duration {
        let every = self.settings.every;
        if failures > 0 {
            return every.saturating_mul(1 << failures.min(8)).min(OUTAGE_WAIT_MAX.max(every));
        }
        let left = scheduled_ms.map_or(i64::MAX, |at| (at - now_ms()).max(0));
        every.min(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    async fn look(&mut self, now_ms: i64, is_scheduled: bool) -> Result<(), Missed> {
        let open = self.carry_on().await?;
        if self.sweeper.stop.is_cancelled() {
            return Ok(());
        }
        let holdings = self.balances().await?;
        self.metrics.holding(&holdings);
        self.memory.observe(&holdings, now_ms).map_err(ended)?;
        let due = Due { settings: &self.settings, min: self.sweeper.settings.min, is_scheduled };
        let due: Vec<Holding> = holdings
            .into_iter()
            .filter(|holding| !open.contains(&holding.target.address))
            .filter(|holding| due.is_due(holding.held, self.memory.seen(holding), now_ms))
            .collect();
        if due.is_empty() { Ok(()) } else { self.sweep(&due).await }
    }

    /// Carries on what did not end; the addresses that are still open afterwards.
    async fn carry_on(&mut self) -> Result<BTreeSet<Address>, Missed> {
        let mut open = BTreeSet::new();
        for run in self.sweeper.journal.unfinished_runs().await.map_err(ended)? {
            // What nobody agreed to has done nothing.
            if run.agreed_ms.is_none() {
                self.sweeper.journal.end(&run.id, now_ms()).await.map_err(ended)?;
                continue;
            }
            let outcome = self.run(&run).await;
            let items = self.sweeper.journal.items(&run.id).await.map_err(ended)?;
            let unfinished = items.iter().filter(|item| !item.record.state.is_final());
            open.extend(unfinished.map(|item| item.record.address));
            outcome?;
        }
        Ok(open)
    }

    /// What every address holds now.
    async fn balances(&self) -> Result<Vec<Holding>, Missed> {
        let scratch = Journal::in_memory().map_err(ended)?;
        let (settings, urls) = (&self.sweeper.settings, (&self.api_url, &self.node_url));
        let run = begin(&scratch, settings, urls.0, urls.1).await.map_err(ended)?;
        let reader = Reader::new(&*self.sweeper.node);
        let (keys, token) = (&*self.sweeper.keys, settings.token.address);
        let found = discover(&reader, keys, token, &run.id, run.cursor, &scratch, &Silent).await;
        found.map_err(|error| match error {
            DiscoverError::Node(error) => Missed::Outage("node", chain_of(&error)),
            DiscoverError::Keys(error) => Missed::Ended(error.into()),
            DiscoverError::Journal(error) => ended(error),
        })
    }

    /// Plans and sweeps these.
    async fn sweep(&mut self, due: &[Holding]) -> Result<(), Missed> {
        let outage = |error| Missed::Outage("node", chain_of(&error));
        let mut settings = self.sweeper.settings.clone();
        // What is due by its age may lie below the threshold.
        let least = due.iter().map(|holding| holding.held).min().unwrap_or(settings.min);
        settings.min = settings.min.min(least);
        let parameters =
            patiently(|| self.sweeper.node.chain_parameters()).await.map_err(outage)?;
        let prices = PriceBook::ask(&self.sweeper.api, &parameters).await;
        let reader = Reader::new(&*self.sweeper.node);
        let planner = Planner {
            reader: &reader,
            node: &*self.sweeper.node,
            settings: &settings,
            prices: &prices,
            observer: &Silent,
        };
        let plan = planner.plan(due).await.map_err(outage)?;
        self.metrics.planned(&plan);
        if plan.to_sweep().next().is_none() {
            return Ok(());
        }
        let journal = &self.sweeper.journal;
        let run = begin(journal, &settings, &self.api_url, &self.node_url).await.map_err(ended)?;
        let items = plan.items(now_ms());
        journal.agree(&run.id, items, now_ms()).await.map_err(ended)?;
        self.run(&run).await
    }

    /// Runs one run until it ends or nothing moves any more, and counts what came of it.
    async fn run(&mut self, run: &Run) -> Result<(), Missed> {
        let min = std::mem::replace(&mut self.sweeper.settings.min, run.min);
        self.sweeper.run = run.id.clone();
        let before = self.sweeper.journal.items(&run.id).await.map_err(ended)?;
        let was_final: BTreeSet<_> = before
            .iter()
            .filter(|item| item.record.state.is_final() && item.record.state != State::Skipped)
            .map(|item| (item.record.address, item.record.asset))
            .collect();
        let outcome = self.sweeper.run().await;
        self.sweeper.settings.min = min;
        let items = self.sweeper.journal.items(&run.id).await.map_err(ended)?;
        let records: Vec<Record> = items.into_iter().map(|item| item.record).collect();
        let new: Vec<&Record> = records
            .iter()
            .filter(|record| !was_final.contains(&(record.address, record.asset)))
            .collect();
        self.metrics.ran(&new);
        self.memory.note(&new, now_ms()).map_err(ended)?;
        (self.on_run)(run, &records);
        match outcome {
            Ok(()) => Ok(()),
            Err(Halt::Journal(error)) => Err(ended(error)),
            Err(Halt::Api(error)) => Err(Missed::Outage("server", chain_of(&error))),
            Err(Halt::Node(error)) => Err(Missed::Outage("node", chain_of(&error))),
        }
    }
}

fn ended(error: impl Into<WatchEnded>) -> Missed {
    Missed::Ended(error.into())
}
