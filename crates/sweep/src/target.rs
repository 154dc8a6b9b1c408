//! Who is swept, and who signs for it.

use tron::{Address, Signature, TxId};

use crate::offline::PreparedTransfer;

/// One address that may hold something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The address.
    pub address: Address,
    /// What its owner knows it by, such as a derivation path or a line; may be empty, never a secret.
    pub label: String,
}

impl Target {
    /// An address without a label.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address, label: String::new() }
    }
}

/// Addresses, and the keys behind them if they are at hand. A key never leaves its source.
///
/// A source is asked for its addresses page by page, so that an endless one (a wallet that derives
/// them) is walked only as far as it was used.
pub trait KeySource: Send + Sync {
    /// What it is, for people: `31 keys in keys.csv`. Never a secret.
    fn describe(&self) -> String;

    /// The targets from position `first` on, at most `count`; fewer only where the source ends.
    ///
    /// Shape: the same position always gives the same target.
    /// Errors: the source cannot be read.
    fn page(&self, first: usize, count: usize) -> Result<Vec<Target>, KeySourceError>;

    /// For a source without an end: this many unused addresses in a row mean that the rest is unused.
    fn gap_limit(&self) -> Option<usize> {
        None
    }

    /// Whether it can sign at all; a list of addresses cannot.
    fn can_sign(&self) -> bool {
        true
    }

    /// Signs the id of a transaction with the key of this target.
    ///
    /// Shape: the same target and id always give the same bytes. An HD wallet finds the key by the
    /// target's label, a keystore is opened when it is first needed, which may take a second.
    /// Errors: [`KeySourceError::NotHeld`] for an address that it has no key of.
    fn sign(&self, target: &Target, txid: &TxId) -> Result<Signature, KeySourceError>;

    /// The transfer of this address that was signed elsewhere; it is sent as it is.
    fn prepared(&self, address: Address) -> Option<&PreparedTransfer> {
        let _ = address;
        None
    }
}

/// Why a source of keys does not give what it was asked for. No text of a key is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySourceError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {text}")]
    Unreadable {
        /// Which.
        path: String,
        /// The system's words.
        text: String,
    },
    /// A file is not what it should be.
    #[error("{path}: {text}")]
    Malformed {
        /// Which, with the line if there is one: `keys.csv:7`.
        path: String,
        /// What is wrong.
        text: String,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open {path}")]
    Passphrase {
        /// Which.
        path: String,
    },
    /// It holds no key of this address.
    #[error("no key of {0}")]
    NotHeld(Address),
    /// It holds addresses only.
    #[error("addresses alone cannot sign")]
    WatchOnly,
}
