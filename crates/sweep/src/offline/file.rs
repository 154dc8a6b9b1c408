//! The file that goes between the machines.
//!
//! JSON that a person can check: every transfer says in plain words what its bytes say too. The hash
//! finds damage on the way; it is no signature, so nothing in the file is believed for its sake.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tron::{Address, TokenUnits};

use super::check::Mismatch;
use crate::settings::Token;
use crate::target::KeySourceError;

/// Marks the file as ours.
pub const FORMAT: &str = "sunsweep-plan";
/// Version of the form; another one is not read.
pub const VERSION: u32 = 1;
/// The longest file, in bytes; a hundred thousand transfers.
pub const PLAN_FILE_MAX_BYTES: u64 = 128 * 1024 * 1024;

/// Transfers of one plan, unsigned or signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    /// When the plan was made, Unix milliseconds.
    pub created_ms: i64,
    /// Chain time from which on no block takes any of them, Unix milliseconds.
    pub expiration_ms: i64,
    /// The same for people, in UTC.
    pub expires: String,
    /// What is moved.
    pub token: PlanToken,
    /// Where to.
    pub destination: Address,
    /// The sum of all transfers, with its point.
    pub total: String,
    /// Biggest first.
    pub transfers: Vec<TransferEntry>,
    /// SHA-256 of everything above, written as compact JSON; 64 hex digits.
    pub sha256: String,
}

/// A token as a plan names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanToken {
    /// The contract.
    pub address: Address,
    /// What people call it.
    pub symbol: String,
    /// Digits after the point.
    pub decimals: u8,
}

/// One transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferEntry {
    /// Who sends.
    pub from: Address,
    /// Where its key is found, for an HD wallet its path; may be empty.
    pub label: String,
    /// With its point, for people.
    pub amount: String,
    /// In the token's smallest unit, decimal.
    pub units: String,
    /// The most that it may burn, its energy counted at the chain's price.
    pub fee_limit_sun: i64,
    /// What the same transfer would burn without an order.
    pub burn_cost_sun: i64,
    /// Its id: the SHA-256 of `raw`.
    pub txid: String,
    /// The raw-data bytes, hex.
    pub raw: String,
    /// The signature, hex; absent before signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Why a plan cannot be written, read, signed or sent.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The file system refused.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not this form.
    #[error("{} is no plan of sunsweep: {text}", path.display())]
    Shape {
        /// Which file.
        path: PathBuf,
        /// What is wrong, by line and column.
        text: String,
    },
    /// Another version.
    #[error("the plan has version {0}, and this program reads version {VERSION}")]
    Version(u32),
    /// The hash differs.
    #[error("the plan was changed or damaged: its hash is {found}, and it says {said}")]
    Hash {
        /// Of what is there.
        found: String,
        /// What the file says.
        said: String,
    },
    /// Nothing to do.
    #[error("the plan holds no transfer")]
    Empty,
    /// An address twice: both transfers would be of the same tokens.
    #[error("the plan moves the tokens of {0} twice")]
    Repeated(Address),
    /// A transfer is not what it says or should be.
    #[error("the transfer of {from}: {mismatch}")]
    Transfer {
        /// Who sends.
        from: Address,
        /// What differs.
        mismatch: Mismatch,
    },
    /// A key is missing or does not open.
    #[error("the transfer of {from} cannot be signed")]
    Key {
        /// Who sends.
        from: Address,
        /// Why.
        source: KeySourceError,
    },
}

impl PlanFile {
    /// Reads a file and checks its form and its hash; what the transfers do is checked apart.
    ///
    /// Errors: [`OfflineError`].
    pub fn read(path: &Path) -> Result<Self, OfflineError> {
        let failed = |source| OfflineError::File { path: path.to_owned(), source };
        let mut text = String::new();
        let file = fs::File::open(path).map_err(failed)?;
        file.take(PLAN_FILE_MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > PLAN_FILE_MAX_BYTES {
            let message = format!("it is longer than {PLAN_FILE_MAX_BYTES} bytes");
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, message)));
        }
        let shape = |text: String| OfflineError::Shape { path: path.to_owned(), text };
        // The version first: another version may well have other fields.
        let head: Head = serde_json::from_str(&text).map_err(|error| shape(error.to_string()))?;
        if head.format != FORMAT {
            return Err(shape(format!("its format is {:?}", head.format)));
        }
        if head.version != VERSION {
            return Err(OfflineError::Version(head.version));
        }
        let plan: Self = serde_json::from_str(&text).map_err(|error| shape(error.to_string()))?;
        let found = plan.hash();
        if found != plan.sha256 {
            return Err(OfflineError::Hash { found, said: plan.sha256 });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = plan.transfers.iter().find(|one| !seen.insert(one.from)) {
            return Err(OfflineError::Repeated(twice.from));
        }
        match plan.transfers.is_empty() {
            true => Err(OfflineError::Empty),
            false => Ok(plan),
        }
    }

    /// Writes a new file; an existing one is never overwritten, because it may be the only signed one.
    ///
    /// Errors: `AlreadyExists` if it is there; whatever the file system says.
    pub fn write(&self, path: &Path) -> Result<(), OfflineError> {
        let failed = |source| OfflineError::File { path: path.to_owned(), source };
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers serialise");
        text.push('\n');
        let mut file = fs::File::create_new(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Sets the hash to that of the content.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.sha256 = self.hash();
        self
    }

    /// Whether every transfer has its signature.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.transfers.iter().all(|transfer| transfer.signature.is_some())
    }

    /// The token as the rest of the program knows it.
    #[must_use]
    pub fn token(&self) -> Token {
        let PlanToken { address, symbol, decimals } = self.token.clone();
        Token { address, symbol, decimals }
    }

    /// Twelve digits that are the same for a plan and for what was signed of it: its run's name.
    #[must_use]
    pub fn run_digest(&self) -> [u8; 6] {
        let mut hash = Sha256::new();
        for transfer in &self.transfers {
            hash.update(transfer.txid.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; 6];
        first.copy_from_slice(&digest[..6]);
        first
    }

    fn hash(&self) -> String {
        let mut value = serde_json::to_value(self).expect("strings and numbers serialise");
        if let Some(object) = value.as_object_mut() {
            object.remove("sha256");
        }
        // The same bytes everywhere: members sorted by name, no blanks.
        hex::encode(Sha256::digest(value.to_string().as_bytes()))
    }
}

impl TransferEntry {
    /// What it moves; `None` if that is no number.
    #[must_use]
    pub fn token_units(&self) -> Option<TokenUnits> {
        self.units.parse().ok().map(TokenUnits)
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: String,
    #[serde(default)]
    version: u32,
}
