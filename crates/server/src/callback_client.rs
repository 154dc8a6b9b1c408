//! The client that posts callbacks to addresses that merchants chose.
//!
//! Not here: which callback is due, its bytes and signature, per-host limits, the schedule.
//!
//! Invariants: nothing is sent to an address that is not public unless the operator allowed it; the
//! address that was checked is the address that is connected to; no redirect is followed; every wait
//! and every size is bounded.
//!
//! Read next: [`TargetPolicy`] for what may be called, [`PostOutcome`] for what can come of it.

mod outcome;
mod public_address;
mod resolver;
mod target;

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub use outcome::{FailureKind, PostOutcome, PostRefused};
pub use public_address::is_public;
pub use resolver::{Lookup, LookupFuture, SystemLookup};
pub use target::{MAX_URL_BYTES, NotAHost, TargetPolicy};

/// How many bytes of an answer's body are kept; the rest is not read.
pub const MAX_EXCERPT_BYTES: usize = 1024;
/// How long an unused connection to a receiver is kept open.
pub const IDLE_CONNECTION_SECS: u64 = 20;
/// How many unused connections to one receiver are kept open.
pub const MAX_IDLE_PER_HOST: usize = 4;

const USER_AGENT: &str = concat!("sunsweep/", env!("CARGO_PKG_VERSION"));

/// What the client needs to know.
#[derive(Debug, Clone)]
pub struct CallbackSettings {
    /// The longest that one post may take, from name lookup to the end of the answer.
    pub timeout: Duration,
    /// Which targets are allowed.
    pub targets: TargetPolicy,
}

/// Posts callbacks. Cheap to share; one for the whole process.
pub struct CallbackClient {
    http: reqwest::Client,
    targets: Arc<TargetPolicy>,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the callback client could not be made")]
pub struct ClientBroken(#[from] reqwest::Error);

impl CallbackClient {
    /// A client with this source of names; the addresses that it gives are checked.
    ///
    /// Without certificates of authorities on the machine it still works for `http` receivers, and
    /// says so in the log: a callback to an `https` receiver then fails as [`FailureKind::Tls`].
    ///
    /// Errors: the HTTP client cannot be set up.
    pub fn with_lookup(
        settings: CallbackSettings,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, ClientBroken> {
        install_crypto_provider();
        let targets = Arc::new(settings.targets);
        let builder = || {
            reqwest::Client::builder()
                .user_agent(USER_AGENT)
                .timeout(settings.timeout)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .no_proxy()
                .http1_only()
                .pool_idle_timeout(Duration::from_secs(IDLE_CONNECTION_SECS))
                .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
                .dns_resolver(resolver::CheckedResolver::new(lookup.clone(), targets.clone()))
        };
        let http = match builder().build() {
            Ok(http) => http,
            Err(error) => {
                let bare = builder().tls_certs_only([]).build()?;
                tracing::warn!(
                    cause = %crate::logging::chain(&error),
                    "no certificates of authorities: callbacks to https receivers will fail"
                );
                bare
            }
        };
        Ok(Self { http, targets })
    }

    /// Whether a callback address may be called, as far as its text says: scheme, host, and the
    /// address itself where the host is one. Names are looked up and checked only when posting.
    ///
    /// Errors: [`PostRefused`].
    pub fn check_url(&self, url: &str) -> Result<(), PostRefused> {
        self.targets.check(url).map(|_| ())
    }

    /// Posts a body once and says what came of it. Never fails in another way.
    ///
    /// Shape: at most the configured time-out; one request, no retry, no redirect.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> PostOutcome {
        let started = Instant::now();
        let url = match self.targets.check(url) {
            Ok(url) => url,
            Err(refused) => return PostOutcome::Refused(refused),
        };
        let Some(headers) = header_map(headers) else {
            return PostOutcome::Refused(PostRefused::Header);
        };
        let sent = self.http.post(url).headers(headers).body(body.to_vec()).send().await;
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return outcome::of_error(&error),
        };
        let status = response.status().as_u16();
        let body_excerpt = read_excerpt(&mut response).await;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        PostOutcome::Answered { status, body_excerpt, took_ms }
    }
}

/// Makes ring the process's crypto provider; the first caller wins and the others agree.
fn install_crypto_provider() {
    // An error says only that a provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn header_map(headers: &[(&str, &str)]) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        map.insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(map)
}

/// The beginning of the answer's body. The status alone decides, so a body that breaks off or takes
/// too long is not a failure; dropping an unread rest closes the connection.
async fn read_excerpt(response: &mut reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_EXCERPT_BYTES {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        let room = MAX_EXCERPT_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    // Kept to be looked at; PostgreSQL has no NUL.
    String::from_utf8_lossy(&bytes).replace('\0', "\u{2400}")
}

#[cfg(test)]
mod tests;
