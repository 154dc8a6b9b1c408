//! Passphrases: from the environment, a file or the terminal, never from an argument.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file;

/// The longest passphrase, in bytes.
pub const PASSPHRASE_MAX_BYTES: usize = 1_024;

/// A passphrase; wiped when dropped, and it cannot be shown.
pub struct Passphrase(Zeroizing<String>);

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// Nobody gave one.
    #[error("a passphrase is needed: {0}")]
    Missing(&'static str),
    /// Longer than the limit, or not text.
    #[error("a passphrase is at most {PASSPHRASE_MAX_BYTES} bytes of text")]
    Shape,
    /// The file cannot be read.
    #[error("the passphrase file {} cannot be read", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The terminal could not be read.
    #[error("the passphrase could not be read from the terminal")]
    Terminal(#[source] std::io::Error),
}

/// Who is asked for passphrases. Each is asked at most once, and only if it is needed.
pub trait Passphrases {
    /// The one that opens keystores.
    fn of_keystores(&self) -> Result<Passphrase, PassphraseError>;

    /// The one that belongs to the mnemonic, if one was given; most mnemonics have none.
    fn of_mnemonic(&self) -> Result<Option<Passphrase>, PassphraseError>;
}

impl Passphrase {
    /// A passphrase; the line end that editors add after it is no part of it.
    ///
    /// Errors: too long.
    pub fn new(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        let mut text = text;
        let length = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(length);
        if text.len() > PASSPHRASE_MAX_BYTES {
            return Err(PassphraseError::Shape);
        }
        Ok(Self(text))
    }

    /// The passphrase that a file holds.
    ///
    /// Errors: the file cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, PassphraseError> {
        let bytes = file::read(path, PASSPHRASE_MAX_BYTES + 2)
            .map_err(|source| PassphraseError::File { path: path.to_owned(), source })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| PassphraseError::Shape)?;
        Self::new(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
