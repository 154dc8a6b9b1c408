//! A leg: one chain step that fills an order, an activation or one wallet's delegation, and the way
//! back; or the way back alone of what nobody counts on any more.

pub mod step;

pub use step::{LegEvent, step};

use tron::{Address, Resource, Sun};

use crate::id::LegId;
use crate::time::UnixMillis;

/// Which way a transaction moves a leg.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Road {
    /// Activate or delegate.
    Out,
    /// Undelegate.
    Back,
}

/// What a leg does on chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LegKind {
    /// Makes the receiver exist.
    Activation,
    /// Lends stake to the receiver.
    Delegation {
        /// Which resource.
        resource: Resource,
        /// Staked sun lent; the chain's `balance` field.
        balance: Sun,
        /// Units of the resource that the stake was to yield when planned.
        units: i64,
    },
    /// Takes back energy stake that nobody counts on any more; it has a way back only.
    Leftover {
        /// Staked sun that the chain shows as lent.
        balance: Sun,
        /// Units of energy that it yields.
        units: i64,
    },
}

impl LegKind {
    /// Units of this resource that it was planned to lend.
    #[must_use]
    pub fn units_of(&self, wanted: Resource) -> i64 {
        match *self {
            Self::Delegation { resource, units, .. } if resource == wanted => units,
            Self::Delegation { .. } | Self::Activation | Self::Leftover { .. } => 0,
        }
    }

    /// Which resource's stake it moves, and how much.
    #[must_use]
    pub fn stake(&self) -> Option<(Resource, Sun)> {
        match *self {
            Self::Activation => None,
            Self::Delegation { resource, balance, .. } => Some((resource, balance)),
            Self::Leftover { balance, .. } => Some((Resource::Energy, balance)),
        }
    }

    /// Whether it takes back what nobody counts on, rather than filling the order.
    #[must_use]
    pub const fn is_leftover(&self) -> bool {
        matches!(self, Self::Leftover { .. })
    }
}

/// Where a leg stands.
///
/// ```text
/// planned ─► signed ─► included ◄─► owed ─► returning ─► returned
///    │          │                    ▲          │
///    └──────────┴─► dropped          └──────────┘ lost: sign again
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LegState {
    /// Capacity is reserved; nothing is signed.
    Planned,
    /// A transaction for it is stored and may be on its way.
    Signed,
    /// The chain shows it.
    Included,
    /// A delegation that is to be taken back; nothing is signed for that yet.
    Owed,
    /// The undelegation is stored and may be on its way.
    Returning,
    /// The chain shows that the stake is back.
    Returned,
    /// It never happened and never will.
    Dropped,
}

/// One chain step of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leg {
    /// Which leg of which order.
    pub id: LegId,
    /// What it does.
    pub kind: LegKind,
    /// The wallet whose stake is lent, or that pays for the activation.
    pub owner: Address,
    /// Where it stands.
    pub state: LegState,
    /// When the chain included it, in block time.
    pub included_at: Option<UnixMillis>,
    /// When the stake was back, in block time.
    pub returned_at: Option<UnixMillis>,
}

impl Leg {
    /// Whether a transaction for it may be on its way, either way.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.state, LegState::Signed | LegState::Returning)
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self.state {
            LegState::Returned | LegState::Dropped => true,
            LegState::Included => self.kind == LegKind::Activation,
            LegState::Planned | LegState::Signed | LegState::Owed | LegState::Returning => false,
        }
    }

    /// Whether it is to make the receiver exist and the chain does not show that yet.
    #[must_use]
    pub fn is_activating(&self) -> bool {
        self.kind == LegKind::Activation && self.is_on_its_way_out()
    }

    /// Whether the chain does not show it yet and may show it soon.
    #[must_use]
    pub fn is_on_its_way_out(&self) -> bool {
        matches!(self.state, LegState::Planned | LegState::Signed)
    }

    /// Whether its stake is with the receiver, as far as the chain has shown.
    #[must_use]
    pub fn is_lent(&self) -> bool {
        self.kind.stake().is_some()
            && matches!(self.state, LegState::Included | LegState::Owed | LegState::Returning)
    }

    /// The energy stake that it lends to fill its order, in sun; zero for other legs.
    #[must_use]
    pub fn energy_stake(&self) -> Sun {
        match self.kind {
            LegKind::Delegation { resource: Resource::Energy, balance, .. } => balance,
            LegKind::Delegation { resource: Resource::Bandwidth, .. }
            | LegKind::Activation
            | LegKind::Leftover { .. } => Sun::ZERO,
        }
    }
}
