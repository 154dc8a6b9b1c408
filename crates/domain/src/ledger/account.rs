//! The chart of ledger accounts.

use crate::id::MerchantId;

/// One line of the chart; all are in sun.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LedgerAccount {
    /// What a merchant can spend. Never negative.
    Available(MerchantId),
    /// What is set aside for a merchant's open orders and transfers. Never negative.
    Held(MerchantId),
    /// What the operator has earned with orders and transfers.
    Revenue,
    /// Counterpart of money that entered or left from outside; negative when more came in.
    Outside,
}

impl LedgerAccount {
    /// Its kind's number in rows and the merchant, if it belongs to one.
    #[must_use]
    pub const fn parts(self) -> (u8, Option<MerchantId>) {
        match self {
            Self::Available(merchant) => (1, Some(merchant)),
            Self::Held(merchant) => (2, Some(merchant)),
            Self::Revenue => (3, None),
            Self::Outside => (4, None),
        }
    }

    /// The inverse of [`Self::parts`].
    #[must_use]
    pub const fn from_parts(kind: u8, merchant: Option<MerchantId>) -> Option<Self> {
        match (kind, merchant) {
            (1, Some(merchant)) => Some(Self::Available(merchant)),
            (2, Some(merchant)) => Some(Self::Held(merchant)),
            (3, None) => Some(Self::Revenue),
            (4, None) => Some(Self::Outside),
            _ => None,
        }
    }

    /// Its kind's name in statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available(_) => "available",
            Self::Held(_) => "held",
            Self::Revenue => "revenue",
            Self::Outside => "outside",
        }
    }
}
