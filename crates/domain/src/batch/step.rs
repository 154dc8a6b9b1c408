//! What happens to a batch as a whole.

use super::{Batch, BatchState, DryRun, Hindrance};
use crate::time::UnixMillis;

/// Something that happens to a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchEvent {
    /// A person wants to know what its rows would need and cost.
    DryRunAsked,
    /// Every row that waits was looked at.
    DryRunDone,
    /// A person lets it begin.
    Started,
    /// A person wants no more rows to start.
    Paused,
    /// A person lets it go on.
    Resumed,
    /// A person gives up what has not started.
    Cancelled,
    /// A person lets so many failed rows wait again.
    Retried {
        /// How many there are.
        rows: u32,
    },
    /// Rows could not become orders, and none of those that were tried with them did.
    Hindered(Hindrance),
    /// A row became an order.
    Unhindered,
    /// No row waits and no order is being filled.
    Exhausted,
}

/// Why nothing happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BatchRefused {
    /// It is in another state.
    #[error("a batch that is {} cannot do this", .0.name())]
    NotNow(BatchState),
    /// No row has failed.
    #[error("no row has failed")]
    NothingFailed,
    /// It is so already.
    #[error("nothing changes")]
    NoChange,
}

/// The batch after an event.
///
/// Errors: [`BatchRefused`]; nothing changes then.
pub fn step(batch: &Batch, event: BatchEvent, now: UnixMillis) -> Result<Batch, BatchRefused> {
    use BatchState::{Cancelled, Draft, Finished, Paused, Running};
    let not_now = Err(BatchRefused::NotNow(batch.state));
    let next = batch.clone();
    // A look at rows that are ordered meanwhile would never end.
    let dry_run = batch.dry_run.filter(|run| run.finished.is_some());
    let running =
        Batch { state: Running, hindrance: None, resumed: Some(now), dry_run, ..batch.clone() };
    match (event, batch.state) {
        (BatchEvent::DryRunAsked, Draft | Paused) => {
            let dry_run = Some(DryRun { begun: now, finished: None });
            Ok(Batch { dry_run, ..next })
        }
        (BatchEvent::DryRunDone, Draft | Paused) => {
            let Some(run) = batch.open_dry_run() else { return Err(BatchRefused::NoChange) };
            Ok(Batch { dry_run: Some(DryRun { finished: Some(now), ..run }), ..next })
        }
        (BatchEvent::Started, Draft) | (BatchEvent::Resumed, Paused) => Ok(running),
        (BatchEvent::Paused, Running) => {
            Ok(Batch { state: Paused, hindrance: Some(Hindrance::Person), ..next })
        }
        (BatchEvent::Cancelled, Draft | Running | Paused) => {
            Ok(Batch { state: Cancelled, hindrance: None, ended: Some(now), dry_run, ..next })
        }
        (BatchEvent::Retried { rows: 0 }, Running | Paused | Finished) => {
            Err(BatchRefused::NothingFailed)
        }
        (BatchEvent::Retried { .. }, Running | Paused) => Ok(next),
        (BatchEvent::Retried { .. }, Finished) => Ok(Batch { ended: None, ..running }),
        (BatchEvent::Hindered(by), Running) if batch.hindrance == Some(by) => {
            Err(BatchRefused::NoChange)
        }
        (BatchEvent::Hindered(by), Running) => {
            let state = if by.passes() { Running } else { Paused };
            Ok(Batch { state, hindrance: Some(by), ..next })
        }
        (BatchEvent::Unhindered, Running) => match batch.hindrance {
            Some(_) => Ok(Batch { hindrance: None, ..next }),
            None => Err(BatchRefused::NoChange),
        },
        (BatchEvent::Exhausted, Running) => {
            Ok(Batch { state: Finished, hindrance: None, ended: Some(now), ..next })
        }
        (
            BatchEvent::DryRunAsked
            | BatchEvent::DryRunDone
            | BatchEvent::Started
            | BatchEvent::Paused
            | BatchEvent::Resumed
            | BatchEvent::Cancelled
            | BatchEvent::Retried { .. }
            | BatchEvent::Hindered(_)
            | BatchEvent::Unhindered
            | BatchEvent::Exhausted,
            _,
        ) => not_now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{BatchId, KeyId, MerchantId};

    const NOW: UnixMillis = UnixMillis(1_000);

    fn in_state(state: BatchState) -> Batch {
        let who = (MerchantId(1), KeyId(1));
        let draft = Batch::draft(BatchId([1; 16]), who, "June".to_owned(), 3, UnixMillis(1));
        Batch { state, ..draft }
    }

    /// Event, and the state after it from draft, running, paused, finished, cancelled; "-" is refused.
    const TABLE: [(BatchEvent, [&str; 5]); 12] = [
        (BatchEvent::DryRunAsked, ["draft", "-", "paused", "-", "-"]),
        (BatchEvent::DryRunDone, ["-", "-", "-", "-", "-"]),
        (BatchEvent::Started, ["running", "-", "-", "-", "-"]),
        (BatchEvent::Paused, ["-", "paused", "-", "-", "-"]),
        (BatchEvent::Resumed, ["-", "-", "running", "-", "-"]),
        (BatchEvent::Cancelled, ["cancelled", "cancelled", "cancelled", "-", "-"]),
        (BatchEvent::Retried { rows: 2 }, ["-", "running", "paused", "running", "-"]),
        (BatchEvent::Retried { rows: 0 }, ["-", "-", "-", "-", "-"]),
        (BatchEvent::Hindered(Hindrance::Funds), ["-", "paused", "-", "-", "-"]),
        (BatchEvent::Hindered(Hindrance::Capacity), ["-", "running", "-", "-", "-"]),
        (BatchEvent::Unhindered, ["-", "-", "-", "-", "-"]),
        (BatchEvent::Exhausted, ["-", "finished", "-", "-", "-"]),
    ];

    #[test]
    fn every_event_in_every_state() {
        for (event, after) in TABLE {
            for (state, expected) in BatchState::ALL.into_iter().zip(after) {
                let found = step(&in_state(state), event, NOW).map(|batch| batch.state.name());
                assert_eq!(found.unwrap_or("-"), expected, "{event:?} in {state:?}");
            }
        }
    }

    #[test]
    fn what_stops_a_batch_is_said_until_it_goes_on() {
        let running = step(&in_state(BatchState::Draft), BatchEvent::Started, NOW).unwrap();
        let short = step(&running, BatchEvent::Hindered(Hindrance::Funds), NOW).unwrap();
        assert_eq!((short.state, short.hindrance), (BatchState::Paused, Some(Hindrance::Funds)));
        let again = step(&short, BatchEvent::Resumed, UnixMillis(2_000)).unwrap();
        assert_eq!((again.hindrance, again.resumed), (None, Some(UnixMillis(2_000))));
        let full = step(&again, BatchEvent::Hindered(Hindrance::Capacity), NOW).unwrap();
        assert_eq!((full.state, full.hindrance), (BatchState::Running, Some(Hindrance::Capacity)));
        let same = step(&full, BatchEvent::Hindered(Hindrance::Capacity), NOW);
        assert_eq!(same, Err(BatchRefused::NoChange));
        assert_eq!(step(&full, BatchEvent::Unhindered, NOW).unwrap().hindrance, None);
    }

    #[test]
    fn a_dry_run_ends_once_and_only_while_nothing_is_ordered() {
        let asked = step(&in_state(BatchState::Draft), BatchEvent::DryRunAsked, NOW).unwrap();
        assert!(asked.wants_work());
        let done = step(&asked, BatchEvent::DryRunDone, UnixMillis(3_000)).unwrap();
        assert_eq!(done.dry_run.unwrap().finished, Some(UnixMillis(3_000)));
        assert!(!done.wants_work());
        assert_eq!(step(&done, BatchEvent::DryRunDone, NOW), Err(BatchRefused::NoChange));
        let started = step(&asked, BatchEvent::Started, NOW).unwrap();
        assert_eq!(started.dry_run, None, "orders are placed instead");
        let started = step(&done, BatchEvent::Started, NOW).unwrap();
        assert_eq!(started.dry_run, done.dry_run, "what was found stays");
    }
}
