//! Who is calling: the key, and for POST the signature and its time.
//!
//! Refusals come in this order: key, signature, clock. A caller without a key learns nothing else.

use axum::http::HeaderMap;
use domain::UnixMillis;
use wire::{ErrorBody, Timestamp, error, names};

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

/// The live key that a request names.
pub async fn caller(keys: &Keys, headers: &HeaderMap) -> Result<LiveKey, Refusal> {
    let unknown = || Refusal::bad_request(ErrorBody::detail(error::KEY_NOT_FOUND));
    let text = header(headers, names::API_KEY).ok_or_else(unknown)?;
    keys.live(text.trim()).await?.ok_or_else(unknown)
}

/// Checks key, time and signature of a POST body as received.
pub async fn signed_caller(
    keys: &Keys,
    headers: &HeaderMap,
    body: &[u8],
    now: UnixMillis,
) -> Result<SignedCaller, Refusal> {
    let key = caller(keys, headers).await?;
    let refuse = |text: &str| Refusal::bad_request(ErrorBody::detail(text));
    let timestamp_text =
        header(headers, names::TIMESTAMP).ok_or_else(|| refuse(error::INVALID_TIMESTAMP))?;
    let timestamp =
        Timestamp::parse(timestamp_text).map_err(|_| refuse(error::INVALID_TIMESTAMP))?;
    let invalid = || refuse(error::INVALID_SIGNATURE);
    let signature_text = header(headers, names::SIGNATURE).ok_or_else(invalid)?;
    key.with_secret(|secret| wire::verify(secret, timestamp_text, body, signature_text))
        .map_err(|_| invalid())?;
    timestamp.within_window(now.get()).map_err(|off| refuse(&off.to_string()))?;
    let mut signature = [0; 32];
    hex::decode_to_slice(signature_text.trim(), &mut signature).map_err(|_| invalid())?;
    Ok(SignedCaller { key, timestamp_secs: timestamp.secs(), signature })
}

/// A header as text; one that is not ASCII counts as absent.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
