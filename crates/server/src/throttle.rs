//! Counts requests that nobody authenticated, by the address that they come from.
//!
//! A request without a key is counted before anything is done for it; one whose key or signature turns
//! out not to hold, afterwards. One that a key authenticates is counted there (`auth`) and not here:
//! behind one proxy many merchants may share an address. A key that was never seen to work is counted
//! before the database is asked for it, whatever comes of it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use wire::names;

use crate::client_address::ClientAddress;
use crate::refusal::{NotAuthenticated, Refusal};
use crate::route::Edge;

/// Answers, or refuses with 429.
pub async fn throttle(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let from = ClientAddress::of_request(request.extensions(), request.headers(), &edge);
    let too_many =
        || edge.limits.peer(from.0).err().map(|refused| Refusal::from(refused).into_response());
    if !request.headers().contains_key(names::API_KEY) {
        return match too_many() {
            None => next.run(request).await,
            Some(throttled) => throttled,
        };
    }
    let text = request.headers().get(names::API_KEY).and_then(|text| text.to_str().ok());
    if !text.is_some_and(|text| edge.keys.has_seen(text.trim()))
        && let Err(refused) = edge.limits.lookup(from.0)
    {
        return Refusal::from(refused).into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<NotAuthenticated>().is_none() {
        return response;
    }
    too_many().unwrap_or(response)
}
