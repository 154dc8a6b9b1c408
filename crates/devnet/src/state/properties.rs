//! What the chain keeps about itself.

use std::sync::Arc;

use crate::execute::token::Token;
use crate::state::parameters::Parameters;

/// Slot length of the resource clock, in ms; it does not follow `block_time_ms`.
pub(crate) const SLOT_MS: i64 = 3_000;

/// The chain's own numbers, one version a block.
#[derive(Clone, Debug)]
pub(crate) struct Properties {
    /// Time of the latest block: "now" for everything that is executed on top of it.
    pub(crate) head_ms: i64,
    pub(crate) next_maintenance_ms: i64,
    /// Whether the latest block was a maintenance block; two slots are skipped after it.
    pub(crate) is_maintenance: bool,
    /// Whole TRX staked on the network.
    pub(crate) energy_weight: i64,
    pub(crate) net_weight: i64,
    /// Whole TRX by which both weights grow with every block.
    pub(crate) energy_weight_drift: i64,
    pub(crate) net_weight_drift: i64,
    pub(crate) public_net_used: i64,
    pub(crate) public_net_slot: i64,
    /// Sun destroyed and sun handed out, from the start.
    pub(crate) burned: i64,
    pub(crate) issued: i64,
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) token: TokenState,
}

/// What the built-in token's contract keeps outside its holders.
#[derive(Clone, Debug)]
pub(crate) struct TokenState {
    pub(crate) contract: Token,
    pub(crate) supply: u128,
    pub(crate) is_paused: bool,
    /// Dynamic energy factor with four decimals: 34 000 is +340 %.
    pub(crate) energy_factor: i64,
    /// Base energy used in the current maintenance cycle.
    pub(crate) cycle_energy: i64,
}

impl Properties {
    /// The slot that decay is counted in.
    pub(crate) const fn head_slot(&self) -> i64 {
        self.head_ms / SLOT_MS
    }
}
