//! Attempts at a callback as they went over the wire: what was sent, what was answered, and whether the
//! signature that was sent fits.
//!
//! The signature is not kept. It follows from the key's secret, the body and the time under which it was
//! signed, which is; so it is computed again here, by the same function that receivers are checked with.

use std::sync::Arc;

use app::rows::{Attempt, Callback};
use domain::UnixMillis;
use wire::Timestamp;

use super::edge::ConsoleEdge;
use super::phrase::Tongue;
use super::refused::Refused;
use super::told;
use crate::keys::Keys;

/// One attempt.
pub(super) struct AttemptShown {
    pub(super) at: UnixMillis,
    pub(super) status: Option<u16>,
    pub(super) note: String,
    pub(super) took_ms: i64,
    /// What was sent beside the body; `None` when nothing was.
    pub(super) sent: Option<Sent>,
}

/// The head of a request that was sent.
pub(super) struct Sent {
    /// The headers, one a line.
    pub(super) headers: String,
    /// The beginning of what was signed.
    pub(super) signed: String,
    /// Whether the signature fits body, time and secret.
    pub(super) fits: bool,
}

impl AttemptShown {
    /// Whether the receiver took it.
    pub(super) fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The attempts at a callback, oldest first.
pub(super) async fn shown(
    edge: &Arc<ConsoleEdge>,
    tongue: Tongue,
    callback: &Callback,
    attempts: &[Attempt],
) -> Result<Vec<AttemptShown>, Refused> {
    let keys = Keys::new(edge.app.store.clone(), edge.sealer.clone(), edge.app.clock.clone());
    let key = match keys.for_callback(callback.key).await {
        Ok(key) => key,
        Err(failed) => {
            // Whoever looks still sees everything else.
            tracing::warn!("an attempt is shown without its signature: {failed}");
            None
        }
    };
    let shown = attempts.iter().map(|attempt| AttemptShown {
        at: attempt.at,
        status: attempt.status,
        note: told::note(tongue, attempt.status, attempt.note.clone()),
        took_ms: attempt.took_ms,
        sent: attempt
            .signed_secs
            .and_then(|secs| Timestamp::from_secs(secs).ok())
            .zip(key.as_ref())
            .map(|(at, key)| key.with_secret(|secret| sent(&key.text, secret, at, &callback.body))),
    });
    Ok(shown.collect())
}

/// What is sent beside a body that is signed at this time.
pub(super) fn sent(key: &str, secret: &[u8], at: Timestamp, body: &[u8]) -> Sent {
    let headers = wire::callback::headers(key, secret, at, body);
    let signature = headers
        .iter()
        .find(|(name, _)| *name == wire::names::SIGNATURE)
        .map(|(_, value)| value.as_str());
    let expected = wire::sign(secret, &at.to_string(), body);
    let lines: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Sent {
        headers: lines.join("\n"),
        signed: format!("{at}&{}", String::from_utf8_lossy(body)),
        fits: signature == Some(expected.as_str()),
    }
}
