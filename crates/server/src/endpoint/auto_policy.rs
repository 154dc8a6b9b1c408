//! `auto-delegate-policy`: energy kept on an address for some days; the list of such policies; the
//! switch of one.

use std::sync::Arc;

use app::set_policies::{AskPolicy, PolicySet, WhichPolicy};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::key::Scope;
use domain::policy::PolicyEvent;
use domain::{PolicyId, PolicyKind};
use wire::{AutoPolicyRequest, AutoPolicyStatus, names};

use super::policy_list;
use crate::client_address::ClientAddress;
use crate::refusal::{Refusal, exactly};
use crate::route::Edge;
use crate::signed_post::SignedPost;

/// Refusals come in this order: those of [`SignedPost`], fields, idempotency key, a paused merchant,
/// the address.
pub async fn hire(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let caller = post.key(Scope::Order)?;
    let bounds = edge.app.settings.energy_bounds;
    let wanted = AutoPolicyRequest::parse(&post.body, bounds.min, bounds.max);
    let wanted = wanted.map_err(Refusal::fields)?;
    let key = caller.id;
    let (energy, period_days) = (wanted.energy, wanted.period_days);
    let ask = AskPolicy {
        merchant: caller.merchant,
        key,
        which: WhichPolicy::SetUp(PolicyKind::Auto, wanted.receiver),
        event: PolicyEvent::Hired { key, energy, period_days },
        request: post.request_keys()?,
    };
    let render = |set: &PolicySet| policy_list::ok(AutoPolicyRequest::answer(set.balance));
    Ok(exactly(edge.app.ask_policy(ask, Arc::new(render)).await?))
}

/// Refusals come in this order: those of [`SignedPost`], fields, idempotency key, no such policy. A
/// policy of another merchant looks like one that does not exist, and so does an id that is no number.
pub async fn switch(
    State(edge): State<Arc<Edge>>,
    Path(id): Path<String>,
    post: SignedPost,
) -> Result<Response, Refusal> {
    let caller = post.key(Scope::Order)?;
    let wanted = AutoPolicyStatus::parse(&post.body).map_err(Refusal::fields)?;
    let id = PolicyId(id.parse().map_err(|_| policy_list::not_found())?);
    let ask = AskPolicy {
        merchant: caller.merchant,
        key: caller.id,
        which: WhichPolicy::Numbered(PolicyKind::Auto, id),
        event: PolicyEvent::Switched(wanted.is_on),
        request: post.request_keys()?,
    };
    let render = |_: &PolicySet| policy_list::ok(AutoPolicyStatus::answer());
    Ok(exactly(edge.app.ask_policy(ask, Arc::new(render)).await?))
}

/// A merchant's policies, newest first.
pub async fn list(
    State(edge): State<Arc<Edge>>,
    from: ClientAddress,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let list = (PolicyKind::Auto, names::PATH_AUTO_POLICY);
    policy_list::answer(&edge, from, &headers, &parameters, list).await
}
