//! The platform's interface, from the client's side.

use std::time::Duration;

use domain::OrderId;
use wire::endpoint::BadAnswer;
use wire::{
    CollectRequest, CollectResponse, ErrorBody, Object, OrderResponse, OrderStatus, ParseError,
    Timestamp, names,
};

/// Longest wait for one answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// A key and its secret, as the merchant was given them.
pub struct ApiKey {
    /// The text that requests carry.
    pub text: String,
    /// What signs; used as text.
    pub secret: String,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No answer: whether it was acted on is unknown; the same request may be sent again.
    #[error("no answer from the server")]
    Unanswered(#[source] reqwest::Error),
    /// The server refused, in its own words.
    #[error("the server refused ({status}): {text}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its body.
        text: String,
    },
    /// The answer is not JSON.
    #[error("the answer cannot be read")]
    Unreadable(#[from] ParseError),
    /// The answer lacks something.
    #[error("the answer lacks a field: {0}")]
    Incomplete(String),
    /// The clock is outside what a signature can carry.
    #[error("the clock is not set")]
    Clock,
}

/// A client of one server with one key.
pub struct ApiClient {
    base_url: String,
    key: ApiKey,
    http: reqwest::Client,
}

impl ApiClient {
    /// A client; `base_url` without a trailing slash.
    ///
    /// Errors: the TLS stack cannot be set up.
    pub fn new(base_url: &str, key: ApiKey) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { base_url: base_url.trim_end_matches('/').to_owned(), key, http })
    }

    /// Places a collect order, signed at this second.
    ///
    /// `idempotency` makes a resend of the same request harmless for a day.
    pub async fn collect(
        &self,
        request: &CollectRequest,
        idempotency: &str,
        unix_secs: i64,
    ) -> Result<CollectResponse, ApiError> {
        let body = request.to_body();
        let timestamp = Timestamp::from_secs(unix_secs).map_err(|_| ApiError::Clock)?.to_string();
        let signature = wire::sign(self.key.secret.as_bytes(), &timestamp, body.as_bytes());
        let answer = self
            .http
            .post(format!("{}{}", self.base_url, names::PATH_COLLECT_MANUAL))
            .header(names::API_KEY, &self.key.text)
            .header(names::TIMESTAMP, timestamp)
            .header(names::SIGNATURE, signature)
            .header(names::CONTENT_TYPE, names::APPLICATION_JSON)
            .header(names::IDEMPOTENCY_KEY, idempotency)
            .body(body)
            .send();
        let answer = read(answer.await).await?;
        CollectResponse::read(&answer)
            .map_err(|BadAnswer(field)| ApiError::Incomplete(field.to_owned()))
    }

    /// How far an order is.
    pub async fn status(&self, order: OrderId) -> Result<OrderStatus, ApiError> {
        let url = format!("{}{}?{}={order}", self.base_url, names::PATH_ORDER_QUERY, names::SERIAL);
        let answer = self.http.get(url).header(names::API_KEY, &self.key.text).send();
        let answer = read(answer.await).await?;
        OrderResponse::read_status(&answer)
            .ok_or_else(|| ApiError::Incomplete(names::STATUS.to_owned()))
    }
}

/// The object of a successful answer, or the server's own words.
async fn read(answer: Result<reqwest::Response, reqwest::Error>) -> Result<Object, ApiError> {
    let answer = answer.map_err(ApiError::Unanswered)?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(ApiError::Unanswered)?;
    let refused =
        || ApiError::Refused { status, text: String::from_utf8_lossy(&body).into_owned() };
    if status != 200 {
        return Err(refused());
    }
    let object = Object::parse(&body)?;
    match ErrorBody::read(&object) {
        Some(_) => Err(refused()),
        None => Ok(object),
    }
}
