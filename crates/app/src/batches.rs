//! What is known of batches: the port of their worker and of the people who look at them.

use async_trait::async_trait;
use domain::batch::{Batch, BatchRow, Totals};
use domain::{BatchId, MerchantId, UnixMillis};

use crate::admin_rows::Slice;
use crate::batch_rows::{BatchLeft, DryTotals, RowFilter, RowPage};
use crate::ports::StoreError;

/// Reads batches. Every method is one state of the database; changes go through
/// [`crate::ports::Store::commit`].
#[async_trait]
pub trait Batches: Send + Sync {
    /// A batch.
    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StoreError>;

    /// Batches, of one merchant or of all, newest first.
    async fn batches(
        &self,
        merchant: Option<MerchantId>,
        slice: Slice<BatchId>,
    ) -> Result<Vec<Batch>, StoreError>;

    /// What is left of a batch.
    ///
    /// Shape: one look-up for each row that has an order.
    async fn batch_left(&self, id: BatchId) -> Result<BatchLeft, StoreError>;

    /// The first rows that wait after the row with this number.
    async fn waiting_rows(
        &self,
        id: BatchId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<BatchRow>, StoreError>;

    /// The first rows that wait and were not looked at since this moment.
    async fn unchecked_rows(
        &self,
        id: BatchId,
        since: UnixMillis,
        limit: usize,
    ) -> Result<Vec<BatchRow>, StoreError>;

    /// Rows by stage, and those that became ready since this moment.
    ///
    /// Shape: one look-up for each row that has an order.
    async fn batch_totals(
        &self,
        id: BatchId,
        ready_since: UnixMillis,
    ) -> Result<Totals, StoreError>;

    /// What dry runs have found since this moment.
    async fn dry_totals(&self, id: BatchId, since: UnixMillis) -> Result<DryTotals, StoreError>;

    /// A page of a batch's rows, in their order.
    async fn batch_rows(
        &self,
        id: BatchId,
        filter: RowFilter,
        offset: i64,
        limit: i64,
    ) -> Result<RowPage, StoreError>;
}
