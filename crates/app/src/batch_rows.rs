//! The rows of batches: what a decision about one reads and writes, and what people look at.

use domain::batch::{Batch, BatchRow, Check, NewRow, RowStage, RowState};
use domain::{BatchId, OrderId, WholeOrder};
use tron::{Bandwidth, Energy, Sun, TokenUnits};

use crate::rows::{Attention, Lease};

/// What a decision about a batch reads beside [`crate::rows::Needs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchNeeds {
    /// The batch.
    pub batch: BatchId,
    /// One of its rows.
    pub row: Option<u32>,
    /// What is left of it.
    pub left: bool,
}

/// What was asked for in [`BatchNeeds`], as it is inside the transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchRows {
    /// The batch, if asked for and there.
    pub batch: Option<Batch>,
    /// The row, if asked for and there.
    pub row: Option<BatchRow>,
    /// The order of its newest try that had one.
    pub placed_before: Option<OrderId>,
    /// What is left of the batch; nothing unless asked for.
    pub left: BatchLeft,
}

/// What is left of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchLeft {
    /// Rows that wait.
    pub waiting: u32,
    /// Orders that are being filled.
    pub filling: u32,
    /// Rows that a retry would make wait again.
    pub failures: u32,
}

/// What becomes true of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchChanges {
    /// Which.
    pub id: BatchId,
    /// The batch as it is from now on; an unknown one is new.
    pub batch: Option<Batch>,
    /// The rows of a new batch, numbered from 1.
    pub rows: Vec<NewRow>,
    /// One row as it is from now on.
    pub row: Option<RowChange>,
    /// What a dry run found, by row.
    pub checks: Vec<(u32, Check)>,
    /// What happens to many rows at once.
    pub all: Option<RowsChange>,
    /// When it wants attention next; `None` leaves its outbox row as it is.
    pub attention: Option<Attention>,
}

impl BatchChanges {
    /// Nothing yet.
    #[must_use]
    pub const fn of(id: BatchId) -> Self {
        Self {
            id,
            batch: None,
            rows: Vec::new(),
            row: None,
            checks: Vec::new(),
            all: None,
            attention: None,
        }
    }
}

/// How one row is from now on. A try that has an order already is refused, which refuses the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Which row.
    pub number: u32,
    /// The try that this is about.
    pub attempt: u32,
    /// How it stands.
    pub state: RowState,
    /// What the chain would have burned, for one that was placed.
    pub burn: Option<Sun>,
}

/// What happens to many rows at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsChange {
    /// Those that wait are cancelled.
    CancelWaiting,
    /// Those that failed or were refunded wait again, each with its next try.
    RetryFailures,
}

/// The row that an order is placed for: in one commit both become true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedRow {
    /// The claim on the batch under which it is done.
    pub lease: Lease,
    /// The batch.
    pub batch: BatchId,
    /// The row.
    pub number: u32,
    /// Which try.
    pub attempt: u32,
}

/// Which rows to list; absent members do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// In this stage.
    pub stage: Option<RowStage>,
    /// With this address or recipient, or with this text in the reference.
    pub text: Option<String>,
}

/// A row as people look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowView {
    /// The row.
    pub row: BatchRow,
    /// The order that it was placed as, with its legs and transactions.
    pub whole: Option<WholeOrder>,
}

impl RowView {
    /// Where it stands.
    #[must_use]
    pub fn stage(&self) -> RowStage {
        RowStage::of(&self.row.state, self.whole.as_ref().map(|whole| &whole.order))
    }

    /// The order that it was placed as.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        match self.row.state {
            RowState::Placed(order) => Some(order),
            RowState::Waiting | RowState::Failed(_) | RowState::Cancelled => None,
        }
    }
}

/// A page of rows, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPage {
    /// The rows of the page.
    pub rows: Vec<RowView>,
    /// How many there are on all pages.
    pub all: i64,
}

/// What the newest dry run found, all rows together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DryTotals {
    /// Rows that were looked at.
    pub checked: i64,
    /// Those of them that would be refused.
    pub refused: i64,
    /// Those of them that hold no tokens.
    pub empty: i64,
    /// Tokens on all addresses.
    pub token_amount: TokenUnits,
    /// Energy that they lack.
    pub energy: Energy,
    /// Bandwidth that they lack.
    pub bandwidth: Bandwidth,
    /// Addresses that have to be activated.
    pub activations: i64,
    /// What their orders would cost.
    pub price: Sun,
    /// What the chain would burn for the same transfers.
    pub burn: Sun,
}
