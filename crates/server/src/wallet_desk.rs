//! Keys of wallets that come in while the server runs: sealed into a file first, then signed with.
//!
//! Invariants: a key is in no log, no error and no answer; what is not sealed on disk is not signed with.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use app::ports::Signer;
use tron::sign::SecretKey;
use tron::{Address, Signature, TxId};
use zeroize::Zeroizing;

use crate::keystore::{
    self, Keyring, Keystore, KeystoreError, PASSPHRASE_VARIABLE, Passphrase, PassphraseError,
};

/// Signs for the pool.
pub struct PoolSigner(RwLock<Keyring>);

impl PoolSigner {
    /// Signs with these keys.
    #[must_use]
    pub const fn new(keyring: Keyring) -> Self {
        Self(RwLock::new(keyring))
    }

    fn add(&self, key: SecretKey) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).add(key);
    }

    fn has(&self, signer: Address) -> bool {
        let keyring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keyring.addresses().any(|address| address == signer)
    }
}

impl Signer for PoolSigner {
    fn sign(&self, signer: Address, txid: &TxId) -> Option<Signature> {
        let keyring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keyring.sign(signer, txid).ok()
    }
}

/// Where a new wallet's signing key comes from.
pub enum KeySource {
    /// Made here; nobody else has it.
    Fresh,
    /// Given, as 64 hex digits.
    Given(Zeroizing<String>),
}

/// Why a key was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    /// Not 64 hex digits, or not a number that is a key.
    #[error("not a private key of 64 hex digits")]
    NotAKey,
    /// There is no passphrase to seal it under.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// It could not be kept.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// The work was cut off.
    #[error("the work was cut off")]
    CutOff,
}

/// Takes in keys of wallets.
#[derive(Clone)]
pub struct WalletDesk {
    keystore: Arc<Keystore>,
    passphrase_file: Option<PathBuf>,
    signer: Arc<PoolSigner>,
}

impl WalletDesk {
    /// Keeps keys in this keystore, and lets this one sign with them.
    #[must_use]
    pub fn new(
        keystore: Keystore,
        passphrase_file: Option<PathBuf>,
        signer: Arc<PoolSigner>,
    ) -> Self {
        Self { keystore: Arc::new(keystore), passphrase_file, signer }
    }

    /// Whether there is a passphrase to seal keys under.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.passphrase().is_ok()
    }

    fn passphrase(&self) -> Result<Passphrase, PassphraseError> {
        let variable = std::env::var(PASSPHRASE_VARIABLE).ok();
        Passphrase::load(variable.as_deref(), self.passphrase_file.as_deref())
    }

    /// Seals a key into its file, and signs with it from now on; its address.
    ///
    /// A file that is there already is never overwritten. If it opens to the key of its name it is that key,
    /// left by a try that was cut off, unless `is_used` says that it signs for a wallet.
    /// Shape: about 160 ms and 64 MiB for the passphrase, on a thread that may block.
    /// Errors: [`KeyRefused`].
    pub async fn take_in(
        &self,
        source: KeySource,
        is_used: impl Fn(Address) -> bool + Send + 'static,
    ) -> Result<Address, KeyRefused> {
        let desk = self.clone();
        let work = move || desk.take_in_blocking(&source, &is_used);
        tokio::task::spawn_blocking(work).await.map_err(|_| KeyRefused::CutOff)?
    }

    /// The addresses whose files are here and whose keys do not sign yet.
    ///
    /// Errors: the directory cannot be read, or holds too many.
    pub(crate) fn unopened(&self) -> Result<Vec<Address>, KeystoreError> {
        let mut addresses = self.keystore.list()?;
        addresses.retain(|address| !self.signer.has(*address));
        Ok(addresses)
    }

    /// Opens a file that is here, and signs with its key from now on.
    ///
    /// Shape: about 160 ms and 64 MiB for the passphrase; it blocks.
    /// Errors: no passphrase, or the file does not open under it.
    pub(crate) fn open(&self, address: Address) -> Result<(), KeyRefused> {
        self.signer.add(self.keystore.open(address, &self.passphrase()?)?);
        Ok(())
    }

    fn take_in_blocking(
        &self,
        source: &KeySource,
        is_used: &dyn Fn(Address) -> bool,
    ) -> Result<Address, KeyRefused> {
        let passphrase = self.passphrase()?;
        let key = match source {
            KeySource::Fresh => keystore::fresh_key()?,
            KeySource::Given(digits) => decoded(digits)?,
        };
        let opened = SecretKey::from_bytes(&key).map_err(|_| KeyRefused::NotAKey)?;
        let address = opened.address();
        match self.keystore.create(&key, &passphrase) {
            Ok(_) => {}
            // Only what opens under the passphrase is taken over.
            Err(KeystoreError::Exists(_)) if !is_used(address) => {
                self.keystore.open(address, &passphrase)?;
            }
            Err(failed) => return Err(failed.into()),
        }
        self.signer.add(opened);
        Ok(address)
    }
}

fn decoded(digits: &str) -> Result<Zeroizing<[u8; 32]>, KeyRefused> {
    let mut key = Zeroizing::new([0; 32]);
    let read = hex::decode_to_slice(digits.trim(), key.as_mut_slice());
    read.map_err(|_| KeyRefused::NotAKey)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_that_came_in_signs_and_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let passphrase = directory.path().join("passphrase");
        std::fs::write(&passphrase, "long enough").unwrap();
        let wallets = directory.path().join("wallets");
        let signer = Arc::new(PoolSigner::new(Keyring::default()));
        let desk = || {
            let keystore = Keystore::cheap(&wallets);
            WalletDesk::new(keystore, Some(passphrase.clone()), signer.clone())
        };
        let fresh = desk().take_in(KeySource::Fresh, |_| false).await.unwrap();
        let txid = TxId::from_bytes([7; 32]);
        assert!(signer.sign(fresh, &txid).is_some());
        let given = || KeySource::Given(Zeroizing::new("11".repeat(32)));
        let address = desk().take_in(given(), |_| false).await.unwrap();
        assert!(signer.sign(address, &txid).is_some());
        let again = desk().take_in(given(), |_| false).await.unwrap();
        assert_eq!(again, address, "a try that was cut off is finished");
        let used = desk().take_in(given(), |_| true).await.unwrap_err();
        assert!(matches!(used, KeyRefused::Keystore(KeystoreError::Exists(_))), "{used}");
        for bad in ["", "11", &"00".repeat(32), &"zz".repeat(32)] {
            let source = KeySource::Given(Zeroizing::new((*bad).to_owned()));
            let refused = desk().take_in(source, |_| false).await.unwrap_err();
            assert!(matches!(refused, KeyRefused::NotAKey), "{refused}");
        }
        std::fs::remove_file(&passphrase).unwrap();
        assert!(!desk().is_ready());
        assert!(desk().take_in(KeySource::Fresh, |_| false).await.is_err());
    }
}
