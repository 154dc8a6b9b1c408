//! Let rows that wait become orders.

use std::cmp::min;

use domain::batch::{Batch, BatchEvent, BatchRow, BatchState, Hindrance, RowFailure, RowState};
use domain::collect::Scene;
use domain::{BatchId, Origin};
use futures::future::join_all;

use super::Next;
use super::judge::{Verdict, placing};
use crate::App;
use crate::batch_rows::{BatchChanges, BatchNeeds, PlacedRow, RowChange};
use crate::place_order::{PlaceOrder, Wanted};
use crate::ports::StoreError;
use crate::rows::{Changes, Key, Lease, Needs, Rows};
use crate::work::commit;

/// What became of a row that was tried.
enum Tried {
    /// It does not wait any more.
    Gone,
    /// It goes on waiting.
    Waits(Hindrance),
}

impl App {
    /// Orders for the next rows, as many as may be under way.
    pub(super) async fn place_rows(&self, lease: Lease, batch: &Batch) -> Result<Next, StoreError> {
        let key = self.store.key_by_id(batch.key).await?.filter(Key::may_order);
        let Some(key) = key else {
            self.tell_batch(lease, batch, BatchEvent::Hindered(Hindrance::KeyRevoked)).await?;
            return Ok(Next::Again);
        };
        let left = self.batches.batch_left(batch.id).await?;
        if left.waiting == 0 && left.filling == 0 {
            self.tell_batch(lease, batch, BatchEvent::Exhausted).await?;
            return Ok(Next::Again);
        }
        let settings = self.settings.batch;
        // One row finds out whether what was in the way is gone.
        let at_once = if batch.hindrance.is_some() { 1 } else { settings.rows_at_once };
        let filling = usize::try_from(left.filling).unwrap_or(usize::MAX);
        let room = min(settings.in_flight_max.saturating_sub(filling), at_once);
        if room == 0 || left.waiting == 0 {
            return Ok(Next::At(self.reread_at()));
        }
        let rows = self.next_rows(batch.id, room).await?;
        let placing = rows.iter().map(|row| self.place_row(lease, (batch, &key), row));
        let (mut hindrance, mut gone) = (None, 0);
        for (row, tried) in rows.iter().zip(join_all(placing).await) {
            match tried? {
                Tried::Gone => gone += 1,
                Tried::Waits(by) => {
                    if by == Hindrance::Capacity {
                        self.batch_places.pass(batch.id, row.number);
                    }
                    hindrance = worst(hindrance, Some(by));
                }
            }
        }
        match hindrance {
            None => Ok(Next::Again),
            // What one row lacks the next one may not need. Every such step leaves fewer that wait.
            Some(Hindrance::Capacity) if gone > 0 => Ok(Next::Again),
            Some(by) => {
                self.tell_batch(lease, batch, BatchEvent::Hindered(by)).await?;
                Ok(if by.passes() { Next::At(self.reread_at()) } else { Next::Again })
            }
        }
    }

    /// The rows to try: those behind the one that had to wait last, then those up to it.
    async fn next_rows(&self, batch: BatchId, limit: usize) -> Result<Vec<BatchRow>, StoreError> {
        let after = self.batch_places.after(batch);
        let mut rows = self.batches.waiting_rows(batch, after, limit).await?;
        if after > 0 && rows.len() < limit {
            let first = self.batches.waiting_rows(batch, 0, limit - rows.len()).await?;
            rows.extend(first.into_iter().filter(|row| row.number <= after));
        }
        Ok(rows)
    }

    /// The order of one row, or what was in its way; a row that is refused knows why.
    async fn place_row(
        &self,
        lease: Lease,
        (batch, key): (&Batch, &Key),
        row: &BatchRow,
    ) -> Result<Tried, StoreError> {
        let placed = PlacedRow { lease, batch: batch.id, number: row.number, attempt: row.attempt };
        let place = PlaceOrder {
            merchant: batch.merchant,
            key: batch.key,
            origin: Origin::Manual,
            receiver: row.address,
            wanted: Wanted::Collection { recipient: row.recipient, scene: Scene::Automatic },
            reference: row.reference.clone(),
            is_reference_strict: key.is_reference_strict,
            callback_url: None,
            request: None,
            row: Some(placed),
        };
        let Err(refused) = self.place_order(place).await else {
            return Ok(Tried::Gone);
        };
        match placing(&refused) {
            Verdict::Fails(failure) => self.fail_row(placed, failure).await.map(|()| Tried::Gone),
            Verdict::Hinders(by) => {
                tracing::debug!(batch.id = %batch.id, row = row.number, "a row has to wait: {refused}");
                Ok(Tried::Waits(by))
            }
            Verdict::Taken => Ok(Tried::Gone),
            Verdict::Store(failed) => Err(failed),
        }
    }

    async fn fail_row(&self, row: PlacedRow, failure: RowFailure) -> Result<(), StoreError> {
        let needs = Needs {
            batch: Some(BatchNeeds { batch: row.batch, row: Some(row.number), left: false }),
            lease: Some(row.lease),
            ..Needs::default()
        };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), ()> {
            if !is_next(rows, &row) {
                return Err(());
            }
            let state = RowState::Failed(failure.clone());
            let change = RowChange { number: row.number, attempt: row.attempt, state, burn: None };
            let changes = BatchChanges { row: Some(change), ..BatchChanges::of(row.batch) };
            Ok((Changes { batch: Some(Box::new(changes)), ..Changes::default() }, ()))
        };
        // A row that does not wait any more needs no reason.
        commit(&*self.store, needs, decide).await.map(drop)
    }
}

/// What stops a batch comes before what passes.
fn worst(one: Option<Hindrance>, other: Option<Hindrance>) -> Option<Hindrance> {
    match (one, other) {
        (Some(one), Some(other)) => Some(min(one, other)),
        (one, other) => one.or(other),
    }
}

/// Whether this try of a row may become an order: its batch runs, and it waits.
pub(crate) fn is_next(rows: &Rows, placed: &PlacedRow) -> bool {
    let runs = rows.batch.batch.as_ref().is_some_and(|batch| batch.state == BatchState::Running);
    let row = rows.batch.row.as_ref().filter(|row| row.number == placed.number);
    runs && row.is_some_and(|row| row.state == RowState::Waiting && row.attempt == placed.attempt)
}
