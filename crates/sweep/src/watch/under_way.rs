//! Runs that are carried while the watch goes on looking, so that an order that is slow keeps nobody
//! else waiting.

use std::collections::{BTreeSet, HashSet};

use tokio::task::JoinSet;
use tron::Address;

use crate::journal::{JournalError, Run, RunId};
use crate::record::{Asset, Record, State};
use crate::run::{Halt, Sweeper, chain_of};

/// Runs carried side by side; each has as many addresses under way as the settings say.
pub(super) const RUNS_AT_ONCE: usize = 4;

/// What was final already when a run was taken up.
type Before = BTreeSet<(Address, Asset)>;

/// A run that is at rest: it ended, or nothing of it moves any more for now.
pub(super) struct Rested {
    /// Which.
    pub(super) run: Run,
    /// Everything that became of it.
    pub(super) records: Vec<Record>,
    /// Why it stopped early, if it did.
    pub(super) halted: Option<Halt>,
    before: Before,
}

/// The runs that are being carried.
#[derive(Default)]
pub(super) struct UnderWay {
    tasks: JoinSet<Result<Rested, JournalError>>,
    runs: HashSet<RunId>,
}

impl UnderWay {
    /// Whether one more may be taken up.
    pub(super) fn has_room(&self) -> bool {
        self.tasks.len() < RUNS_AT_ONCE
    }

    /// Whether this one is being carried.
    pub(super) fn has(&self, run: &RunId) -> bool {
        self.runs.contains(run)
    }

    /// Those that are being carried, or that nobody has heard of since they came to rest.
    pub(super) fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.runs.iter()
    }

    /// Carries a run in a task of its own: what it moves and where to was agreed when it began, whatever
    /// the watch sweeps now.
    pub(super) fn carry(&mut self, run: Run, sweeper: &Sweeper) {
        let mut sweeper = sweeper.clone();
        sweeper.run = run.id.clone();
        sweeper.settings.token = run.token.clone();
        sweeper.settings.destination = run.destination;
        sweeper.settings.min = run.min;
        self.runs.insert(run.id.clone());
        self.tasks.spawn(async move {
            let before = sweeper.journal.items(&run.id).await?;
            let before = before.iter().map(|item| &item.record).filter(|record| is_told(record));
            let before = before.map(|record| (record.address, record.asset)).collect();
            let halted = sweeper.run().await.err();
            let items = sweeper.journal.items(&run.id).await?;
            let records = items.into_iter().map(|item| item.record).collect();
            Ok(Rested { run, records, halted, before })
        });
    }

    /// The next one that comes to rest; `None` if none is being carried.
    ///
    /// Shape: may be given up at any await.
    pub(super) async fn next(&mut self) -> Option<Result<Rested, JournalError>> {
        match self.tasks.join_next().await? {
            Ok(rested) => {
                if let Ok(rested) = &rested {
                    self.runs.remove(&rested.run.id);
                }
                Some(rested)
            }
            // Nobody cancels a task, so it panicked: an invariant is broken, and the watch ends with it.
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

impl Rested {
    /// What became final, or is still open, since the run was taken up.
    pub(super) fn news(&self) -> Vec<&Record> {
        let is_new = |record: &&Record| !self.before.contains(&(record.address, record.asset));
        self.records.iter().filter(is_new).collect()
    }

    /// What was out of reach, and the words for it.
    pub(super) fn outage(&self) -> Option<(&'static str, String)> {
        match self.halted.as_ref()? {
            Halt::Journal(_) | Halt::TooDear(_) => None,
            Halt::Api(error) => Some(("server", chain_of(error))),
            Halt::Node(error) => Some(("node", chain_of(error))),
        }
    }
}

fn is_told(record: &Record) -> bool {
    record.state.is_final() && (record.state != State::Skipped || record.serial.is_some())
}
