//! What an order is about, and where it came from.

use tron::{Address, Energy, TokenUnits};

use crate::collect::Scene;
use crate::id::PolicyId;
use crate::period::Period;

/// One token transfer that an order makes possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Collection {
    /// Where the receiver's tokens are to go, if named.
    pub recipient: Option<Address>,
    /// Tokens that the receiver held when the order was placed.
    pub token_amount: TokenUnits,
    /// The scene that is executed.
    pub scene: Scene,
    /// Energy that the transfer takes.
    pub transfer_energy: Energy,
}

/// What an order is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderKind {
    /// Everything that one transfer lacks, for an hour at most.
    Collection(Collection),
    /// Energy as asked for, for a period.
    Energy {
        /// For how long.
        period: Period,
    },
}

/// Where an order came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A program placed it.
    Api,
    /// A person placed it.
    Manual,
    /// A policy that keeps one transfer's energy on an address.
    CountPolicy(PolicyId),
    /// A policy that keeps an amount of energy available.
    AutoPolicy(PolicyId),
}

impl OrderKind {
    /// For how long what is lent may stay.
    #[must_use]
    pub const fn period(&self) -> Period {
        match *self {
            Self::Collection(_) => Period::HOUR,
            Self::Energy { period } => period,
        }
    }
}
