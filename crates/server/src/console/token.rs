//! Random tokens: in a cookie, in a link, in a form. What is kept of one is its hash.

use app::person_rows::Invitation;
use domain::UnixMillis;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Length of a token, in hex digits.
pub const TOKEN_DIGITS: usize = 64;

/// A fresh token.
///
/// Errors: the system gives no randomness.
pub fn fresh() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0_u8; TOKEN_DIGITS / 2]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(Zeroizing::new(hex::encode(bytes.as_slice())))
}

/// What is kept of a token.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A fresh invitation and the token in its link.
///
/// Errors: the system gives no randomness.
pub fn invitation(until: UnixMillis) -> Result<(Invitation, Zeroizing<String>), getrandom::Error> {
    let token = fresh()?;
    Ok((Invitation { token_hash: hash(&token), until }, token))
}

/// The link of an invitation, on a server that browsers reach at `origin`.
#[must_use]
pub fn invitation_link(origin: &str, token: &str) -> String {
    format!("{}{}/invitation/{token}", origin.trim_end_matches('/'), super::PREFIX)
}

/// Whether a text looks like a token of ours.
pub(super) fn is_shaped(text: &str) -> bool {
    text.len() == TOKEN_DIGITS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What forms carry to show that they are ours: it follows from the cookie, which no other site reads.
pub(super) fn of_forms(cookie: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(cookie.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"sunsweep console form");
    hex::encode(mac.finalize().into_bytes())
}

/// Whether two tokens are the same, in time that does not say where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
