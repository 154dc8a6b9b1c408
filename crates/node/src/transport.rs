//! The one thing that must be able to carry a question: a path and a JSON body there, JSON back.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::verdict::{DEFAULT_RETRY, Verdict};

/// Carries one question to one node. HTTP in production, an in-process chain in the simulator.
///
/// A transport does not interpret answers: `{"Error": ...}` in a complete answer is a success here.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Posts `body` to `path` (such as `wallet/getblock`) and returns the whole answer.
    ///
    /// Errors: [`TransportError`]; the question may or may not have reached the node.
    async fn call(&self, path: &str, body: Value) -> Result<Value, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    async fn call(&self, path: &str, body: Value) -> Result<Value, TransportError> {
        (**self).call(path, body).await
    }
}

/// Why there is no complete answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The named wait is over.
    #[error("no whole answer within {} ms", limit.as_millis())]
    Timeout {
        /// The wait that was allowed.
        limit: Duration,
    },
    /// No connection: the node did not get the question.
    #[error("cannot connect: {detail}")]
    Connect {
        /// The cause chain, without the URL (it may hold a token).
        detail: String,
    },
    /// The connection broke after it was made.
    #[error("the connection broke: {detail}")]
    Broken {
        /// The cause chain, without the URL.
        detail: String,
    },
    /// The answer is larger than allowed.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The named limit.
        limit_bytes: usize,
    },
    /// An HTTP status other than 200 that is not about rates.
    #[error("the node answered with HTTP status {status}: {text}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of the answer.
        text: String,
    },
    /// The provider suspends us: every call to this endpoint must wait.
    #[error("the endpoint asks us to wait {} ms", retry_after.as_millis())]
    Suspended {
        /// How long, from now.
        retry_after: Duration,
    },
    /// Our own limit for this endpoint gives no turn before the deadline; nothing was sent.
    #[error("our own request limit gives no turn for {} ms", retry_after.as_millis())]
    Limited {
        /// When a turn would be free, from now.
        retry_after: Duration,
    },
    /// The answer is complete and not JSON.
    #[error("the answer is not JSON: {text}")]
    NotJson {
        /// The start of the answer.
        text: String,
    },
}

impl TransportError {
    /// What a reader should do next.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Suspended { retry_after } | Self::Limited { retry_after } => {
                Verdict::RetryAfter(*retry_after)
            }
            Self::Timeout { .. } | Self::Connect { .. } | Self::Broken { .. } => {
                Verdict::RetryAfter(DEFAULT_RETRY)
            }
            Self::Status { status, .. } if *status >= 500 => Verdict::RetryAfter(DEFAULT_RETRY),
            Self::Status { .. } | Self::TooLarge { .. } | Self::NotJson { .. } => Verdict::GiveUp,
        }
    }
}
