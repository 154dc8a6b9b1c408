//! Keystore files, one or a directory of them; each is opened when it is first needed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tron::{Address, SecretKey};

use super::keystore::{Keystore, KeystoreError};
use super::passphrase::{Passphrase, Passphrases};
use super::{KeysError, file};

/// The longest keystore file, in bytes; they have about 500.
const KEYSTORE_MAX_BYTES: usize = 64 * 1024;

/// Keystores under one passphrase.
pub(super) struct Keystores {
    order: Vec<Address>,
    entries: HashMap<Address, Entry>,
    passphrase: Passphrase,
}

struct Entry {
    path: PathBuf,
    keystore: Keystore,
    opened: OnceLock<SecretKey>,
}

impl Keystores {
    /// Every keystore in a directory, by name; files that are hidden or are no JSON of this shape are
    /// left alone, as wallets keep other things there too.
    ///
    /// Errors: none is there, one cannot be read, or the passphrase does not open the first.
    pub(super) fn of_directory(
        directory: &Path,
        passphrases: &dyn Passphrases,
    ) -> Result<Self, KeysError> {
        let unreadable = |source| KeysError::File { path: directory.to_owned(), source };
        let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(unreadable)?;
        paths.sort();
        paths.retain(|path| path.is_file() && !is_hidden(path));
        let mut found = Vec::new();
        for path in paths {
            let bytes = file::read(&path, KEYSTORE_MAX_BYTES)
                .map_err(|source| KeysError::File { path: path.clone(), source })?;
            match Keystore::parse(&bytes) {
                Ok(keystore) => found.push((path, keystore)),
                Err(KeystoreError::Shape) => {}
                Err(cause) => return Err(KeysError::Keystore { path, cause }),
            }
        }
        if found.is_empty() {
            return Err(KeysError::NoKeystores { path: directory.to_owned() });
        }
        Self::new(found, passphrases)
    }

    /// One keystore.
    pub(super) fn of_file(
        path: PathBuf,
        bytes: &[u8],
        passphrases: &dyn Passphrases,
    ) -> Result<Self, KeysError> {
        match Keystore::parse(bytes) {
            Ok(keystore) => Self::new(vec![(path, keystore)], passphrases),
            Err(cause) => Err(KeysError::Keystore { path, cause }),
        }
    }

    fn new(
        found: Vec<(PathBuf, Keystore)>,
        passphrases: &dyn Passphrases,
    ) -> Result<Self, KeysError> {
        let passphrase = passphrases.of_keystores()?;
        let (mut order, mut entries) = (Vec::with_capacity(found.len()), HashMap::new());
        for (path, keystore) in found {
            let opened = OnceLock::new();
            let address = match keystore.address() {
                // The first is opened even if it names its address: the passphrase is tried early.
                Some(address) if !order.is_empty() => address,
                _ => {
                    let key = open(&path, &keystore, &passphrase)?;
                    opened.get_or_init(|| key).address()
                }
            };
            // The same key in two files is one address.
            if entries.insert(address, Entry { path, keystore, opened }).is_none() {
                order.push(address);
            }
        }
        Ok(Self { order, entries, passphrase })
    }

    pub(super) fn order(&self) -> &[Address] {
        &self.order
    }

    /// The key of an address, opened now if it was not before.
    pub(super) fn key(&self, address: Address) -> Result<Option<&SecretKey>, KeysError> {
        let Some(entry) = self.entries.get(&address) else { return Ok(None) };
        if let Some(key) = entry.opened.get() {
            return Ok(Some(key));
        }
        let key = open(&entry.path, &entry.keystore, &self.passphrase)?;
        Ok(Some(entry.opened.get_or_init(|| key)))
    }
}

fn open(path: &Path, keystore: &Keystore, passphrase: &Passphrase) -> Result<SecretKey, KeysError> {
    let named = |cause| KeysError::Keystore { path: path.to_owned(), cause };
    keystore.open(passphrase).map_err(named)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}
