//! Audits that run in the background: one at a time in this process, whoever looks. That one began, and what
//! it found, are lines in the log of changes, so every server of the shop shows the same.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::administer::{AdminRefused, Administrator, DepositKeys};
use app::audit::{AuditFailed, audit};
use app::ports::StoreError;
use app::reconcile::{Findings, reconcile};
use app::rows::LedgerAudit;
use domain::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::audit::failure_sentence;
use super::audit_paper::{Paper, PaperOutcome};
use super::edge::ConsoleEdge;
use super::phrase::Tongue;
use crate::put_right::{post_entries, take_all_back};

/// What the lines of the log are about.
const SUBJECT: &str = "pool";

/// What can be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    pub(super) run: String,
    pub(super) asked: Asked,
    pub(super) by: String,
    pub(super) began: UnixMillis,
    /// The block that was read, and the last one.
    pub(super) progress: Option<(i64, i64)>,
    /// Whether it runs in this process, so that more about it is not known.
    pub(super) is_here: bool,
}

/// One that has ended.
pub(super) struct Ended {
    pub(super) paper: Paper,
    pub(super) by: String,
    pub(super) at: UnixMillis,
}

/// What came of it.
pub(super) enum Outcome {
    Audited(LedgerAudit),
    /// What was found, and what could not be put right, in each language.
    Reconciled(Findings, Vec<[String; 2]>),
    Failed(AuditFailed),
}

/// Why none begins.
#[derive(Debug)]
pub(super) enum NotBegun {
    /// Another one runs here.
    Busy,
    /// Nothing is proposed, or something else than was shown.
    NothingProposed,
    /// The log could not be read or written.
    Log(AdminRefused),
}

/// The audit that runs in this process, if any.
#[derive(Default)]
pub struct AuditDesk {
    running: Mutex<Option<Running>>,
}

/// What the line of a beginning says.
#[derive(Deserialize)]
struct Began {
    run: String,
    kind: Asked,
}

impl AuditDesk {
    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the only place.
    fn take(&self, run: Running) -> Result<(), NotBegun> {
        let mut running = self.running();
        if running.is_some() {
            return Err(NotBegun::Busy);
        }
        *running = Some(run);
        Ok(())
    }

    fn progress(&self, read: i64, last: i64) {
        if let Some(running) = self.running().as_mut() {
            running.progress = Some((read, last));
        }
    }
}

/// What runs, and what has ended, here or on another server.
///
/// Errors: the store's.
pub(super) async fn look(
    edge: &ConsoleEdge,
) -> Result<(Option<Running>, Option<Ended>), StoreError> {
    let here = edge.audits.running().clone();
    let ended = ended(edge).await?;
    let running = match here {
        Some(running) => Some(running),
        None => begun(edge).await?.filter(|running| {
            ended
                .as_ref()
                .is_none_or(|ended| ended.paper.run != running.run && ended.at <= running.began)
        }),
    };
    Ok((running, ended))
}

/// The last one that ended; `None` as well for what another release wrote.
async fn ended(edge: &ConsoleEdge) -> Result<Option<Ended>, StoreError> {
    let Some(line) = edge.records.newest_log_of("audit.end").await? else { return Ok(None) };
    let paper = serde_json::from_str(&line.after.unwrap_or_default());
    Ok(paper.ok().map(|paper| Ended { paper, by: line.actor, at: line.at }))
}

/// The last one that began, as if it ran elsewhere.
async fn begun(edge: &ConsoleEdge) -> Result<Option<Running>, StoreError> {
    let Some(line) = edge.records.newest_log_of("audit.run").await? else { return Ok(None) };
    let told: Result<Began, _> = serde_json::from_str(&line.after.unwrap_or_default());
    Ok(told.ok().map(|told| Running {
        run: told.run,
        asked: told.kind,
        by: line.actor,
        began: line.at,
        progress: None,
        is_here: false,
    }))
}

/// Gives the place back, also if the work is cut off.
struct Place(Arc<ConsoleEdge>);

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.audits.running() = None;
    }
}

/// Begins one; it goes on when whoever asked has left. What was `shown` is the run whose proposal is done.
pub(super) async fn begin(
    edge: &Arc<ConsoleEdge>,
    by: &Administrator,
    asked: Asked,
    shown: &str,
) -> Result<(), NotBegun> {
    let proposed = proposed(edge, asked, shown).await?;
    let run = edge.app.ids.order_id(by.now).to_string();
    let running = Running {
        run: run.clone(),
        asked,
        by: by.actor.clone(),
        began: by.now,
        progress: None,
        is_here: true,
    };
    edge.audits.take(running)?;
    let place = Place(edge.clone());
    let told = json!({"run": run, "kind": asked});
    by.note("audit.run", SUBJECT.to_owned(), &told).await.map_err(NotBegun::Log)?;
    let (edge, by) = (edge.clone(), by.clone());
    tokio::spawn(async move {
        let outcome = work(&edge, &by, asked, proposed).await.unwrap_or_else(Outcome::Failed);
        let outcome = PaperOutcome::of(&outcome);
        let paper = Paper { run, kind: asked, began_ms: by.now.get(), outcome };
        let by = Administrator { now: edge.app.clock.now(), ..by };
        if let Err(failed) = by.note("audit.end", SUBJECT.to_owned(), &json!(paper)).await {
            tracing::error!("what an audit found could not be kept: {failed}");
        }
        drop(place);
    });
    Ok(())
}

/// What the last one proposed, if that is what is to be done.
async fn proposed(edge: &ConsoleEdge, asked: Asked, shown: &str) -> Result<Findings, NotBegun> {
    if !matches!(asked, Asked::Entries | Asked::TakeBacks) {
        return Ok(Findings::default());
    }
    let ended = ended(edge).await.map_err(|failed| NotBegun::Log(failed.into()))?;
    let found = ended
        .filter(|ended| ended.paper.run == shown)
        .and_then(|ended| ended.paper.outcome.findings());
    found.filter(|found| !found.is_clean()).ok_or(NotBegun::NothingProposed)
}

async fn work(
    edge: &ConsoleEdge,
    by: &Administrator,
    asked: Asked,
    mut found: Findings,
) -> Result<Outcome, AuditFailed> {
    let (database, node) = (&*edge.database, &*edge.app.node);
    let failures = match asked {
        Asked::Everything => {
            return Ok(Outcome::Audited(audit(&*edge.app.store, node).await?));
        }
        Asked::Offline => return Ok(Outcome::Audited(edge.app.store.audit().await?)),
        Asked::Reconcile(blocks) => {
            let prices = &edge.app.settings.prices;
            let progress = |read: i64, last: i64| edge.audits.progress(read, last);
            let keys = edge.deposit_keys.as_ref().map(|keys| keys as &dyn DepositKeys);
            found = reconcile(database, node, keys, prices, blocks, &progress).await?;
            Vec::new()
        }
        Asked::Entries => post_entries(by, &mut found).await,
        Asked::TakeBacks => {
            let ports = (database, node, &*edge.app.signer);
            let administrator = || Administrator { now: edge.app.clock.now(), ..by.clone() };
            take_all_back(ports, &administrator, &mut found).await
        }
    };
    let failures = failures.iter();
    let failures =
        failures.map(|one| Tongue::ALL.map(|tongue| failure_sentence(tongue, one))).collect();
    Ok(Outcome::Reconciled(found, failures))
}
