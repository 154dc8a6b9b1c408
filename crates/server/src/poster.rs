//! Posts callbacks: a fresh timestamp and signature for each attempt, the stored bytes every time.

use std::sync::Arc;

use app::ports::{Clock, Posted, Poster};
use app::rows::Callback;
use async_trait::async_trait;
use wire::Timestamp;

use crate::callback_client::{CallbackClient, PostOutcome};
use crate::keys::Keys;
use crate::logging::chain;

/// What is noted of a callback whose key is gone.
pub const KEY_GONE: &str = "the key is gone";
/// What is noted of a callback that cannot be dated.
pub const CLOCK_UNSET: &str = "the clock is not set";

/// The poster of this process.
pub struct SigningPoster {
    client: Arc<CallbackClient>,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl SigningPoster {
    /// Posts with this client, signing with the secrets of these keys.
    pub fn new(client: Arc<CallbackClient>, keys: Keys, clock: Arc<dyn Clock>) -> Self {
        Self { client, keys, clock }
    }

    fn unsent(note: String) -> Posted {
        Posted { status: None, note, took_ms: 0, signed_secs: None }
    }
}

#[async_trait]
impl Poster for SigningPoster {
    async fn post(&self, callback: &Callback) -> Posted {
        let key = match self.keys.for_callback(callback.key).await {
            Ok(Some(key)) => key,
            Ok(None) => return Self::unsent(KEY_GONE.to_owned()),
            Err(failed) => return Self::unsent(chain(&failed).to_string()),
        };
        let now = self.clock.now();
        let Ok(timestamp) = Timestamp::from_secs(now.get().div_euclid(1_000)) else {
            return Self::unsent(CLOCK_UNSET.to_owned());
        };
        let headers = key.with_secret(|secret| {
            wire::callback::headers(&key.text, secret, timestamp, &callback.body)
        });
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self.client.post(&callback.url, &headers, &callback.body).await {
            PostOutcome::Answered { status, body_excerpt, took_ms } => {
                let took_ms = i64::try_from(took_ms).unwrap_or(i64::MAX);
                let signed_secs = Some(timestamp.secs());
                Posted { status: Some(status), note: body_excerpt, took_ms, signed_secs }
            }
            // An address that is refused today may be public tomorrow: it goes through the schedule
            // like any other failure.
            PostOutcome::Refused(reason) => Self::unsent(reason.to_string()),
            // It may have been sent, so what was signed is kept.
            PostOutcome::Failed(reason) => {
                let signed_secs = Some(timestamp.secs());
                Posted { signed_secs, ..Self::unsent(reason.to_string()) }
            }
        }
    }
}
