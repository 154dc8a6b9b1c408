//! Money: double entry in sun. A ledger transaction is a list of entries that sums to zero.
//!
//! Money for an order is first held, then settled or released; each is new rows, none is edited.
//!
//! Read next: [`facts`], one file for each thing that can happen to money.

pub mod account;
pub mod facts;

pub use account::LedgerAccount;

use tron::{Sun, TxId};

use crate::id::{LedgerTxId, OrderId};
use crate::time::UnixMillis;

/// One signed amount on one ledger account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Which line of the chart.
    pub account: LedgerAccount,
    /// Positive adds to the account, negative takes from it.
    pub amount: Sun,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fact {
    /// The operator credited a merchant.
    MerchantCredited,
    /// A merchant's money was set aside for an order.
    OrderHeld,
    /// An order was delivered and its money earned.
    OrderSettled,
    /// An order failed and its money was given back.
    OrderReleased,
    /// The operator took money from a merchant.
    MerchantDebited,
    /// A merchant's money was set aside for a transfer.
    TransferHeld,
    /// A transfer is on chain for good: its amount left and its fee is earned.
    TransferSettled,
    /// A transfer never happened and its money was given back.
    TransferReleased,
    /// TRX arrived on a merchant's deposit address.
    DepositCredited,
    /// What was delivered was undone by a fork for good, and its money was given back.
    OrderRefunded,
    /// A part of what was delivered was undone by a fork for good, and its price was given back.
    OrderPartlyRefunded,
}

impl Fact {
    /// The fact of a number in rows.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|fact| fact.number() == number)
    }

    /// Every fact; the test of the postings' table in `docs/ledger.md` asks for each.
    pub const ALL: &'static [Self] = &[
        Self::MerchantCredited,
        Self::OrderHeld,
        Self::OrderSettled,
        Self::OrderReleased,
        Self::MerchantDebited,
        Self::TransferHeld,
        Self::TransferSettled,
        Self::TransferReleased,
        Self::DepositCredited,
        Self::OrderRefunded,
        Self::OrderPartlyRefunded,
    ];

    /// Its number in identities and rows; never reused.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::MerchantCredited => 1,
            Self::OrderHeld => 2,
            Self::OrderSettled => 3,
            Self::OrderReleased => 4,
            Self::MerchantDebited => 5,
            Self::TransferHeld => 6,
            Self::TransferSettled => 7,
            Self::TransferReleased => 8,
            Self::DepositCredited => 9,
            Self::OrderRefunded => 10,
            Self::OrderPartlyRefunded => 11,
        }
    }

    /// Its name in statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MerchantCredited => "merchant_credited",
            Self::OrderHeld => "order_held",
            Self::OrderSettled => "order_settled",
            Self::OrderReleased => "order_released",
            Self::MerchantDebited => "merchant_debited",
            Self::TransferHeld => "transfer_held",
            Self::TransferSettled => "transfer_settled",
            Self::TransferReleased => "transfer_released",
            Self::DepositCredited => "deposit_credited",
            Self::OrderRefunded => "order_refunded",
            Self::OrderPartlyRefunded => "order_partly_refunded",
        }
    }
}

/// A balanced set of entries for one fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerTx {
    /// Derived from the business id and the fact: posting twice is a key conflict.
    pub id: LedgerTxId,
    /// What happened.
    pub fact: Fact,
    /// The order that caused it, if one did.
    pub order: Option<OrderId>,
    /// Why, for facts that a person caused.
    pub reason: Option<String>,
    /// The transaction on chain that it is about, for transfers and deposits.
    pub txid: Option<TxId>,
    /// When it was decided, in wall time.
    pub at: UnixMillis,
    entries: Vec<Entry>,
}

impl LedgerTx {
    /// A ledger transaction.
    ///
    /// Panics: when the entries do not sum to zero; that is a broken invariant, in release too.
    #[must_use]
    pub fn new(
        business: [u8; 16],
        fact: Fact,
        order: Option<OrderId>,
        at: UnixMillis,
        entries: Vec<Entry>,
    ) -> Self {
        let sum: i128 = entries.iter().map(|entry| i128::from(entry.amount.get())).sum();
        assert!(sum == 0, "{} must sum to zero, not {sum}", fact.name());
        let id = LedgerTxId { business, fact: fact.number() };
        Self { id, fact, order, reason: None, txid: None, at, entries }
    }

    /// This, about a transaction on chain.
    #[must_use]
    pub fn about(self, txid: TxId) -> Self {
        Self { txid: Some(txid), ..self }
    }

    /// Its entries; they sum to zero.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
