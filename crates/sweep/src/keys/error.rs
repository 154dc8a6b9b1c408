//! What can be wrong with a key file. Every variant is shown to whoever wrote the file.

use std::path::PathBuf;

use tron::sign::KeyError;
use tron::{Address, AddressError};

use super::csv::{ADDRESS_COLUMN, PRIVATE_KEY_COLUMN};
use super::keystore::KeystoreError;
use super::kind::KeysKind;
use super::passphrase::PassphraseError;
use crate::target::KeySourceError;

/// Why keys cannot be used. No variant holds a part of a key, a mnemonic or a passphrase.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the key file {} cannot be read", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no text.
    #[error("the key file {} is not text", path.display())]
    NotText {
        /// Which file.
        path: PathBuf,
    },
    /// A directory where a file is expected.
    #[error("{} is a directory; only keystores come in directories", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
    },
    /// Nothing is in it.
    #[error("the key file holds nothing")]
    Empty,
    /// The content is none of the known kinds.
    #[error(
        "the key file is no CSV with the header {ADDRESS_COLUMN},{PRIVATE_KEY_COLUMN}, keystore, \
         mnemonic, xprv, xpub, private key or list of addresses; say which with --keys-kind"
    )]
    UnknownKind,
    /// The CSV has no header.
    #[error("line {line}: the header has to name {ADDRESS_COLUMN} and {PRIVATE_KEY_COLUMN}")]
    Header {
        /// From 1.
        line: usize,
    },
    /// A row of another length.
    #[error("line {line}: {found} cells where the header has {expected}")]
    Cells {
        /// From 1.
        line: usize,
        /// In this row.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// No address.
    #[error("line {line}: {cause}")]
    Address {
        /// From 1.
        line: usize,
        /// Why it is none.
        cause: AddressError,
    },
    /// No private key.
    #[error("line {line}: {cause}")]
    Key {
        /// From 1.
        line: usize,
        /// Why it is none.
        cause: KeyError,
    },
    /// The key beside an address is another one's.
    #[error("line {line}: the private key is not the one of {address}")]
    OtherAddress {
        /// From 1.
        line: usize,
        /// The address of the row.
        address: Address,
    },
    /// More than one line where one key is expected.
    #[error("line {line}: this kind of key file holds one key and nothing else")]
    SecondKey {
        /// From 1.
        line: usize,
    },
    /// A wrong number of words.
    #[error("a mnemonic has 12, 15, 18, 21 or 24 words, not {count}")]
    MnemonicWords {
        /// How many there are.
        count: usize,
    },
    /// A word that is in no list.
    #[error("word {position} of the mnemonic is in no BIP39 word list")]
    MnemonicWord {
        /// From 1.
        position: usize,
    },
    /// The words do not belong together.
    #[error("the mnemonic's checksum is wrong: a word is mistaken or misplaced")]
    MnemonicChecksum,
    /// Words of several languages.
    #[error("the mnemonic's language cannot be told")]
    Mnemonic,
    /// Not an extended key.
    #[error("this is not a BIP32 extended key of the kind that is expected")]
    ExtendedKey,
    /// The extended key lies below the path's end.
    #[error("the extended key lies {depth} steps deep, and the path has {path_steps} (--hd-path)")]
    TooDeep {
        /// Of the key.
        depth: usize,
        /// Of the path.
        path_steps: usize,
    },
    /// An extended public key cannot take a hardened step.
    #[error(
        "an extended public key cannot go down a hardened step: export it at the account \
         (m/44'/195'/0') or below"
    )]
    PublicAboveHardened,
    /// The key lies in one account, and another was asked for.
    #[error("the extended key lies in one account and has no other: leave --accounts out")]
    AccountFixed,
    /// Accounts were asked for and the path has none.
    #[error("the path has no {{account}} for --accounts")]
    NoAccount,
    /// Ranges were given for what has none.
    #[error(
        "--accounts and --indexes are for mnemonics and extended keys, and this is of kind {kind}"
    )]
    NotHd {
        /// What it is.
        kind: KeysKind,
    },
    /// A child that does not exist.
    #[error("there is no child {number}")]
    NoChild {
        /// Which one.
        number: u32,
    },
    /// A passphrase is missing or bad.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// A keystore cannot be read or opened.
    #[error("keystore {}: {cause}", path.display())]
    Keystore {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: KeystoreError,
    },
    /// A directory without keystores.
    #[error("{} holds no keystore", path.display())]
    NoKeystores {
        /// Which one.
        path: PathBuf,
    },
}

impl KeysError {
    /// The same for whoever asked for an address or a signature, and not for a file.
    pub(super) fn in_source(&self, name: &str) -> KeySourceError {
        if let Self::Keystore { path, cause: KeystoreError::WrongPassphrase } = self {
            return KeySourceError::Passphrase { path: path.display().to_string() };
        }
        if let Self::File { path, source } = self {
            let (path, text) = (path.display().to_string(), source.to_string());
            return KeySourceError::Unreadable { path, text };
        }
        KeySourceError::Malformed { path: name.to_owned(), text: self.to_string() }
    }
}
