//! The signature: HMAC-SHA256 of `timestamp & body`, and the time that goes with it.
//!
//! Clients differ in what they sign: the bytes they send, or a sorted copy of them in their
//! language's JSON. Both are accepted; every form is a MAC over the same content with the same
//! secret, so accepting several gives a forger nothing as long as duplicate keys are refused, which
//! [`Object::parse`] does.
//!
//! Source: api-contract 3; the vectors V1 to V12 are in `tests/vectors.rs`.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::canon::{CanonicalForm, Object};

/// How far a client's clock may be off, seconds, in both directions, the last second included.
pub const WINDOW_SECS: i64 = 300;
/// Digits of a timestamp.
const TIMESTAMP_DIGITS: usize = 10;
/// Bytes of a MAC.
const MAC_LEN: usize = 32;

/// Which writing of the body a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// X0: the bytes as they were sent.
    Raw,
    /// X1 to X4: a sorted copy.
    Canonical(CanonicalForm),
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not 64 hex digits. A wrapping `xxd -p` sends 60.
    #[error("a signature is 64 hex digits")]
    Malformed,
    /// It covers something else, or another secret made it.
    #[error("the signature does not match")]
    Mismatch,
}

/// Signs a body.
///
/// The secret is used as the text that the merchant was given, never decoded from hex.
/// Units: `timestamp` Unix seconds as sent in the header; the result is 64 lower-case hex digits.
#[must_use]
pub fn sign(secret: &[u8], timestamp: &str, body: &[u8]) -> String {
    hex::encode(mac(secret, timestamp, body))
}

/// Checks the signature of a body as received.
///
/// Blanks around both texts are ignored and the hex may be upper case.
/// Shape: one MAC if the client signed what it sent, else a parse and up to four more.
/// Errors: [`SignatureError`]; a body that does not parse can only match as [`Form::Raw`].
pub fn verify(
    secret: &[u8],
    timestamp: &str,
    raw_body: &[u8],
    signature: &str,
) -> Result<Form, SignatureError> {
    let timestamp = timestamp.trim();
    let mut claimed = [0; MAC_LEN];
    hex::decode_to_slice(signature.trim(), &mut claimed).map_err(|_| SignatureError::Malformed)?;
    let matches = |body: &[u8]| bool::from(mac(secret, timestamp, body).as_slice().ct_eq(&claimed));

    if matches(raw_body) {
        return Ok(Form::Raw);
    }
    let object = Object::parse_body(raw_body).map_err(|_| SignatureError::Mismatch)?;
    CanonicalForm::ALL
        .into_iter()
        .find(|form| matches(object.render(*form).as_bytes()))
        .map(Form::Canonical)
        .ok_or(SignatureError::Mismatch)
}

fn mac(secret: &[u8], timestamp: &str, body: &[u8]) -> [u8; MAC_LEN] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b"&");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// The time that a message says it was signed, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The header is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a timestamp is 10 digits of unix seconds")]
pub struct NotATimestamp;

/// A message was signed too long ago or too far ahead. Its text is meant for the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockOff {
    /// The client's clock is slow, or the request took that long.
    #[error("Timestamp is {secs} seconds behind server time; check your clock.")]
    Behind {
        /// By how much.
        secs: i64,
    },
    /// The client's clock is fast.
    #[error("Timestamp is {secs} seconds ahead of server time; check your clock.")]
    Ahead {
        /// By how much.
        secs: i64,
    },
}

impl Timestamp {
    /// The time of that second.
    ///
    /// Errors: before 2001-09-09 or after 2286-11-20, where it has not ten digits.
    pub fn from_secs(unix_secs: i64) -> Result<Self, NotATimestamp> {
        if (1_000_000_000..=9_999_999_999).contains(&unix_secs) {
            Ok(Self(unix_secs))
        } else {
            Err(NotATimestamp)
        }
    }

    /// Reads the header; blanks around it are ignored.
    ///
    /// Errors: not exactly ten digits. Milliseconds, a common slip, have thirteen.
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        let text = text.trim();
        if text.len() != TIMESTAMP_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotATimestamp);
        }
        text.parse().map(Self).map_err(|_| NotATimestamp)
    }

    /// Unix seconds.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0
    }

    /// Whether the message is fresh.
    ///
    /// Units: `now_ms` Unix milliseconds by the server's clock.
    /// Errors: more than [`WINDOW_SECS`] off, and which way.
    pub const fn within_window(self, now_ms: i64) -> Result<(), ClockOff> {
        let ahead_ms = (self.0 * 1000).saturating_sub(now_ms);
        if ahead_ms > WINDOW_SECS * 1000 {
            Err(ClockOff::Ahead { secs: whole_secs_up(ahead_ms) })
        } else if ahead_ms < -WINDOW_SECS * 1000 {
            Err(ClockOff::Behind { secs: whole_secs_up(ahead_ms.saturating_neg()) })
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// Rounded up, so that a refusal never names a difference that would have been accepted.
const fn whole_secs_up(positive_ms: i64) -> i64 {
    positive_ms / 1000 + (positive_ms % 1000 != 0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ten_digits_are_a_timestamp() {
        assert_eq!(Timestamp::parse(" 1686796826 ").unwrap().to_string(), "1686796826");
        for bad in ["", "168679682", "1686796826000", "+686796826", "168679682.", "16867968２6"] {
            assert_eq!(Timestamp::parse(bad), Err(NotATimestamp), "{bad:?}");
        }
        assert_eq!(Timestamp::from_secs(999_999_999), Err(NotATimestamp));
        assert_eq!(Timestamp::from_secs(i64::MAX), Err(NotATimestamp));
        assert_eq!(Timestamp::parse("0000000001").unwrap().to_string(), "0000000001");
    }

    #[test]
    fn the_window_includes_its_last_millisecond_and_names_the_direction() {
        let timestamp = Timestamp::parse("1686796826").unwrap();
        let at = 1_686_796_826_000;
        for fresh in [at, at - 300_000, at + 300_000] {
            assert_eq!(timestamp.within_window(fresh), Ok(()));
        }
        assert_eq!(
            timestamp.within_window(at + 612_000).unwrap_err().to_string(),
            "Timestamp is 612 seconds behind server time; check your clock."
        );
        assert_eq!(
            timestamp.within_window(at - 3_600_000).unwrap_err().to_string(),
            "Timestamp is 3600 seconds ahead of server time; check your clock."
        );
        assert_eq!(timestamp.within_window(at + 300_001), Err(ClockOff::Behind { secs: 301 }));
        assert_eq!(timestamp.within_window(at - 300_001), Err(ClockOff::Ahead { secs: 301 }));
        assert!(timestamp.within_window(i64::MAX).is_err());
        assert!(timestamp.within_window(i64::MIN).is_err());
    }
}
