//! `GET /healthz` and `GET /readyz`: is the process alive, may it be sent orders.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json as value;

use crate::refusal::json;
use crate::route::Edge;

/// Oldest newest block with which orders are still taken, in milliseconds.
pub const HEAD_FRESH_MS: i64 = 30_000;

/// The process runs.
pub async fn is_alive() -> Response {
    json(StatusCode::OK, value!({"status": "ok"}).to_string())
}

/// The database answers, the chain is being followed, and the process is not draining.
pub async fn is_ready(State(edge): State<Arc<Edge>>) -> Response {
    let is_store_up = edge.app.store.watched().await.is_ok();
    let now = edge.app.clock.now();
    let head_age_ms = edge.app.view.get().map(|view| now.get() - view.head.timestamp_ms);
    let is_chain_fresh = head_age_ms.is_some_and(|age| age <= HEAD_FRESH_MS);
    let is_serving = edge.is_ready.load(Ordering::Relaxed);
    let is_ready = is_store_up && is_chain_fresh && is_serving;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = value!({
        "ready": is_ready,
        "database": is_store_up,
        "chain": is_chain_fresh,
        "head_age_ms": head_age_ms,
        "draining": !is_serving,
    });
    json(status, body.to_string())
}
