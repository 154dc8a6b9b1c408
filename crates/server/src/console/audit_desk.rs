//! Audits that run in the background: one at a time in this process, whoever looks. What the last one found
//! stays until the next or the end of the process; nothing of it is needed to be right.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::administer::Administrator;
use app::audit::{AuditFailed, audit};
use app::reconcile::{Findings, reconcile};
use app::rows::LedgerAudit;
use domain::UnixMillis;

use super::edge::ConsoleEdge;
use crate::put_right::{NotPutRight, post_entries, take_all_back};

/// What can be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Ledger, rows and chain against each other.
    Everything,
    /// Ledger and rows only.
    Offline,
    /// What the chain shows and the rows do not know, in these blocks or in all after the watched one.
    Reconcile(Option<(i64, i64)>),
    /// To post the entries that the last one proposed.
    Entries,
    /// To take back what the last one found lent.
    TakeBacks,
}

/// One that runs.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) asked: Asked,
    pub(super) by: String,
    pub(super) began: UnixMillis,
    /// The block that was read, and the last one.
    pub(super) progress: Option<(i64, i64)>,
}

/// One that has ended.
pub(super) struct Ended {
    pub(super) run: Running,
    pub(super) at: UnixMillis,
    pub(super) outcome: Outcome,
}

/// What came of it.
pub(super) enum Outcome {
    Audited(LedgerAudit),
    Reconciled(Findings, Vec<NotPutRight>),
    Failed(AuditFailed),
}

/// Why none begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotBegun {
    /// Another one runs.
    Busy,
    /// Nothing is proposed.
    NothingProposed,
}

/// The audit that runs, if any, and the last one that ended.
#[derive(Default)]
pub struct AuditDesk {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    ended: Option<Arc<Ended>>,
}

impl AuditDesk {
    /// What runs, and what has ended.
    pub(super) fn look(&self) -> (Option<Running>, Option<Arc<Ended>>) {
        let state = self.state();
        (state.running.clone(), state.ended.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one could begin now.
    pub(super) fn check(&self, asked: Asked) -> Result<(), NotBegun> {
        self.state().proposed(asked).map(|_| ())
    }

    /// Takes the only place; with what the last one proposed, if that is what is to be done.
    fn begin(&self, run: Running) -> Result<Findings, NotBegun> {
        let mut state = self.state();
        let proposed = state.proposed(run.asked)?;
        state.running = Some(run);
        Ok(proposed)
    }

    fn progress(&self, read: i64, last: i64) {
        if let Some(running) = &mut self.state().running {
            running.progress = Some((read, last));
        }
    }

    fn end(&self, at: UnixMillis, outcome: Outcome) {
        let mut state = self.state();
        if let Some(run) = state.running.take() {
            state.ended = Some(Arc::new(Ended { run, at, outcome }));
        }
    }
}

impl State {
    fn proposed(&self, asked: Asked) -> Result<Findings, NotBegun> {
        if self.running.is_some() {
            return Err(NotBegun::Busy);
        }
        let proposed = match self.ended.as_deref().map(|ended| &ended.outcome) {
            Some(Outcome::Reconciled(found, _)) => Some(found.clone()),
            Some(Outcome::Audited(_) | Outcome::Failed(_)) | None => None,
        };
        let needs_proposal = matches!(asked, Asked::Entries | Asked::TakeBacks);
        if needs_proposal && proposed.as_ref().is_none_or(Findings::is_clean) {
            return Err(NotBegun::NothingProposed);
        }
        Ok(proposed.unwrap_or_default())
    }
}

/// Gives the place back if the work is cut off.
struct Place(Arc<ConsoleEdge>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.audits.state().running = None;
    }
}

/// Begins one; it goes on when whoever asked has left.
pub(super) fn begin(
    edge: &Arc<ConsoleEdge>,
    by: &Administrator,
    asked: Asked,
) -> Result<(), NotBegun> {
    let run = Running { asked, by: by.actor.clone(), began: by.now, progress: None };
    let proposed = edge.audits.begin(run)?;
    let (edge, by) = (edge.clone(), by.clone());
    tokio::spawn(async move {
        let place = Place(edge.clone());
        let outcome = work(&edge, &by, asked, proposed).await;
        edge.audits.end(edge.app.clock.now(), outcome.unwrap_or_else(Outcome::Failed));
        drop(place);
    });
    Ok(())
}

async fn work(
    edge: &ConsoleEdge,
    by: &Administrator,
    asked: Asked,
    mut found: Findings,
) -> Result<Outcome, AuditFailed> {
    let (database, node) = (&*edge.database, &*edge.app.node);
    match asked {
        Asked::Everything => Ok(Outcome::Audited(audit(&*edge.app.store, node).await?)),
        Asked::Offline => Ok(Outcome::Audited(edge.app.store.audit().await?)),
        Asked::Reconcile(blocks) => {
            let prices = &edge.app.settings.prices;
            let progress = |read: i64, last: i64| edge.audits.progress(read, last);
            let found = reconcile(database, node, prices, blocks, &progress).await?;
            Ok(Outcome::Reconciled(found, Vec::new()))
        }
        Asked::Entries => {
            let failures = post_entries(by, &mut found).await;
            Ok(Outcome::Reconciled(found, failures))
        }
        Asked::TakeBacks => {
            let ports = (database, node, &*edge.app.signer);
            let administrator = || Administrator { now: edge.app.clock.now(), ..by.clone() };
            let failures = take_all_back(ports, &administrator, &mut found).await;
            Ok(Outcome::Reconciled(found, failures))
        }
    }
}
