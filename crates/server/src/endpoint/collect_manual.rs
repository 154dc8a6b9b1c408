//! `POST /api/v1/frontend/order/collect-manual`: see to everything that one transfer lacks.

use std::sync::Arc;

use app::place_order::{PlaceOrder, Wanted};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Origin;
use domain::key::Scope;
use wire::{CollectRequest, CollectResponse};

use crate::refusal::{Refusal, json};
use crate::route::Edge;
use crate::signed_post::SignedPost;

/// Refusals come in this order: those of [`SignedPost`], scope, fields, idempotency key, state,
/// money, capacity.
pub async fn handle(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let key = post.key(Scope::Order)?;
    let wanted = CollectRequest::parse(&post.body).map_err(Refusal::fields)?;
    edge.check_callback_url(wanted.callback_url.as_deref())?;
    let place = PlaceOrder {
        merchant: key.merchant,
        key: key.id,
        origin: Origin::Api,
        receiver: wanted.receiver,
        wanted: Wanted::Collection { recipient: wanted.recipient, scene: wanted.scene },
        reference: wanted.reference,
        is_reference_strict: key.is_reference_strict,
        callback_url: wanted.callback_url,
        request: Some(post.request_keys()?),
        row: None,
    };
    let order = edge.app.place_order(place).await?;
    let collection = order.collection().expect("an order of this path is a collection");
    Ok(json(StatusCode::OK, CollectResponse::of(&order, collection).to_json()))
}
