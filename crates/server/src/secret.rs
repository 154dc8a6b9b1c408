//! Secrets at rest and where they come from: the master key, API keys and API secrets.
//!
//! Nothing here has `Debug`, `Display`, `Serialize` or `Clone`; everything is wiped when dropped.

mod sealer;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::private_file;

pub use sealer::{MAX_SEALED_BYTES, OpenError, SealError, Sealer};

/// Name of the environment variable that holds the master key as hex.
pub const MASTER_KEY_VARIABLE: &str = "SUNSWEEP_MASTER_KEY";
/// Length of the master key in bytes.
pub const MASTER_KEY_BYTES: usize = 32;
/// Length of an API key in upper-case hex digits. Source: api-contract 2.
pub const API_KEY_DIGITS: usize = 32;
/// Length of an API secret in upper-case hex digits. Source: api-contract 2.
pub const API_SECRET_DIGITS: usize = 64;

/// The key that seals every secret in the database.
pub struct MasterKey(Zeroizing<[u8; MASTER_KEY_BYTES]>);

/// A merchant's API secret: signs requests and callbacks as ASCII text, never hex-decoded.
pub struct ApiSecret(Zeroizing<String>);

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Neither the environment nor the configuration names one.
    #[error(
        "no master key: set {MASTER_KEY_VARIABLE} or [secrets] master_key_file \
         (make one with: openssl rand -hex 32)"
    )]
    Missing,
    /// Not 64 hex digits; the text itself is never shown.
    #[error("the master key in {place} is not 64 hex digits")]
    Shape {
        /// The variable or the file.
        place: String,
    },
    /// The file cannot be read or written.
    #[error("the master key file {} is out of reach", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[from] getrandom::Error),
}

/// A text that is not 64 upper-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API secret is 64 upper-case hex digits")]
pub struct ApiSecretShape;

impl MasterKey {
    /// The key from the environment's value if there is one, else from the file.
    ///
    /// Errors: none given, not 64 hex digits, or the file cannot be read.
    pub fn load(variable: Option<&str>, file: Option<&Path>) -> Result<Self, MasterKeyError> {
        if let Some(text) = variable {
            return Self::from_hex(text)
                .ok_or_else(|| MasterKeyError::Shape { place: MASTER_KEY_VARIABLE.to_owned() });
        }
        let path = file.ok_or(MasterKeyError::Missing)?;
        let bytes = private_file::read(path)
            .map_err(|source| MasterKeyError::File { path: path.to_owned(), source })?;
        if private_file::is_readable_by_others(path) {
            tracing::warn!(file = %path.display(), "the master key file is readable by others");
        }
        std::str::from_utf8(&bytes)
            .ok()
            .and_then(Self::from_hex)
            .ok_or_else(|| MasterKeyError::Shape { place: path.display().to_string() })
    }

    /// Makes a new key and stores it in a new file that only the owner can read.
    ///
    /// Errors: no randomness, or the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; MASTER_KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice())?;
        let mut text = Zeroizing::new(hex::encode(bytes.as_slice()));
        text.push('\n');
        private_file::write_new(path, text.as_bytes())
            .map_err(|source| MasterKeyError::File { path: path.to_owned(), source })?;
        Ok(Self(bytes))
    }

    /// A key from 64 hex digits, surrounding white space ignored; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; MASTER_KEY_BYTES]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    fn as_bytes(&self) -> &[u8; MASTER_KEY_BYTES] {
        &self.0
    }
}

impl ApiSecret {
    /// A fresh secret.
    ///
    /// Errors: the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        random_upper_hex(API_SECRET_DIGITS).map(Self)
    }

    /// A secret that was kept as text.
    ///
    /// Errors: not 64 upper-case hex digits; the text is never part of the error.
    pub fn from_text(text: Zeroizing<String>) -> Result<Self, ApiSecretShape> {
        let is_upper_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        if text.len() == API_SECRET_DIGITS && text.bytes().all(is_upper_hex) {
            Ok(Self(text))
        } else {
            Err(ApiSecretShape)
        }
    }

    /// The text: the HMAC key, and what the merchant is shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A fresh API key, 32 upper-case hex digits. It is a name, not a secret.
///
/// Errors: the system gives no randomness.
pub fn generate_api_key() -> Result<String, getrandom::Error> {
    random_upper_hex(API_KEY_DIGITS).map(|text| text.as_str().to_owned())
}

fn random_upper_hex(digits: usize) -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new(vec![0; digits / 2]);
    getrandom::fill(&mut bytes)?;
    Ok(Zeroizing::new(hex::encode_upper(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn error(result: Result<MasterKey, MasterKeyError>) -> String {
        result.err().unwrap().to_string()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_one_of_them_is_needed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let created = MasterKey::create(&path).unwrap();
        let from_file = MasterKey::load(None, Some(&path)).unwrap();
        assert_eq!(created.as_bytes(), from_file.as_bytes());
        let from_variable = MasterKey::load(Some(HEX), Some(&path)).unwrap();
        assert_eq!(from_variable.as_bytes()[31], 0x1f);
        assert!(error(MasterKey::load(None, None)).contains("openssl rand -hex 32"));
        assert!(error(MasterKey::create(&path)).contains("out of reach"));
    }

    #[test]
    fn a_bad_master_key_is_refused_without_being_shown() {
        for bad in ["", "00", &HEX[2..], "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b"]
        {
            let text = error(MasterKey::load(Some(bad), None));
            assert_eq!(text, "the master key in SUNSWEEP_MASTER_KEY is not 64 hex digits");
        }
        let missing = Path::new("no/such/file");
        assert!(error(MasterKey::load(None, Some(missing))).contains("no/such/file"));
    }

    #[test]
    fn generated_keys_have_the_documented_shape_and_differ() {
        let upper_hex = |text: &str| text.bytes().all(|byte| b"0123456789ABCDEF".contains(&byte));
        let key = generate_api_key().unwrap();
        assert_eq!(key.len(), 32);
        assert!(upper_hex(&key));
        assert_ne!(key, generate_api_key().unwrap());
        let secret = ApiSecret::generate().unwrap();
        assert_eq!(secret.expose().len(), 64);
        assert!(upper_hex(secret.expose()));
        assert_ne!(secret.expose(), ApiSecret::generate().unwrap().expose());
    }

    #[test]
    fn an_api_secret_of_another_shape_is_refused() {
        let from_text = |text: &str| ApiSecret::from_text(Zeroizing::new(text.to_owned())).err();
        assert_eq!(from_text(&"A1".repeat(32)), None);
        for bad in ["A1".repeat(31), "a1".repeat(32), "G1".repeat(32)] {
            assert_eq!(from_text(&bad), Some(ApiSecretShape));
        }
    }
}
