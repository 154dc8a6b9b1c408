//! What became of an address: its state, why, and what it cost.
//!
//! ```text
//! planned ─► ordering ─► ordered ─► ready ─► signed ─► included ─► swept
//!    │           │           │        │         └─► ready (lost: signed again)
//!    └───────────┴───────────┴────────┴─► failed, skipped
//! ```

use std::fmt;

use domain::OrderId;
use tron::{Address, Energy, Sun, TokenUnits, TxId};

/// What is moved from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asset {
    /// The token of the run.
    Token,
    /// TRX that is left over; amounts are sun.
    Trx,
}

/// How far an address is. Every state is in the journal before what it announces is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It is to be swept; nothing was done yet.
    Planned,
    /// Its order goes out; whether the server has it is not known.
    Ordering,
    /// The server has its order and works on it.
    Ordered,
    /// It has what its transfer needs.
    Ready,
    /// Its transfer is signed and stored, and goes out.
    Signed,
    /// A block holds its transfer, and it did what it should.
    Included,
    /// That block is solid: it is done.
    Swept,
    /// It was given up; the reason says why.
    Failed,
    /// It was left alone on purpose; the reason says why.
    Skipped,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Planned,
        Self::Ordering,
        Self::Ordered,
        Self::Ready,
        Self::Signed,
        Self::Included,
        Self::Swept,
        Self::Failed,
        Self::Skipped,
    ];

    /// Its word in the journal, in events and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Ordering => "ordering",
            Self::Ordered => "ordered",
            Self::Ready => "ready",
            Self::Signed => "signed",
            Self::Included => "included",
            Self::Swept => "swept",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether nothing more happens to the address in this run.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Swept | Self::Failed | Self::Skipped => true,
            Self::Planned
            | Self::Ordering
            | Self::Ordered
            | Self::Ready
            | Self::Signed
            | Self::Included => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The kind of a [`Reason`], for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonCode {
    /// It holds nothing.
    Empty,
    /// It holds less than the minimum.
    Dust,
    /// Sweeping it costs more than the limit.
    TooDear,
    /// The token's owner has blacklisted it.
    Blacklisted,
    /// The token refuses to move its tokens: frozen, paused, or a rule of its own.
    TransferReverts,
    /// It is a contract, which no key can sign for.
    Contract,
    /// It is the destination itself.
    Destination,
    /// TRX stays because the destination was never activated, which the first TRX would pay for.
    DestinationNew,
    /// Another run on this machine has it open.
    InAnotherRun,
    /// No key of it is at hand.
    NoKey,
    /// Its owner permission belongs to other keys.
    Permission,
    /// The server refused the order.
    OrderRefused,
    /// The server gave the order up.
    OrderEnded,
    /// It did not get ready in time.
    NotReady,
    /// Energy or bandwidth was missing just before sending, and burning was not allowed.
    Shortfall,
    /// Every node refused the transaction.
    TransferRefused,
    /// The transfer was included and failed.
    TransferFailed,
    /// The transfer was included and moved nothing.
    NoTransferLog,
    /// The chain or the server could not be read often enough.
    Unreachable,
}

impl ReasonCode {
    /// Every code.
    pub const ALL: [Self; 19] = [
        Self::Empty,
        Self::Dust,
        Self::TooDear,
        Self::Blacklisted,
        Self::TransferReverts,
        Self::Contract,
        Self::Destination,
        Self::DestinationNew,
        Self::InAnotherRun,
        Self::NoKey,
        Self::Permission,
        Self::OrderRefused,
        Self::OrderEnded,
        Self::NotReady,
        Self::Shortfall,
        Self::TransferRefused,
        Self::TransferFailed,
        Self::NoTransferLog,
        Self::Unreachable,
    ];

    /// Its word in the journal, in events and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Dust => "dust",
            Self::TooDear => "too_dear",
            Self::Blacklisted => "blacklisted",
            Self::TransferReverts => "transfer_reverts",
            Self::Contract => "contract",
            Self::Destination => "destination",
            Self::DestinationNew => "destination_new",
            Self::InAnotherRun => "in_another_run",
            Self::NoKey => "no_key",
            Self::Permission => "permission",
            Self::OrderRefused => "order_refused",
            Self::OrderEnded => "order_ended",
            Self::NotReady => "not_ready",
            Self::Shortfall => "shortfall",
            Self::TransferRefused => "transfer_refused",
            Self::TransferFailed => "transfer_failed",
            Self::NoTransferLog => "no_transfer_log",
            Self::Unreachable => "unreachable",
        }
    }

    /// The code of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }
}

/// Why an address was not swept: a word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The kind.
    pub code: ReasonCode,
    /// The sentence, with numbers; may be empty.
    pub text: String,
}

impl Reason {
    /// A reason with its sentence.
    #[must_use]
    pub fn new(code: ReasonCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => f.write_str(self.code.word()),
            text => write!(f, "{}: {text}", self.code.word()),
        }
    }
}

/// When an address reached its states, Unix milliseconds by this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Planned.
    pub planned_ms: Option<i64>,
    /// The server took the order.
    pub ordered_ms: Option<i64>,
    /// It had what it needed.
    pub ready_ms: Option<i64>,
    /// Its transfer was signed and went out.
    pub sent_ms: Option<i64>,
    /// It reached its final state.
    pub ended_ms: Option<i64>,
}

/// Everything that is known about one address in one run; what the journal keeps and reports show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The address.
    pub address: Address,
    /// What its owner knows it by; may be empty.
    pub label: String,
    /// What is moved.
    pub asset: Asset,
    /// How far it is.
    pub state: State,
    /// Why it failed or was skipped; also why it waits.
    pub reason: Option<Reason>,
    /// What it held when it was planned, in the asset's smallest unit.
    pub held: TokenUnits,
    /// What arrived, by the Transfer log of its receipt.
    pub moved: TokenUnits,
    /// The order that served it.
    pub serial: Option<OrderId>,
    /// Its transfer.
    pub txid: Option<TxId>,
    /// What the server charged for its orders, refunds taken off.
    pub charged: Sun,
    /// TRX that its transfer burned, for energy and bandwidth together.
    pub burned: Sun,
    /// The part of it that was burned for energy.
    pub burned_for_energy: Sun,
    /// What the same transfer would have burned without an order.
    pub burn_cost: Sun,
    /// Energy that its transfer took in all.
    pub energy_used: Energy,
    /// When.
    pub times: Times,
}

impl Record {
    /// A record of an address about which nothing is known but what it holds.
    #[must_use]
    pub const fn new(address: Address, label: String, asset: Asset, held: TokenUnits) -> Self {
        Self {
            address,
            label,
            asset,
            state: State::Planned,
            reason: None,
            held,
            moved: TokenUnits(0),
            serial: None,
            txid: None,
            charged: Sun::ZERO,
            burned: Sun::ZERO,
            burned_for_energy: Sun::ZERO,
            burn_cost: Sun::ZERO,
            energy_used: Energy::ZERO,
            times: Times {
                planned_ms: None,
                ordered_ms: None,
                ready_ms: None,
                sent_ms: None,
                ended_ms: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_code_has_a_word_of_its_own() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        for code in ReasonCode::ALL {
            assert_eq!(ReasonCode::from_word(code.word()), Some(code));
        }
        assert_eq!(Reason::new(ReasonCode::Dust, "holds 3").to_string(), "dust: holds 3");
    }
}
