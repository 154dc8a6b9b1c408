//! The passphrase of the wallet files: from the environment or from a file.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::private_file;

/// Name of the environment variable that holds the passphrase.
pub const PASSPHRASE_VARIABLE: &str = "SUNSWEEP_WALLET_PASSPHRASE";
/// The shortest passphrase that is accepted, in bytes.
pub const MIN_PASSPHRASE_BYTES: usize = 8;
/// The longest passphrase that is accepted, in bytes.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;

/// The passphrase that opens the wallet files; wiped when dropped.
pub struct Passphrase(Zeroizing<String>);

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// Neither the environment nor the configuration names one.
    #[error("no passphrase: set {PASSPHRASE_VARIABLE} or [pool] passphrase_file")]
    Missing,
    /// Too short or too long.
    #[error(
        "a wallet passphrase has {MIN_PASSPHRASE_BYTES} to {MAX_PASSPHRASE_BYTES} bytes of text"
    )]
    Shape,
    /// The file cannot be read.
    #[error("the passphrase file {} is out of reach", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

impl Passphrase {
    /// The passphrase from the environment's value if there is one, else from the file.
    ///
    /// Errors: none given, out of bounds, or the file cannot be read.
    pub fn load(variable: Option<&str>, file: Option<&Path>) -> Result<Self, PassphraseError> {
        if let Some(text) = variable {
            return Self::new(text);
        }
        let path = file.ok_or(PassphraseError::Missing)?;
        let bytes = private_file::read(path)
            .map_err(|source| PassphraseError::File { path: path.to_owned(), source })?;
        if private_file::is_readable_by_others(path) {
            tracing::warn!(file = %path.display(), "the passphrase file is readable by others");
        }
        Self::new(std::str::from_utf8(&bytes).map_err(|_| PassphraseError::Shape)?)
    }

    /// A passphrase; line ends after it are not part of it, because editors add them.
    ///
    /// Errors: too short or too long.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        let text = text.trim_end_matches(['\r', '\n']);
        if (MIN_PASSPHRASE_BYTES..=MAX_PASSPHRASE_BYTES).contains(&text.len()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(PassphraseError::Shape)
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_and_a_final_line_end_is_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        std::fs::write(&path, "from the file\r\n").unwrap();
        let file = Passphrase::load(None, Some(&path)).unwrap();
        assert_eq!(file.as_bytes(), b"from the file");
        let variable = Passphrase::load(Some("from the environment"), Some(&path)).unwrap();
        assert_eq!(variable.as_bytes(), b"from the environment");
        assert!(matches!(Passphrase::load(None, None), Err(PassphraseError::Missing)));
        let missing = Passphrase::load(None, Some(Path::new("no/such")));
        assert!(matches!(missing, Err(PassphraseError::File { .. })));
    }

    #[test]
    fn the_length_is_limited_both_ways() {
        let of = |length: usize| Passphrase::new(&"p".repeat(length)).is_ok();
        assert!(!of(MIN_PASSPHRASE_BYTES - 1));
        assert!(of(MIN_PASSPHRASE_BYTES));
        assert!(of(MAX_PASSPHRASE_BYTES));
        assert!(!of(MAX_PASSPHRASE_BYTES + 1));
    }
}
