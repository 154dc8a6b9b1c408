//! `/admin/v1/batches`: make batches, say what happens to them, look at them.

use app::administer::{BatchAct, NewBatch};
use app::batch_rows::RowFilter;
use app::describe_batch;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::admin::AdminScope;
use domain::batch::{LineError, RowStage};
use domain::{BatchId, MerchantId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AdminEdge;
use super::answer::{Answer, Refused, created, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Body, Parameters, Segment, next, slice};
use crate::batch_csv::{self, CSV_BYTES_MAX};
use crate::refusal;

/// A batch to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    merchant: i64,
    key: String,
    name: String,
    csv: String,
}

/// Which batches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    merchant: Option<i64>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Which rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedRows {
    stage: Option<String>,
    text: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Batches, newest first.
pub(super) async fn list(caller: Caller, Parameters(wanted): Parameters<Wanted>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let slice = slice(wanted.after.as_deref(), wanted.limit, BatchId::parse)?;
    let batches = edge.app.batches.batches(wanted.merchant.map(MerchantId), slice).await?;
    let after = next(&batches, slice.limit, |batch| batch.id);
    Ok(list_answer(batches.iter().map(describe_batch::batch).collect(), after))
}

/// Makes a draft from CSV; nothing is ordered by it. With any fault nothing is kept, and every fault is
/// told.
pub(super) async fn add(caller: Caller, Body(new): Body<New>) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Batches)?;
    if new.csv.len() > CSV_BYTES_MAX {
        return Err(Refused::bad(format!("csv: no more than {CSV_BYTES_MAX} bytes.")));
    }
    let rows = match batch_csv::read(&new.csv) {
        Ok(rows) => rows,
        Err(errors) => return Ok(faulty(&errors)),
    };
    let id = edge.app.ids.batch_id(administrator.now);
    let merchant = MerchantId(new.merchant);
    let new = NewBatch { id, merchant, key: new.key, name: new.name, rows };
    let batch = administrator.add_batch(new).await?;
    Ok(created(&describe_batch::batch(&batch)))
}

fn faulty(errors: &[LineError]) -> Response {
    let shown: Vec<Value> = errors
        .iter()
        .map(|error| {
            json!({"line": error.line, "fault": error.fault.to_string(), "found": error.found})
        })
        .collect();
    let detail = format!("csv: {} faults; nothing was kept.", errors.len());
    let body = json!({"detail": detail, "errors": shown}).to_string();
    refusal::json(StatusCode::BAD_REQUEST, body)
}

/// One batch with its progress and its dry run.
pub(super) async fn show(caller: Caller, Segment(text): Segment<String>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    shown(&edge, batch_id(&text)?).await
}

async fn shown(edge: &AdminEdge, id: BatchId) -> Answer {
    let overview = edge.app.look_at_batch(None, id).await?;
    Ok(ok(&describe_batch::overview(&overview.ok_or_else(no_batch)?)))
}

/// Rows in their order.
pub(super) async fn rows(
    caller: Caller,
    Segment(text): Segment<String>,
    Parameters(wanted): Parameters<WantedRows>,
) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let id = batch_id(&text)?;
    edge.app.batches.batch(id).await?.ok_or_else(no_batch)?;
    let slice = slice(wanted.after.as_deref(), wanted.limit, |text| text.parse::<u32>().ok())?;
    let stage = wanted.stage.as_deref().map(stage).transpose()?;
    let filter = RowFilter { stage, text: wanted.text };
    let (offset, limit) = (i64::from(slice.after.unwrap_or(0)), as_i64(slice.limit));
    let page = edge.app.batches.batch_rows(id, filter, offset, limit).await?;
    let seen = offset.saturating_add(as_i64(page.rows.len()));
    let after = (seen < page.all).then(|| seen.to_string());
    Ok(list_answer(page.rows.iter().map(describe_batch::row).collect(), after))
}

/// Every row as CSV.
pub(super) async fn export(caller: Caller, Segment(text): Segment<String>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let id = batch_id(&text)?;
    edge.app.batches.batch(id).await?.ok_or_else(no_batch)?;
    let text = batch_csv::export(&*edge.app.batches, id).await?;
    let mut response = text.into_response();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, csv);
    Ok(response)
}

/// Lets a person's wish come true.
async fn act(caller: Caller, text: &str, act: BatchAct) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Batches)?;
    let id = batch_id(text)?;
    administrator.act_on_batch(None, id, act).await?;
    edge.app.batch_bell.notify_one();
    shown(&edge, id).await
}

/// Looks at every row that waits.
pub(super) async fn dry_run(caller: Caller, Segment(text): Segment<String>) -> Answer {
    act(caller, &text, BatchAct::DryRun).await
}

/// Lets it begin.
pub(super) async fn start(caller: Caller, Segment(text): Segment<String>) -> Answer {
    act(caller, &text, BatchAct::Start).await
}

/// Lets no more rows start.
pub(super) async fn pause(caller: Caller, Segment(text): Segment<String>) -> Answer {
    act(caller, &text, BatchAct::Pause).await
}

/// Lets it go on.
pub(super) async fn resume(caller: Caller, Segment(text): Segment<String>) -> Answer {
    act(caller, &text, BatchAct::Resume).await
}

/// Gives up what has not started.
pub(super) async fn cancel(caller: Caller, Segment(text): Segment<String>) -> Answer {
    act(caller, &text, BatchAct::Cancel).await
}

/// Lets what failed wait again.
pub(super) async fn retry(caller: Caller, Segment(text): Segment<String>) -> Answer {
    act(caller, &text, BatchAct::Retry).await
}

fn batch_id(text: &str) -> Result<BatchId, Refused> {
    BatchId::parse(text).ok_or_else(no_batch)
}

fn no_batch() -> Refused {
    Refused::not_found("there is no such batch")
}

fn stage(word: &str) -> Result<RowStage, Refused> {
    let found = RowStage::ALL.into_iter().find(|stage| stage.name() == word);
    found.ok_or_else(|| {
        let words: Vec<_> = RowStage::ALL.iter().map(|stage| stage.name()).collect();
        Refused::bad(format!("stage must be one of: {}.", words.join(", ")))
    })
}

fn as_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
