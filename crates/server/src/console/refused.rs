//! What is not done, and the page that says so in the reader's language.

use std::sync::Arc;

use app::administer::{AdminRefused, LIVE_KEYS_MAX, NAME_CHARS_MAX, REASON_CHARS_MAX};
use app::ports::StoreError;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::batch::BatchRefused;
use domain::price_overrides::{PRICE_SUN_MAX, PriceRefused};

use super::edge::ConsoleEdge;
use super::frame::Frame;
use super::phrase::Tongue;
use super::{PREFIX, asset, prices, shown, visit};
use crate::logging::chain;

/// Why a request to the console is not answered with what it asked for.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    /// Nobody is signed in.
    SignIn,
    /// There is no such page, or it is not for whoever asks: the two look alike.
    NoPage,
    /// Whoever asks only looks.
    LooksOnly,
    /// The form is not one of ours, or it is from before the last sign-in.
    Forged,
    /// The form cannot be read.
    Form,
    /// A sentence, by its key.
    Because(StatusCode, &'static str),
    /// A change was not made.
    Change(AdminRefused),
    /// Too many tries; the seconds to wait.
    Throttled(u32),
    /// The database does not answer.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl Refused {
    /// A sentence about what was typed.
    pub(super) fn bad(key: &'static str) -> Self {
        Self::Because(StatusCode::BAD_REQUEST, key)
    }

    /// Our own fault: one log line, nothing of it on the page.
    pub(super) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!("a console request failed: {}", chain(cause));
        Self::Internal
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::LooksOnly | Self::Forged => StatusCode::FORBIDDEN,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::Because(status, _) => *status,
            Self::Change(refused) => status_of(refused),
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence that says it.
    pub(super) fn sentence(&self, tongue: Tongue) -> String {
        match self {
            Self::SignIn => tongue.say("refused.sign-in").to_owned(),
            Self::NoPage => tongue.say("refused.no-page").to_owned(),
            Self::LooksOnly => tongue.say("refused.looks-only").to_owned(),
            Self::Forged => tongue.say("refused.forged").to_owned(),
            Self::Form => tongue.say("refused.form").to_owned(),
            Self::Because(_, key) => tongue.say(key).to_owned(),
            Self::Change(refused) => change_sentence(refused, tongue),
            Self::Throttled(secs) => {
                tongue.fill("refused.throttled", &[("what", &secs.to_string())])
            }
            Self::Unavailable => tongue.say("refused.unavailable").to_owned(),
            Self::Internal => tongue.say("refused.internal").to_owned(),
        }
    }
}

fn status_of(refused: &AdminRefused) -> StatusCode {
    match refused {
        AdminRefused::NoMerchant(_)
        | AdminRefused::NoKey(_)
        | AdminRefused::NoWallet(_)
        | AdminRefused::NoCallback(_)
        | AdminRefused::NoToken(_)
        | AdminRefused::NoBatch(_)
        | AdminRefused::NoPolicy(_)
        | AdminRefused::NoPerson
        | AdminRefused::NoInvitation => StatusCode::NOT_FOUND,
        AdminRefused::NotSignedIn => StatusCode::UNAUTHORIZED,
        AdminRefused::Name
        | AdminRefused::Reason
        | AdminRefused::Amount
        | AdminRefused::Price(_) => StatusCode::BAD_REQUEST,
        AdminRefused::TooManyKeys(_)
        | AdminRefused::KeyMayNotOrder(_)
        | AdminRefused::NotEnough { .. }
        | AdminRefused::TooMuch
        | AdminRefused::Batch(_)
        | AdminRefused::KeyReused
        | AdminRefused::PersonExists(_)
        | AdminRefused::TokenExists(_) => StatusCode::CONFLICT,
        AdminRefused::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What a refused change says.
pub(super) fn change_sentence(refused: &AdminRefused, tongue: Tongue) -> String {
    let about = |key: &str, what: &dyn ToString| tongue.fill(key, &[("what", &what.to_string())]);
    match refused {
        AdminRefused::NoMerchant(id) => about("refused.no-merchant", &id.0),
        AdminRefused::NoKey(text) => about("refused.no-key", text),
        AdminRefused::NoWallet(address) => about("refused.no-wallet", address),
        AdminRefused::NoCallback(order) => about("refused.no-callback", order),
        AdminRefused::NoToken(id) => about("refused.no-token", id),
        AdminRefused::KeyMayNotOrder(text) => about("refused.key-may-not-order", text),
        AdminRefused::NoPolicy(id) => about("refused.no-policy", &id.0),
        AdminRefused::NoBatch(id) => about("refused.no-batch", id),
        AdminRefused::Batch(refused) => tongue.say(batch_phrase(*refused)).to_owned(),
        AdminRefused::NoPerson => tongue.say("refused.no-person").to_owned(),
        AdminRefused::PersonExists(name) => about("refused.person-exists", name),
        AdminRefused::TokenExists(name) => about("refused.token-exists", name),
        AdminRefused::NoInvitation => tongue.say("refused.no-invitation").to_owned(),
        AdminRefused::NotSignedIn => tongue.say("refused.not-signed-in").to_owned(),
        AdminRefused::Name => about("refused.name", &NAME_CHARS_MAX),
        AdminRefused::Reason => about("refused.reason", &REASON_CHARS_MAX),
        AdminRefused::Amount => tongue.say("refused.amount").to_owned(),
        AdminRefused::TooManyKeys(_) => about("refused.too-many-keys", &LIVE_KEYS_MAX),
        AdminRefused::NotEnough { have, .. } => {
            about("refused.not-enough", &shown::trx_text(*have))
        }
        AdminRefused::TooMuch => tongue.say("refused.too-much").to_owned(),
        AdminRefused::KeyReused => tongue.say("refused.key-reused").to_owned(),
        AdminRefused::Price(refused) => price_sentence(*refused, tongue),
        AdminRefused::Store(_) => tongue.say("refused.unavailable").to_owned(),
    }
}

fn price_sentence(refused: PriceRefused, tongue: Tongue) -> String {
    let values = [
        ("what", tongue.say(prices::phrase(refused.name)).to_owned()),
        ("most", shown::grouped(PRICE_SUN_MAX)),
        ("value", shown::grouped(refused.value)),
    ];
    tongue.fill("refused.price", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

const fn batch_phrase(refused: BatchRefused) -> &'static str {
    match refused {
        BatchRefused::NotNow(_) => "refused.batch-not-now",
        BatchRefused::NothingFailed => "refused.batch-no-failure",
        BatchRefused::NoChange => "refused.batch-no-change",
    }
}

impl From<StoreError> for Refused {
    fn from(failed: StoreError) -> Self {
        match failed {
            StoreError::Busy | StoreError::Unavailable(_) => {
                tracing::error!("the database does not answer a console request: {failed}");
                Self::Unavailable
            }
            StoreError::LeaseLost | StoreError::Conflict(_) | StoreError::Broken(_) => {
                Self::internal(&failed)
            }
        }
    }
}

impl From<AdminRefused> for Refused {
    fn from(refused: AdminRefused) -> Self {
        if let AdminRefused::Store(failed) = refused {
            failed.into()
        } else {
            Self::Change(refused)
        }
    }
}

impl From<askama::Error> for Refused {
    fn from(failed: askama::Error) -> Self {
        Self::internal(&failed)
    }
}

impl IntoResponse for Refused {
    /// A bare status; [`dress`] makes the page of it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    frame: &'a Frame,
    sentence: String,
}

/// Makes pages of refusals; those who are not signed in are led to where they can.
pub(super) async fn dress(
    State(edge): State<Arc<ConsoleEdge>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (frame, headers) = (Frame::of(&parts), parts.headers.clone());
    let is_read = parts.method.is_safe();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let known = response.extensions_mut().remove::<Arc<Refused>>();
    let Some(refused) = known.or_else(|| unread(&response, is_read)) else { return response };
    if matches!(*refused, Refused::SignIn) {
        return to_sign_in(&frame);
    }
    let frame = Frame { who: visit::known(&edge, &headers).await, ..frame };
    let sentence = refused.sentence(frame.tongue);
    let page = match frame.is_fragment {
        true => Ok(format!("<p class=\"problem\">{}</p>", crate::docs_page::escaped(&sentence))),
        false => Problem { frame: &frame, sentence }.render(),
    };
    let mut page = match page {
        Ok(page) => (refused.status(), Html(page)).into_response(),
        Err(failed) => return Refused::internal(&failed).status().into_response(),
    };
    if let Refused::Throttled(secs) = *refused {
        page.headers_mut().insert(header::RETRY_AFTER, secs.into());
    }
    page
}

/// What is wrong with a request that no handler saw: its path, its query or its body cannot be read.
fn unread(response: &Response, is_read: bool) -> Option<Arc<Refused>> {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_unread = response.status().is_client_error() && !is_page;
    is_unread.then(|| Arc::new(if is_read { Refused::NoPage } else { Refused::Form }))
}

fn to_sign_in(frame: &Frame) -> Response {
    let place = if frame.is_fragment { String::new() } else { frame.here() };
    let next: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
    let address = match place.is_empty() {
        true => format!("{PREFIX}/sign-in"),
        false => format!("{PREFIX}/sign-in?next={next}"),
    };
    let status = if frame.is_fragment { StatusCode::UNAUTHORIZED } else { StatusCode::SEE_OTHER };
    go(frame, status, &address)
}

/// Leads a browser to another address of the console.
pub(super) fn go(frame: &Frame, status: StatusCode, address: &str) -> Response {
    let name = match frame.is_fragment {
        true => HeaderName::from_static("hx-redirect"),
        false => header::LOCATION,
    };
    let value = HeaderValue::from_str(address);
    let value = value.unwrap_or_else(|_| HeaderValue::from_static(PREFIX));
    (status, [(name, value)]).into_response()
}

/// No such page.
pub(super) async fn no_page() -> Refused {
    Refused::NoPage
}
