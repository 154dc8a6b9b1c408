//! One wallet file: a header in the clear and the key sealed under a passphrase.
//!
//! ```text
//! {"header": {"format": "sunsweep-wallet", "version": 1, "address": "T…",
//!             "kdf": {"name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 1, "salt": hex},
//!             "cipher": {"name": "xchacha20poly1305", "nonce": hex}},
//!  "sealed_key": hex}
//! ```
//!
//! The header is authenticated with the key, so neither the address nor the cost can be changed.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use tron::Address;
use tron::sign::SecretKey;
use zeroize::Zeroizing;

use super::Passphrase;

/// The most memory that a file may ask for when it is opened, in KiB.
pub const MAX_KDF_MEMORY_KIB: u32 = 256 * 1024;
/// The most passes over that memory that a file may ask for.
pub const MAX_KDF_PASSES: u32 = 10;
/// The most lanes that a file may ask for.
pub const MAX_KDF_LANES: u32 = 4;

const FORMAT: &str = "sunsweep-wallet";
const VERSION: u32 = 1;
const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20poly1305";
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// What guessing one passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// A private key sealed under a passphrase.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    header: Header,
    sealed_key: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    address: String,
    kdf: Kdf,
    cipher: Cipher,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Why a wallet file does not give a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedKeyError {
    /// Not JSON of the right members.
    #[error("not a wallet file")]
    NotAWallet,
    /// Another format, version, key derivation or cipher.
    #[error("a wallet file of an unknown kind: {0}")]
    UnknownKind(&'static str),
    /// The file asks for more work than [`MAX_KDF_MEMORY_KIB`] and its neighbours allow.
    #[error("the file asks for {memory_kib} KiB, {passes} passes, {lanes} lanes: out of bounds")]
    Cost {
        /// Memory asked for.
        memory_kib: u32,
        /// Passes asked for.
        passes: u32,
        /// Lanes asked for.
        lanes: u32,
    },
    /// The authentication failed.
    #[error("wrong passphrase, or the file is damaged")]
    WrongPassphraseOrDamaged,
    /// The key inside is not the key of the address in the header.
    #[error("the key inside belongs to {0}")]
    OtherAddress(Address),
}

impl KdfCost {
    /// What new files cost: 64 MiB and 3 passes, about 160 ms of one core.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// What files in tests cost: as little as the algorithm allows.
    #[cfg(test)]
    pub(super) const CHEAP: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    fn params(self) -> Option<Params> {
        let within = self.memory_kib <= MAX_KDF_MEMORY_KIB
            && self.passes <= MAX_KDF_PASSES
            && self.lanes <= MAX_KDF_LANES;
        // The lower bounds are the algorithm's own.
        within
            .then(|| Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_BYTES)).ok())
            .flatten()
    }
}

impl SealedKey {
    /// Seals a key for its address.
    ///
    /// Errors: the system gives no randomness.
    /// Panics: never, for a cost made in this module.
    pub(super) fn seal(
        key: &Zeroizing<[u8; KEY_BYTES]>,
        address: Address,
        passphrase: &Passphrase,
        cost: KdfCost,
    ) -> Result<Self, getrandom::Error> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt)?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let KdfCost { memory_kib, passes, lanes } = cost;
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            address: address.to_string(),
            kdf: Kdf { name: KDF.to_owned(), memory_kib, passes, lanes, salt: hex::encode(salt) },
            cipher: Cipher { name: CIPHER.to_owned(), nonce: hex::encode(nonce) },
        };
        let params = cost.params().expect("the costs of this module are within the bounds");
        let sealed = cipher(params, passphrase, &salt)
            .encrypt(&XNonce::from(nonce), Payload { msg: key.as_slice(), aad: &header.bytes() })
            .expect("32 bytes are far below the cipher's limit");
        Ok(Self { header, sealed_key: hex::encode(sealed) })
    }

    /// Opens the key.
    ///
    /// Shape: the file's own cost, within the bounds of this module.
    /// Errors: [`SealedKeyError`].
    pub fn open(&self, passphrase: &Passphrase) -> Result<SecretKey, SealedKeyError> {
        let header = &self.header;
        header.check_kind()?;
        let Kdf { memory_kib, passes, lanes, .. } = header.kdf;
        let params = KdfCost { memory_kib, passes, lanes }
            .params()
            .ok_or(SealedKeyError::Cost { memory_kib, passes, lanes })?;
        let address: Address = header.address.parse().map_err(|_| SealedKeyError::NotAWallet)?;
        let salt: [u8; SALT_BYTES] = from_hex(&header.kdf.salt)?;
        let nonce: [u8; NONCE_BYTES] = from_hex(&header.cipher.nonce)?;
        let sealed: [u8; KEY_BYTES + 16] = from_hex(&self.sealed_key)?;
        let plain = cipher(params, passphrase, &salt)
            .decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: &header.bytes() })
            .map(Zeroizing::new)
            .map_err(|_| SealedKeyError::WrongPassphraseOrDamaged)?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        bytes.copy_from_slice(&plain);
        let key =
            SecretKey::from_bytes(&bytes).map_err(|_| SealedKeyError::WrongPassphraseOrDamaged)?;
        let found = key.address();
        if found == address { Ok(key) } else { Err(SealedKeyError::OtherAddress(found)) }
    }

    /// The file's text.
    #[must_use]
    pub(super) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers serialise");
        text.push('\n');
        text
    }

    /// A file's bytes.
    ///
    /// Errors: not JSON, or other members than ours.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SealedKeyError> {
        serde_json::from_slice(bytes).map_err(|_| SealedKeyError::NotAWallet)
    }
}

impl Header {
    /// The bytes that are authenticated: the header's members in their fixed order.
    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers serialise")
    }

    fn check_kind(&self) -> Result<(), SealedKeyError> {
        let kinds = [
            ("format", self.format == FORMAT),
            ("version", self.version == VERSION),
            ("kdf", self.kdf.name == KDF),
            ("cipher", self.cipher.name == CIPHER),
        ];
        kinds
            .into_iter()
            .find(|(_, known)| !known)
            .map_or(Ok(()), |(what, _)| Err(SealedKeyError::UnknownKind(what)))
    }
}

/// The cipher under the key that the passphrase gives; the working memory is wiped.
fn cipher(params: Params, passphrase: &Passphrase, salt: &[u8]) -> XChaCha20Poly1305 {
    let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(
            passphrase.as_bytes(),
            salt,
            key.as_mut_slice(),
            memory.as_mut_slice(),
        )
        .expect("the parameters, the salt and the output length are checked before");
    XChaCha20Poly1305::new((&*key).into())
}

fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], SealedKeyError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| SealedKeyError::NotAWallet)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase() -> Passphrase {
        Passphrase::new("correct horse").unwrap()
    }

    fn sealed() -> SealedKey {
        let key = Zeroizing::new([7; 32]);
        let address = SecretKey::from_bytes(&key).unwrap().address();
        SealedKey::seal(&key, address, &passphrase(), KdfCost::CHEAP).unwrap()
    }

    fn reopened(edit: impl FnOnce(&mut SealedKey)) -> SealedKeyError {
        let mut sealed = sealed();
        edit(&mut sealed);
        let read_back = SealedKey::from_json(sealed.to_json().as_bytes()).unwrap();
        read_back.open(&passphrase()).err().unwrap()
    }

    #[test]
    fn the_text_form_round_trips() {
        let text = sealed().to_json();
        let address = SecretKey::from_bytes(&[7; 32]).unwrap().address();
        let key = SealedKey::from_json(text.as_bytes()).unwrap().open(&passphrase()).unwrap();
        assert_eq!(key.address(), address);
        assert!(text.contains(&address.to_string()));
    }

    #[test]
    fn the_standard_cost_is_within_the_bounds_and_really_used() {
        assert!(KdfCost::STANDARD.params().is_some());
        let key = Zeroizing::new([7; 32]);
        let address = SecretKey::from_bytes(&key).unwrap().address();
        let sealed = SealedKey::seal(&key, address, &passphrase(), KdfCost::STANDARD).unwrap();
        assert!(sealed.to_json().contains("\"memory_kib\": 65536"));
        assert_eq!(sealed.open(&passphrase()).unwrap().address(), address);
    }

    #[test]
    fn a_file_cannot_ask_for_absurd_work() {
        let over: [fn(&mut Kdf); 5] = [
            |kdf| kdf.memory_kib = MAX_KDF_MEMORY_KIB + 1,
            |kdf| kdf.passes = MAX_KDF_PASSES + 1,
            |kdf| kdf.lanes = MAX_KDF_LANES + 1,
            |kdf| kdf.memory_kib = 0,
            |kdf| kdf.passes = 0,
        ];
        for edit in over {
            let error = reopened(|sealed| edit(&mut sealed.header.kdf));
            assert!(matches!(error, SealedKeyError::Cost { .. }), "{error}");
        }
    }

    #[test]
    fn a_changed_header_is_noticed() {
        let damaged = SealedKeyError::WrongPassphraseOrDamaged;
        let other = SecretKey::from_bytes(&[8; 32]).unwrap().address().to_string();
        assert_eq!(reopened(|sealed| sealed.header.address = other), damaged);
        assert_eq!(reopened(|sealed| sealed.header.kdf.passes = 2), damaged);
        assert_eq!(reopened(|sealed| sealed.header.kdf.salt = "00".repeat(16)), damaged);
        assert_eq!(reopened(|sealed| sealed.header.cipher.nonce = "00".repeat(24)), damaged);
        assert_eq!(reopened(|sealed| sealed.sealed_key = "00".repeat(48)), damaged);
    }

    #[test]
    fn the_address_is_checked_even_if_the_seal_is_whole() {
        let address = SecretKey::from_bytes(&[8; 32]).unwrap().address();
        let key = Zeroizing::new([7; 32]);
        let sealed = SealedKey::seal(&key, address, &passphrase(), KdfCost::CHEAP).unwrap();
        let found = SecretKey::from_bytes(&key).unwrap().address();
        assert_eq!(sealed.open(&passphrase()).err(), Some(SealedKeyError::OtherAddress(found)));
    }

    #[test]
    fn other_kinds_and_other_members_are_refused() {
        use SealedKeyError::{NotAWallet, UnknownKind};
        assert_eq!(reopened(|s| s.header.format = "web3".into()), UnknownKind("format"));
        assert_eq!(reopened(|s| s.header.version = 2), UnknownKind("version"));
        assert_eq!(reopened(|s| s.header.kdf.name = "scrypt".into()), UnknownKind("kdf"));
        assert_eq!(reopened(|s| s.header.cipher.name = "aes".into()), UnknownKind("cipher"));
        assert_eq!(reopened(|s| s.header.address = "T".into()), NotAWallet);
        assert_eq!(reopened(|s| s.sealed_key.truncate(10)), NotAWallet);
        for bad in ["", "{}", "[]", r#"{"header":{},"sealed_key":""}"#] {
            assert_eq!(SealedKey::from_json(bad.as_bytes()).err(), Some(NotAWallet));
        }
    }
}
