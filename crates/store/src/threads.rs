//! Threads that own connections and take jobs from a bounded queue.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use app::ports::StoreError;

use crate::engine::Engine;
use crate::job::Job;

/// Threads behind one queue. Dropping it finishes what is queued, then ends them.
pub(crate) struct Threads {
    queue: Option<SyncSender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    /// One thread that commits up to `batch_max` queued jobs at once.
    pub(crate) fn writer(
        engine: Engine,
        batch_max: usize,
        queue_max: usize,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(queue_max);
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(engine, &jobs, batch_max))?;
        Ok(Self { queue: Some(queue), threads: vec![thread] })
    }

    /// One thread for each connection; each runs one reading job at a time.
    pub(crate) fn readers(engines: Vec<Engine>, queue_max: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(queue_max);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = (1..)
            .zip(engines)
            .map(|(number, engine)| {
                let jobs = Arc::clone(&jobs);
                let name = format!("store-reader-{number}");
                Builder::new().name(name).spawn(move || read_all(engine, &jobs))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Queues a job.
    ///
    /// Errors: `Busy` at once when the queue is full.
    pub(crate) fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().expect("the queue lives until the drop");
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => {
                StoreError::Unavailable("the store's thread has ended".to_owned())
            }
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        drop(self.queue.take());
        let me = std::thread::current().id();
        // A work may hold the last reference to the store: then this is the writer itself, which ends by
        // itself.
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != me) {
            // Its jobs were answered or dropped; there is nobody left to tell of a panic.
            drop(thread.join());
        }
    }
}

fn write_all(mut engine: Engine, jobs: &Receiver<Box<dyn Job>>, batch_max: usize) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(batch_max.saturating_sub(1)));
        engine.execute(batch);
    }
}

fn read_all(mut engine: Engine, jobs: &Mutex<Receiver<Box<dyn Job>>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => engine.read(job),
            Err(_) => return,
        }
    }
}
