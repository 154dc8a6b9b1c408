//! Many runs side by side, one a core; what came of them is told in the order of their seeds.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::run::{Report, RunOptions, run};

/// Which runs to make.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// The first seed; the others follow it.
    pub first: u64,
    /// How many runs; without it, as many as it takes to have so many orders accepted.
    pub size: Size,
    /// A last run with this seed.
    pub last: Option<u64>,
    /// Runs at the same time.
    pub jobs: usize,
}

/// When there are enough runs.
#[derive(Clone, Copy, Debug)]
pub enum Size {
    /// After so many.
    Runs(u64),
    /// When they have accepted so many orders together.
    Orders(usize),
}

/// Which seed is next, and what the runs so far came to.
struct Plan {
    fleet: Fleet,
    begun: u64,
    is_last_begun: bool,
    running: usize,
    accepted: usize,
    orders: usize,
}

impl Plan {
    /// The place and the seed of the next run, if another one is wanted.
    fn next(&mut self) -> Option<(u64, u64)> {
        let is_enough = match self.fleet.size {
            Size::Runs(runs) => self.begun >= runs,
            Size::Orders(orders) => self.accepted + self.running * self.orders >= orders,
        };
        let seed = match (is_enough, self.fleet.last) {
            (false, _) => self.fleet.first.wrapping_add(self.begun),
            (true, Some(last)) if !self.is_last_begun => {
                self.is_last_begun = true;
                last
            }
            (true, _) => return None,
        };
        self.begun += 1;
        self.running += 1;
        Some((self.begun - 1, seed))
    }
}

/// Makes the runs; `tell` hears of each one in the order of their seeds.
///
/// `options` are those of every run but for the seed.
pub fn run_all(fleet: Fleet, options: &RunOptions, mut tell: impl FnMut(&Report)) {
    let plan = Mutex::new(Plan {
        fleet,
        begun: 0,
        is_last_begun: false,
        running: 0,
        accepted: 0,
        orders: options.orders,
    });
    let lock = || plan.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, reports) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..fleet.jobs.max(1) {
            let done = done.clone();
            scope.spawn(move || {
                while let Some((place, seed)) = { lock().next() } {
                    let report = run(&RunOptions { seed, ..*options });
                    let mut plan = lock();
                    plan.running -= 1;
                    plan.accepted += report.accepted;
                    drop(plan);
                    if done.send((place, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (place, report) in reports {
            early.insert(place, report);
            while let Some(report) = early.remove(&next) {
                tell(&report);
                next += 1;
            }
        }
    });
}
