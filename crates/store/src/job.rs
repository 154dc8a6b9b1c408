//! Something to be done with a connection, and somebody who waits for the result.

use std::time::Instant;

use app::ports::StoreError;
use app::rows::Needs;
use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::sql::Connection;

/// One job; it is run inside a transaction and answered after it.
pub(crate) trait Job: Send {
    /// Does it; the result is kept until [`Job::finish`].
    fn run(&mut self, connection: &Connection) -> Result<(), Fault>;

    /// Whether it reads so much that its statements may take long.
    fn is_long(&self) -> bool;

    /// What it needs, if it is a work.
    fn needs(&self) -> Option<&Needs>;

    /// When it was made.
    fn made(&self) -> Instant;

    /// Answers with the kept result, or with the error.
    fn finish(self: Box<Self>, error: Option<StoreError>);
}

struct Task<F, T> {
    run: F,
    is_long: bool,
    needs: Option<Needs>,
    made: Instant,
    result: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Task<F, T>
where
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.result = Some((self.run)(connection)?);
        Ok(())
    }

    fn is_long(&self) -> bool {
        self.is_long
    }

    fn needs(&self) -> Option<&Needs> {
        self.needs.as_ref()
    }

    fn made(&self) -> Instant {
        self.made
    }

    fn finish(self: Box<Self>, error: Option<StoreError>) {
        let result = match (error, self.result) {
            (None, Some(result)) => Ok(result),
            (Some(error), _) => Err(error),
            (None, None) => Err(StoreError::Broken("a job ended without a result".to_owned())),
        };
        // Whoever asked may have given up waiting; what was committed stays committed.
        drop(self.answer.send(result));
    }
}

/// The answer to a job, once it is there.
pub(crate) type Waiting<T> = oneshot::Receiver<Result<T, StoreError>>;

/// A job and where its answer arrives. A work says what it needs.
pub(crate) fn job<F, T>(run: F, is_long: bool, needs: Option<Needs>) -> (Box<dyn Job>, Waiting<T>)
where
    F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    T: Send + 'static,
{
    let (answer, waiting) = oneshot::channel();
    (Box::new(Task { run, is_long, needs, made: Instant::now(), result: None, answer }), waiting)
}
