//! What the endpoints of both kinds of policies share: their lists, and their plainest answers.

use app::rows::{ExactAnswer, PolicyPage};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::key::Scope;
use domain::{MerchantId, Policy, PolicyKind};
use tron::Address;
use wire::{ErrorBody, PageRequest, PolicyItem, error, names};

use crate::auth::caller;
use crate::client_address::ClientAddress;
use crate::list::list_place;
use crate::refusal::{Refusal, json};
use crate::route::Edge;

/// A success with this body.
#[must_use]
pub(super) fn ok(body: String) -> ExactAnswer {
    ExactAnswer { status: 200, body }
}

/// There is no such policy, or it is somebody else's.
#[must_use]
pub(super) fn not_found() -> Refusal {
    Refusal::not_found(ErrorBody::detail(error::NOT_FOUND))
}

/// Whoever names a key is answered with a page of its merchant's policies of one kind.
pub(super) async fn answer(
    edge: &Edge,
    from: ClientAddress,
    headers: &HeaderMap,
    parameters: &[(String, String)],
    (kind, path): (PolicyKind, &str),
) -> Result<Response, Refusal> {
    let key = caller(&edge.keys, headers, from, Scope::Read).await?;
    let body = page(edge, headers, (key.merchant, kind, path), parameters).await?;
    Ok(json(StatusCode::OK, body))
}

/// A page of a merchant's policies of one kind, newest first; of one address if the query names one.
/// An address that is none has no policies.
async fn page(
    edge: &Edge,
    headers: &HeaderMap,
    (merchant, kind, path): (MerchantId, PolicyKind, &str),
    parameters: &[(String, String)],
) -> Result<String, Refusal> {
    let pairs = || parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let asked = PageRequest::parse(pairs())?;
    let address = pairs().find(|(name, _)| *name == names::RECEIVE_ADDRESS);
    let address = address.map(|(_, value)| value.trim()).filter(|text| !text.is_empty());
    let found = match address.map(str::parse::<Address>) {
        Some(Err(_)) => PolicyPage { policies: Vec::new(), all: 0 },
        receiver => {
            let whose = (merchant, kind, receiver.and_then(Result::ok));
            // Which page there is depends on how many there are.
            let all = edge.app.store.policies(whose, 0, 0).await?.all;
            let page = asked.of(all)?;
            edge.app.store.policies(whose, page.offset(), page.limit()).await?
        }
    };
    let one_transfer = edge.app.settings.energy_to_holder;
    let row =
        |policy: &Policy| PolicyItem { policy, energy: policy.target(one_transfer) }.to_object();
    let place = list_place(edge, headers, path, parameters);
    Ok(asked.of(found.all)?.to_json(&place, found.policies.iter().map(row).collect()))
}
