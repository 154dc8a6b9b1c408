//! One signed transaction of ours and what the chain has said about it.

use tron::{Address, TxId};

use crate::id::LegId;
use crate::leg::Road;
use crate::time::UnixMillis;

/// Where a transaction stands.
///
/// ```text
/// stored ─► included ─► solid
///   │  ▲────────┘ a reorganisation dropped its block: the same bytes are sent again
///   └─► lost    refused by every node that was ever asked, or proven absent past its expiration
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TxState {
    /// Its bytes are in the database; it may or may not have been sent.
    Stored,
    /// In a block that could still be undone.
    Included,
    /// In a block that cannot be undone.
    Solid,
    /// It can never be in a block.
    Lost,
}

/// A transaction whose bytes were stored before the first byte was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainTx {
    /// SHA-256 of the raw data.
    pub txid: TxId,
    /// The leg that it serves.
    pub leg: LegId,
    /// Which way: lending or taking back.
    pub road: Road,
    /// The wallet that signed it.
    pub signer: Address,
    /// The signed transaction; sends and resends use these bytes and no others.
    pub bytes: Vec<u8>,
    /// Chain time after which it can never be included.
    pub expiration: UnixMillis,
    /// Where it stands.
    pub state: TxState,
    /// Whether any send was not clearly refused: only then may a node still hold it.
    pub is_maybe_taken: bool,
    /// When it was last sent, in wall time; `None` before the first answer was recorded.
    pub sent_at: Option<UnixMillis>,
    /// The number of the block that holds it.
    pub block: Option<i64>,
}
