//! Pool wallets on disk: one encrypted file per key, named after its address.
//!
//! Not here: which permission a key has on chain, which wallet serves an order.
//!
//! Invariants: a file is never overwritten; an opened key always belongs to the address the file
//! names; opened keys live in a [`Keyring`] only, which signs and never hands one out.

mod keyring;
mod passphrase;
mod sealed_key;

use std::fs;
use std::path::PathBuf;

use tron::Address;
use tron::sign::SecretKey;
use zeroize::Zeroizing;

use crate::private_file;

pub use keyring::{Keyring, UnknownWallet};
pub use passphrase::{
    MAX_PASSPHRASE_BYTES, MIN_PASSPHRASE_BYTES, PASSPHRASE_VARIABLE, Passphrase, PassphraseError,
};
pub use sealed_key::{
    KdfCost, MAX_KDF_LANES, MAX_KDF_MEMORY_KIB, MAX_KDF_PASSES, SealedKey, SealedKeyError,
};

/// The most wallet files that one directory may hold.
pub const MAX_WALLETS: usize = 1000;

/// How wallet files end.
const SUFFIX: &str = ".json";

/// The directory with the wallet files.
pub struct Keystore {
    directory: PathBuf,
    cost: KdfCost,
}

/// Why a wallet could not be made, found or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The directory or file is out of reach.
    #[error("{} is out of reach", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// There is a file for this address already.
    #[error("a wallet file for {0} exists already and is never overwritten")]
    Exists(Address),
    /// More files than [`MAX_WALLETS`].
    #[error("{} holds more than {MAX_WALLETS} wallet files", .0.display())]
    TooMany(PathBuf),
    /// The file does not hold a key, or the passphrase is wrong.
    #[error("{} cannot be opened", path.display())]
    Sealed {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: SealedKeyError,
    },
    /// The file holds the key of another address than its name says.
    #[error("{} holds the key of {found}", path.display())]
    Misnamed {
        /// Which file.
        path: PathBuf,
        /// The address inside.
        found: Address,
    },
    /// The bytes to store are not a private key.
    #[error("not a private key of this curve")]
    NotAKey,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[from] getrandom::Error),
}

/// A fresh random key.
///
/// Errors: the system gives no randomness.
pub fn fresh_key() -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
    let mut key = Zeroizing::new([0; 32]);
    loop {
        getrandom::fill(key.as_mut_slice())?;
        // All but 2^-128 of the 32-byte numbers are keys.
        if SecretKey::from_bytes(&key).is_ok() {
            return Ok(key);
        }
    }
}

impl Keystore {
    /// The wallets in this directory; it is made when the first wallet is.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, cost: KdfCost::STANDARD }
    }

    /// Stores a private key in a new file that only the owner can read.
    ///
    /// Shape: about 160 ms and 64 MiB for the passphrase.
    /// Errors: not a key, a file for its address exists, no randomness, out of reach.
    pub fn create(
        &self,
        key: &Zeroizing<[u8; 32]>,
        passphrase: &Passphrase,
    ) -> Result<Address, KeystoreError> {
        let address = SecretKey::from_bytes(key).map_err(|_| KeystoreError::NotAKey)?.address();
        let path = self.path_of(address);
        if path.exists() {
            return Err(KeystoreError::Exists(address));
        }
        let sealed = SealedKey::seal(key, address, passphrase, self.cost)?;
        fs::create_dir_all(&self.directory)
            .map_err(|source| KeystoreError::Io { path: self.directory.clone(), source })?;
        private_file::write_new(&path, sealed.to_json().as_bytes()).map_err(|source| {
            if source.kind() == std::io::ErrorKind::AlreadyExists {
                KeystoreError::Exists(address)
            } else {
                KeystoreError::Io { path, source }
            }
        })?;
        Ok(address)
    }

    /// Makes a fresh random key and stores it.
    ///
    /// Errors: as [`Self::create`].
    pub fn generate(&self, passphrase: &Passphrase) -> Result<Address, KeystoreError> {
        self.create(&fresh_key()?, passphrase)
    }

    /// The addresses with a wallet file, in order. Nothing is opened; other files are ignored.
    ///
    /// Errors: the directory cannot be read, or holds too many wallets. A missing directory holds
    /// none.
    pub fn list(&self) -> Result<Vec<Address>, KeystoreError> {
        let out_of_reach = |source| KeystoreError::Io { path: self.directory.clone(), source };
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(out_of_reach(error)),
        };
        let mut addresses = Vec::new();
        for entry in entries {
            let name = entry.map_err(out_of_reach)?.file_name();
            let address = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            if let Some(address) = address.and_then(|text| text.parse().ok()) {
                addresses.push(address);
            }
            if addresses.len() > MAX_WALLETS {
                return Err(KeystoreError::TooMany(self.directory.clone()));
            }
        }
        addresses.sort_unstable();
        Ok(addresses)
    }

    /// Opens one wallet.
    ///
    /// Shape: about 160 ms and 64 MiB for the passphrase.
    /// Errors: out of reach, damaged, wrong passphrase, or the key of another address.
    pub fn open(
        &self,
        address: Address,
        passphrase: &Passphrase,
    ) -> Result<SecretKey, KeystoreError> {
        let path = self.path_of(address);
        let bytes = private_file::read(&path)
            .map_err(|source| KeystoreError::Io { path: path.clone(), source })?;
        if private_file::is_readable_by_others(&path) {
            tracing::warn!(file = %path.display(), "the wallet file is readable by others");
        }
        let key = SealedKey::from_json(&bytes)
            .and_then(|sealed| sealed.open(passphrase))
            .map_err(|source| KeystoreError::Sealed { path: path.clone(), source })?;
        let found = key.address();
        if found == address { Ok(key) } else { Err(KeystoreError::Misnamed { path, found }) }
    }

    /// Opens every wallet in the directory.
    ///
    /// Errors: as [`Self::list`] and [`Self::open`]; one bad file refuses all.
    pub fn open_all(&self, passphrase: &Passphrase) -> Result<Keyring, KeystoreError> {
        let mut keyring = Keyring::default();
        for address in self.list()? {
            keyring.add(self.open(address, passphrase)?);
        }
        Ok(keyring)
    }

    fn path_of(&self, address: Address) -> PathBuf {
        self.directory.join(format!("{address}{SUFFIX}"))
    }

    /// A keystore whose files are cheap to open.
    #[cfg(test)]
    pub(crate) fn cheap(directory: &std::path::Path) -> Self {
        Self { directory: directory.to_owned(), cost: KdfCost::CHEAP }
    }
}

#[cfg(test)]
mod tests {
    use tron::TxId;
    use tron::sign::recover;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    fn key(last: u8) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        bytes[31] = last;
        bytes
    }

    #[test]
    fn a_stored_key_signs_for_its_address_after_reopening() {
        let directory = tempfile::tempdir().unwrap();
        let keystore = Keystore::cheap(&directory.path().join("made/on/demand"));
        assert_eq!(keystore.list().unwrap(), []);
        let first = keystore.create(&key(1), &passphrase("correct horse")).unwrap();
        let second = keystore.generate(&passphrase("correct horse")).unwrap();
        // The address of the private key 1 is public knowledge.
        assert_eq!(first.to_string(), "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC");
        let mut both = vec![first, second];
        both.sort_unstable();
        assert_eq!(keystore.list().unwrap(), both);

        let keyring = keystore.open_all(&passphrase("correct horse")).unwrap();
        assert_eq!(keyring.addresses().collect::<Vec<_>>(), both);
        let txid = TxId::of_raw(b"anything");
        for address in both {
            let signature = keyring.sign(address, &txid).unwrap();
            assert_eq!(recover(&txid, &signature), Ok(address));
        }
        let stranger = SecretKey::from_bytes(&key(9)).unwrap().address();
        assert_eq!(keyring.sign(stranger, &txid), Err(UnknownWallet(stranger)));
    }

    #[test]
    fn a_wallet_file_is_private_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let keystore = Keystore::cheap(directory.path());
        let address = keystore.create(&key(1), &passphrase("correct horse")).unwrap();
        let path = keystore.path_of(address);
        assert!(!private_file::is_readable_by_others(&path));
        let before = fs::read(&path).unwrap();
        let again = keystore.create(&key(1), &passphrase("another one"));
        assert!(matches!(again, Err(KeystoreError::Exists(taken)) if taken == address));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(!String::from_utf8(before).unwrap().contains(&hex::encode(key(1).as_slice())));
    }

    #[test]
    fn a_wrong_passphrase_and_a_renamed_file_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let keystore = Keystore::cheap(directory.path());
        let address = keystore.create(&key(1), &passphrase("correct horse")).unwrap();
        let wrong = keystore.open(address, &passphrase("wrong horse"));
        assert!(matches!(
            wrong,
            Err(KeystoreError::Sealed { source: SealedKeyError::WrongPassphraseOrDamaged, .. })
        ));
        let other = SecretKey::from_bytes(&key(2)).unwrap().address();
        fs::rename(keystore.path_of(address), keystore.path_of(other)).unwrap();
        let misnamed = keystore.open_all(&passphrase("correct horse"));
        assert!(matches!(misnamed, Err(KeystoreError::Misnamed { found, .. }) if found == address));
    }

    #[test]
    fn zero_is_not_a_key_and_other_files_are_not_wallets() {
        let directory = tempfile::tempdir().unwrap();
        let keystore = Keystore::cheap(directory.path());
        let zero = keystore.create(&key(0), &passphrase("correct horse"));
        assert!(matches!(zero, Err(KeystoreError::NotAKey)));
        fs::write(directory.path().join("README"), "x").unwrap();
        fs::write(directory.path().join("notes.json"), "{}").unwrap();
        assert_eq!(keystore.list().unwrap(), []);
    }

    #[test]
    fn too_many_wallets_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let keystore = Keystore::cheap(directory.path());
        for number in 0..=MAX_WALLETS {
            let mut bytes = [0; 20];
            bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
            fs::write(keystore.path_of(Address::from_evm(bytes)), "").unwrap();
        }
        assert!(matches!(keystore.list(), Err(KeystoreError::TooMany(_))));
    }
}
