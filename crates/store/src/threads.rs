//! Threads that own connections and take jobs from a bounded queue.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use app::ports::StoreError;

use crate::engine::Engine;
use crate::job::Job;
use crate::open::Options;

/// How long a queue may be, and how long one may wait in it.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    jobs_max: usize,
    wait_max: Duration,
}

impl Line {
    /// As the options of a store say.
    pub(crate) const fn of(options: Options) -> Self {
        let wait_max = Duration::from_millis(options.queue_wait_max_ms);
        Self { jobs_max: options.queue_max, wait_max }
    }

    /// The job, unless it has waited for too long: then whoever asked is told that it was not begun.
    fn admit(self, job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        if job.made().elapsed() <= self.wait_max {
            return Some(job);
        }
        job.finish(Some(StoreError::Busy));
        None
    }
}

/// Threads behind one queue. Dropping it finishes what is queued, then ends them.
pub(crate) struct Threads {
    queue: Option<SyncSender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    /// One thread that commits up to `batch_max` queued jobs at once.
    pub(crate) fn writer(engine: Engine, batch_max: usize, line: Line) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(line.jobs_max);
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(engine, &jobs, batch_max, line))?;
        Ok(Self { queue: Some(queue), threads: vec![thread] })
    }

    /// One thread for each connection; each runs one reading job at a time.
    pub(crate) fn readers(engines: Vec<Engine>, line: Line) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(line.jobs_max);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = (1..)
            .zip(engines)
            .map(|(number, engine)| {
                let jobs = Arc::clone(&jobs);
                let name = format!("store-reader-{number}");
                Builder::new().name(name).spawn(move || read_all(engine, &jobs, line))
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

fn write_all(mut engine: Engine, jobs: &Receiver<Box<dyn Job>>, batch_max: usize, line: Line) {
    while let Ok(first) = jobs.recv() {
        let next = jobs.try_iter().take(batch_max.saturating_sub(1));
        let batch: Vec<_> =
            std::iter::once(first).chain(next).filter_map(|job| line.admit(job)).collect();
        if !batch.is_empty() {
            engine.execute(batch);
        }
    }
}

fn read_all(mut engine: Engine, jobs: &Mutex<Receiver<Box<dyn Job>>>, line: Line) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => {
                if let Some(job) = line.admit(job) {
                    engine.read(job);
                }
            }
            Err(_) => return,
        }
    }
}
