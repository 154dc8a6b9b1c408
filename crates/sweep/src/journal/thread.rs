//! The thread that owns the file and commits many writes at once.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::JournalError;

/// Most writes in one commit.
const BATCH_MAX: usize = 256;

/// Writes rows inside a transaction that is not its own.
type Write = Box<dyn FnOnce(&Connection) -> Result<(), JournalError> + Send>;

/// One write, and who waits for it to be durable.
struct Job {
    run: Write,
    done: oneshot::Sender<Result<(), JournalError>>,
}

/// The way to the thread. Dropping it waits until everything is written.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it was told to whoever waited.
            let _ended = thread.join();
        }
    }
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, queue) = channel();
        let thread = std::thread::spawn(move || write_all(&connection, &queue));
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    /// Runs this inside the next commit and returns what it gave once that is durable.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (give, mut given) = oneshot::channel();
        let (done, finished) = oneshot::channel();
        let run = Box::new(move |connection: &Connection| {
            // Nobody waits any more if the run was ended by a second Ctrl-C.
            let _nobody = give.send(run(connection)?);
            Ok(())
        });
        let jobs = self.jobs.as_ref().ok_or(JournalError::Closed)?;
        jobs.send(Job { run, done }).map_err(|_| JournalError::Closed)?;
        finished.await.map_err(|_| JournalError::Closed)??;
        given.try_recv().map_err(|_| JournalError::Closed)
    }
}

fn write_all(connection: &Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut waiting = Vec::new();
        match commit(connection, first, queue, &mut waiting) {
            Ok(()) => waiting.into_iter().for_each(|done| tell(done, Ok(()))),
            Err(failed) => {
                // What is not durable must not be acted on, and a file that failed is not trusted.
                for done in waiting {
                    tell(done, Err(JournalError::Closed));
                }
                tracing::error!(error = %failed, "the journal failed; nothing more is sent");
                return;
            }
        }
    }
}

fn commit(
    connection: &Connection,
    first: Job,
    queue: &Receiver<Job>,
    waiting: &mut Vec<oneshot::Sender<Result<(), JournalError>>>,
) -> Result<(), JournalError> {
    let transaction = connection.unchecked_transaction()?;
    let mut next = Some(first);
    while let Some(job) = next {
        match (job.run)(&transaction) {
            Ok(()) => waiting.push(job.done),
            Err(failed) => {
                tell(job.done, Err(failed));
                return Err(JournalError::Closed);
            }
        }
        next = if waiting.len() < BATCH_MAX { queue.try_recv().ok() } else { None };
    }
    Ok(transaction.commit()?)
}

fn tell(done: oneshot::Sender<Result<(), JournalError>>, result: Result<(), JournalError>) {
    let _nobody = done.send(result);
}
