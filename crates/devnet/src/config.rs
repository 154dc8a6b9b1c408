//! What a devnet starts with.

use serde::{Deserialize, Serialize};
use tron::Address;

use crate::signing::Signing;

/// Who moves the chain's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// Time stands still until a block is mined or time is advanced: for tests.
    Manual,
    /// Blocks are produced in real time by [`produce_blocks`](crate::produce_blocks): for people.
    Auto,
}

/// Everything that can be chosen at the start; the defaults are mainnet's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DevnetConfig {
    /// Time of the newest block at the start, unix ms, rounded down to a whole block time. In
    /// [`ClockMode::Auto`] zero means "now".
    pub start_time_ms: i64,
    /// Between two blocks. Only 3 000 is what mainnet does; less makes demos quicker. Block times
    /// stay real times; resource recovery and lock periods are always counted in slots of 3 000 ms.
    pub block_time_ms: i64,
    /// How far the solid block trails the head.
    pub solid_lag_blocks: u64,
    /// Who moves the clock.
    pub clock: ClockMode,
    /// Address of the built-in token.
    pub usdt: Address,
    /// Deployer of the built-in token.
    pub usdt_origin: Address,
    /// Share of the token's energy that callers pay, percent.
    pub usdt_caller_percent: i64,
    /// Most energy that the deployer adds to a call.
    pub usdt_origin_energy_limit: i64,
    /// Whether `transfer` answers `false` on success, as USDT does.
    pub usdt_returns_false: bool,
    /// Dynamic energy factor of the token, four decimals: 34 000 is mainnet's, 0 is Nile's.
    pub energy_factor: i64,
    /// Stake for energy of the rest of the network, whole TRX.
    pub energy_weight_trx: i64,
    /// Stake for bandwidth of the rest of the network, whole TRX.
    pub net_weight_trx: i64,
    /// Serve the `/devnet` control interface.
    pub has_controls: bool,
    /// What a signature is; only [`Signing::Curve`] is what wallets make.
    pub signing: Signing,
}

/// Why a configuration cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Block time out of range.
    #[error("block_time_ms must be {MIN_BLOCK_TIME_MS} to {MAX_BLOCK_TIME_MS}")]
    BlockTime,
    /// Solid lag out of range.
    #[error("solid_lag_blocks must be 0 to {MAX_SOLID_LAG_BLOCKS}")]
    SolidLag,
    /// Start time out of range.
    #[error("start_time_ms must be between the years 2001 and 2200")]
    StartTime,
    /// A negative or absurd number.
    #[error("weights, percent, limits and factor must be sensible and not negative")]
    Number,
}

/// Fastest chain.
pub(crate) const MIN_BLOCK_TIME_MS: i64 = 10;
/// Slowest chain.
pub(crate) const MAX_BLOCK_TIME_MS: i64 = 60_000;
/// Largest distance of the solid block.
pub(crate) const MAX_SOLID_LAG_BLOCKS: u64 = 1_000;
const EARLIEST_MS: i64 = 1_000_000_000_000;
const LATEST_MS: i64 = 7_258_118_400_000;
const MAX_WEIGHT_TRX: i64 = 1_000_000_000_000;

impl Default for DevnetConfig {
    fn default() -> Self {
        let address = |text: &str| text.parse().expect("a constant address of mainnet");
        Self {
            start_time_ms: 1_780_000_002_000,
            block_time_ms: 3_000,
            solid_lag_blocks: 18,
            clock: ClockMode::Manual,
            usdt: address("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
            usdt_origin: address("THPvaUhoh2Qn2y9THCZML3H815hhFhn5YC"),
            usdt_caller_percent: 30,
            usdt_origin_energy_limit: 10_000_000,
            usdt_returns_false: true,
            energy_factor: 34_000,
            energy_weight_trx: 18_971_780_957,
            net_weight_trx: 26_860_000_000,
            has_controls: true,
            signing: Signing::Curve,
        }
    }
}

impl DevnetConfig {
    /// A real-time chain with this block time.
    #[must_use]
    pub fn auto(block_time_ms: i64) -> Self {
        Self { clock: ClockMode::Auto, start_time_ms: 0, block_time_ms, ..Self::default() }
    }

    /// Errors: [`ConfigError`], the first that applies.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !(MIN_BLOCK_TIME_MS..=MAX_BLOCK_TIME_MS).contains(&self.block_time_ms) {
            return Err(ConfigError::BlockTime);
        }
        if self.solid_lag_blocks > MAX_SOLID_LAG_BLOCKS {
            return Err(ConfigError::SolidLag);
        }
        if !(EARLIEST_MS..=LATEST_MS).contains(&self.start_time_ms) {
            return Err(ConfigError::StartTime);
        }
        let is_sensible = (0..=100).contains(&self.usdt_caller_percent)
            && (0..=MAX_WEIGHT_TRX).contains(&self.usdt_origin_energy_limit)
            && (0..=MAX_ENERGY_FACTOR).contains(&self.energy_factor)
            && (1..=MAX_WEIGHT_TRX).contains(&self.energy_weight_trx)
            && (1..=MAX_WEIGHT_TRX).contains(&self.net_weight_trx);
        if is_sensible { Ok(()) } else { Err(ConfigError::Number) }
    }
}

/// Largest dynamic factor that a devnet accepts.
pub(crate) const MAX_ENERGY_FACTOR: i64 = 1_000_000;
