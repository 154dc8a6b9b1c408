//! Watch mode: looks again and again, and sweeps what is due.
//!
//! What it is: a loop of looks, each of which may begin a run like any other. It is not: another way
//! of sweeping; orders, transfers and judgement are the run's.
//!
//! Invariants: an outage of node or server ends a look and never the watch; runs are carried side by
//! side with looking, and an address that is open in one is in no other; an address that failed is left
//! alone for longer each time, so that a broken one does not buy an order every minute. A run keeps the
//! token, the destination and the server that were agreed to when it began.
//!
//! | File | Holds |
//! |---|---|
//! | `due` | which addresses are due: threshold, schedule, age |
//! | `memory` | since when each holds something, and how often it failed; kept in a file |
//! | `under_way` | the runs that are being carried |
//! | `metrics` | numbers for a monitoring system, and the endpoint that shows them |
//!
//! Read next: [`Watcher`], then `due`.

mod due;
mod memory;
mod metrics;
mod under_way;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tron::Address;

pub use due::{Due, Schedule, ScheduleError, WatchSettings};
pub use memory::{FIRST_HOLD_OFF, HOLD_OFF_MAX, Memory, MemoryError, Seen};
pub use metrics::{Metrics, MetricsError, serve};

use crate::ask::patiently;
use crate::discover::{DiscoverError, Reader, discover};
use crate::journal::{Holding, Journal, JournalError, Run, RunId};
use crate::observe::Silent;
use crate::plan::Planner;
use crate::price::PriceBook;
use crate::record::Record;
use crate::run::{Halt, Sweeper, TooDear, chain_of, now_ms};
use crate::session::begin;
use crate::target::KeySourceError;
use under_way::{Rested, UnderWay};

/// Longest wait after looks that failed.
const OUTAGE_WAIT_MAX: Duration = Duration::from_secs(300);

/// Why the watch ends by itself: what it must be able to write or read is gone, or somebody has to
/// decide.
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
    /// An order cost more than was agreed to.
    #[error("{0}")]
    TooDear(TooDear),
    /// A run that is not at its end ordered elsewhere; only that server knows its orders.
    #[error("run {run} ordered from {api_url}, not from here: finish it there first, with resume")]
    OtherServer {
        /// The run.
        run: RunId,
        /// Where it ordered.
        api_url: String,
    },
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
        self.refuse_other_servers().await?;
        let mut under_way = UnderWay::default();
        let mut outages = Outages::default();
        // A scheduled moment that passed while nothing ran is not made up for.
        let mut scheduled_ms = self.settings.next_scheduled_ms(now_ms());
        while !self.sweeper.stop.is_cancelled() {
            let now = now_ms();
            let is_scheduled = scheduled_ms.is_none_or(|at| at <= now);
            match self.look(now, is_scheduled, &mut under_way).await {
                Ok(()) => {
                    outages.looked();
                    self.metrics.looked(now);
                    // A scheduled look that failed is made again until it works.
                    if is_scheduled {
                        scheduled_ms = self.settings.next_scheduled_ms(now);
                    }
                }
                Err(Missed::Ended(ended)) => return Err(ended),
                Err(Missed::Outage(what, text)) => self.missed(&mut outages, what, &text),
            }
            self.rest(&mut under_way, &mut outages, scheduled_ms).await?;
        }
        while let Some(rested) = under_way.next().await {
            self.rested(&rested?, &mut outages)?;
        }
        Ok(())
    }

    /// Refuses to take up what was ordered from another server.
    async fn refuse_other_servers(&self) -> Result<(), WatchEnded> {
        let runs = self.sweeper.journal.unfinished_runs().await?;
        let is_elsewhere = |run: &Run| run.agreed_ms.is_some() && run.api_url != self.api_url;
        match runs.into_iter().find(is_elsewhere) {
            Some(Run { id: run, api_url, .. }) => Err(WatchEnded::OtherServer { run, api_url }),
            None => Ok(()),
        }
    }

    /// Waits until the next look, and hears meanwhile of runs that came to rest.
    async fn rest(
        &mut self,
        under_way: &mut UnderWay,
        outages: &mut Outages,
        scheduled_ms: Option<i64>,
    ) -> Result<(), WatchEnded> {
        let began = Instant::now();
        loop {
            let until = began + self.wait(outages.in_a_row, scheduled_ms);
            tokio::select! {
                () = self.sweeper.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until) => return Ok(()),
                Some(rested) = under_way.next() => self.rested(&rested?, outages)?,
            }
        }
    }

    fn missed(&self, outages: &mut Outages, what: &'static str, text: &str) {
        outages.happened();
        self.metrics.failed_look(what);
        tracing::warn!("this look came to nothing ({what}): {text}");
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

    async fn look(
        &mut self,
        now_ms: i64,
        is_scheduled: bool,
        under_way: &mut UnderWay,
    ) -> Result<(), Missed> {
        let open = self.carry_on(under_way).await?;
        let holdings = self.balances().await?;
        self.metrics.holding(&holdings);
        self.memory.observe(&holdings, now_ms).map_err(ended)?;
        let due = Due { settings: &self.settings, min: self.sweeper.settings.min, is_scheduled };
        let due: Vec<Holding> = holdings
            .into_iter()
            .filter(|holding| !open.contains(&holding.target.address))
            .filter(|holding| due.is_due(holding.held, self.memory.seen(holding), now_ms))
            .collect();
        // What finds no room is due at the next look as well.
        if due.is_empty() || !under_way.has_room() || self.sweeper.stop.is_cancelled() {
            return Ok(());
        }
        self.sweep(&due, under_way).await
    }

    /// Takes up what did not end and is at rest; the addresses that are open in any run, or have just
    /// come to nothing in one.
    async fn carry_on(&self, under_way: &mut UnderWay) -> Result<BTreeSet<Address>, Missed> {
        let mut open = BTreeSet::new();
        for run in self.sweeper.journal.unfinished_runs().await.map_err(ended)? {
            // What nobody agreed to has done nothing.
            if run.agreed_ms.is_none() {
                self.sweeper.journal.end(&run.id, now_ms()).await.map_err(ended)?;
                continue;
            }
            let items = self.sweeper.journal.items(&run.id).await.map_err(ended)?;
            let unfinished = items.iter().filter(|item| !item.record.state.is_final());
            open.extend(unfinished.map(|item| item.record.address));
            if !under_way.has(&run.id) && under_way.has_room() {
                under_way.carry(run, &self.sweeper);
            }
        }
        self.metrics.unfinished(open.len());
        // What came to nothing is remembered when its run is at rest; until then it is no more due than
        // what is open.
        for run in under_way.runs() {
            let items = self.sweeper.journal.items(run).await.map_err(ended)?;
            let records = items.into_iter().map(|item| item.record);
            open.extend(records.filter(memory::is_in_vain).map(|record| record.address));
        }
        Ok(open)
    }

    /// What every address holds now.
    async fn balances(&self) -> Result<Vec<Holding>, Missed> {
        let scratch = Journal::in_memory().map_err(ended)?;
        let (settings, urls) = (&self.sweeper.settings, (&self.api_url, &self.node_url));
        let run = begin(&scratch, settings, urls.0, urls.1).await.map_err(ended)?;
        let reader = Reader::new(&*self.sweeper.node);
        let (keys, wanted) = (&*self.sweeper.keys, settings.wanted());
        let found = discover(&reader, keys, wanted, &run.id, run.cursor, &scratch, &Silent).await;
        found.map_err(|error| match error {
            DiscoverError::Node(error) => Missed::Outage("node", chain_of(&error)),
            DiscoverError::Keys(error) => Missed::Ended(error.into()),
            DiscoverError::Journal(error) => ended(error),
        })
    }

    /// Plans these, and begins a run of them.
    async fn sweep(&self, due: &[Holding], under_way: &mut UnderWay) -> Result<(), Missed> {
        let outage = |error| Missed::Outage("node", chain_of(&error));
        let mut settings = self.sweeper.settings.clone();
        // What is due by its age may lie below the threshold.
        let held = due.iter().map(|holding| holding.held).filter(|held| held.0 > 0);
        let least = held.min().unwrap_or(settings.min);
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
        if plan.is_idle() {
            return Ok(());
        }
        let journal = &self.sweeper.journal;
        let run = begin(journal, &settings, &self.api_url, &self.node_url).await.map_err(ended)?;
        let items = plan.items(now_ms());
        journal.agree(&run, items, now_ms()).await.map_err(ended)?;
        under_way.carry(run, &self.sweeper);
        Ok(())
    }

    /// Counts what came of a run, and tells.
    fn rested(&mut self, rested: &Rested, outages: &mut Outages) -> Result<(), WatchEnded> {
        let news = rested.news();
        self.metrics.ran(&news);
        self.memory.note(&news, now_ms())?;
        (self.on_run)(&rested.run, &rested.records);
        if let Some((what, text)) = rested.outage() {
            self.missed(outages, what, &text);
        }
        match &rested.halted {
            Some(Halt::Journal(_)) => Err(JournalError::Closed.into()),
            Some(Halt::TooDear(dear)) => Err(WatchEnded::TooDear(dear.clone())),
            Some(Halt::Api(_) | Halt::Node(_)) | None => Ok(()),
        }
    }
}

/// Looks and runs that came to nothing since the last look that was whole.
#[derive(Default)]
struct Outages {
    in_a_row: u32,
    is_new: bool,
}

impl Outages {
    fn happened(&mut self) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.is_new = true;
    }

    /// A whole look ends a row of outages, unless a run met another one since the look before.
    fn looked(&mut self) {
        if !std::mem::take(&mut self.is_new) {
            self.in_a_row = 0;
        }
    }
}

fn ended(error: impl Into<WatchEnded>) -> Missed {
    Missed::Ended(error.into())
}
