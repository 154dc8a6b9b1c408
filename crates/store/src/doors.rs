//! The store, and how a job reaches a connection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use app::ports::StoreError;

use crate::engine::{Engine, FailPoint};
use crate::fault::Fault;
use crate::job::job;
use crate::sql::Connection;
use crate::threads::Threads;

/// Keeps everything in one database.
pub struct SqlStore {
    doors: Doors,
}

/// How a job reaches a connection.
enum Doors {
    /// One writer, several readers, each with its own connection.
    Threads { writer: Threads, readers: Threads },
    /// One connection; everything happens inside the call.
    Inline(Box<Mutex<Engine>>),
}

impl SqlStore {
    /// A store behind these threads.
    pub(crate) fn threaded(writer: Threads, readers: Threads) -> Self {
        Self { doors: Doors::Threads { writer, readers } }
    }

    /// A store without threads.
    pub(crate) fn inline(engine: Engine) -> Self {
        Self { doors: Doors::Inline(Box::new(Mutex::new(engine))) }
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
        let (job, waiting) = job(run);
        match &self.doors {
            Doors::Threads { writer, .. } => writer.send(job)?,
            Doors::Inline(engine) => lock(engine).execute(vec![job]),
        }
        waiting.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Runs a job that only reads, on one state of the database.
    pub(crate) async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (job, waiting) = job(run);
        match &self.doors {
            Doors::Threads { readers, .. } => readers.send(job)?,
            Doors::Inline(engine) => lock(engine).read(job),
        }
        waiting.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// The engine; a panic of somebody who held it left it at rest or about to be brought there.
fn lock(engine: &Mutex<Engine>) -> MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() -> StoreError {
    StoreError::Unavailable("the store's thread has ended".to_owned())
}
