//! `count-delegate-policy`: transfers bought for an address; the list of such policies; changes of one.

use std::sync::Arc;

use app::set_policies::{AskPolicy, PolicySet, WhichPolicy};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::PolicyKind;
use domain::key::Scope;
use domain::policy::{CountEdit, CountTerms, PolicyEvent};
use wire::{CountPolicyEdit, CountPolicyRequest, PolicyItem, names};

use super::policy_list;
use crate::client_address::ClientAddress;
use crate::refusal::{Refusal, exactly};
use crate::route::Edge;
use crate::signed_post::SignedPost;

/// Refusals come in this order: those of [`SignedPost`], fields, idempotency key, a paused merchant,
/// the address, money.
pub async fn buy(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let caller = post.key(Scope::Order)?;
    let wanted = CountPolicyRequest::parse(&post.body).map_err(Refusal::fields)?;
    let key = caller.id;
    let ask = AskPolicy {
        merchant: caller.merchant,
        key,
        which: WhichPolicy::SetUp(PolicyKind::Count, wanted.receiver),
        event: PolicyEvent::Bought(CountTerms {
            key,
            times: wanted.times,
            has_bandwidth: wanted.has_bandwidth,
            unused_max: wanted.unused_days_max,
        }),
        request: post.request_keys()?,
    };
    let render = |set: &PolicySet| policy_list::ok(CountPolicyRequest::answer(set.balance));
    Ok(exactly(edge.app.ask_policy(ask, Arc::new(render)).await?))
}

/// Refusals come in this order: those of [`SignedPost`], fields, idempotency key, no such policy, what
/// is left.
pub async fn edit(State(edge): State<Arc<Edge>>, post: SignedPost) -> Result<Response, Refusal> {
    let caller = post.key(Scope::Order)?;
    let wanted = CountPolicyEdit::parse(&post.body).map_err(Refusal::fields)?;
    let ask = AskPolicy {
        merchant: caller.merchant,
        key: caller.id,
        which: WhichPolicy::OnAddress(PolicyKind::Count, wanted.receiver),
        event: PolicyEvent::Edited(CountEdit {
            has_bandwidth: wanted.has_bandwidth,
            change: wanted.change,
            is_perpetual: wanted.is_perpetual,
            is_paused: wanted.is_paused,
        }),
        request: post.request_keys()?,
    };
    let render = |set: &PolicySet| {
        policy_list::ok(PolicyItem { policy: &set.policy, energy: set.energy }.to_json())
    };
    Ok(exactly(edge.app.ask_policy(ask, Arc::new(render)).await?))
}

/// A merchant's policies, newest first.
pub async fn list(
    State(edge): State<Arc<Edge>>,
    from: ClientAddress,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let list = (PolicyKind::Count, names::PATH_COUNT_POLICY);
    policy_list::answer(&edge, from, &headers, &parameters, list).await
}
