//! Many jobs in one durable transaction; each is answered only after it was committed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::fault::{self, Fault};
use crate::job::Job;
use crate::sql::{self, Connection};
use crate::tally::{Recent, Tally};
use crate::together::{not_committed, write_together};
use app::commit_counts::OneByOne;
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
    may_write: Option<MayWrite>,
    fail_point: Option<FailPoint>,
    /// When a connection was last tried to be made again, in vain.
    gone: Option<Instant>,
    tally: Arc<Tally>,
    recent: Recent,
}

/// Asked in each transaction before anything is written: whether this is still the database that others
/// will open.
type MayWrite = Box<dyn Fn(&Connection) -> Result<(), StoreError> + Send>;

impl Engine {
    /// An engine on this connection; `reconnect` makes another one to the same database.
    pub(crate) fn new(connection: Connection, reconnect: Option<Connect>) -> Self {
        Self {
            connection,
            reconnect,
            may_write: None,
            fail_point: None,
            gone: None,
            tally: Arc::default(),
            recent: Recent::default(),
        }
    }

    /// Where it counts how its commits went.
    pub(crate) fn tally(&self) -> Arc<Tally> {
        self.tally.clone()
    }

    /// Writes nothing while this says no.
    pub(crate) fn only_while(self, may_write: MayWrite) -> Self {
        Self { may_write: Some(may_write), ..self }
    }

    /// Asks this at each moment of each commit from now on.
    pub(crate) fn set_fail_point(&mut self, fail_point: Option<FailPoint>) {
        self.fail_point = fail_point;
    }

    /// Runs jobs in one transaction and answers them.
    ///
    /// A job that fails alone undoes what it wrote and leaves its neighbours alone. When the
    /// transaction fails, every job gets the error: what one decided may rest on what another wrote.
    /// One that was only in the way of another is done again, decisions and all.
    pub(crate) fn execute(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let (mut tries, mut is_together) = (1, true);
        let round_trips = self.connection.round_trips();
        let mut was_alive = Some(Instant::now());
        let outcome = loop {
            match self.transact(&mut jobs, is_together) {
                Err(Stop::OneByOne(why)) if is_together => {
                    is_together = false;
                    self.tally.done_one_by_one(why);
                    self.come_to_rest();
                }
                Err(Stop::OneByOne(_)) => {
                    let what = "a work could not be done for itself";
                    break Err(StoreError::Broken(what.to_owned()));
                }
                // The connection had died while nothing was asked of it.
                Err(Stop::Gone(_))
                    if was_alive.take().is_some_and(|began| began.elapsed() < AT_ONCE)
                        && self.come_to_rest() => {}
                Err(Stop::InTheWay(_)) if tries < TRIES_MAX => {
                    tries += 1;
                    self.tally.repeated();
                    self.come_to_rest();
                }
                Err(Stop::InTheWay(error) | Stop::Gone(error) | Stop::Failed(error)) => {
                    break Err(error);
                }
                Ok(errors) => break Ok(errors),
            }
        };
        // A new connection counts from the beginning.
        self.tally.waited(self.connection.round_trips().saturating_sub(round_trips));
        if let Some(one_by_one) = self.recent.add(!is_together) {
            let counts = self.tally.counts();
            tracing::warn!(
                ?counts,
                "{one_by_one} of the last 100 transactions were done work by work"
            );
        }
        match outcome {
            Ok(errors) => {
                self.tally.committed(jobs.len());
                for (job, error) in jobs.into_iter().zip(errors) {
                    job.finish(error);
                }
            }
            Err(error) => {
                tracing::error!(%error, jobs = jobs.len(), "the database could not commit");
                self.tally.failed();
                for job in jobs {
                    job.finish(Some(error.clone()));
                }
                self.come_to_rest();
            }
        }
    }

    /// Runs a job that only reads, on one state of the database; once more on a new connection, if the
    /// old one had died meanwhile.
    pub(crate) fn read(&mut self, mut job: Box<dyn Job>) {
        let began = Instant::now();
        self.connection.set_patience(job.is_long());
        let mut error = read_alone(&self.connection, job.as_mut());
        let has_died = matches!(error, Some(StoreError::Unavailable(_)));
        if has_died && began.elapsed() < AT_ONCE && self.come_to_rest() {
            self.connection.set_patience(job.is_long());
            error = read_alone(&self.connection, job.as_mut());
        }
        job.finish(error);
        self.come_to_rest();
    }

    fn transact(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        is_together: bool,
    ) -> Result<Vec<Option<StoreError>>, Stop> {
        let is_together = is_together && self.connection.as_postgres().is_some();
        let errors = match self.write(jobs, is_together) {
            // Nothing can have become durable yet.
            Err(Stop::Failed(error)) => return Err(Stop::Gone(error)),
            written => written?,
        };
        if self.connection.is_at_rest() {
            return Ok(errors);
        }
        self.pass(CommitMoment::BeforeCommit)?;
        match self.connection.commit() {
            Err(error) if is_together => return Err(not_committed(error)),
            committed => committed?,
        }
        self.pass(CommitMoment::AfterCommit)?;
        Ok(errors)
    }

    /// Opens the transaction and does everything in it but the commit.
    fn write(
        &self,
        jobs: &mut [Box<dyn Job>],
        is_together: bool,
    ) -> Result<Vec<Option<StoreError>>, Stop> {
        self.connection.ask_to_write()?;
        if let Some(may_write) = &self.may_write {
            may_write(&self.connection).map_err(Stop::Failed)?;
        }
        let session = self.connection.as_postgres().filter(|_| is_together);
        match (session, jobs) {
            (Some(session), jobs) => write_together(&self.connection, session, jobs),
            (None, [alone]) => Ok(vec![write_alone(&self.connection, alone.as_mut())?]),
            (None, jobs) => {
                jobs.iter_mut().map(|job| write_one(&self.connection, job.as_mut())).collect()
            }
        }
    }

    fn pass(&mut self, moment: CommitMoment) -> Result<(), Stop> {
        let fails = self.fail_point.as_mut().is_some_and(|fail_point| fail_point(moment));
        match fails {
            true => {
                let error = StoreError::Unavailable(format!("failed on purpose: {moment:?}"));
                Err(Stop::Failed(error))
            }
            false => Ok(()),
        }
    }

    /// Leaves the transaction that failed; a connection that cannot is replaced, which is what is
    /// answered.
    fn come_to_rest(&mut self) -> bool {
        if self.connection.is_at_rest() || self.connection.rollback().is_ok() {
            return false;
        }
        // Whoever comes next is not to wait for the same again.
        if self.gone.is_some_and(|since| since.elapsed() < RECONNECT_EVERY) {
            return false;
        }
        let began = Instant::now();
        match self.reconnect.as_ref().and_then(|connect| connect().ok()) {
            Some(connection) => {
                self.connection = connection;
                self.gone = None;
                true
            }
            None => {
                self.gone = (began.elapsed() > AT_ONCE).then(Instant::now);
                false
            }
        }
    }
}

/// That a connection has died, or that nobody listens, shows within this; longer is silence.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Between two tries to reach a database that is silent.
const RECONNECT_EVERY: Duration = Duration::from_millis(500);
/// Most times that works are done because their transaction was in the way of another one.
const TRIES_MAX: u32 = 10;

/// Why a transaction did not come to its end.
pub(crate) enum Stop {
    /// What was done together has to be done one by one.
    OneByOne(OneByOne),
    /// It was only in the way of another one.
    InTheWay(StoreError),
    /// The database failed before the commit was asked for.
    Gone(StoreError),
    /// The database failed.
    Failed(StoreError),
}

/// What stops a word around a transaction is the database's state: the words take no data.
impl From<sql::Error> for Stop {
    fn from(error: sql::Error) -> Self {
        let (failed, is_in_the_way) = (error.unavailable(), error.is_worth_repeating());
        if is_in_the_way { Self::InTheWay(failed) } else { Self::Failed(failed) }
    }
}

/// Runs one job so that it leaves everything or nothing. `Ok(Some)`: it failed alone.
pub(crate) fn write_one(
    connection: &Connection,
    job: &mut dyn Job,
) -> Result<Option<StoreError>, Stop> {
    connection.savepoint()?;
    let error = own_error(attempt(connection, job))?;
    if error.is_some() {
        connection.rollback_to_savepoint()?;
    }
    connection.release()?;
    Ok(error)
}

/// The same for a job that has a transaction to itself: `Ok(Some)` has ended it, without a trace.
fn write_alone(connection: &Connection, job: &mut dyn Job) -> Result<Option<StoreError>, Stop> {
    let error = own_error(attempt(connection, job))?;
    if error.is_some() {
        connection.rollback()?;
    }
    Ok(error)
}

/// What a job failed with that is its own matter; anything else stops the transaction.
fn own_error(outcome: Result<(), Fault>) -> Result<Option<StoreError>, Stop> {
    match outcome {
        Ok(()) => Ok(None),
        Err(Fault::Sql(error)) if error.is_worth_repeating() => Err(error.into()),
        Err(fault) => match fault::store_error(fault) {
            fatal @ StoreError::Unavailable(_) => Err(Stop::Failed(fatal)),
            own @ (StoreError::LeaseLost
            | StoreError::Conflict(_)
            | StoreError::Broken(_)
            | StoreError::Busy) => Ok(Some(own)),
        },
    }
}

fn read_alone(connection: &Connection, job: &mut dyn Job) -> Option<StoreError> {
    if let Err(error) = connection.begin_read() {
        return Some(error.unavailable());
    }
    let error = attempt(connection, job).map_err(fault::store_error).err();
    let end = connection.commit().map_err(|error| error.unavailable()).err();
    error.or(end)
}

/// Runs a job; a panic in it is an error of this job and of nobody else.
pub(crate) fn attempt(connection: &Connection, job: &mut dyn Job) -> Result<(), Fault> {
    match catch_unwind(AssertUnwindSafe(|| job.run(connection))) {
        Ok(result) => result.and_then(|()| Ok(connection.settle()?)),
        Err(panic) => Err(Fault::Broken(format!("a decision panicked: {}", said(&*panic)))),
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "without words",
    }
}
