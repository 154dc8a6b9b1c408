//! Many jobs in one durable transaction; each is answered only after it was committed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::fault;
use crate::job::Job;
use crate::sql::{self, Connection};
use app::ports::StoreError;

/// Where a [`FailPoint`] is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitMoment {
    /// Everything is written and nothing is durable.
    BeforeCommit,
    /// Everything is durable and nobody was told.
    AfterCommit,
}

/// Asked at each moment of each commit whether to fail there; for simulations.
pub type FailPoint = Box<dyn FnMut(CommitMoment) -> bool + Send>;

/// Makes a connection; again, when one could not be brought back to rest.
type Connect = Box<dyn Fn() -> sql::Result<Connection> + Send>;

/// A connection that may write, and what happens around it.
pub(crate) struct Engine {
    connection: Connection,
    reconnect: Option<Connect>,
    fail_point: Option<FailPoint>,
}

impl Engine {
    /// An engine on this connection; `reconnect` makes another one to the same database.
    pub(crate) fn new(connection: Connection, reconnect: Option<Connect>) -> Self {
        Self { connection, reconnect, fail_point: None }
    }

    /// Asks this at each moment of each commit from now on.
    pub(crate) fn set_fail_point(&mut self, fail_point: Option<FailPoint>) {
        self.fail_point = fail_point;
    }

    /// Runs jobs in one transaction and answers them.
    ///
    /// A job that fails alone undoes what it wrote and leaves its neighbours alone. When the
    /// transaction fails, every job gets the error: what one decided may rest on what another wrote.
    pub(crate) fn execute(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        match self.transact(&mut jobs) {
            Ok(errors) => {
                for (job, error) in jobs.into_iter().zip(errors) {
                    job.finish(error);
                }
            }
            Err(error) => {
                tracing::error!(%error, jobs = jobs.len(), "the database could not commit");
                self.come_to_rest();
                for job in jobs {
                    job.finish(Some(error.clone()));
                }
            }
        }
    }

    /// Runs a job that only reads, on one state of the database.
    pub(crate) fn read(&mut self, mut job: Box<dyn Job>) {
        let error = match read_alone(&self.connection, job.as_mut()) {
            Ok(error) => error,
            Err(error) => {
                self.come_to_rest();
                Some(error)
            }
        };
        job.finish(error);
    }

    fn transact(
        &mut self,
        jobs: &mut [Box<dyn Job>],
    ) -> Result<Vec<Option<StoreError>>, StoreError> {
        word(self.connection.begin_write())?;
        let mut errors = Vec::with_capacity(jobs.len());
        for job in jobs {
            errors.push(write_one(&self.connection, job.as_mut())?);
        }
        self.pass(CommitMoment::BeforeCommit)?;
        word(self.connection.commit())?;
        self.pass(CommitMoment::AfterCommit)?;
        Ok(errors)
    }

    fn pass(&mut self, moment: CommitMoment) -> Result<(), StoreError> {
        let fails = self.fail_point.as_mut().is_some_and(|fail_point| fail_point(moment));
        match fails {
            true => Err(StoreError::Unavailable(format!("failed on purpose: {moment:?}"))),
            false => Ok(()),
        }
    }

    /// Leaves the transaction that failed; a connection that cannot is replaced.
    fn come_to_rest(&mut self) {
        if self.connection.is_at_rest() {
            return;
        }
        if self.connection.rollback().is_ok() {
            return;
        }
        if let Some(connection) = self.reconnect.as_ref().and_then(|connect| connect().ok()) {
            self.connection = connection;
        }
    }
}

/// The outcome of a word around a transaction.
fn word(outcome: sql::Result<()>) -> Result<(), StoreError> {
    // The words take no data, so whatever stops them is the database's state.
    outcome.map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Runs one job so that it leaves everything or nothing. `Ok(Some)`: it failed alone.
fn write_one(connection: &Connection, job: &mut dyn Job) -> Result<Option<StoreError>, StoreError> {
    word(connection.savepoint())?;
    let error = match attempt(connection, job) {
        Ok(()) => None,
        Err(fatal @ StoreError::Unavailable(_)) => return Err(fatal),
        Err(own) => {
            word(connection.rollback_to_savepoint())?;
            Some(own)
        }
    };
    word(connection.release())?;
    Ok(error)
}

fn read_alone(
    connection: &Connection,
    job: &mut dyn Job,
) -> Result<Option<StoreError>, StoreError> {
    word(connection.begin_read())?;
    let error = attempt(connection, job).err();
    word(connection.commit())?;
    Ok(error)
}

/// Runs a job; a panic in it is an error of this job and of nobody else.
fn attempt(connection: &Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    match catch_unwind(AssertUnwindSafe(|| job.run(connection))) {
        Ok(result) => result.map_err(fault::store_error),
        Err(panic) => Err(StoreError::Broken(format!("a decision panicked: {}", said(&*panic)))),
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "without words",
    }
}
