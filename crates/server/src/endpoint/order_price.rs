//! `GET /api/v1/frontend/order/price`: what energy for a period costs.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::key::Scope;
use wire::{PriceQuery, PriceResponse, Priced};

use crate::auth::caller;
use crate::client_address::ClientAddress;
use crate::refusal::{Refusal, json};
use crate::route::Edge;

/// Nothing is kept: the price that counts is that of the moment in which the order is accepted.
pub async fn handle(
    State(edge): State<Arc<Edge>>,
    from: ClientAddress,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let key = caller(&edge.keys, &headers, from, Scope::Read).await?;
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let bounds = edge.app.settings.energy_bounds;
    let asked = PriceQuery::parse(pairs, bounds).map_err(Refusal::fields)?;
    let priced = match asked.priced {
        Priced::Energy(energy) => edge.app.price_energy(key.merchant, energy, asked.period).await?,
        Priced::TransferTo(to) => edge.app.price_transfer(key.merchant, to, asked.period).await?,
    };
    let response =
        PriceResponse { period: asked.period, energy: priced.energy, quote: priced.quote };
    Ok(json(StatusCode::OK, response.to_json()))
}
