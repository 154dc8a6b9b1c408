//! Web3 keystores, version 3: one encrypted key a file, opened when it is first needed.
//!
//! Source: the Web3 Secret Storage Definition (scrypt or PBKDF2-HMAC-SHA256, AES-128-CTR, a MAC of
//! Keccak-256 over the second half of the derived key and the ciphertext).

use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use serde::Deserialize;
use sha2::Sha256;
use sha3::{Digest, Keccak256};
use subtle::ConstantTimeEq;
use tron::{Address, SecretKey};
use zeroize::Zeroizing;

use super::passphrase::Passphrase;

/// Most memory that a file may ask scrypt to use, in bytes; wallets ask for 256 MiB at most.
pub const SCRYPT_MEMORY_MAX_BYTES: u64 = 1 << 30;
/// Most parallel scrypt lanes that a file may ask for.
pub const SCRYPT_LANES_MAX: u32 = 16;
/// Most rounds that a file may ask PBKDF2 to do; wallets ask for 262 144.
pub const PBKDF2_ROUNDS_MAX: u32 = 10_000_000;

const VERSION: u32 = 3;
const CIPHER: &str = "aes-128-ctr";
/// The derived key: 16 bytes for the cipher, 16 for the MAC.
const DERIVED_BYTES: usize = 32;
const KEY_BYTES: usize = 32;

/// A keystore file as it is written; nothing in it is secret without the passphrase.
#[derive(Deserialize)]
pub(super) struct Keystore {
    version: u32,
    /// Hex with or without 0x and 41, or Base58; some wallets leave it out for privacy.
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    ciphertext: String,
    cipherparams: CipherParams,
    #[serde(flatten)]
    kdf: Kdf,
    mac: String,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
#[serde(tag = "kdf", content = "kdfparams", rename_all = "lowercase")]
enum Kdf {
    Scrypt { n: u64, r: u32, p: u32, dklen: usize, salt: String },
    Pbkdf2 { c: u32, prf: String, dklen: usize, salt: String },
}

/// Why a keystore does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// Not JSON of this shape.
    #[error("it is no Web3 keystore of version {VERSION}")]
    Shape,
    /// Another version, cipher or key derivation.
    #[error("its {0} is not supported")]
    Unsupported(&'static str),
    /// It asks for more work than is sane.
    #[error("it asks for an absurd key derivation")]
    Cost,
    /// The MAC differs.
    #[error("the passphrase is wrong, or the file is damaged")]
    WrongPassphrase,
    /// It opens to something that is no private key.
    #[error("it does not hold a private key")]
    NoKey,
    /// It opens to the key of another address than it names.
    #[error("it names another address than its key has, {0}")]
    OtherAddress(Address),
}

impl Keystore {
    /// Reads a file.
    ///
    /// Errors: not this format, or parameters that are refused before any work is done.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, KeystoreError> {
        let keystore: Self = serde_json::from_slice(bytes).map_err(|_| KeystoreError::Shape)?;
        if keystore.version != VERSION {
            return Err(KeystoreError::Unsupported("version"));
        }
        if keystore.crypto.cipher != CIPHER {
            return Err(KeystoreError::Unsupported("cipher"));
        }
        keystore.crypto.kdf.check()?;
        if keystore.address.is_some() && keystore.address().is_none() {
            return Err(KeystoreError::Shape);
        }
        Ok(keystore)
    }

    /// The address that the file names, if it does.
    pub(super) fn address(&self) -> Option<Address> {
        let text = self.address.as_deref()?;
        if let Ok(address) = text.parse() {
            return Some(address);
        }
        let digits = text.strip_prefix("0x").unwrap_or(text);
        match digits.len() {
            42 => Address::from_hex(digits).ok(),
            _ => hex_array(digits).map(Address::from_evm).ok(),
        }
    }

    /// The key.
    ///
    /// Shape: as much time and memory as the file asks for, within the bounds of this module.
    /// Errors: [`KeystoreError`].
    pub(super) fn open(&self, passphrase: &Passphrase) -> Result<SecretKey, KeystoreError> {
        let crypto = &self.crypto;
        let iv: [u8; 16] = hex_array(&crypto.cipherparams.iv)?;
        let sealed: [u8; KEY_BYTES] = hex_array(&crypto.ciphertext)?;
        let mac: [u8; 32] = hex_array(&crypto.mac)?;
        let derived = crypto.kdf.derive(passphrase)?;
        let (cipher_key, mac_key) = derived.split_at(16);
        let found: [u8; 32] =
            Keccak256::new().chain_update(mac_key).chain_update(sealed).finalize().into();
        if !bool::from(found.ct_eq(&mac)) {
            return Err(KeystoreError::WrongPassphrase);
        }
        let mut key = Zeroizing::new(sealed);
        let mut cipher_key_bytes = Zeroizing::new([0; 16]);
        cipher_key_bytes.copy_from_slice(cipher_key);
        Ctr128BE::<Aes128>::new((&*cipher_key_bytes).into(), (&iv).into())
            .apply_keystream(key.as_mut_slice());
        let key = SecretKey::from_bytes(&key).map_err(|_| KeystoreError::NoKey)?;
        let address = key.address();
        match self.address() {
            Some(named) if named != address => Err(KeystoreError::OtherAddress(address)),
            _ => Ok(key),
        }
    }
}

impl Kdf {
    fn check(&self) -> Result<(), KeystoreError> {
        match self {
            Self::Scrypt { n, r, p, dklen, salt } => {
                check_salt(*dklen, salt)?;
                let memory = 128_u64.saturating_mul(*n).saturating_mul(u64::from(*r));
                let is_sane = n.is_power_of_two()
                    && *n > 1
                    && *r > 0
                    && (1..=SCRYPT_LANES_MAX).contains(p)
                    && memory <= SCRYPT_MEMORY_MAX_BYTES;
                if is_sane { Ok(()) } else { Err(KeystoreError::Cost) }
            }
            Self::Pbkdf2 { c, prf, dklen, salt } => {
                check_salt(*dklen, salt)?;
                if prf != "hmac-sha256" {
                    return Err(KeystoreError::Unsupported("pseudo-random function"));
                }
                match (1..=PBKDF2_ROUNDS_MAX).contains(c) {
                    true => Ok(()),
                    false => Err(KeystoreError::Cost),
                }
            }
        }
    }

    fn derive(
        &self,
        passphrase: &Passphrase,
    ) -> Result<Zeroizing<[u8; DERIVED_BYTES]>, KeystoreError> {
        let passphrase = passphrase.as_str().as_bytes();
        let mut derived = Zeroizing::new([0; DERIVED_BYTES]);
        match self {
            Self::Scrypt { n, r, p, salt, .. } => {
                let log_n = u8::try_from(n.ilog2()).map_err(|_| KeystoreError::Cost)?;
                let params = scrypt::Params::new(log_n, *r, *p).map_err(|_| KeystoreError::Cost)?;
                let salt = hex::decode(salt).map_err(|_| KeystoreError::Shape)?;
                scrypt::scrypt(passphrase, &salt, &params, derived.as_mut_slice())
                    .map_err(|_| KeystoreError::Cost)?;
            }
            Self::Pbkdf2 { c, salt, .. } => {
                let salt = hex::decode(salt).map_err(|_| KeystoreError::Shape)?;
                pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, &salt, *c, derived.as_mut_slice());
            }
        }
        Ok(derived)
    }
}

fn check_salt(dklen: usize, salt: &str) -> Result<(), KeystoreError> {
    if dklen != DERIVED_BYTES {
        return Err(KeystoreError::Unsupported("derived key's length"));
    }
    match salt.len() <= 128 && hex::decode(salt).is_ok() {
        true => Ok(()),
        false => Err(KeystoreError::Shape),
    }
}

fn hex_array<const N: usize>(text: &str) -> Result<[u8; N], KeystoreError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| KeystoreError::Shape)?;
    Ok(bytes)
}
