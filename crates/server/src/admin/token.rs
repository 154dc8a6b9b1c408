//! Tokens of the admin interface: how they look, and how their secrets are hashed.
//!
//! `sunsweep_admin_<id>_<secret>`: the id is public and finds the row, the secret is kept as an argon2id
//! hash only.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use zeroize::Zeroizing;

/// How every token begins, so that scanners for leaked secrets know it.
pub const TOKEN_PREFIX: &str = "sunsweep_admin_";
/// Length of the public part, in hex digits.
pub const ID_DIGITS: usize = 16;
/// Length of the secret part, in hex digits.
pub const SECRET_DIGITS: usize = 64;

/// A fresh token: shown once, kept as a hash.
pub struct NewToken {
    /// The public part.
    pub id: String,
    /// The whole token.
    pub text: Zeroizing<String>,
    /// What is kept of the secret.
    pub secret_hash: String,
}

/// Why no token could be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenFailed {
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[from] getrandom::Error),
    /// Hashing failed.
    #[error("the secret could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

/// Makes a token.
///
/// Shape: some 20 ms and 19 MiB.
/// Errors: [`TokenFailed`].
pub fn generate() -> Result<NewToken, TokenFailed> {
    let id = random_hex(ID_DIGITS)?.as_str().to_owned();
    let secret = random_hex(SECRET_DIGITS)?;
    let hash = Argon2::default().hash_password(secret.as_bytes()).map_err(TokenFailed::Hash)?;
    let text = Zeroizing::new(format!("{TOKEN_PREFIX}{id}_{}", secret.as_str()));
    Ok(NewToken { id, text, secret_hash: hash.to_string() })
}

/// The public and the secret part of a text that looks like a token.
#[must_use]
pub fn parts(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(TOKEN_PREFIX)?.split_once('_')?;
    let is_hex = |part: &str, digits| {
        part.len() == digits && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (is_hex(id, ID_DIGITS) && is_hex(secret, SECRET_DIGITS)).then_some((id, secret))
}

/// Whether a secret is the one that was hashed. Shape: as long as hashing it.
#[must_use]
pub fn is_secret(secret: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok()
}

fn random_hex(digits: usize) -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new(vec![0; digits / 2]);
    getrandom::fill(&mut bytes)?;
    Ok(Zeroizing::new(hex::encode(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_apart_and_its_secret_recognised() {
        let token = generate().unwrap();
        let (id, secret) = parts(&token.text).unwrap();
        assert_eq!(id, token.id);
        assert!(token.secret_hash.starts_with("$argon2id$"), "{}", token.secret_hash);
        assert!(!token.secret_hash.contains(secret));
        assert!(is_secret(secret, &token.secret_hash));
        assert!(!is_secret(&"0".repeat(SECRET_DIGITS), &token.secret_hash));
        assert!(!is_secret(secret, "not a hash"));
    }

    #[test]
    fn what_does_not_look_like_a_token_is_none() {
        let (id, secret) = ("0".repeat(ID_DIGITS), "f".repeat(SECRET_DIGITS));
        assert!(parts(&format!("{TOKEN_PREFIX}{id}_{secret}")).is_some());
        for bad in [
            String::new(),
            format!("{id}_{secret}"),
            format!("{TOKEN_PREFIX}{id}{secret}"),
            format!("{TOKEN_PREFIX}{id}_{secret}0"),
            format!("{TOKEN_PREFIX}{id}_{}", secret.to_uppercase()),
        ] {
            assert_eq!(parts(&bad), None, "{bad}");
        }
    }
}
