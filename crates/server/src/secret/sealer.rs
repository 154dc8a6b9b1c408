//! Sealing short secrets for the database: XChaCha20-Poly1305 under the master key.
//!
//! ```text
//! version (1) · key name (4) · nonce (24) · ciphertext · tag (16)
//! ```
//!
//! Version, key name and the caller's context are authenticated with the text, so a sealed secret
//! cannot be moved to another row and an old form cannot be passed off as a new one.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::MasterKey;

/// The longest secret that can be sealed, in bytes.
pub const MAX_SEALED_BYTES: usize = 4096;

const VERSION: u8 = 1;
const KEY_NAME_BYTES: usize = 4;
const HEADER_BYTES: usize = 1 + KEY_NAME_BYTES;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Seals and opens secrets with the master key.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    /// Says which master key was used, so that a wrong key is told apart from damage.
    key_name: [u8; KEY_NAME_BYTES],
}

/// Why a secret was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// More than [`MAX_SEALED_BYTES`].
    #[error("a sealed secret has at most {MAX_SEALED_BYTES} bytes")]
    TooLong,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[from] getrandom::Error),
}

/// Why a sealed secret did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Written by a version that we do not know, or not a sealed secret at all.
    #[error("not a sealed secret of a known version")]
    Form,
    /// Sealed under another master key.
    #[error("sealed with another master key")]
    OtherKey,
    /// Changed, or moved here from another place.
    #[error("the sealed secret is damaged or belongs elsewhere")]
    Damaged,
}

impl Sealer {
    /// A sealer for this master key.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        let digest = Sha256::new_with_prefix(b"sunsweep master key name\0")
            .chain_update(key.as_bytes())
            .finalize();
        let mut key_name = [0; KEY_NAME_BYTES];
        key_name.copy_from_slice(&digest[..KEY_NAME_BYTES]);
        Self { cipher: XChaCha20Poly1305::new(key.as_bytes().into()), key_name }
    }

    /// Seals a secret for one place; `context` names it, for example `api_key/<key>/secret`.
    ///
    /// Shape: 45 bytes longer than the secret; different bytes each time.
    /// Errors: too long, or no randomness.
    pub fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        if secret.len() > MAX_SEALED_BYTES {
            return Err(SealError::TooLong);
        }
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let aad = self.associated_data(context);
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &aad })
            .expect("a text of at most 4096 bytes is far below the cipher's limit");
        let mut blob = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + sealed.len());
        blob.push(VERSION);
        blob.extend_from_slice(&self.key_name);
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// Opens what [`Self::seal`] made for the same context.
    ///
    /// Errors: [`OpenError`], without any part of the secret.
    pub fn open(&self, context: &str, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (header, rest) = blob.split_at_checked(HEADER_BYTES).ok_or(OpenError::Form)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES).ok_or(OpenError::Form)?;
        let longest = MAX_SEALED_BYTES + TAG_BYTES;
        if header[0] != VERSION || sealed.len() < TAG_BYTES || sealed.len() > longest {
            return Err(OpenError::Form);
        }
        if header[1..] != self.key_name {
            return Err(OpenError::OtherKey);
        }
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| OpenError::Form)?;
        let aad = self.associated_data(context);
        self.cipher
            .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Damaged)
    }

    fn associated_data(&self, context: &str) -> Vec<u8> {
        let mut aad = vec![VERSION];
        aad.extend_from_slice(&self.key_name);
        aad.extend_from_slice(context.as_bytes());
        aad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(fill: &str) -> Sealer {
        Sealer::new(&MasterKey::from_hex(&fill.repeat(32)).unwrap())
    }

    #[test]
    fn a_sealed_secret_opens_only_in_its_place() {
        let sealer = sealer("11");
        let blob = sealer.seal("api_key/A/secret", b"hush").unwrap();
        assert_eq!(blob.len(), 4 + 45);
        assert!(!blob.windows(4).any(|window| window == b"hush"));
        assert_eq!(sealer.open("api_key/A/secret", &blob).unwrap().as_slice(), b"hush");
        assert_eq!(sealer.open("api_key/B/secret", &blob), Err(OpenError::Damaged));
        assert_ne!(blob, sealer.seal("api_key/A/secret", b"hush").unwrap());
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let sealer = sealer("11");
        let blob = sealer.seal("c", b"hush").unwrap();
        for index in 0..blob.len() {
            let mut changed = blob.clone();
            changed[index] ^= 1;
            let expected = match index {
                0 => OpenError::Form,
                1..=4 => OpenError::OtherKey,
                _ => OpenError::Damaged,
            };
            assert_eq!(sealer.open("c", &changed), Err(expected), "byte {index}");
        }
        for length in 0..blob.len() {
            assert!(sealer.open("c", &blob[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn another_master_key_is_named_as_the_reason() {
        let blob = sealer("11").seal("c", b"hush").unwrap();
        assert_eq!(sealer("22").open("c", &blob), Err(OpenError::OtherKey));
    }

    #[test]
    fn the_length_is_limited_both_ways() {
        let sealer = sealer("11");
        let longest = vec![7; MAX_SEALED_BYTES];
        let blob = sealer.seal("c", &longest).unwrap();
        assert_eq!(sealer.open("c", &blob).unwrap().len(), MAX_SEALED_BYTES);
        assert_eq!(sealer.seal("c", &[0; MAX_SEALED_BYTES + 1]), Err(SealError::TooLong));
        let mut too_long = blob;
        too_long.push(0);
        assert_eq!(sealer.open("c", &too_long), Err(OpenError::Form));
    }
}
