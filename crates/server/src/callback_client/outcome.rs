//! What can come of one post.

use std::error::Error;
use std::fmt;

use super::resolver::{LookupFailed, PrivateTarget};

/// What came of one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostOutcome {
    /// The receiver answered; only the caller decides which status is success.
    Answered {
        /// HTTP status, redirects included: they are not followed.
        status: u16,
        /// The beginning of the body, at most [`super::MAX_EXCERPT_BYTES`] bytes.
        body_excerpt: String,
        /// From name lookup to the end of reading.
        took_ms: u64,
    },
    /// Nothing was sent, and nothing will be until the address or the configuration changes.
    Refused(PostRefused),
    /// No answer; the receiver may or may not have seen the request.
    Failed(FailureKind),
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostRefused {
    /// More than [`super::MAX_URL_BYTES`].
    #[error("the address is too long")]
    TooLong,
    /// Not an absolute URL that can be requested.
    #[error("not a valid URL")]
    NotAUrl,
    /// Neither http nor https.
    #[error("only http and https addresses can be called")]
    Scheme,
    /// The host is, or stands for, an address that is not public.
    #[error("the address is not public")]
    PrivateAddress,
    /// A header cannot be sent as it is.
    #[error("a header holds characters that cannot be sent")]
    Header,
}

impl PostRefused {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::TooLong, Self::NotAUrl, Self::Scheme, Self::PrivateAddress, Self::Header];
}

/// How a post ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No complete answer head within the time-out.
    TimedOut,
    /// The name stands for no address.
    Dns,
    /// No connection to any of the addresses.
    Connect,
    /// The encrypted connection was refused: certificate, host name or protocol.
    Tls,
    /// The connection ended before an answer.
    Closed,
    /// The answer was not HTTP, or its head was too large.
    BadAnswer,
}

impl FailureKind {
    /// Every way.
    pub const ALL: [Self; 6] =
        [Self::TimedOut, Self::Dns, Self::Connect, Self::Tls, Self::Closed, Self::BadAnswer];
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "timed out",
            Self::Dns => "name not found",
            Self::Connect => "no connection",
            Self::Tls => "TLS refused",
            Self::Closed => "connection closed",
            Self::BadAnswer => "not an HTTP answer",
        })
    }
}

/// Sorts what the HTTP client said.
pub(super) fn of_error(error: &reqwest::Error) -> PostOutcome {
    if has::<PrivateTarget>(error) {
        return PostOutcome::Refused(PostRefused::PrivateAddress);
    }
    if error.is_builder() {
        return PostOutcome::Refused(PostRefused::NotAUrl);
    }
    PostOutcome::Failed(if has::<LookupFailed>(error) {
        FailureKind::Dns
    } else if error.is_timeout() {
        FailureKind::TimedOut
    } else if has::<rustls::Error>(error) {
        FailureKind::Tls
    } else if error.is_connect() {
        FailureKind::Connect
    } else if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
        FailureKind::BadAnswer
    } else {
        FailureKind::Closed
    })
}

fn has<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    find::<E>(error).is_some()
}

/// The first error of a type in a chain of causes. An `io::Error` hides the error it wraps from
/// `source`, so that one is looked into as well.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}
