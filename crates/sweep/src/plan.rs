//! What is to be done with each address, and what it costs.

use domain::collect::Need;
use tron::{Energy, Sun, TokenUnits};

use crate::record::Reason;
use crate::target::Target;

/// What a plan says about one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    /// The address.
    pub target: Target,
    /// Tokens on it.
    pub held: TokenUnits,
    /// TRX on it.
    pub trx: Sun,
    /// Energy that its transfer takes.
    pub transfer_energy: Energy,
    /// What it lacks for the transfer.
    pub need: Need,
    /// What the order is expected to cost; `None` if the server does not say prices.
    pub order_cost: Option<Sun>,
    /// What the same transfer would burn without an order, activation included.
    pub burn_cost: Sun,
    /// Why it is left alone; `None` if it is to be swept.
    pub skip: Option<Reason>,
}

/// What is to be done, biggest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Addresses that hold anything, those to sweep and those to leave alone.
    pub rows: Vec<PlanRow>,
}

impl Plan {
    /// Those to sweep, biggest first.
    pub fn to_sweep(&self) -> impl Iterator<Item = &PlanRow> {
        self.rows.iter().filter(|row| row.skip.is_none())
    }

    /// Those to leave alone.
    pub fn to_skip(&self) -> impl Iterator<Item = &PlanRow> {
        self.rows.iter().filter(|row| row.skip.is_some())
    }
}
