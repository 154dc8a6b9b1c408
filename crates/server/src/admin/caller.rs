//! Who calls the admin interface: a bearer token, checked once and then remembered by its digest.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use app::admin_rows::AdminToken;
use app::administer::Administrator;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use domain::admin::AdminScope;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::AdminEdge;
use super::answer::Refused;
use super::attempts::Attempts;
use super::token;
use crate::client_address::ClientAddress;

/// Secrets hashed at the same time: each takes a core and 19 MiB.
const HASHED_AT_ONCE: usize = 2;
/// Tokens whose check is remembered; beyond it all are forgotten.
const REMEMBERED_MAX: usize = 1_000;

/// Tokens that were checked, and wrong ones.
#[derive(Debug)]
pub struct Tokens {
    /// By public part: the digest of the secret that matched, and the hash that it matched.
    checked: Mutex<HashMap<String, ([u8; 32], String)>>,
    attempts: Attempts,
    hashing: Semaphore,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            checked: Mutex::default(),
            attempts: Attempts::default(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
        }
    }
}

/// A caller with a token that works. What it may do is asked with [`Self::may`].
pub(super) struct Caller {
    edge: Arc<AdminEdge>,
    token: AdminToken,
}

/// A caller that may do what its request is for.
pub(super) struct Allowed {
    /// What handlers share.
    pub(super) edge: Arc<AdminEdge>,
    /// Who makes changes.
    pub(super) administrator: Administrator,
}

impl Caller {
    /// The way to the product, for a caller that has this scope.
    ///
    /// Errors: 403.
    pub(super) fn may(self, scope: AdminScope) -> Result<Allowed, Refused> {
        if !self.token.scopes.has(scope) {
            let detail = format!("This token lacks the scope \"{}\".", scope.name());
            return Err(Refused::new(StatusCode::FORBIDDEN, detail));
        }
        let administrator = Administrator {
            store: self.edge.app.store.clone(),
            actor: format!("token {}", self.token.name),
            now: self.edge.app.clock.now(),
        };
        Ok(Allowed { edge: self.edge, administrator })
    }
}

impl FromRequestParts<Arc<AdminEdge>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<AdminEdge>) -> Result<Self, Refused> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) = peer.expect("the HTTP server says who its peer is");
        let from = ClientAddress::of(peer.ip(), &parts.headers, &edge.trusted_proxies).0;
        let (tokens, now) = (&edge.tokens, edge.app.clock.now());
        if let Some(secs) = tokens.attempts.wait_secs(from, now) {
            return Err(Refused::throttled(secs));
        }
        match tokens.check(edge, &parts.headers).await? {
            Some(token) => Ok(Self { edge: edge.clone(), token }),
            None => {
                tokens.attempts.count(from, now);
                tracing::warn!(client.address = %from, "a wrong token was sent to the admin interface");
                Err(Refused::unknown())
            }
        }
    }
}

impl Tokens {
    /// The token that a request carries, if it works.
    async fn check(
        &self,
        edge: &AdminEdge,
        headers: &HeaderMap,
    ) -> Result<Option<AdminToken>, Refused> {
        let Some((id, secret)) = bearer(headers).and_then(token::parts) else { return Ok(None) };
        let row = edge.records.admin_token(id).await?;
        let Some(row) = row.filter(|row| row.revoked.is_none()) else { return Ok(None) };
        let digest: [u8; 32] = Sha256::digest(secret).into();
        if self.is_remembered(&row, digest) {
            return Ok(Some(row));
        }
        let _place = self.hashing.acquire().await.map_err(|closed| Refused::internal(&closed))?;
        let (secret, hash) = (zeroize::Zeroizing::new(secret.to_owned()), row.secret_hash.clone());
        let hashed = tokio::task::spawn_blocking(move || token::is_secret(&secret, &hash)).await;
        if !hashed.map_err(|failed| Refused::internal(&failed))? {
            return Ok(None);
        }
        self.remember(&row, digest);
        Ok(Some(row))
    }

    /// The digest of a secret of 256 random bits tells nothing about it, and equal digests may be found
    /// by timing only by who knows the secret.
    fn is_remembered(&self, row: &AdminToken, digest: [u8; 32]) -> bool {
        let checked = self.checked.lock().expect("nothing panics while holding it");
        checked
            .get(&row.id)
            .is_some_and(|(known, hash)| *known == digest && *hash == row.secret_hash)
    }

    fn remember(&self, row: &AdminToken, digest: [u8; 32]) {
        let mut checked = self.checked.lock().expect("nothing panics while holding it");
        if checked.len() >= REMEMBERED_MAX {
            checked.clear();
        }
        checked.insert(row.id.clone(), (digest, row.secret_hash.clone()));
    }
}

/// What stands after `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
