//! Batches: what there is, newest first.

use std::collections::BTreeMap;

use app::admin_rows::Slice;
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use domain::batch::{Batch, BatchState};
use domain::{BatchId, MerchantId};

use super::frame::Frame;
use super::list::{Asked, List, names};
use super::refused::Refused;
use super::visit::Visit;
use super::{PREFIX, asset, shown};

/// Batches on a page.
const BATCHES_ON_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "batches.html")]
struct BatchesPage<'a> {
    frame: &'a Frame,
    list: List,
    lines: Vec<Line>,
}

/// A batch as the list shows it.
struct Line {
    batch: Batch,
    merchant: String,
    state: (&'static str, &'static str),
    rows: String,
    /// Rows that came to their end, while that is of interest.
    done: Option<String>,
}

/// What a state is called, and how it looks.
pub(super) const fn state(state: BatchState) -> (&'static str, &'static str) {
    match state {
        BatchState::Draft => ("batches.draft", ""),
        BatchState::Running => ("batches.running", "warn"),
        BatchState::Paused => ("batches.paused", "bad"),
        BatchState::Finished => ("batches.finished", "good"),
        BatchState::Cancelled => ("batches.cancelled", ""),
    }
}

/// The list.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    let named = names(&visit).await?;
    let slice = Slice { after: BatchId::parse(&asked.after), limit: BATCHES_ON_PAGE };
    let batches = visit.app().batches.batches(asked.merchant(&visit), slice).await?;
    let last = batches.last().filter(|_| batches.len() == BATCHES_ON_PAGE);
    let list = List::new("/batches", asked, last.map(|batch| batch.id.to_string()))
        .by_merchant(&visit, &named);
    let mut lines = Vec::with_capacity(batches.len());
    for batch in batches {
        lines.push(line(&visit, batch, &named).await?);
    }
    Visit::page(&BatchesPage { frame: &visit.frame, list, lines })
}

async fn line(
    visit: &Visit,
    batch: Batch,
    named: &BTreeMap<MerchantId, String>,
) -> Result<Line, Refused> {
    let done = match batch.state {
        BatchState::Running | BatchState::Paused => {
            let left = visit.app().batches.batch_left(batch.id).await?;
            let left = i64::from(left.waiting) + i64::from(left.filling);
            Some(shown::grouped(i64::from(batch.rows) - left))
        }
        BatchState::Draft | BatchState::Finished | BatchState::Cancelled => None,
    };
    Ok(Line {
        merchant: named.get(&batch.merchant).cloned().unwrap_or_default(),
        state: state(batch.state),
        rows: shown::grouped(batch.rows.into()),
        done,
        batch,
    })
}
