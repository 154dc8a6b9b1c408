//! One batch: how far it is, what it costs and saves, and where every address stands.

use app::administer::BatchAct;
use app::batch_rows::RowFilter;
use app::look_at_batch::BatchOverview;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::BatchId;
use domain::batch::{Batch, BatchState, Hindrance, RowStage};

use super::batch_figures::{Figures, Found, Funds};
use super::batch_row::Line;
use super::batch_view::{Chip, Pages, ROWS_ON_PAGE, View, Wanted};
use super::batches::state;
use super::frame::Frame;
use super::refused::Refused;
use super::visit::{Change, Visit};
use super::{PREFIX, asset};
use crate::batch_csv;

#[derive(Template)]
#[template(path = "batch.html")]
struct BatchPage<'a> {
    frame: &'a Frame,
    overview: &'a BatchOverview,
    view: &'a View,
    merchant: String,
    state: (&'static str, &'static str),
    hindrance: Option<&'static str>,
    acts: Vec<Act>,
    /// Rows that cancelling would give up, if it can be cancelled.
    given_up: Option<String>,
    figures: Figures,
    found: Option<Found>,
    funds: Option<Funds>,
    chips: Vec<Chip>,
    lines: Vec<Line>,
    pages: Pages,
}

/// A button.
struct Act {
    name: &'static str,
    phrase: &'static str,
    look: &'static str,
}

const fn hindrance_phrase(by: Hindrance) -> &'static str {
    match by {
        Hindrance::Person => "batches.by-person",
        Hindrance::Funds => "batches.by-funds",
        Hindrance::KeyCap => "batches.by-cap",
        Hindrance::KeyRevoked => "batches.by-key",
        Hindrance::MerchantPaused => "batches.by-merchant",
        Hindrance::Capacity => "batches.by-capacity",
        Hindrance::Chain => "batches.by-chain",
    }
}

/// What may be done to a batch now, beside cancelling it.
fn acts(overview: &BatchOverview) -> Vec<Act> {
    let act = |act: BatchAct, phrase, look| Act { name: act.name(), phrase, look };
    let dry_run = act(BatchAct::DryRun, "batches.dry-run", "");
    let mut acts = match overview.batch.state {
        BatchState::Draft => vec![act(BatchAct::Start, "batches.start", "primary"), dry_run],
        BatchState::Running => vec![act(BatchAct::Pause, "batches.pause", "primary")],
        BatchState::Paused => vec![act(BatchAct::Resume, "batches.resume", "primary"), dry_run],
        BatchState::Finished | BatchState::Cancelled => Vec::new(),
    };
    if overview.totals.failures() > 0 && overview.batch.state != BatchState::Cancelled {
        acts.push(act(BatchAct::Retry, "batches.retry", ""));
    }
    acts
}

/// The page.
pub(super) async fn show(
    visit: Visit,
    Path(text): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    let id = BatchId::parse(&text).ok_or(Refused::NoPage)?;
    let overview = visit.app().look_at_batch(visit.only(), id).await?.ok_or(Refused::NoPage)?;
    let batch = &overview.batch;
    let view = View::of(id, wanted);
    let filter = RowFilter { stage: view.stage, text: view.text() };
    let rows = visit.app().batches.batch_rows(id, filter, view.from, ROWS_ON_PAGE).await?;
    let merchant = visit.merchant(Some(batch.merchant)).await?;
    let waiting = overview.totals.of(RowStage::Waiting).rows;
    let can_cancel =
        matches!(batch.state, BatchState::Draft | BatchState::Running | BatchState::Paused)
            && waiting > 0;
    let page = BatchPage {
        frame: &visit.frame,
        funds: Funds::of(&overview, merchant.available),
        merchant: merchant.name,
        state: state(batch.state),
        hindrance: batch.hindrance.map(hindrance_phrase),
        acts: acts(&overview),
        given_up: can_cancel.then(|| super::shown::grouped(waiting)),
        figures: Figures::of(&overview),
        found: overview.dry_run.as_ref().map(Found::of),
        chips: view.chips(&overview),
        pages: view.pages(rows.all),
        lines: rows.rows.into_iter().map(|row| Line::of(visit.frame.tongue, row)).collect(),
        overview: &overview,
        view: &view,
    };
    Visit::page(&page)
}

/// A batch that whoever asks may see; any other does not exist.
async fn seen(visit: &Visit, text: &str) -> Result<Batch, Refused> {
    let id = BatchId::parse(text).ok_or(Refused::NoPage)?;
    let batch = visit.app().batches.batch(id).await?.ok_or(Refused::NoPage)?;
    visit.sees(batch.merchant)?;
    Ok(batch)
}

/// Lets a wish come true.
pub(super) async fn act(
    Path((text, act)): Path<(String, String)>,
    change: Change,
) -> Result<Response, Refused> {
    let id = seen(&change.visit, &text).await?.id;
    let act = BatchAct::of(&act).ok_or(Refused::NoPage)?;
    change.administrator().act_on_batch(change.visit.only(), id, act).await?;
    change.visit.app().batch_bell.notify_one();
    Ok(change.done(&format!("/batches/{id}"), done(act)))
}

/// The sentence that says what was done, by the end of its key.
const fn done(act: BatchAct) -> &'static str {
    match act {
        BatchAct::DryRun => "batch-dry-run",
        BatchAct::Start => "batch-start",
        BatchAct::Pause => "batch-pause",
        BatchAct::Resume => "batch-resume",
        BatchAct::Cancel => "batch-cancel",
        BatchAct::Retry => "batch-retry",
    }
}

/// Every row as a file.
pub(super) async fn export(visit: Visit, Path(text): Path<String>) -> Result<Response, Refused> {
    let id = seen(&visit, &text).await?.id;
    let csv = batch_csv::export(&*visit.app().batches, id).await?;
    let mut response = csv.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"batch-{id}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
