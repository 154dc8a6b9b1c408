//! Who is calling: the key, and for POST the signature and its time.
//!
//! Refusals come in this order: key, address, signature, clock, rate, scope. A caller without a key
//! learns nothing else, and one at a wrong address or without the secret learns nothing of what the key
//! may do and cannot use up how often it may ask.

use axum::http::HeaderMap;
use domain::UnixMillis;
use domain::key::Scope;
use wire::callback::is_callback;
use wire::{ErrorBody, Object, Timestamp, error, names};

use crate::client_address::ClientAddress;
use crate::keys::{Keys, LiveKey};
use crate::refusal::Refusal;

/// A request whose signature holds.
pub struct SignedCaller {
    /// The key that signed.
    pub key: LiveKey,
    /// The signed time, in seconds.
    pub timestamp_secs: i64,
    /// The signature, decoded.
    pub signature: [u8; 32],
}

/// The live key that a request names, if it may do what the request wants.
pub async fn caller(
    keys: &Keys,
    headers: &HeaderMap,
    from: ClientAddress,
    scope: Scope,
) -> Result<LiveKey, Refusal> {
    let key = named_key(keys, headers, from).await?;
    keys.count(&key)?;
    require_scope(&key, scope)?;
    Ok(key)
}

/// Refuses a key that lacks a scope.
pub fn require_scope(key: &LiveKey, scope: Scope) -> Result<(), Refusal> {
    match key.limits.scopes.has(scope) {
        true => Ok(()),
        false => Err(Refusal::bad_request(ErrorBody::detail(error::lacks_scope(scope)))),
    }
}

/// The live key that a request names, if it may be used where the request comes from.
async fn named_key(
    keys: &Keys,
    headers: &HeaderMap,
    from: ClientAddress,
) -> Result<LiveKey, Refusal> {
    let text = header(headers, names::API_KEY).ok_or_else(Refusal::unknown_key)?;
    let key = keys.live(text.trim()).await?.ok_or_else(Refusal::unknown_key)?;
    match key.limits.allowed_from.allows(from.0) {
        true => Ok(key),
        false => Err(refuse(error::ADDRESS_NOT_ALLOWED)),
    }
}

/// Whoever is refused so has not shown to be who the key stands for.
fn refuse(text: &str) -> Refusal {
    Refusal::bad_request(ErrorBody::detail(text)).not_authenticated()
}

/// Checks key, address, time and signature of a POST body, `raw` as received; the scope is the endpoint's
/// to check.
///
/// What we signed ourselves, a callback, is nobody's request: its signature counts as none.
pub async fn signed_caller(
    keys: &Keys,
    headers: &HeaderMap,
    from: ClientAddress,
    raw: &[u8],
    body: &Object,
    now: UnixMillis,
) -> Result<SignedCaller, Refusal> {
    let key = named_key(keys, headers, from).await?;
    let timestamp_text =
        header(headers, names::TIMESTAMP).ok_or_else(|| refuse(error::INVALID_TIMESTAMP))?;
    let timestamp =
        Timestamp::parse(timestamp_text).map_err(|_| refuse(error::INVALID_TIMESTAMP))?;
    let invalid = || refuse(error::INVALID_SIGNATURE);
    let signature_text = header(headers, names::SIGNATURE).ok_or_else(invalid)?;
    if is_callback(body) {
        return Err(invalid());
    }
    key.with_secret(|secret| wire::verify(secret, timestamp_text, raw, signature_text))
        .map_err(|_| invalid())?;
    timestamp.within_window(now.get()).map_err(|off| refuse(&off.to_string()))?;
    keys.count(&key)?;
    let mut signature = [0; 32];
    hex::decode_to_slice(signature_text.trim(), &mut signature).map_err(|_| invalid())?;
    Ok(SignedCaller { key, timestamp_secs: timestamp.secs(), signature })
}

/// A header as text; one that is not ASCII counts as absent.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
