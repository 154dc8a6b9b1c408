//! `POST /api/v1/frontend/order/reclaim`: end one order early.

use std::sync::Arc;

use app::stop_order::StopRefused;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::key::Scope;
use wire::endpoint::order_reclaim::accepted;
use wire::{ErrorBody, ReclaimRequest};

use crate::refusal::{Refusal, json};
use crate::route::Edge;
use crate::signed_post::SignedPost;

/// An order of another merchant looks like one that does not exist.
///
/// A repeat changes nothing, so nothing is remembered for it.
pub async fn handle(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let key = post.key(Scope::Order)?;
    let wanted = ReclaimRequest::parse(&post.body).map_err(Refusal::fields)?;
    let not_found = || Refusal::answered(ErrorBody::order_not_found());
    let order = wanted.order.ok_or_else(not_found)?;
    match edge.app.stop_order(key.merchant, order).await {
        Ok(()) => Ok(json(StatusCode::OK, accepted())),
        Err(StopRefused::NoOrder) => Err(not_found()),
        Err(StopRefused::Store(failed)) => Err(failed.into()),
    }
}
