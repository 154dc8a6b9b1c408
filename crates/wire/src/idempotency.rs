//! Idempotency: a header that makes a resend harmless, and what "the same request" means.
//!
//! Ours: the platform has nothing of the kind, and `out_trade_no` cannot serve, because clients send
//! constants in it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::canon::{CanonicalForm, Object};

/// The longest key, bytes.
pub const MAX_KEY_LEN: usize = 255;

/// A merchant's own id of a request.
///
/// Shape: 1 to [`MAX_KEY_LEN`] printable ASCII characters; blanks around it are not part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// Why a header is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyKeyError {
    /// Nothing but blanks.
    #[error("the idempotency key is empty")]
    Empty,
    /// Over [`MAX_KEY_LEN`].
    #[error("the idempotency key has more than {MAX_KEY_LEN} characters")]
    TooLong,
    /// Control characters or not ASCII.
    #[error("the idempotency key has characters that are not printable ASCII")]
    Unprintable,
}

impl IdempotencyKey {
    /// Reads the header's bytes.
    ///
    /// Errors: [`IdempotencyKeyError`].
    pub fn parse(header: &[u8]) -> Result<Self, IdempotencyKeyError> {
        let key = header.trim_ascii();
        if key.is_empty() {
            return Err(IdempotencyKeyError::Empty);
        }
        if key.len() > MAX_KEY_LEN {
            return Err(IdempotencyKeyError::TooLong);
        }
        if !key.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(IdempotencyKeyError::Unprintable);
        }
        Ok(Self(key.iter().copied().map(char::from).collect()))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl IdempotencyKeyError {
    /// The sentence for the merchant, under the header's name in the field map.
    #[must_use]
    pub fn field_errors(self) -> crate::FieldErrors {
        let text = match self {
            Self::Empty => crate::error::BLANK.to_owned(),
            Self::TooLong => crate::error::longer_than(MAX_KEY_LEN),
            Self::Unprintable => crate::error::NOT_PRINTABLE_ASCII.to_owned(),
        };
        crate::FieldErrors::one(crate::names::IDEMPOTENCY_KEY, text)
    }
}

/// What a request asks for, as 32 bytes: SHA-256 of method, path and X1 body.
///
/// Timestamp and signature are left out, so that a client may sign a resend afresh; order of keys,
/// blanks and escapes are left out, so that it may serialise afresh.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a request.
    ///
    /// `path` without the query; neither it nor `method` can hold a line feed in HTTP, so the parts
    /// cannot run into one another.
    #[must_use]
    pub fn of(method: &str, path: &str, body: &Object) -> Self {
        let mut hash = Sha256::new();
        for part in [method, "\n", path, "\n", &body.render(CanonicalForm::SortedAscii)] {
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// A fingerprint that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_printable_characters() {
        assert_eq!(IdempotencyKey::parse(b" order 17 ").unwrap().as_str(), "order 17");
        assert_eq!(IdempotencyKey::parse(&[b'x'; 255]).unwrap().as_str().len(), 255);
        assert_eq!(IdempotencyKey::parse(b"  "), Err(IdempotencyKeyError::Empty));
        assert_eq!(IdempotencyKey::parse(&[b'x'; 256]), Err(IdempotencyKeyError::TooLong));
        for bad in [&b"a\nb"[..], b"a\x7f", "é".as_bytes(), b"\xff"] {
            assert_eq!(IdempotencyKey::parse(bad), Err(IdempotencyKeyError::Unprintable));
        }
    }

    #[test]
    fn the_writing_of_a_body_does_not_matter_but_every_value_does() {
        let of = |method, path, body: &str| {
            Fingerprint::of(method, path, &Object::parse(body.as_bytes()).unwrap())
        };
        let first = of("POST", "/a", r#"{"b":"/","a":1}"#);
        assert_eq!(first, of("POST", "/a", "{ \"a\": 1, \"b\": \"\\/\" }"));
        for other in [
            of("POST", "/a", r#"{"a":1,"b":"?"}"#),
            of("POST", "/a", r#"{"a":"1","b":"/"}"#),
            of("POST", "/b", r#"{"a":1,"b":"/"}"#),
            of("GET", "/a", r#"{"a":1,"b":"/"}"#),
        ] {
            assert_ne!(first, other);
        }
        assert_eq!(Fingerprint::from_bytes(*first.as_bytes()), first);
    }

    #[test]
    fn a_bad_key_is_answered_under_its_header_name() {
        let errors = IdempotencyKeyError::TooLong.field_errors();
        assert_eq!(
            errors.about("Idempotency-Key"),
            ["Ensure this field has no more than 255 characters."]
        );
    }
}
