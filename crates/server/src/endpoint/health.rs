//! `GET /healthz` and `GET /readyz`: is the process alive, may it be sent orders.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use app::ports::StoreError;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json as value;
use wire::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};

use crate::refusal::json;
use crate::route::Edge;

/// What is described of [`is_alive`].
pub const ALIVE_ENDPOINT: Endpoint = Endpoint {
    name: "health_alive",
    method: Method::Get,
    path: "/healthz",
    title: "Is the process alive",
    text: "For whoever restarts it.",
    caller: Caller::Anybody,
    takes: &[],
    answers: Answer::Object(&[Field::new("status", Kind::Text(2), "\"ok\"", "ok")]),
    errno: Errno::Never,
    more_statuses: &[],
};

/// What is described of [`is_ready`].
pub const READY_ENDPOINT: Endpoint = Endpoint {
    name: "health_ready",
    path: "/readyz",
    title: "May it be sent orders",
    text: "For whoever balances load. The answer has the same members when it may not, with 503.",
    answers: Answer::Object(&[
        Field::new("ready", Kind::Flag, "true", "whether it may"),
        Field::new(
            "database",
            Kind::Flag,
            "true",
            "the database answers and takes what is written",
        ),
        Field::new("chain", Kind::Flag, "true", "the newest block is young enough"),
        Field::new("head_age_ms", Kind::Nullable(&Kind::INTEGER), "2100", "how old it is"),
        Field::new(
            "deposits_behind_blocks",
            Kind::Nullable(&Kind::INTEGER),
            "0",
            "blocks that the scan for deposits is behind",
        ),
        Field::new("draining", Kind::Flag, "false", "it finishes what it has and takes no more"),
    ]),
    ..ALIVE_ENDPOINT
};

/// Oldest newest block with which orders are still taken, in milliseconds.
pub const HEAD_FRESH_MS: i64 = 30_000;

/// Longest wait for the database before it counts as gone.
const DATABASE_ANSWER_MAX: Duration = Duration::from_secs(2);

/// The process runs.
pub async fn is_alive() -> Response {
    json(StatusCode::OK, value!({"status": "ok"}).to_string())
}

/// The database answers and takes what is written, the chain is being followed, and the process is not
/// draining.
pub async fn is_ready(State(edge): State<Arc<Edge>>) -> Response {
    let does_answer = in_time(edge.app.store.watched()).await.is_some();
    let is_store_up = does_answer && edge.app.store.is_fit().await;
    let now = edge.app.clock.now();
    let head_age_ms = edge.app.view.get().map(|view| now.get() - view.head.timestamp_ms);
    let is_chain_fresh = head_age_ms.is_some_and(|age| age <= HEAD_FRESH_MS);
    let is_serving = edge.is_ready.load(Ordering::Relaxed);
    let is_ready = is_store_up && is_chain_fresh && is_serving;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let scanned = match is_store_up {
        true => in_time(edge.app.store.scanned()).await.flatten(),
        false => None,
    };
    let solid = edge.app.view.get().map(|view| view.solid.number);
    // How many solid blocks were not scanned for deposits yet; null when none are looked for.
    let deposits_behind =
        scanned.zip(solid).map(|(scanned, solid)| (solid - scanned.number).max(0));
    let body = value!({
        "ready": is_ready,
        "database": is_store_up,
        "chain": is_chain_fresh,
        "head_age_ms": head_age_ms,
        "deposits_behind_blocks": deposits_behind,
        "draining": !is_serving,
    });
    json(status, body.to_string())
}

/// What the database answers, if it does so in time: whoever balances load asks somebody else then.
async fn in_time<T>(question: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    tokio::time::timeout(DATABASE_ANSWER_MAX, question).await.ok()?.ok()
}
