//! A signed POST as every endpoint takes it: body, key, signature and clock are checked before a
//! handler sees it.
//!
//! Refusals come in this order: body, key, address, time, signature, clock; then the scope, when
//! [`SignedPost::key`] is asked for; then the handler's own about its fields, then
//! [`SignedPost::request_keys`] about `Idempotency-Key`.

use std::sync::Arc;

use app::rows::{Idempotency, RequestKeys};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use domain::key::Scope;
use sha2::{Digest, Sha256};
use wire::{FieldErrors, Fingerprint, IdempotencyKey, Object, names};

use crate::auth::{SignedCaller, require_scope, signed_caller};
use crate::client_address::ClientAddress;
use crate::keys::LiveKey;
use crate::refusal::Refusal;
use crate::route::Edge;

/// A request whose body could be read and whose signature holds.
pub struct SignedPost {
    /// What was sent.
    pub body: Object,
    caller: SignedCaller,
    headers: HeaderMap,
    /// As it was asked for, an id in it included: a repeat on another path is another request.
    path: String,
}

impl SignedPost {
    /// The key that signed, if it may do what the endpoint is for. Ask before the fields are judged.
    ///
    /// Errors: the key lacks the scope.
    pub fn key(&self, scope: Scope) -> Result<&LiveKey, Refusal> {
        require_scope(&self.caller.key, scope)?;
        Ok(&self.caller.key)
    }

    /// What makes a repeat of this request harmless. Ask after the fields were judged.
    ///
    /// Errors: `Idempotency-Key` is there and cannot be one.
    pub fn request_keys(&self) -> Result<RequestKeys, Refusal> {
        let (method, path) = (Method::POST.as_str(), self.path.as_str());
        let idempotency = match self.headers.get(names::IDEMPOTENCY_KEY) {
            None => None,
            Some(header) => {
                let key = IdempotencyKey::parse(header.as_bytes())
                    .map_err(|error| Refusal::fields(error.field_errors()))?;
                let request = *Fingerprint::of(method, path, &self.body).as_bytes();
                Some(Idempotency { text: key.as_str().to_owned(), request })
            }
        };
        let route = Sha256::new().chain_update(method).chain_update(" ").chain_update(path);
        Ok(RequestKeys {
            key: self.caller.key.id,
            timestamp_secs: self.caller.timestamp_secs,
            signature: self.caller.signature,
            route: route.finalize().into(),
            idempotency,
        })
    }
}

impl FromRequest<Arc<Edge>> for SignedPost {
    type Rejection = Response;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> Result<Self, Response> {
        let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
        let from = ClientAddress::of_request(request.extensions(), &headers, edge);
        let bytes =
            Bytes::from_request(request, edge).await.map_err(IntoResponse::into_response)?;
        let refused = |refusal: Refusal| refusal.into_response();
        let body = Object::parse_body(&bytes)
            .map_err(|error| Refusal::fields(FieldErrors::unreadable(&error)).not_authenticated())
            .map_err(refused)?;
        let now = edge.app.clock.now();
        let caller = signed_caller(&edge.keys, &headers, from, &bytes, &body, now).await;
        let caller = caller.map_err(refused)?;
        Ok(Self { body, caller, headers, path })
    }
}
