//! Look at a batch: how far it is, what it spent and saved, and what its dry run found.

use domain::batch::{Batch, Progress, Totals};
use domain::{BatchId, MerchantId};

use crate::App;
use crate::batch_rows::DryTotals;
use crate::ports::StoreError;

/// A batch with everything that is counted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOverview {
    /// The batch.
    pub batch: Batch,
    /// Its rows by stage.
    pub totals: Totals,
    /// How far it is.
    pub progress: Progress,
    /// What its newest dry run has found so far.
    pub dry_run: Option<DryTotals>,
    /// Whether that is too old to be relied on.
    pub is_dry_run_stale: bool,
}

impl App {
    /// A batch with everything that is counted of it, which is one of `whose` if that is said.
    pub async fn look_at_batch(
        &self,
        whose: Option<MerchantId>,
        id: BatchId,
    ) -> Result<Option<BatchOverview>, StoreError> {
        let batch = self.batches.batch(id).await?;
        let Some(batch) = batch.filter(|batch| whose.is_none_or(|one| one == batch.merchant))
        else {
            return Ok(None);
        };
        let now = self.clock.now();
        let totals = self.batches.batch_totals(id, Totals::rate_from(&batch, now)).await?;
        let progress = totals.progress(&batch, now);
        let dry_run = match batch.dry_run {
            Some(run) => Some(self.batches.dry_totals(id, run.begun).await?),
            None => None,
        };
        let is_dry_run_stale = batch.dry_run.is_some_and(|run| run.is_stale(now));
        Ok(Some(BatchOverview { batch, totals, progress, dry_run, is_dry_run_stale }))
    }
}
