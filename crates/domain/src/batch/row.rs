//! One row of a batch.

use tron::{Address, Sun, TokenUnits};

use crate::collect::{Need, Scene};
use crate::id::OrderId;
use crate::order::{Order, OrderState};
use crate::time::UnixMillis;

/// What a batch itself knows of a row. There is no state in between: a row waits until the commit that
/// holds its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowState {
    /// It may become an order.
    Waiting,
    /// It is this order.
    Placed(OrderId),
    /// It was refused; nothing was charged.
    Failed(RowFailure),
    /// The batch was cancelled before it became an order.
    Cancelled,
}

/// Why a row cannot become an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowFailure {
    /// The reason.
    pub kind: FailureKind,
    /// What was said of it, for people.
    pub text: String,
}

/// The reasons for which rows are refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FailureKind {
    /// The address is a contract.
    Contract,
    /// The token contract refuses the transfer.
    TransferReverts,
    /// The address is a wallet of the pool.
    PoolWallet,
    /// Too many orders are open on the address.
    TooManyOpen,
    /// An order with this reference exists, and the key refuses a second one.
    ReferenceTaken,
    /// Any other rule.
    Other,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Contract,
        Self::TransferReverts,
        Self::PoolWallet,
        Self::TooManyOpen,
        Self::ReferenceTaken,
        Self::Other,
    ];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::TransferReverts => "transfer_reverts",
            Self::PoolWallet => "pool_wallet",
            Self::TooManyOpen => "too_many_open",
            Self::ReferenceTaken => "reference_taken",
            Self::Other => "other",
        }
    }
}

/// What an order for a row would be about, and what it would cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted {
    /// Tokens that the address holds.
    pub token_amount: TokenUnits,
    /// The scene to execute.
    pub scene: Scene,
    /// What its transfer lacks.
    pub need: Need,
    /// What the order costs.
    pub price: Sun,
    /// What the chain would burn for the same transfer.
    pub burn: Sun,
}

/// What a look at a row found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// When.
    pub at: UnixMillis,
    /// What it would need and cost, or why it would be refused.
    pub found: Result<Quoted, RowFailure>,
}

/// One address of a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchRow {
    /// From 1, as the rows were given.
    pub number: u32,
    /// The address whose tokens are collected.
    pub address: Address,
    /// Where they are to go, if that was said.
    pub recipient: Option<Address>,
    /// The merchant's own label.
    pub reference: Option<String>,
    /// What the batch knows of it.
    pub state: RowState,
    /// Which try this is, from 1; with batch and number it is the identity of the row's order.
    pub attempt: u32,
    /// What the newest dry run found.
    pub check: Option<Check>,
    /// What the chain would have burned, at the moment when the order was placed.
    pub burn: Option<Sun>,
}

/// Where a row stands, its order's life included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RowStage {
    /// It may become an order.
    Waiting,
    /// Its order is being filled.
    Filling,
    /// The address can make its transfer.
    Ready,
    /// The transfer was seen in a block; what was lent is on its way back.
    Used,
    /// Everything lent is back.
    Reclaimed,
    /// The order could not be filled; the money is back.
    Refunded,
    /// It was refused; nothing was charged.
    Failed,
    /// The batch was cancelled before it became an order.
    Cancelled,
}

impl RowStage {
    /// Every stage.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Filling,
        Self::Ready,
        Self::Used,
        Self::Reclaimed,
        Self::Refunded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Filling => "filling",
            Self::Ready => "ready",
            Self::Used => "used",
            Self::Reclaimed => "reclaimed",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Where a row stands; `order` is the one that it was placed as.
    ///
    /// An order that a fork undid is being filled again.
    #[must_use]
    pub fn of(state: &RowState, order: Option<&Order>) -> Self {
        match (state, order) {
            (RowState::Waiting, _) => Self::Waiting,
            (RowState::Failed(_), _) => Self::Failed,
            (RowState::Cancelled, _) => Self::Cancelled,
            (RowState::Placed(_), None) => Self::Filling,
            (RowState::Placed(_), Some(order)) => match order.state {
                OrderState::Filling => Self::Filling,
                OrderState::Refunded => Self::Refunded,
                OrderState::Ended => Self::Reclaimed,
                OrderState::Delivered if order.used.is_some() => Self::Used,
                OrderState::Delivered if order.is_spoiled() => Self::Filling,
                OrderState::Delivered => Self::Ready,
            },
        }
    }

    /// Whether a retry makes it wait again.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Refunded | Self::Failed)
    }
}
