//! The transport over HTTP: one endpoint, its key, its limits.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, redirect};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::json;
use crate::limit::{RequestLimit, Turnstile};
use crate::suspension::{Suspension, suspension_of};
use crate::transport::{Transport, TransportError};

/// Header that carries a provider's key.
const API_KEY_HEADER: &str = "TRON-PRO-API-KEY";

/// Most bytes of a refusal that are read for its text.
const REFUSAL_BYTES_MAX: usize = 4_096;

/// Most bytes set aside for an answer before they have come, whatever length it announces.
const RESERVED_BYTES_MAX: usize = 64 * 1024;

/// Path prefix of questions about solid blocks.
const SOLIDITY_PREFIX: &str = "walletsolidity/";

/// Where a node is. Holds a secret, so it has no `Debug`.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    solidity_url: Url,
    api_key: Option<HeaderValue>,
}

/// Bounds of one HTTP exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest silence in the middle of an answer.
    pub read_timeout: Duration,
    /// Longest whole exchange, the wait for a turn included.
    pub call_timeout: Duration,
    /// Most bytes of an answer; a block of 2 MB on the wire is about four times as long in JSON.
    pub answer_bytes_max: usize,
    /// Idle connections kept.
    pub idle_connections_max: usize,
    /// Our own request limit for this endpoint.
    pub requests: RequestLimit,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(5),
            answer_bytes_max: 16 * 1024 * 1024,
            idle_connections_max: 16,
            requests: RequestLimit::default(),
        }
    }
}

/// Why an endpoint cannot be used at all. Never holds the key or the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not an absolute http or https URL.
    #[error("a node URL is http:// or https:// with a host")]
    Url,
    /// The key has bytes that a header cannot carry.
    #[error("the API key is not printable ASCII")]
    ApiKey,
    /// The HTTP client cannot be set up, for example because no certificates were found.
    #[error("cannot set up HTTP: {detail}")]
    Client {
        /// The cause chain.
        detail: String,
    },
}

impl Endpoint {
    /// An endpoint that serves `wallet/*` and `walletsolidity/*` below one URL.
    ///
    /// Errors: not an http(s) URL with a host.
    pub fn new(url: &str) -> Result<Self, EndpointError> {
        let url = parse_base(url)?;
        Ok(Self { solidity_url: url.clone(), url, api_key: None })
    }

    /// The same endpoint with `walletsolidity/*` below another URL, as java-tron's own ports 8090
    /// and 8091 have it.
    ///
    /// Errors: not an http(s) URL with a host.
    pub fn with_solidity_url(mut self, url: &str) -> Result<Self, EndpointError> {
        self.solidity_url = parse_base(url)?;
        Ok(self)
    }

    /// The same endpoint with a provider's key.
    ///
    /// Errors: the key cannot be sent in a header.
    pub fn with_api_key(mut self, key: &str) -> Result<Self, EndpointError> {
        let mut value = HeaderValue::from_str(key).map_err(|_| EndpointError::ApiKey)?;
        value.set_sensitive(true);
        self.api_key = Some(value);
        Ok(self)
    }

    /// Host and port, for logs. Path and query are left out: providers put tokens there.
    #[must_use]
    pub fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

fn parse_base(text: &str) -> Result<Url, EndpointError> {
    let mut url = Url::parse(text).map_err(|_| EndpointError::Url)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(EndpointError::Url);
    }
    // Without the last slash, joining a path would replace the last segment.
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// One endpoint over HTTP.
pub struct HttpTransport {
    client: Client,
    endpoint: Endpoint,
    limits: HttpLimits,
    turnstile: Turnstile,
    suspension: Suspension,
}

impl HttpTransport {
    /// A client for this endpoint. No connection is made yet.
    ///
    /// Proxies from the environment are not used and redirects are not followed: a node answers
    /// for itself, and the key goes nowhere else.
    ///
    /// Errors: the TLS setup found no certificates.
    pub fn new(endpoint: Endpoint, limits: HttpLimits) -> Result<Self, EndpointError> {
        // Only the first installation in a process succeeds, and any provider serves.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(key) = &endpoint.api_key {
            headers.insert(API_KEY_HEADER, key.clone());
        }
        let client = Client::builder()
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(limits.connect_timeout)
            .read_timeout(limits.read_timeout)
            .pool_max_idle_per_host(limits.idle_connections_max)
            .build()
            .map_err(|error| EndpointError::Client { detail: chain(&error) })?;
        let turnstile = Turnstile::new(limits.requests);
        Ok(Self { client, endpoint, limits, turnstile, suspension: Suspension::default() })
    }

    /// How long the provider still wants no calls.
    #[must_use]
    pub fn suspended_for(&self) -> Option<Duration> {
        self.suspension.remaining(Instant::now())
    }

    fn refuse_while_suspended(&self) -> Result<(), TransportError> {
        self.suspended_for()
            .map_or(Ok(()), |retry_after| Err(TransportError::Suspended { retry_after }))
    }

    async fn exchange(&self, path: &str, body: &Value) -> Result<Value, TransportError> {
        let base = if path.starts_with(SOLIDITY_PREFIX) {
            &self.endpoint.solidity_url
        } else {
            &self.endpoint.url
        };
        let url = base
            .join(path)
            .map_err(|error| TransportError::Connect { detail: error.to_string() })?;
        let request = self.client.post(url).json(body);
        let response = request.send().await.map_err(|error| self.describe(error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let bytes = self.read_whole(response).await?;
        let answer = serde_json::from_slice(&bytes).map_err(|_| TransportError::NotJson {
            text: json::shortened(&String::from_utf8_lossy(
                &bytes[..bytes.len().min(REFUSAL_BYTES_MAX)],
            )),
        })?;
        self.note_suspension_inside(&answer);
        Ok(answer)
    }

    /// Some providers announce a suspension with status 200.
    fn note_suspension_inside(&self, answer: &Value) {
        let text = answer.get("Error").and_then(Value::as_str).unwrap_or_default();
        if let Some(lasts) = suspension_of(200, text, None) {
            self.suspension.begin(Instant::now(), lasts);
        }
    }

    async fn read_whole(&self, mut response: Response) -> Result<Vec<u8>, TransportError> {
        let limit_bytes = self.limits.answer_bytes_max;
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > limit_bytes) {
            return Err(TransportError::TooLarge { limit_bytes });
        }
        let mut bytes = Vec::with_capacity(announced.unwrap_or_default().min(RESERVED_BYTES_MAX));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.describe(error))? {
            if bytes.len() + chunk.len() > limit_bytes {
                return Err(TransportError::TooLarge { limit_bytes });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Reads why a request was refused, and begins a suspension if it was for its rate.
    async fn refusal(&self, mut response: Response) -> TransportError {
        let status = response.status().as_u16();
        let retry_after_secs = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok());
        let mut bytes = Vec::new();
        // A refusal whose text breaks off is still a refusal.
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_BYTES_MAX - bytes.len())]);
            if bytes.len() >= REFUSAL_BYTES_MAX {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some(retry_after) = suspension_of(status, &text, retry_after_secs) {
            self.suspension.begin(Instant::now(), retry_after);
            return TransportError::Suspended { retry_after };
        }
        TransportError::Status { status, text: json::shortened(&text) }
    }

    fn describe(&self, error: reqwest::Error) -> TransportError {
        let error = error.without_url();
        if error.is_connect() {
            return TransportError::Connect { detail: chain(&error) };
        }
        if error.is_timeout() {
            return TransportError::Timeout { limit: self.limits.read_timeout };
        }
        TransportError::Broken { detail: chain(&error) }
    }
}

/// An error and its causes in one line. The URL was taken out before.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    json::shortened(&text)
}

#[async_trait]
impl Transport for HttpTransport {
    async fn call(&self, path: &str, body: Value) -> Result<Value, TransportError> {
        self.refuse_while_suspended()?;
        let limit = self.limits.call_timeout;
        let deadline = Instant::now() + limit;
        let _turn = self.turnstile.enter(deadline).await?;
        // Somebody else may have been suspended while we waited for our turn.
        self.refuse_while_suspended()?;
        match tokio::time::timeout_at(deadline, self.exchange(path, &body)).await {
            Ok(answer) => answer,
            Err(_) => Err(TransportError::Timeout { limit }),
        }
    }
}
