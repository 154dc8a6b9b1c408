//! What is counted over many orders, for charts: by hour or by day, each bounded by a span of time.

use domain::{MerchantId, UnixMillis};
use tron::{Bandwidth, Energy, Resource, Sun};

/// Which orders are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiguresAsked {
    /// Of this merchant; of everybody without one.
    pub merchant: Option<MerchantId>,
    /// Placed from this moment on.
    pub from: UnixMillis,
    /// Placed before this moment.
    pub to: UnixMillis,
    /// How long each step is, in milliseconds: an hour or a day. Steps begin at multiples of it.
    pub step_ms: i64,
}

/// What was ordered within one step of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepFigures {
    /// Its first moment, in milliseconds.
    pub at_ms: i64,
    /// Orders placed.
    pub orders: i64,
    /// Orders that were paid back.
    pub refunded: i64,
    /// Energy of those that were not.
    pub energy: Energy,
    /// Bandwidth of those that were not.
    pub bandwidth: Bandwidth,
    /// Activations of those that were not.
    pub activations: i64,
    /// What those that were not cost.
    pub charged: Sun,
    /// How long half of them took from placed to ready at most, in milliseconds.
    pub ready_p50_ms: Option<i64>,
    /// The same for all but a twentieth.
    pub ready_p95_ms: Option<i64>,
}

/// How orders came out, and how many did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeFigures {
    /// How.
    pub outcome: Outcome,
    /// How many.
    pub orders: i64,
}

/// How an order came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Being filled.
    Filling,
    /// Ready, and not used yet.
    Waiting,
    /// Ready and used.
    Used,
    /// Ready, and its merchant ended it before it was used.
    Stopped,
    /// Ready, and its time was over before it was used.
    Unused,
    /// Paid back: none of its transactions was ever signed.
    Unsent,
    /// Paid back: none of its transactions came into a block.
    Missed,
    /// Paid back: something came into a block, and it was not enough in time.
    Short,
}

impl Outcome {
    /// Every outcome, good ones first.
    pub const ALL: [Self; 8] = [
        Self::Used,
        Self::Waiting,
        Self::Filling,
        Self::Stopped,
        Self::Unused,
        Self::Unsent,
        Self::Missed,
        Self::Short,
    ];
}

/// What is owed to the outside and not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFigures {
    /// Which outbox.
    pub kind: crate::rows::OutboxKind,
    /// Rows.
    pub rows: i64,
    /// When the one that is due for the longest became due.
    pub oldest_due: Option<UnixMillis>,
}

/// Stake that is lent, by how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LentFigures {
    /// Which resource.
    pub resource: Resource,
    /// Stake with receivers, whose orders count on it.
    pub lent: Sun,
    /// Stake that is owed back and not back yet.
    pub owed: Sun,
    /// When the oldest of what is owed back went out.
    pub owed_since: Option<UnixMillis>,
    /// Stake with receivers that no order counts on.
    pub stranded: Sun,
}

/// Stake that comes back at the end of its rent, by the hour in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueBack {
    /// When the order was ready.
    pub ready: UnixMillis,
    /// For how many days it was rented; 0 for an hour.
    pub days: i64,
    /// Its stake for energy.
    pub stake: Sun,
}
