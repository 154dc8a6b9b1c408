//! Keys: which addresses there are, and what signs for them.
//!
//! What it is: one way to say where keys come from, whatever wallet made them. It is not: a wallet;
//! it makes no keys and writes none.
//!
//! Invariants: nothing here that holds a secret has `Debug`, `Display`, `Clone` or `Serialize`, and
//! all of it is wiped when dropped; a key signs here and is never handed out; an error
//! names a file, a line or a word's position, and never what stands there.
//!
//! | File | Holds |
//! |---|---|
//! | `kind` | which kind a file is, by its content |
//! | `hd`, `path` | mnemonics, extended keys, and the way down to an address |
//! | `keystore`, `keystores` | encrypted Web3 keystores, one and a directory of them |
//! | `csv`, `raw`, `addresses` | lists |
//! | `source` | all of them as a [`crate::KeySource`] |
//! | `passphrase` | where passphrases come from |
//!
//! Read next: [`Keys`], then `source`.

mod addresses;
mod csv;
mod error;
mod file;
mod hd;
mod keystore;
mod keystores;
mod kind;
mod lines;
mod listed;
mod passphrase;
mod path;
mod raw;
mod source;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use tron::SecretKey;

pub use csv::{ADDRESS_COLUMN, PRIVATE_KEY_COLUMN};
pub use error::KeysError;
pub use keystore::{KeystoreError, PBKDF2_ROUNDS_MAX, SCRYPT_LANES_MAX, SCRYPT_MEMORY_MAX_BYTES};
pub use kind::{KIND_NAMES, KeysKind};
pub use passphrase::{PASSPHRASE_MAX_BYTES, Passphrase, PassphraseError, Passphrases};
pub use path::{CHILD_MAX, DEFAULT_PATH, NumberRange, PathError, PathTemplate};

use hd::HdWallet;
use keystores::Keystores;
use listed::Listed;

/// The longest key file, in bytes; half a million rows.
pub const KEYS_FILE_MAX_BYTES: usize = 64 * 1024 * 1024;
/// How many unused addresses in a row end the search of an account.
///
/// Source: BIP44.
pub const GAP_LIMIT: u32 = 20;

/// What to take from a key file.
pub struct KeysOptions {
    /// What it holds; without it the content decides.
    pub kind: Option<KeysKind>,
    /// Accounts of an HD wallet; account 0 without it.
    pub accounts: Option<NumberRange>,
    /// Indexes of each account; without it, until the gap limit.
    pub indexes: Option<NumberRange>,
    /// How many unused addresses in a row end an account.
    pub gap_limit: u32,
    /// The way down from an HD wallet's root.
    pub path: PathTemplate,
}

impl Default for KeysOptions {
    fn default() -> Self {
        Self {
            kind: None,
            accounts: None,
            indexes: None,
            gap_limit: GAP_LIMIT,
            path: PathTemplate::default(),
        }
    }
}

/// Addresses, and for all but watch-only sources what signs for them.
pub struct Keys {
    /// What errors and people call it: its path.
    name: String,
    kind: KeysKind,
    source: Source,
    is_readable_by_others: bool,
}

enum Source {
    Listed(Listed<SecretKey>),
    Watched(Listed<()>),
    Keystores(Keystores),
    Hd(HdWallet),
}

impl Keys {
    /// Reads a key file or a directory of keystores.
    ///
    /// Shape: one pass over the file; a keystore is decrypted when it is first needed, but the first
    /// one at once, so that a wrong passphrase is noticed before anything else happens.
    /// Errors: [`KeysError`], in the words of whoever wrote the file.
    pub fn open(
        path: &Path,
        options: &KeysOptions,
        passphrases: &dyn Passphrases,
    ) -> Result<Self, KeysError> {
        let is_readable_by_others = file::is_readable_by_others(path);
        let (kind, source) = if path.is_dir() {
            if !matches!(options.kind, None | Some(KeysKind::Keystore)) {
                return Err(KeysError::Directory { path: path.to_owned() });
            }
            (KeysKind::Keystore, Source::Keystores(Keystores::of_directory(path, passphrases)?))
        } else {
            let bytes = file::read(path, KEYS_FILE_MAX_BYTES)
                .map_err(|source| KeysError::File { path: path.to_owned(), source })?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| KeysError::NotText { path: path.to_owned() })?;
            let kind = options.kind.map_or_else(|| KeysKind::detect(text), Ok)?;
            (kind, source_of(path, text, kind, options, passphrases)?)
        };
        let is_hd = matches!(source, Source::Hd(_));
        if !is_hd && (options.accounts.is_some() || options.indexes.is_some()) {
            return Err(KeysError::NotHd { kind });
        }
        let name = path.display().to_string();
        Ok(Self { name, kind, source, is_readable_by_others })
    }

    /// What the file turned out to hold.
    #[must_use]
    pub const fn kind(&self) -> KeysKind {
        self.kind
    }

    /// Whether there is nothing to sign with.
    #[must_use]
    pub const fn is_watch_only(&self) -> bool {
        self.kind.is_watch_only()
    }

    /// Whether others than its owner can read the file: worth a warning.
    #[must_use]
    pub const fn is_readable_by_others(&self) -> bool {
        self.is_readable_by_others
    }
}

fn source_of(
    path: &Path,
    text: &str,
    kind: KeysKind,
    options: &KeysOptions,
    passphrases: &dyn Passphrases,
) -> Result<Source, KeysError> {
    let hd = |wallet: HdWallet| Ok(Source::Hd(wallet));
    let joined = || lines::content_lines(text).map(|line| line.text);
    let one_line = || {
        let mut lines = lines::content_lines(text);
        let first = lines.next().ok_or(KeysError::Empty)?;
        match lines.next() {
            Some(second) => Err(KeysError::SecondKey { line: second.number }),
            None => Ok(first.text),
        }
    };
    match kind {
        KeysKind::Mnemonic => {
            let words = zeroize::Zeroizing::new(joined().collect::<Vec<_>>().join(" "));
            let passphrase = passphrases.of_mnemonic()?;
            hd(HdWallet::from_mnemonic(&words, passphrase.as_ref(), options)?)
        }
        KeysKind::Xprv | KeysKind::Xpub => {
            let line = one_line()?;
            let is_public = line.starts_with("xpub") || line.starts_with("tpub");
            if is_public != (kind == KeysKind::Xpub) {
                return Err(KeysError::ExtendedKey);
            }
            hd(HdWallet::from_extended_key(line, options)?)
        }
        KeysKind::Keystore => {
            let name = PathBuf::from(path);
            Ok(Source::Keystores(Keystores::of_file(name, text.as_bytes(), passphrases)?))
        }
        KeysKind::Csv => Ok(Source::Listed(Listed::new(csv::read(text)?)?)),
        KeysKind::Raw => {
            let key = raw::read(text)?;
            Ok(Source::Listed(Listed::new(vec![(key.address(), key)])?))
        }
        KeysKind::Addresses => {
            let addresses = addresses::read(text)?;
            let rows = addresses.into_iter().map(|address| (address, ())).collect();
            Ok(Source::Watched(Listed::new(rows)?))
        }
    }
}
