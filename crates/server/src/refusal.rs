//! One exhaustive way from what went wrong to HTTP status, body and log line.

use app::place_order::PlaceRefused;
use app::ports::StoreError;
use app::price_energy::PriceRefused;
use app::read_receiver::ReceiverRefused;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::order::step::Refused;
use wire::{ErrorBody, FieldErrors, error, names};

use crate::keys::KeyFailed;
use crate::logging::chain;

/// An answer that is not a success. What the merchant reads and what the log says are apart: nothing
/// internal has a way into the body.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: ErrorBody,
    retry_after_secs: Option<u32>,
}

impl Refusal {
    /// HTTP 400 with this body.
    #[must_use]
    pub fn bad_request(body: ErrorBody) -> Self {
        Self { status: StatusCode::BAD_REQUEST, body, retry_after_secs: None }
    }

    /// HTTP 400 with a field map.
    #[must_use]
    pub fn fields(fields: FieldErrors) -> Self {
        Self::bad_request(ErrorBody::Fields(fields))
    }

    /// HTTP 200 with an `errno` body: what known clients of a query read.
    #[must_use]
    pub fn answered(body: ErrorBody) -> Self {
        Self { status: StatusCode::OK, body, retry_after_secs: None }
    }

    /// Our own fault: one log line, nothing of it in the body.
    fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!("a request failed: {}", chain(cause));
        Self::unavailable(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn unavailable(status: StatusCode) -> Self {
        Self { status, body: ErrorBody::detail(error::INTERNAL), retry_after_secs: None }
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
        response
    }
}

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: String) -> Response {
    let content_type = HeaderValue::from_static(names::APPLICATION_JSON);
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}

impl From<KeyFailed> for Refusal {
    fn from(failed: KeyFailed) -> Self {
        match &failed {
            KeyFailed::Store(StoreError::Busy) => Self::busy(),
            KeyFailed::Store(_) | KeyFailed::Sealed { .. } => Self::internal(&failed),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(failed: StoreError) -> Self {
        match failed {
            StoreError::Busy => Self::busy(),
            StoreError::Unavailable(_) => {
                tracing::error!("the database does not answer: {failed}");
                Self::unavailable(StatusCode::SERVICE_UNAVAILABLE)
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
            PlaceRefused::ReplayedElsewhere => detail(error::REPLAYED_ELSEWHERE),
            PlaceRefused::ReferenceTaken(_) => Self::fields(FieldErrors::reference_reused()),
            PlaceRefused::KeyReused => Self::fields(FieldErrors::idempotency_key_reused()),
            PlaceRefused::Store(failed) => failed.into(),
            PlaceRefused::NoMerchant => Self::internal(&refused),
        }
    }
}

impl From<ReceiverRefused> for Refusal {
    fn from(refused: ReceiverRefused) -> Self {
        match refused {
            ReceiverRefused::IsContract => Self::fields(FieldErrors::receiver_is_contract()),
            ReceiverRefused::TransferReverts(_) => Self::fields(FieldErrors::transfer_reverts()),
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
                Self::fields(FieldErrors::one(names::TO_ADDRESS, error::TRANSFER_TO_REVERTS))
            }
            PriceRefused::Recipient(refused) => refused.into(),
            PriceRefused::OutOfRange => Self::internal(&refused),
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
