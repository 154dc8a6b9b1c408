//! `POST /api/v1/frontend/order/collect-manual`: see to everything that one transfer lacks.

use std::sync::Arc;

use app::place_order::PlaceOrder;
use app::rows::{Idempotency, RequestKeys};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use sha2::{Digest, Sha256};
use wire::{
    CollectRequest, CollectResponse, FieldErrors, Fingerprint, IdempotencyKey, Object, names,
};

use crate::auth::{SignedCaller, signed_caller};
use crate::refusal::{Refusal, json};
use crate::route::Edge;

const METHOD: &str = "POST";

/// Refusals come in this order: body, key, signature, clock, fields, state, money, capacity.
pub async fn handle(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let object = Object::parse_body(&body)
        .map_err(|error| Refusal::fields(FieldErrors::unreadable(&error)))?;
    let now = edge.app.clock.now();
    let caller = signed_caller(&edge.keys, &headers, &body, now).await?;
    let wanted = CollectRequest::parse(&object).map_err(Refusal::fields)?;
    if let Some(url) = &wanted.callback_url
        && edge.callbacks.check_url(url).is_err()
    {
        return Err(Refusal::fields(FieldErrors::callback_host_not_public()));
    }
    let request = request_keys(&caller, &headers, &object)?;
    let place = PlaceOrder {
        merchant: caller.key.merchant,
        key: caller.key.id,
        receiver: wanted.receiver,
        recipient: wanted.recipient,
        scene: wanted.scene,
        reference: wanted.reference,
        is_reference_strict: caller.key.is_reference_strict,
        callback_url: wanted.callback_url,
        request,
    };
    let order = edge.app.place_order(place).await?;
    Ok(json(StatusCode::OK, CollectResponse::of(&order).to_json()))
}

/// What makes a repeat of this request harmless.
fn request_keys(
    caller: &SignedCaller,
    headers: &HeaderMap,
    body: &Object,
) -> Result<RequestKeys, Refusal> {
    let path = names::PATH_COLLECT_MANUAL;
    let idempotency = match headers.get(names::IDEMPOTENCY_KEY) {
        None => None,
        Some(header) => {
            let key = IdempotencyKey::parse(header.as_bytes())
                .map_err(|error| Refusal::fields(error.field_errors()))?;
            let request = *Fingerprint::of(METHOD, path, body).as_bytes();
            Some(Idempotency { text: key.as_str().to_owned(), request })
        }
    };
    let route = Sha256::new().chain_update(METHOD).chain_update(b" ").chain_update(path);
    Ok(RequestKeys {
        key: caller.key.id,
        timestamp_secs: caller.timestamp_secs,
        signature: caller.signature,
        route: route.finalize().into(),
        idempotency,
    })
}
