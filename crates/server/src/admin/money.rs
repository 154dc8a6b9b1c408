//! `/admin/v1/merchants/{id}/credit` and `/debit`: money by hand, never twice for one request.

use app::administer::{Posting, Side};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::MerchantId;
use domain::admin::AdminScope;
use serde::Deserialize;
use tron::Sun;
use wire::{IdempotencyKey, names};

use super::answer::{Answer, Refused};
use super::caller::{Allowed, Caller};
use super::input::Segment;
use crate::refusal::json;

/// How much, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    amount_sun: i64,
    reason: String,
}

/// Credits a merchant.
pub(super) async fn credit(
    caller: Caller,
    Segment(id): Segment<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    post(caller, MerchantId(id), Side::Credit, &headers, &body).await
}

/// Debits a merchant.
pub(super) async fn debit(
    caller: Caller,
    Segment(id): Segment<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    post(caller, MerchantId(id), Side::Debit, &headers, &body).await
}

async fn post(
    caller: Caller,
    merchant: MerchantId,
    side: Side,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Refused> {
    let Allowed { edge, administrator } = caller.may(AdminScope::Money)?;
    let key = idempotency_key(headers)?;
    let entry: Entry = serde_json::from_slice(body)
        .map_err(|error| Refused::bad(format!("The body cannot be used: {error}.")))?;
    let posting = Posting {
        business: edge.app.ids.order_id(administrator.now).0,
        merchant,
        side,
        amount: Sun::new(entry.amount_sun),
        reason: entry.reason,
        request: None,
    }
    .under_key(&administrator.actor, &key);
    Ok(json(StatusCode::OK, administrator.post_money(posting).await?))
}

/// Money never moves without one: a program that repeats after a lost answer must not pay twice.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Refused> {
    let needed = || {
        Refused::bad(format!(
            "The header {} is needed: 1 to 255 printable ASCII characters.",
            names::IDEMPOTENCY_KEY
        ))
    };
    let header = headers.get(names::IDEMPOTENCY_KEY).ok_or_else(needed)?;
    let key = IdempotencyKey::parse(header.as_bytes()).map_err(|_| needed())?;
    Ok(key.as_str().to_owned())
}
