//! `/admin/v1/merchants/{id}/statement` and `/statement.csv`: every ledger entry, oldest first.

use app::admin_rows::StatementLine;
use app::describe;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::MerchantId;
use domain::admin::AdminScope;
use serde::Deserialize;

use super::answer::{Answer, Refused, list as list_answer};
use super::caller::{Allowed, Caller};
use super::input::{Parameters, Segment, next, slice, span};
use crate::statement::{self, place_of};

/// Header of an answer in CSV: what to ask for as `after`; absent at the end.
const NEXT_AFTER: HeaderName = HeaderName::from_static("next-after");

/// Which lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    from: Option<String>,
    to: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// As JSON.
pub(super) async fn as_json(
    caller: Caller,
    Segment(id): Segment<i64>,
    Parameters(wanted): Parameters<Wanted>,
) -> Answer {
    let (lines, after) = read(caller, MerchantId(id), &wanted).await?;
    Ok(list_answer(lines.iter().map(describe::statement_line).collect(), after))
}

/// As CSV.
pub(super) async fn as_csv(
    caller: Caller,
    Segment(id): Segment<i64>,
    Parameters(wanted): Parameters<Wanted>,
) -> Answer {
    let (lines, after) = read(caller, MerchantId(id), &wanted).await?;
    let text = statement::csv(&lines, true).map_err(|failed| Refused::internal(&failed))?;
    let mut response = text.into_response();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, csv);
    put_next(&mut response, after);
    Ok(response)
}

fn put_next(response: &mut Response, after: Option<String>) {
    let value = after.and_then(|place| HeaderValue::from_str(&place).ok());
    if let Some(value) = value {
        response.headers_mut().insert(NEXT_AFTER, value);
    }
}

async fn read(
    caller: Caller,
    merchant: MerchantId,
    wanted: &Wanted,
) -> Result<(Vec<StatementLine>, Option<String>), Refused> {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let span = span(wanted.from.as_deref(), wanted.to.as_deref())?;
    let slice = slice(wanted.after.as_deref(), wanted.limit, place_of)?;
    let merchant = edge.merchant(merchant).await?;
    let lines = edge.records.statement(merchant.id, span, slice).await?;
    let after = next(&lines, slice.limit, |line| statement::place_text(line.place));
    Ok((lines, after))
}
