//! The port of batches, method by method: each is one job.

use app::admin_rows::Slice;
use app::batch_rows::{BatchLeft, DryTotals, RowFilter, RowPage};
use app::batches::Batches;
use app::ports::StoreError;
use async_trait::async_trait;
use domain::batch::{Batch, BatchRow, Totals};
use domain::{BatchId, MerchantId, UnixMillis};

use crate::doors::SqlStore;
use crate::{batch, batch_list};

#[async_trait]
impl Batches for SqlStore {
    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StoreError> {
        self.read(move |connection| batch::by_id(connection, id)).await
    }

    async fn batches(
        &self,
        merchant: Option<MerchantId>,
        slice: Slice<BatchId>,
    ) -> Result<Vec<Batch>, StoreError> {
        self.read(move |connection| batch_list::batches(connection, merchant, slice)).await
    }

    async fn batch_left(&self, id: BatchId) -> Result<BatchLeft, StoreError> {
        self.read(move |connection| batch_list::left(connection, id)).await
    }

    async fn waiting_rows(
        &self,
        id: BatchId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<BatchRow>, StoreError> {
        self.read(move |connection| batch_list::waiting(connection, id, after, limit)).await
    }

    async fn unchecked_rows(
        &self,
        id: BatchId,
        since: UnixMillis,
        limit: usize,
    ) -> Result<Vec<BatchRow>, StoreError> {
        self.read(move |connection| batch_list::unchecked(connection, id, since, limit)).await
    }

    async fn batch_totals(
        &self,
        id: BatchId,
        ready_since: UnixMillis,
    ) -> Result<Totals, StoreError> {
        self.read(move |connection| batch_list::totals(connection, id, ready_since)).await
    }

    async fn dry_totals(&self, id: BatchId, since: UnixMillis) -> Result<DryTotals, StoreError> {
        self.read(move |connection| batch_list::dry_totals(connection, id, since)).await
    }

    async fn batch_rows(
        &self,
        id: BatchId,
        filter: RowFilter,
        offset: i64,
        limit: i64,
    ) -> Result<RowPage, StoreError> {
        self.read(move |connection| batch_list::rows(connection, id, &filter, (offset, limit)))
            .await
    }
}
