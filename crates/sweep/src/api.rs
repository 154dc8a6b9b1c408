//! The platform's interface, from the client's side.

use std::time::Duration;

use domain::{OrderId, Period};
use reqwest::header::RETRY_AFTER;
use wire::endpoint::BadAnswer;
use wire::endpoint::order_query::OrderProgress;
use wire::error::ERRNO_NOT_FOUND;
use wire::{
    CollectRequest, CollectResponse, ErrorBody, Object, OrderStatus, ParseError, Timestamp, Value,
    names,
};
use zeroize::Zeroizing;

use crate::refused::Why;

/// Longest wait for one answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Energy that a price is asked for: one transfer to an address that holds the token.
const PRICED_ENERGY: i64 = 65_000;

/// A key and its secret, as the merchant was given them.
pub struct ApiKey {
    /// The text that requests carry.
    pub text: String,
    /// What signs; used as text.
    pub secret: Zeroizing<String>,
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
        /// Its body, in one line.
        text: String,
        /// The refusal itself; `None` if what answered does not speak the interface.
        body: Option<ErrorBody>,
        /// When it wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// The answer is not JSON.
    #[error("the answer cannot be read")]
    Unreadable(#[from] ParseError),
    /// The answer lacks something.
    #[error(transparent)]
    Incomplete(#[from] BadAnswer),
    /// The clock is outside what a signature can carry.
    #[error("the clock is not set")]
    Clock,
}

/// What a failed call means for whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing is known: ask what became of it, or send the same again.
    AskAgain,
    /// Nothing was done, for want of energy or money, and later it may be: after this wait.
    Later(Duration),
    /// Nothing was done, and why is for a person to read. It may pass, so after this wait; but it says
    /// nothing of energy or money, so nothing is to be done instead.
    Unclear(Duration),
    /// Nothing was done, because too much was asked at once: after this wait.
    Busy(Duration),
    /// Nothing was done, and the same request is never right.
    Never,
    /// Nothing was done, and no other request of this key is right either.
    Stop,
}

/// Wait after a refusal for want of capacity when the server does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);
/// Longest wait that a server may ask for.
const WAIT_MAX: Duration = Duration::from_secs(120);

impl ApiError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unanswered(_) | Self::Unreadable(_) | Self::Incomplete(_) => Remedy::AskAgain,
            Self::Clock => Remedy::Stop,
            Self::Refused { status: 401 | 403, .. } => Remedy::Stop,
            // The server's or a gateway's trouble: the request may have been acted on all the same.
            Self::Refused { status: 408 | 500..=599, .. } => Remedy::AskAgain,
            Self::Refused { status: 429, retry_after, .. } => Remedy::Busy(wait(*retry_after)),
            Self::Refused { body: Some(ErrorBody::Fields(_)), .. } => Remedy::Never,
            Self::Refused {
                body: Some(ErrorBody::Detail(text) | ErrorBody::Errno { message: text, .. }),
                retry_after,
                ..
            } => match Why::of(text) {
                Why::Want => Remedy::Later(wait(*retry_after)),
                Why::Caller => Remedy::Stop,
                Why::Other => Remedy::Unclear(wait(*retry_after)),
            },
            // Something on the way answered; whether the server heard of it is unknown.
            Self::Refused { body: None, .. } => Remedy::AskAgain,
        }
    }

    /// Whether a query says that there is no such order: the errno body with status 200, or a 404 of
    /// something that speaks the interface.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Refused { status: 200, body: Some(ErrorBody::Errno { .. }), .. }
                | Self::Refused { status: 404, body: Some(_), .. }
        )
    }

    /// The same of an order that the server has taken: with that very number, as much as it would take
    /// to believe that it has forgotten what it was paid for.
    #[must_use]
    pub const fn is_unknown_order(&self) -> bool {
        if let Self::Refused { status: 200, body: Some(ErrorBody::Errno { errno, .. }), .. } = self
        {
            return *errno == ERRNO_NOT_FOUND;
        }
        self.is_not_found()
    }
}

/// As long as the server asks for, within reason.
fn wait(asked: Option<Duration>) -> Duration {
    asked.unwrap_or(DEFAULT_WAIT).min(WAIT_MAX)
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

    /// What callbacks are signed with.
    pub(crate) fn secret(&self) -> &[u8] {
        self.key.secret.as_bytes()
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
        let signature = wire::sign(self.secret(), &timestamp, body.as_bytes());
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
        Ok(CollectResponse::read(&read(answer.await).await?)?)
    }

    /// How far an order is.
    pub async fn status(&self, order: OrderId) -> Result<OrderStatus, ApiError> {
        Ok(self.progress(order).await?.status)
    }

    /// How far an order is, and what it costs as things stand.
    pub async fn progress(&self, order: OrderId) -> Result<OrderProgress, ApiError> {
        let answer = self.query(names::SERIAL, &order.to_string()).await?;
        Ok(OrderProgress::read(&answer)?)
    }

    /// The newest order with this reference; `None` if the server has none.
    ///
    /// Why: on a server without idempotency keys this is how a lost answer is found again.
    pub async fn find(&self, reference: &str) -> Result<Option<OrderProgress>, ApiError> {
        match self.query(names::OUT_TRADE_NO, reference).await {
            Ok(answer) => Ok(Some(OrderProgress::read(&answer)?)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// What one unit of energy costs for an hour, in sun, when about as much as one transfer takes is
    /// ordered; `None` if the server does not say.
    pub async fn energy_price_sun(&self) -> Option<i64> {
        let url = format!(
            "{}{}?{}={}&{}={}",
            self.base_url,
            names::PATH_ORDER_PRICE,
            names::PERIOD,
            wire::period::text(Period::HOUR),
            names::ENERGY_AMOUNT,
            PRICED_ENERGY
        );
        let answer = self.http.get(url).header(names::API_KEY, &self.key.text).send().await;
        read(answer).await.ok()?.get(names::PRICE).and_then(Value::as_i64)
    }

    /// What the server says of its pool and its prices; `None` if it says nothing.
    pub async fn index_data(&self) -> Option<Object> {
        let url = format!("{}{}", self.base_url, names::PATH_INDEX_DATA);
        read(self.http.get(url).header(names::API_KEY, &self.key.text).send().await).await.ok()
    }

    async fn query(&self, name: &str, value: &str) -> Result<Object, ApiError> {
        let url = format!("{}{}?{name}={value}", self.base_url, names::PATH_ORDER_QUERY);
        read(self.http.get(url).header(names::API_KEY, &self.key.text).send().await).await
    }
}

/// The object of a successful answer, or the server's own words.
async fn read(answer: Result<reqwest::Response, reqwest::Error>) -> Result<Object, ApiError> {
    let answer = answer.map_err(ApiError::Unanswered)?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let body = answer.bytes().await.map_err(ApiError::Unanswered)?;
    let object = Object::parse(&body);
    let error = object.as_ref().ok().and_then(ErrorBody::read);
    if status == 200 && error.is_none() {
        return Ok(object?);
    }
    Err(ApiError::Refused {
        status,
        text: in_one_line(&String::from_utf8_lossy(&body)),
        body: error,
        retry_after,
    })
}

/// Most characters of a refusal that are kept.
const TEXT_CHARS_MAX: usize = 300;

fn in_one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use wire::{FieldErrors, error};

    use super::*;

    fn refused(status: u16, body: Option<ErrorBody>) -> ApiError {
        let retry_after = Some(Duration::from_secs(7));
        ApiError::Refused { status, text: String::new(), body, retry_after }
    }

    fn detail(text: &str) -> Option<ErrorBody> {
        Some(ErrorBody::detail(text))
    }

    #[test]
    fn a_refusal_says_whether_another_try_can_help() {
        let wait = Duration::from_secs(7);
        let fields = || Some(ErrorBody::Fields(FieldErrors::one("scene", error::REQUIRED)));
        for (status, body, remedy) in [
            (400, fields(), Remedy::Never),
            (400, detail(error::INSUFFICIENT_FUNDS), Remedy::Later(wait)),
            (400, detail(error::NO_CAPACITY), Remedy::Later(wait)),
            (400, detail(error::INVALID_SIGNATURE), Remedy::Stop),
            (400, detail("Come back tomorrow."), Remedy::Unclear(wait)),
            (400, None, Remedy::AskAgain),
            (301, None, Remedy::AskAgain),
            (429, None, Remedy::Busy(wait)),
            (503, None, Remedy::AskAgain),
            (403, None, Remedy::Stop),
        ] {
            assert_eq!(refused(status, body.clone()).remedy(), remedy, "{status} {body:?}");
        }
        assert_eq!(ApiError::Clock.remedy(), Remedy::Stop);
        assert_eq!(ApiError::Incomplete(BadAnswer("serial")).remedy(), Remedy::AskAgain);
    }

    #[test]
    fn there_is_no_such_order_only_if_the_interface_says_so() {
        assert!(refused(200, Some(ErrorBody::order_not_found())).is_not_found());
        assert!(refused(404, detail(error::NOT_FOUND)).is_not_found());
        assert!(!refused(404, None).is_not_found(), "a gateway's page");
        assert!(!refused(400, detail(error::KEY_NOT_FOUND)).is_not_found());
        assert!(!refused(503, None).is_not_found());
        let errno = |errno| Some(ErrorBody::Errno { errno, message: "No.".to_owned() });
        assert!(refused(200, errno(1)).is_not_found());
        assert!(refused(200, errno(404)).is_unknown_order());
        assert!(!refused(200, errno(1)).is_unknown_order());
    }
}
