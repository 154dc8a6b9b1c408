//! What the operator configured, as the use cases need it.

use domain::callback::Schedule;
use domain::limits::{EnergyBounds, OrderLimits};
use domain::pricing::PriceList;
use tron::{Address, Bandwidth, Energy, Sun};

/// How deposits are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositSettings {
    /// Less than this is kept and not credited.
    pub minimum: Sun,
    /// Blocks asked for in one request; the chain allows 100.
    pub blocks_per_read: i64,
}

/// How batches are paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// Orders of one batch that are being filled at the same time.
    pub in_flight_max: usize,
    /// Rows of one batch that are read at the same time.
    pub rows_at_once: usize,
}

/// Settings of the use cases. Units are in the names.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The token that is collected.
    pub token: Address,
    /// Energy to assume for a transfer to a holder when it cannot be simulated.
    pub energy_to_holder: Energy,
    /// Energy to assume for a transfer to an address without the token when it cannot be simulated.
    pub energy_to_empty: Energy,
    /// What is charged.
    pub prices: PriceList,
    /// How much energy one plain order may be for.
    pub energy_bounds: EnergyBounds,
    /// A count policy is set up only by a merchant that can spend more than this.
    pub policy_balance_min: Sun,
    /// A payer with less than this beyond its open transfers is warned about.
    pub payer_low: Sun,
    /// How deposits are found.
    pub deposits: DepositSettings,
    /// How batches are paced.
    pub batch: BatchSettings,
    /// How the life of an order is bounded.
    pub limits: OrderLimits,
    /// How callbacks are retried.
    pub schedule: Schedule,
    /// How long a transaction of ours can be included, from the newest block, in milliseconds.
    pub tx_expiration_ms: i64,
    /// How long a claim on an outbox row lasts, in milliseconds.
    pub lease_ms: i64,
    /// Name of this process in leases.
    pub owner: String,
    /// Callbacks under way to one host at the same time.
    pub callbacks_per_host: usize,
    /// Bandwidth that a wallet keeps for its own transactions instead of lending it.
    pub wallet_bandwidth_kept: Bandwidth,
    /// How long the answer to a signed request is kept for replays, in seconds; longer than the window
    /// in which its signature is valid.
    pub replays_kept_secs: i64,
    /// How long the answer to an idempotency key is kept, in seconds.
    pub resends_kept_secs: i64,
    /// Blocks to walk through after an absence; beyond that each open transaction is looked up.
    pub catch_up_blocks: i64,
}
