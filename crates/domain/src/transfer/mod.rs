//! A transfer: TRX that a merchant has sent to an address, paid from its balance.
//!
//! It is one signed transaction, stored before it is sent. Once it may be on chain it is never
//! replaced: it is included, or proven lost and the money goes back.

pub mod next;
pub mod step;

pub use next::{Action, next_action};
pub use step::{Decision, Event, NewTransfer, Offer, Refused, accept, step};

use tron::{Address, Sun, TxId};

use crate::id::{KeyId, MerchantId, TransferId};
use crate::time::UnixMillis;

/// Where a transfer stands.
///
/// ```text
/// stored ─► included ─► settled
///   │  ▲────────┘ a fork dropped its block: the same bytes are sent again
///   └─► released   refused by every node that was ever asked, or proven lost
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TransferState {
    /// The money is held and the bytes are stored; they may or may not have been sent.
    Stored,
    /// In a block that could still be undone.
    Included,
    /// In a block that cannot be undone; the money is spent. Final.
    Settled,
    /// It never happened and never will; the money is back. Final.
    Released,
}

/// One transfer with its one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// Identity.
    pub id: TransferId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that asked for it.
    pub key: KeyId,
    /// Who gets the TRX.
    pub receiver: Address,
    /// What the receiver gets.
    pub amount: Sun,
    /// What it costs beyond the amount, activation included.
    pub fee: Sun,
    /// Whether it was charged the activation of its receiver.
    pub has_activation: bool,
    /// The wallet that pays on chain.
    pub payer: Address,
    /// The most that leaves the payer: the amount and what the network takes.
    pub outlay_max: Sun,
    /// SHA-256 of the raw data.
    pub txid: TxId,
    /// The signed transaction; sends and resends use these bytes and no others.
    pub bytes: Vec<u8>,
    /// Chain time after which it can never be included.
    pub expiration: UnixMillis,
    /// Where it stands.
    pub state: TransferState,
    /// Whether any send was not clearly refused: only then may a node still hold it.
    pub is_maybe_taken: bool,
    /// When it was last sent, in wall time; `None` before the first answer was recorded.
    pub sent_at: Option<UnixMillis>,
    /// The number of the block that holds it.
    pub block: Option<i64>,
    /// When it was accepted.
    pub created: UnixMillis,
    /// When its money was spent or back.
    pub ended: Option<UnixMillis>,
}

impl Transfer {
    /// What it costs the merchant: the amount and the fee.
    #[must_use]
    pub fn total(&self) -> Sun {
        self.amount + self.fee
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, TransferState::Settled | TransferState::Released)
    }
}

#[cfg(test)]
pub(crate) mod example {
    use super::*;

    /// A transfer that was just accepted: 1 TRX, 0.3 TRX for it, valid until 60 s.
    pub(crate) fn stored() -> Transfer {
        Transfer {
            id: TransferId([7; 16]),
            merchant: MerchantId(1),
            key: KeyId(1),
            receiver: Address::from_evm([2; 20]),
            amount: Sun::from_trx(1),
            fee: Sun::new(300_000),
            has_activation: false,
            payer: Address::from_evm([1; 20]),
            outlay_max: Sun::new(1_300_000),
            txid: TxId::from_bytes([9; 32]),
            bytes: vec![1],
            expiration: UnixMillis(60_000),
            state: TransferState::Stored,
            is_maybe_taken: false,
            sent_at: None,
            block: None,
            created: UnixMillis(0),
            ended: None,
        }
    }
}
