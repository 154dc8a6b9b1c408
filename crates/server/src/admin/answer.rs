//! The answers of the admin interface: JSON, and `{"detail": "…"}` for what is refused.

use app::administer::AdminRefused;
use app::audit::AuditFailed;
use app::ports::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::logging::chain;
use crate::refusal;

/// An answer that is not a success.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    detail: String,
    retry_after_secs: Option<u32>,
}

/// What a handler answers.
pub(super) type Answer = Result<Response, Refused>;

impl Refused {
    /// This status with this sentence.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after_secs: None }
    }

    /// What was sent is wrong.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What was asked for is not there.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// No token, or a wrong one. It says no more than that.
    pub(super) fn unknown() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "A valid bearer token is needed.")
    }

    /// Too many wrong tokens came from this address.
    pub(super) fn throttled(wait_secs: u32) -> Self {
        let detail = wire::error::throttled(u64::from(wait_secs));
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, detail);
        Self { retry_after_secs: Some(wait_secs), ..refused }
    }

    /// No node answers.
    pub(super) fn chain(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::warn!("an administrator was not answered: {}", chain(cause));
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The chain could not be read.")
    }

    /// Our own fault: one log line, nothing of it in the body.
    pub(super) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!("an admin request failed: {}", chain(cause));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, wire::error::INTERNAL)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = refusal::json(self.status, json!({"detail": self.detail}).to_string());
        let headers = response.headers_mut();
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Refused {
    fn from(failed: StoreError) -> Self {
        match failed {
            StoreError::Busy | StoreError::Unavailable(_) => {
                tracing::error!("the database does not answer an admin request: {failed}");
                let refused =
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.");
                Self { retry_after_secs: Some(1), ..refused }
            }
            StoreError::LeaseLost | StoreError::Conflict(_) | StoreError::Broken(_) => {
                Self::internal(&failed)
            }
        }
    }
}

impl From<AdminRefused> for Refused {
    fn from(refused: AdminRefused) -> Self {
        let status = match &refused {
            AdminRefused::NoMerchant(_)
            | AdminRefused::NoKey(_)
            | AdminRefused::NoWallet(_)
            | AdminRefused::NoCallback(_)
            | AdminRefused::NoBatch(_)
            | AdminRefused::NoPolicy(_)
            | AdminRefused::NoPerson
            | AdminRefused::NoInvitation
            | AdminRefused::NoToken(_) => StatusCode::NOT_FOUND,
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
            | AdminRefused::PersonExists(_)
            | AdminRefused::TokenExists(_)
            | AdminRefused::KeyReused => StatusCode::CONFLICT,
            AdminRefused::Store(failed) => return failed.clone().into(),
        };
        Self::new(status, refused.to_string())
    }
}

impl From<AuditFailed> for Refused {
    fn from(failed: AuditFailed) -> Self {
        match failed {
            AuditFailed::Store(failed) => failed.into(),
            AuditFailed::Node(_) => Self::chain(&failed),
        }
    }
}

/// A success.
pub(super) fn ok(value: &Value) -> Response {
    refusal::json(StatusCode::OK, value.to_string())
}

/// Something that was made.
pub(super) fn created(value: &Value) -> Response {
    refusal::json(StatusCode::CREATED, value.to_string())
}

/// A part of a list; `next` is what to ask for as `after`, absent at the end.
pub(super) fn list(items: Vec<Value>, next: Option<String>) -> Response {
    ok(&json!({"items": items, "next": next}))
}
