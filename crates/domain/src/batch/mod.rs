//! A batch: many collections that one person starts together.
//!
//! Every row becomes one order at most for each try. What became of an order is told by the order's own
//! rows; a batch keeps only what orders cannot know: what waits, what was refused, and who stopped it.

mod parse;
mod progress;
mod row;
mod step;

pub use parse::{Line, LineError, LineFault, NewRow, ROWS_MAX, RowField, read_lines};
pub use progress::{Progress, RATE_WINDOW_MS, StageTotal, Totals};
pub use row::{BatchRow, Check, FailureKind, Quoted, RowFailure, RowStage, RowState};
pub use step::{BatchEvent, BatchRefused, step};

use crate::id::{BatchId, KeyId, MerchantId};
use crate::time::UnixMillis;

/// How long the findings of a dry run are worth something, in milliseconds: ten minutes.
pub const DRY_RUN_FRESH_MS: i64 = 600_000;
/// Longest name of a batch, in characters.
pub const BATCH_NAME_CHARS_MAX: usize = 100;

/// Where a batch stands.
///
/// ```text
/// draft ─► running ◄─► paused        running ─► finished ─► running (retry)
///   └─────────┴──────────┴─► cancelled
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BatchState {
    /// Nothing was ordered yet.
    Draft,
    /// Rows that wait become orders.
    Running,
    /// Rows that wait go on waiting; orders under way go on.
    Paused,
    /// No row waits, and every order is ready or was refunded.
    Finished,
    /// What had not started never will. Final.
    Cancelled,
}

impl BatchState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Running, Self::Paused, Self::Finished, Self::Cancelled];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What keeps the rows of a batch from becoming orders; what passes by itself comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Hindrance {
    /// A person paused it.
    Person,
    /// The balance does not cover the next row.
    Funds,
    /// The key has spent what it may on this day.
    KeyCap,
    /// The key works no more, or may not order any more.
    KeyRevoked,
    /// The merchant is paused.
    MerchantPaused,
    /// The pool has nothing free; what is lent comes back.
    Capacity,
    /// The chain cannot be read.
    Chain,
}

impl Hindrance {
    /// Every hindrance.
    pub const ALL: [Self; 7] = [
        Self::Person,
        Self::Funds,
        Self::KeyCap,
        Self::KeyRevoked,
        Self::MerchantPaused,
        Self::Capacity,
        Self::Chain,
    ];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Funds => "funds",
            Self::KeyCap => "key_cap",
            Self::KeyRevoked => "key_revoked",
            Self::MerchantPaused => "merchant_paused",
            Self::Capacity => "capacity",
            Self::Chain => "chain",
        }
    }

    /// Whether it passes by itself; anything else pauses the batch until a person resumes it.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Capacity | Self::Chain)
    }
}

/// A look at every row that waits: what it would need and cost now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DryRun {
    /// When it was asked for; what was found before that is old.
    pub begun: UnixMillis,
    /// When the last row was looked at.
    pub finished: Option<UnixMillis>,
}

impl DryRun {
    /// Whether what it found is too old to be relied on.
    #[must_use]
    pub fn is_stale(&self, now: UnixMillis) -> bool {
        self.finished.is_some_and(|finished| now.since(finished) > DRY_RUN_FRESH_MS)
    }
}

/// Many collections that one person starts together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Identity.
    pub id: BatchId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that its orders are placed with: it signs their callbacks, and its cap holds.
    pub key: KeyId,
    /// Name, for people.
    pub name: String,
    /// Where it stands.
    pub state: BatchState,
    /// What keeps its rows from becoming orders, if anything does.
    pub hindrance: Option<Hindrance>,
    /// How many rows it has.
    pub rows: u32,
    /// The newest dry run.
    pub dry_run: Option<DryRun>,
    /// When it was made.
    pub created: UnixMillis,
    /// When it was started or resumed last: rates count from there.
    pub resumed: Option<UnixMillis>,
    /// When it was finished or cancelled.
    pub ended: Option<UnixMillis>,
}

impl Batch {
    /// A draft.
    #[must_use]
    pub const fn draft(
        id: BatchId,
        (merchant, key): (MerchantId, KeyId),
        name: String,
        rows: u32,
        now: UnixMillis,
    ) -> Self {
        Self {
            id,
            merchant,
            key,
            name,
            state: BatchState::Draft,
            hindrance: None,
            rows,
            dry_run: None,
            created: now,
            resumed: None,
            ended: None,
        }
    }

    /// The dry run that is not finished.
    #[must_use]
    pub fn open_dry_run(&self) -> Option<DryRun> {
        self.dry_run.filter(|run| run.finished.is_none())
    }

    /// Whether a worker has something to do.
    #[must_use]
    pub fn wants_work(&self) -> bool {
        self.state == BatchState::Running || self.open_dry_run().is_some()
    }
}
