//! Many jobs in one transaction of PostgreSQL: what works need is read ahead for all of them, and what they
//! write goes as statements of many rows, so that a batch takes as many round trips as one order.
//!
//! Nothing is undone here for one job alone. Where one would have to be, or where the database refuses
//! anything, the whole transaction is done again with each job for itself.

use app::commit_counts::OneByOne;
use app::ports::StoreError;
use app::rows::Needs;

use crate::engine::{Stop, attempt, write_one};
use crate::fault::{self, Fault};
use crate::job::Job;
use crate::known::covers;
use crate::read_ahead::read_ahead;
use crate::sql::{Connection, Session};

/// Runs jobs so that each leaves everything or nothing; what some of them wrote may not have been sent.
/// `Some`: that one failed alone.
pub(crate) fn write_together(
    connection: &Connection,
    session: &Session,
    jobs: &mut [Box<dyn Job>],
) -> Result<Vec<Option<StoreError>>, Stop> {
    let mut errors: Vec<Option<StoreError>> = jobs.iter().map(|_| None).collect();
    let (mut works, mut needs) = (Vec::new(), Vec::<Needs>::new());
    // Nobody has been answered yet, so that any order of them will do.
    for (job, error) in jobs.iter_mut().zip(&mut errors) {
        match job.needs().filter(|needs| covers(needs)).cloned() {
            Some(one) => {
                needs.push(one);
                works.push((job, error));
            }
            None => *error = write_one(connection, job.as_mut())?,
        }
    }
    if works.is_empty() {
        return Ok(errors);
    }
    let known = read_ahead(session, &needs).map_err(one_by_one)?;
    session.known().replace(Some(known));
    session.gather(true);
    for (job, error) in works {
        let before = session.writes();
        if let Err(fault) = attempt(connection, job.as_mut()) {
            // A lease that is lost is found before anything is written.
            if session.writes() > before || !matches!(fault, Fault::LeaseLost) {
                return Err(one_by_one(fault));
            }
            *error = Some(StoreError::LeaseLost);
        }
    }
    Ok(errors)
}

/// What went wrong may be one job's own.
fn one_by_one(fault: Fault) -> Stop {
    tracing::debug!(?fault, "works that were done together are done one by one");
    if let Fault::Sql(error) = &fault
        && error.is_worth_repeating()
    {
        return Stop::InTheWay(error.unavailable());
    }
    match fault::store_error(fault) {
        fatal @ StoreError::Unavailable(_) => Stop::Failed(fatal),
        StoreError::Conflict(_) | StoreError::Busy => Stop::OneByOne(OneByOne::Refused),
        StoreError::Broken(_) => Stop::OneByOne(OneByOne::Broken),
        StoreError::LeaseLost => Stop::OneByOne(OneByOne::LeaseLost),
    }
}

/// What a failed commit of works that were done together means.
pub(crate) fn not_committed(error: crate::sql::Error) -> Stop {
    one_by_one(Fault::Sql(error))
}
