//! `GET /api/v1/frontend/order/query`: one order, by serial or by the merchant's label.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::key::Scope;
use wire::{ErrorBody, OrderQuery, OrderResponse};

use crate::auth::caller;
use crate::client_address::ClientAddress;
use crate::refusal::{Refusal, json};
use crate::route::Edge;

/// An order of another merchant looks like one that does not exist.
pub async fn handle(
    State(edge): State<Arc<Edge>>,
    from: ClientAddress,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let key = caller(&edge.keys, &headers, from, Scope::Read).await?;
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let not_found = || Refusal::answered(ErrorBody::order_not_found());
    let id = match OrderQuery::parse(pairs).map_err(Refusal::answered)? {
        OrderQuery::Id(id) => id,
        OrderQuery::Reference(reference) => {
            let newest = edge.app.store.newest_by_reference(key.merchant, &reference).await?;
            newest.ok_or_else(not_found)?
        }
    };
    let view = edge.app.store.order_view(id).await?;
    let view =
        view.filter(|view| view.whole.order.merchant == key.merchant).ok_or_else(not_found)?;
    let hold_secs = edge.app.settings.limits.hold_secs;
    let response = OrderResponse::of(&view.whole, &view.key_name, hold_secs);
    Ok(json(StatusCode::OK, response.to_json()))
}
