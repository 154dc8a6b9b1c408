//! Keep batches: look at rows for a dry run, or let those that wait become orders, some at a time.
//!
//! A reconciler like the worker of orders: no input but the rows, no retry inside. The order of a row,
//! its hold and the row's step are one commit under the batch's lease, so a row is ordered once whatever
//! dies and however many servers there are.

mod check;
mod judge;
mod place;
mod places;

pub(crate) use place::is_next;
pub use places::Places;

use domain::UnixMillis;
use domain::batch::{Batch, BatchEvent, BatchRefused, BatchState, step};

use crate::App;
use crate::batch_rows::{BatchChanges, BatchNeeds};
use crate::ports::StoreError;
use crate::rows::{Attention, Changes, Lease, Needs, Rows};
use crate::work::commit;

/// Share of a lease after which no further step is begun: the last one must end within it.
const LEASE_SHARE: i64 = 3;

/// What to do after a step.
enum Next {
    /// Another step.
    Again,
    /// Nothing before this moment.
    At(UnixMillis),
    /// Nothing until somebody asks for it.
    Rest,
}

impl App {
    /// Keeps a batch that was claimed until it has to wait, and gives it back.
    ///
    /// Errors: the store's; it is then due again after the reread interval.
    pub async fn keep_batch(&self, lease: Lease) -> Result<(), StoreError> {
        let outcome = self.batch_steps(lease).await;
        let attention = match &outcome {
            Ok(attention) => *attention,
            // Somebody else has it.
            Err(StoreError::LeaseLost) => return Ok(()),
            Err(_) => Attention::At(self.reread_at()),
        };
        match self.give_back(lease, attention).await {
            Ok(()) | Err(StoreError::LeaseLost) => outcome.map(drop),
            Err(failed) => outcome.and(Err(failed)),
        }
    }

    async fn batch_steps(&self, lease: Lease) -> Result<Attention, StoreError> {
        let last = self.clock.now().after_ms(self.settings.lease_ms / LEASE_SHARE);
        loop {
            match self.batch_step(lease).await? {
                Next::At(due) => return Ok(Attention::At(due)),
                Next::Rest => {
                    self.batch_places.forget(lease.batch());
                    return Ok(Attention::Done);
                }
                Next::Again if self.clock.now() >= last => {
                    return Ok(Attention::At(self.clock.now()));
                }
                Next::Again => {}
            }
        }
    }

    async fn batch_step(&self, lease: Lease) -> Result<Next, StoreError> {
        let Some(batch) = self.batches.batch(lease.batch()).await? else { return Ok(Next::Rest) };
        match (batch.open_dry_run(), batch.state) {
            (Some(run), _) => self.check_rows(lease, &batch, run).await,
            (None, BatchState::Running) => self.place_rows(lease, &batch).await,
            (None, _) => Ok(Next::Rest),
        }
    }

    /// Commits an event; that it changes nothing is fine.
    async fn tell_batch(
        &self,
        lease: Lease,
        batch: &Batch,
        event: BatchEvent,
    ) -> Result<(), StoreError> {
        let (id, now) = (batch.id, self.clock.now());
        let ends = event == BatchEvent::Exhausted;
        let needs = Needs {
            batch: Some(BatchNeeds { batch: id, row: None, left: ends }),
            lease: Some(lease),
            ..Needs::default()
        };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), BatchRefused> {
            let Some(batch) = &rows.batch.batch else { return Err(BatchRefused::NoChange) };
            // A retry may have come in between.
            if ends && rows.batch.left.waiting + rows.batch.left.filling > 0 {
                return Err(BatchRefused::NoChange);
            }
            let next = step(batch, event, now)?;
            let changes = BatchChanges { batch: Some(next), ..BatchChanges::of(id) };
            Ok((Changes { batch: Some(Box::new(changes)), ..Changes::default() }, ()))
        };
        if let Err(refused) = commit(&*self.store, needs, decide).await? {
            tracing::debug!(batch.id = %id, "an event changed nothing: {refused}");
        }
        Ok(())
    }

    async fn give_back(&self, lease: Lease, attention: Attention) -> Result<(), StoreError> {
        if let Attention::At(due) = attention {
            return self.store.release(lease, due).await;
        }
        let changes =
            BatchChanges { attention: Some(attention), ..BatchChanges::of(lease.batch()) };
        let changes = Changes { batch: Some(Box::new(changes)), ..Changes::default() };
        let needs = Needs { lease: Some(lease), ..Needs::default() };
        let decide = move |_: &Rows| Ok::<_, BatchRefused>((changes.clone(), ()));
        commit(&*self.store, needs, decide).await.map(drop)
    }

    fn reread_at(&self) -> UnixMillis {
        self.clock.now().after_ms(self.settings.limits.reread_ms)
    }
}
