//! One exhaustive way from what went wrong to HTTP status, body and log line.

use app::answers::RepeatRefused;
use app::place_order::PlaceRefused;
use app::ports::StoreError;
use app::price_energy::PriceRefused;
use app::read_receiver::ReceiverRefused;
use app::rows::ExactAnswer;
use app::send_transfer::SendRefused;
use app::set_policies::AskRefused;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::order::step::Refused;
use domain::policy::PolicyRefused;
use domain::policy::limits::TRANSFERS_LEFT_MAX;
use domain::transfer::Refused as TransferRefused;
use wire::page::InvalidPage;
use wire::{CountPolicyEdit, ErrorBody, FieldErrors, error, names};

use crate::keys::KeyFailed;
use crate::limit::Throttled;
use crate::logging::chain;

/// An answer that is not a success. What the merchant reads and what the log says are apart: nothing
/// internal has a way into the body.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: ErrorBody,
    retry_after_secs: Option<u32>,
    is_unknown_key: bool,
    is_authenticated: bool,
}

/// What marks an answer to somebody whose key or signature did not hold: such requests are counted by
/// where they come from.
#[derive(Debug, Clone, Copy)]
pub struct NotAuthenticated;

impl Refusal {
    /// HTTP 400 with this body.
    #[must_use]
    pub fn bad_request(body: ErrorBody) -> Self {
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    fn new(status: StatusCode, body: ErrorBody) -> Self {
        let (is_unknown_key, is_authenticated) = (false, true);
        Self { status, body, retry_after_secs: None, is_unknown_key, is_authenticated }
    }

    /// The key is missing, unknown or revoked.
    #[must_use]
    pub fn unknown_key() -> Self {
        let body = ErrorBody::detail(error::KEY_NOT_FOUND);
        Self { is_unknown_key: true, ..Self::bad_request(body).not_authenticated() }
    }

    /// Whether it is [`Self::unknown_key`], which two endpoints answer in their own way.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        self.is_unknown_key
    }

    /// The same, for a caller whose signature does not hold.
    #[must_use]
    pub fn not_authenticated(self) -> Self {
        Self { is_authenticated: false, ..self }
    }

    /// The same with HTTP 403: the one documented status beside 200 and 400.
    #[must_use]
    pub fn forbidden(self) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..self }
    }

    /// HTTP 400 with a field map.
    #[must_use]
    pub fn fields(fields: FieldErrors) -> Self {
        Self::bad_request(ErrorBody::Fields(fields))
    }

    /// HTTP 200 with an `errno` body: what known clients of a query read.
    #[must_use]
    pub fn answered(body: ErrorBody) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// HTTP 404.
    #[must_use]
    pub fn not_found(body: ErrorBody) -> Self {
        Self::new(StatusCode::NOT_FOUND, body)
    }

    /// HTTP 429: nothing was done, and after so many seconds it may be.
    #[must_use]
    pub fn throttled(available_in_secs: u32) -> Self {
        let body = ErrorBody::detail(error::throttled(u64::from(available_in_secs)));
        let retry_after_secs = Some(available_in_secs);
        Self { retry_after_secs, ..Self::new(StatusCode::TOO_MANY_REQUESTS, body) }
    }

    /// Our own fault: one log line, nothing of it in the body.
    fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!("a request failed: {}", chain(cause));
        Self::unavailable(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn unavailable(status: StatusCode) -> Self {
        Self::new(status, ErrorBody::detail(error::INTERNAL))
    }

    fn busy() -> Self {
        Self { retry_after_secs: Some(1), ..Self::unavailable(StatusCode::SERVICE_UNAVAILABLE) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.status, self.body.to_json());
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        if self.is_authenticated { response } else { not_authenticated(response) }
    }
}

/// An answer to somebody whose key or signature did not hold.
#[must_use]
pub fn not_authenticated(mut response: Response) -> Response {
    response.extensions_mut().insert(NotAuthenticated);
    response
}

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: String) -> Response {
    let content_type = HeaderValue::from_static(names::APPLICATION_JSON);
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// An answer that was given before, to the byte.
#[must_use]
pub fn exactly(answer: ExactAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    json(status, answer.body)
}

impl From<Throttled> for Refusal {
    fn from(refused: Throttled) -> Self {
        Self::throttled(refused.available_in_secs)
    }
}

impl From<InvalidPage> for Refusal {
    fn from(refused: InvalidPage) -> Self {
        Self::not_found(refused.body())
    }
}

impl From<KeyFailed> for Refusal {
    fn from(failed: KeyFailed) -> Self {
        match failed {
            KeyFailed::Store(failed) => failed.into(),
            KeyFailed::Sealed { .. } => Self::internal(&failed),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(failed: StoreError) -> Self {
        match failed {
            StoreError::Busy => Self::busy(),
            StoreError::Unavailable(_) => {
                tracing::error!("the database does not answer: {failed}");
                Self::busy()
            }
            StoreError::LeaseLost | StoreError::Conflict(_) | StoreError::Broken(_) => {
                Self::internal(&failed)
            }
        }
    }
}

impl From<PlaceRefused> for Refusal {
    fn from(refused: PlaceRefused) -> Self {
        let detail = |text: &str| Self::bad_request(ErrorBody::detail(text));
        match refused {
            PlaceRefused::Receiver(refused) => refused.into(),
            PlaceRefused::ChainUnknown => detail(error::CHAIN_UNREADABLE),
            PlaceRefused::Rules(refused) => refused.into(),
            PlaceRefused::Repeat(refused) => refused.into(),
            PlaceRefused::ReferenceTaken(_) => Self::fields(FieldErrors::reference_reused()),
            PlaceRefused::Store(failed) => failed.into(),
            PlaceRefused::NoMerchant | PlaceRefused::RowTaken => Self::internal(&refused),
        }
    }
}

impl From<SendRefused> for Refusal {
    fn from(refused: SendRefused) -> Self {
        let detail = |text: &str| Self::bad_request(ErrorBody::detail(text));
        match refused {
            SendRefused::Repeat(refused) => refused.into(),
            SendRefused::IsContract => Self::fields(FieldErrors::receiver_is_contract()),
            SendRefused::ChainUnknown => detail(error::CHAIN_UNREADABLE),
            SendRefused::Unreadable(failed) => {
                tracing::warn!("the chain could not be read for a transfer: {}", chain(&failed));
                detail(error::CHAIN_UNREADABLE)
            }
            SendRefused::Rules(refused) => refused.into(),
            SendRefused::ChainRefused(_) => detail(error::TRANSFER_REFUSED),
            SendRefused::Store(failed) => failed.into(),
            SendRefused::NoKey(_) => {
                tracing::error!("a transfer was refused: {refused}");
                detail(error::NO_FLOAT)
            }
            SendRefused::NoMerchant => Self::internal(&refused),
        }
    }
}

impl From<TransferRefused> for Refusal {
    fn from(refused: TransferRefused) -> Self {
        let detail = |text: &str| Self::bad_request(ErrorBody::detail(text));
        match refused {
            TransferRefused::MerchantPaused => detail(error::MERCHANT_PAUSED),
            TransferRefused::ReceiverIsPool => Self::fields(FieldErrors::receiver_is_pool()),
            TransferRefused::CapExceeded(_) => detail(error::CAP_EXCEEDED),
            TransferRefused::InsufficientFunds { .. } => detail(error::INSUFFICIENT_FUNDS),
            TransferRefused::NoFloat { .. } => {
                tracing::error!("a transfer was refused for want of TRX: {refused}");
                detail(error::NO_FLOAT)
            }
            TransferRefused::Unknown | TransferRefused::NoChange => Self::internal(&refused),
        }
    }
}

impl From<RepeatRefused> for Refusal {
    fn from(refused: RepeatRefused) -> Self {
        match refused {
            RepeatRefused::Elsewhere => {
                Self::bad_request(ErrorBody::detail(error::REPLAYED_ELSEWHERE))
            }
            RepeatRefused::KeyReused => Self::fields(FieldErrors::idempotency_key_reused()),
            // This process stood still for minutes: signed afresh it is served.
            RepeatRefused::Late => Self::busy(),
        }
    }
}

impl From<ReceiverRefused> for Refusal {
    fn from(refused: ReceiverRefused) -> Self {
        match refused {
            ReceiverRefused::IsContract => Self::fields(FieldErrors::receiver_is_contract()),
            ReceiverRefused::TransferReverts(_) => Self::fields(FieldErrors::transfer_reverts()),
            ReceiverRefused::TransferToReverts(_) => {
                Self::fields(FieldErrors::transfer_to_reverts())
            }
            ReceiverRefused::Unreadable(failed) => {
                tracing::warn!("the chain could not be read for an order: {}", chain(&failed));
                Self::bad_request(ErrorBody::detail(error::CHAIN_UNREADABLE))
            }
        }
    }
}

impl From<PriceRefused> for Refusal {
    fn from(refused: PriceRefused) -> Self {
        match refused {
            PriceRefused::Recipient(ReceiverRefused::TransferReverts(_)) => {
                Self::fields(FieldErrors::transfer_to_reverts())
            }
            PriceRefused::Recipient(refused) => refused.into(),
            PriceRefused::OutOfRange => Self::internal(&refused),
            PriceRefused::Store(failed) => failed.into(),
        }
    }
}

impl From<AskRefused> for Refusal {
    fn from(refused: AskRefused) -> Self {
        let detail = |text: &str| Self::bad_request(ErrorBody::detail(text));
        match refused {
            AskRefused::Repeat(refused) => refused.into(),
            AskRefused::Inactive(address) => detail(&error::inactive_address(address)),
            AskRefused::Receiver(refused) => refused.into(),
            AskRefused::ChainUnknown => detail(error::CHAIN_UNREADABLE),
            AskRefused::Rules(refused) => refused.into(),
            AskRefused::NotFound => Self::not_found(ErrorBody::detail(error::NOT_FOUND)),
            AskRefused::Policy(PolicyRefused::TooFewLeft { left }) => {
                Self::fields(CountPolicyEdit::too_few_left(left))
            }
            AskRefused::Policy(PolicyRefused::TooManyLeft { left }) => {
                Self::fields(CountPolicyEdit::too_many_left(TRANSFERS_LEFT_MAX - left))
            }
            AskRefused::Store(failed) => failed.into(),
            AskRefused::Policy(PolicyRefused::NotNow | PolicyRefused::OtherKind)
            | AskRefused::NoMerchant => Self::internal(&refused),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let detail = |text: &str| Self::bad_request(ErrorBody::detail(text));
        match refused {
            Refused::MerchantPaused => detail(error::MERCHANT_PAUSED),
            Refused::TooManyOpen { open } => detail(&error::too_many_open(open)),
            Refused::ReceiverIsPool => Self::fields(FieldErrors::receiver_is_pool()),
            Refused::ReceiverInactive { receiver } => detail(&error::inactive_address(receiver)),
            Refused::InsufficientFunds { .. } => detail(error::INSUFFICIENT_FUNDS),
            Refused::CapExceeded(_) => detail(error::CAP_EXCEEDED),
            Refused::NoCapacity(lack) => {
                tracing::error!("an order was refused for want of capacity: {lack}");
                detail(error::NO_CAPACITY)
            }
            Refused::PriceOutOfRange | Refused::Leg(_) | Refused::Unknown | Refused::NoChange => {
                Self::internal(&refused)
            }
        }
    }
}
