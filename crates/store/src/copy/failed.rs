//! Why a shop did not move.

use crate::fault::{self, Fault};
use crate::open::OpenError;
use crate::sql;

/// Why nothing was copied; the new database is as it was, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum CopyFailed {
    /// One of the databases cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is a shop in it already.
    #[error("the new database is not empty: {0} has rows; give an empty one")]
    NotEmpty(String),
    /// The shop is in it, and the old one's has moved away.
    #[error("the shop was moved to the new database before: use that one")]
    MovedBefore,
    /// The shop has moved, or may have, and not to the new database.
    #[error(
        "the shop was moved to {place}, and this is another database; a second copy would fill the same \
         orders twice: use that one's URL, or if it has no shop because the copy was cut short, copy to that \
         one again"
    )]
    MovedElsewhere {
        /// Server and database.
        place: String,
    },
    /// A copy of another shop to the new database was begun.
    #[error(
        "the new database is set aside for another shop, that of {place}, whose copy was begun: give an \
         empty one, or make it anew"
    )]
    SetAside {
        /// The file that the other shop was in.
        place: String,
    },
    /// The new database could not be asked any more whether it has taken the shop.
    #[error(
        "whether {place} has taken the shop is not known, so the old one refuses to work: run this again \
         when the new one can be reached"
    )]
    InDoubt {
        /// Server and database.
        place: String,
        /// Why it could not be asked.
        source: Box<CopyFailed>,
    },
    /// It has not taken the shop, and the old one could not be told.
    #[error(
        "{place} has not taken the shop, and the old one refuses to work: run this again to the same one"
    )]
    Closed {
        /// Server and database.
        place: String,
        /// Why the old one could not be told.
        source: sql::Error,
    },
    /// One of the databases failed.
    #[error("the copy did not go through")]
    Sql(#[from] sql::Error),
    /// What arrived is not what was sent.
    #[error("table {table} differs: {old} rows with hash {old_hash}, and {new} with {new_hash}")]
    Differs {
        /// Which.
        table: String,
        /// Rows in the old database.
        old: u64,
        /// Their hash.
        old_hash: String,
        /// Rows in the new one.
        new: u64,
        /// Their hash.
        new_hash: String,
    },
    /// The new database's own audit found something.
    #[error("the audit of the new database found {0} differences, the first: {1}")]
    Audit(usize, String),
}

impl From<Fault> for CopyFailed {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => Self::Sql(error),
            other @ (Fault::LeaseLost | Fault::Broken(_)) => {
                Self::Audit(1, fault::store_error(other).to_string())
            }
        }
    }
}
