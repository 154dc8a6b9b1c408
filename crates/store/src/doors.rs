//! The store, and how a job reaches a connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::ports::StoreError;
use app::rows::{Lease, Needs};
use app::work::Work;

use crate::commit;
use crate::engine::{Engine, FailPoint};
use crate::fault::Fault;
use crate::job::job;
use crate::outbox;
use crate::sql::Connection;
use crate::sqlite_dialect::is_damage;
use crate::tally::Tally;
use crate::threads::Threads;

/// Keeps everything in one database.
pub struct SqlStore {
    doors: Doors,
    /// False from a commit that the machine refused until one that wrote something.
    is_fit: AtomicBool,
    /// True once something read or written met a damaged page. What touches other pages goes through, so
    /// that only opening the file again ends it.
    is_damaged: AtomicBool,
    tally: Arc<Tally>,
}

/// How a job reaches a connection.
enum Doors {
    /// One writer, several readers, each with its own connection.
    Threads { writer: Threads, readers: Threads },
    /// One connection; everything happens inside the call.
    Inline(Box<Mutex<Engine>>),
}

impl SqlStore {
    /// A store behind these threads, whose writer counts there.
    pub(crate) fn threaded(writer: Threads, readers: Threads, tally: Arc<Tally>) -> Self {
        Self::behind(Doors::Threads { writer, readers }, tally)
    }

    /// A store without threads.
    pub(crate) fn inline(engine: Engine) -> Self {
        let tally = engine.tally();
        Self::behind(Doors::Inline(Box::new(Mutex::new(engine))), tally)
    }

    const fn behind(doors: Doors, tally: Arc<Tally>) -> Self {
        let (is_fit, is_damaged) = (AtomicBool::new(true), AtomicBool::new(false));
        Self { doors, is_fit, is_damaged, tally }
    }

    /// Where its writer counts.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether what was last written became durable, and the file was never found damaged.
    pub(crate) fn takes_writes(&self) -> bool {
        self.is_fit.load(Ordering::Relaxed) && !self.is_damaged.load(Ordering::Relaxed)
    }

    /// Asks this at each moment of each commit from now on; `None` stops asking. False, and without
    /// effect, unless the store is inline.
    pub fn set_fail_point(&self, fail_point: Option<FailPoint>) -> bool {
        match &self.doors {
            Doors::Inline(engine) => {
                lock(engine).set_fail_point(fail_point);
                true
            }
            Doors::Threads { .. } => false,
        }
    }

    /// Runs a job that may write, in a transaction that it shares with others.
    pub(crate) async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        self.write_needing(None, run).await
    }

    /// Does a work in a transaction that it shares with others.
    pub(crate) async fn perform(&self, mut work: Box<dyn Work>) -> Result<(), StoreError> {
        let needs = work.needs().clone();
        let run = move |connection: &Connection| commit::perform(connection, work.as_mut());
        self.write_needing(Some(needs), run).await
    }

    async fn write_needing<T, F>(&self, needs: Option<Needs>, mut run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let has_written = Arc::new(AtomicBool::new(false));
        let noted = has_written.clone();
        let (job, waiting) = job(
            move |connection: &Connection| {
                let before = changes(connection);
                let given = run(connection);
                noted.store(before.is_none() || changes(connection) > before, Ordering::Relaxed);
                given
            },
            false,
            needs,
        );
        match &self.doors {
            Doors::Threads { writer, .. } => writer.send(job)?,
            Doors::Inline(engine) => lock(engine).execute(vec![job]),
        }
        let given = waiting.await.unwrap_or_else(|_| Err(ended()));
        self.look_for_damage(&given);
        match &given {
            Err(StoreError::Unavailable(_)) => self.is_fit.store(false, Ordering::Relaxed),
            Ok(_) if has_written.load(Ordering::Relaxed) => {
                self.is_fit.store(true, Ordering::Relaxed);
            }
            Ok(_) | Err(_) => {}
        }
        given
    }

    /// The same under a lease: refused when somebody else has it by now.
    pub(crate) async fn write_under<T, F>(&self, lease: Lease, mut run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        self.write(move |connection| {
            outbox::check(connection, &lease)?;
            run(connection)
        })
        .await
    }

    /// Runs a job that only reads, on one state of the database.
    pub(crate) async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(run, false).await
    }

    /// The same for what reads all there is, and may take long.
    pub(crate) async fn read_all<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(run, true).await
    }

    async fn ask<T, F>(&self, run: F, is_long: bool) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (job, waiting) = job(run, is_long, None);
        match &self.doors {
            Doors::Threads { readers, .. } => readers.send(job)?,
            Doors::Inline(engine) => lock(engine).read(job),
        }
        let given = waiting.await.unwrap_or_else(|_| Err(ended()));
        self.look_for_damage(&given);
        given
    }

    fn look_for_damage<T>(&self, given: &Result<T, StoreError>) {
        if given.as_ref().is_err_and(is_damage) {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
    }
}

/// The engine; a panic of somebody who held it left it at rest or about to be brought there.
fn lock(engine: &Mutex<Engine>) -> MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() -> StoreError {
    StoreError::Unavailable("the store's thread has ended".to_owned())
}

/// Rows that a connection has changed so far; `None` where the database does not say. A job that changes
/// none goes through on a full disk as well, and proves nothing.
fn changes(connection: &Connection) -> Option<u64> {
    connection.as_sqlite().map(rusqlite::Connection::total_changes)
}
