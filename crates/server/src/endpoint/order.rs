//! `POST /api/v1/frontend/order`: energy for an hour or for days.

use std::sync::Arc;

use app::place_order::{PlaceOrder, Wanted};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Origin;
use domain::key::Scope;
use wire::{EnergyRequest, EnergyResponse};

use crate::refusal::{Refusal, json};
use crate::route::Edge;
use crate::signed_post::SignedPost;

/// Refusals come in this order: those of [`SignedPost`], scope, fields, idempotency key, state,
/// money, capacity.
pub async fn handle(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let key = post.key(Scope::Order)?;
    let bounds = edge.app.settings.energy_bounds;
    let wanted = EnergyRequest::parse(&post.body, bounds).map_err(Refusal::fields)?;
    edge.check_callback_url(wanted.callback_url.as_deref())?;
    let place = PlaceOrder {
        merchant: key.merchant,
        key: key.id,
        origin: Origin::Api,
        receiver: wanted.receiver,
        wanted: Wanted::Energy {
            energy: wanted.energy,
            period: wanted.period,
            activates: wanted.activates,
            is_exclusive: wanted.is_exclusive,
        },
        reference: wanted.reference,
        is_reference_strict: key.is_reference_strict,
        callback_url: wanted.callback_url,
        request: Some(post.request_keys()?),
        row: None,
    };
    let order = edge.app.place_order(place).await?;
    Ok(json(StatusCode::OK, EnergyResponse::of(&order).to_json()))
}
