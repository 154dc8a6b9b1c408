//! Limits of the decisions: each has a name, a unit and a test.

/// Most legs that one order may have on chain or on their way, top-ups included.
pub const ORDER_LEGS_MAX: usize = 12;
/// Most legs that one order may ever have, those included that came to nothing.
pub const ORDER_LEGS_EVER_MAX: usize = 96;
/// Most wallets that one planned shortfall may be split over.
pub const SPLIT_WALLETS_MAX: usize = 5;
/// Smallest delegation the chain takes, in sun.
///
/// Source: java-tron `DelegateResourceActuator.validate`, "must be greater than or equal to 1 TRX".
pub const DELEGATION_MIN_SUN: i64 = 1_000_000;
/// Bytes of one token transfer with one signature, result bytes included: 345, and one more for a
/// large `fee_limit`.
///
/// Source: java-tron `BandwidthProcessor.consume`; `docs/chain.md`.
pub const TRANSFER_BANDWIDTH: i64 = 346;
/// Bandwidth that taking a leg back costs a pool wallet.
pub const RETURN_BANDWIDTH: i64 = 281;
/// Bandwidth that a delegation and its reclaim cost a pool wallet together.
pub const LEG_BANDWIDTH: i64 = 286 + RETURN_BANDWIDTH;
/// Longest wait between two tries at the same step on chain, in milliseconds: ten minutes.
pub const TRY_AGAIN_MAX_MS: i64 = 600_000;
/// How long a transfer that a fork dropped is waited for at most before its order is lent to again, in
/// seconds of chain time.
///
/// Nodes offer it to each next block, and forget what waits for longer than 60 s (java-tron
/// `PendingManager`, `node.pendingTransactionTimeout`). Twice that leaves room for whoever sends it again.
pub const UNDONE_USE_WAIT_MAX_SECS: i64 = 120;
/// Most over-provision that an operator may configure, in parts per million of the need (0.5 %).
pub const ENERGY_MARGIN_PPM_MAX: i64 = 5_000;

/// So much of its transfer's energy beyond what it bought is lent to a collection at most, in percent:
/// whatever is short then its receiver has used for something else.
pub const MADE_UP_FOR_MAX_PERCENT: i64 = 150;
/// Share of a plain order's energy that may be left when it counts as used up, in parts per million:
/// too little to be of use, and what recovers of it meanwhile does not matter.
pub const USED_UP_LEFT_PPM: i64 = 50_000;
/// Most wallets whose leftovers one order takes back first.
pub const LEFTOVERS_MAX: usize = 5;

/// How much energy one plain order may be for, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnergyBounds {
    /// At least.
    pub min: i64,
    /// At most.
    pub max: i64,
}

/// How an operator bounds the life of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderLimits {
    /// How long an hour's energy may stay with the receiver, from ready, in seconds.
    pub hold_secs: i64,
    /// How long filling may take before everything is refunded, in seconds.
    pub fill_deadline_secs: i64,
    /// How long to wait between two sends of the same bytes, in milliseconds.
    pub resend_ms: i64,
    /// How long to wait before reading the chain again when it does not show a leg yet, in milliseconds.
    pub reread_ms: i64,
    /// How much more than the need is delegated against drift, in parts per million.
    pub energy_margin_ppm: i64,
}
