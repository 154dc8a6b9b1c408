//! The dry run: what the rows that wait would need and cost now, by what places orders.

use domain::batch::{Batch, BatchEvent, BatchRefused, BatchRow, Check, DryRun, Quoted};
use domain::collect::Scene;
use domain::order::step::{self, Grounds, admit, price_order};
use domain::pool::Pool;
use domain::pricing::PriceList;
use futures::future::join_all;

use super::Next;
use super::judge::{Verdict, placing, reading, rules};
use crate::App;
use crate::batch_rows::BatchChanges;
use crate::chain_view::burn_fees;
use crate::place_order::PlaceRefused;
use crate::ports::StoreError;
use crate::read_receiver::read_receiver;
use crate::rows::{Changes, Lease, Needs, Rows};
use crate::work::commit;

/// What is the same for every row of a step.
struct Asked<'a> {
    batch: &'a Batch,
    prices: PriceList,
    pool: &'a Pool,
    is_reference_strict: bool,
}

impl App {
    /// Looks at the next rows and keeps what was found.
    ///
    /// Shape: at most four node requests a row, and one commit.
    pub(super) async fn check_rows(
        &self,
        lease: Lease,
        batch: &Batch,
        run: DryRun,
    ) -> Result<Next, StoreError> {
        let limit = self.settings.batch.rows_at_once;
        let rows = self.batches.unchecked_rows(batch.id, run.begun, limit).await?;
        if rows.is_empty() {
            self.tell_batch(lease, batch, BatchEvent::DryRunDone).await?;
            return Ok(Next::Again);
        }
        let prices = self.price_list(batch.merchant).await?;
        let (pool, _) = self.store.pool().await?;
        let key = self.store.key_by_id(batch.key).await?;
        let is_reference_strict = key.is_some_and(|key| key.is_reference_strict);
        let asked = Asked { batch, prices, pool: &pool, is_reference_strict };
        let looks = join_all(rows.iter().map(|row| self.check_row(&asked, row))).await;
        let (mut checks, mut is_dark) = (Vec::with_capacity(rows.len()), false);
        for (row, look) in rows.iter().zip(looks) {
            match look {
                Ok(found) => {
                    let at = self.clock.now();
                    checks.push((row.number, Check { at, found: Ok(found) }));
                }
                Err(Verdict::Fails(failure)) => {
                    let at = self.clock.now();
                    checks.push((row.number, Check { at, found: Err(failure) }));
                }
                Err(Verdict::Hinders(_) | Verdict::Taken) => is_dark = true,
                Err(Verdict::Store(failed)) => return Err(failed),
            }
        }
        self.keep_checks(lease, batch, checks).await?;
        Ok(if is_dark { Next::At(self.reread_at()) } else { Next::Again })
    }

    async fn keep_checks(
        &self,
        lease: Lease,
        batch: &Batch,
        checks: Vec<(u32, Check)>,
    ) -> Result<(), StoreError> {
        let changes = BatchChanges { checks, ..BatchChanges::of(batch.id) };
        let changes = Changes { batch: Some(Box::new(changes)), ..Changes::default() };
        let needs = Needs { lease: Some(lease), ..Needs::default() };
        let decide = move |_: &Rows| Ok::<_, BatchRefused>((changes.clone(), ()));
        commit(&*self.store, needs, decide).await.map(drop)
    }

    async fn check_row(&self, asked: &Asked<'_>, row: &BatchRow) -> Result<Quoted, Verdict> {
        let view = self.view.get().ok_or_else(|| placing(&PlaceRefused::ChainUnknown))?;
        let target = (row.address, row.recipient, Scene::Automatic);
        let read = read_receiver(&*self.cached_node, &self.settings, &view, target).await;
        let read = read.map_err(|refused| reading(&refused))?;
        let others = self.store.live_on(row.address).await.map_err(Verdict::Store)?;
        if let Some(reference) = row.reference.as_ref().filter(|_| asked.is_reference_strict) {
            let newest = self.store.newest_by_reference(asked.batch.merchant, reference).await;
            let taken = newest.map_err(Verdict::Store)?;
            // The order of an earlier try may be the one that has it.
            if let Some(taken) = taken.filter(|_| row.attempt == 1) {
                return Err(placing(&PlaceRefused::ReferenceTaken(taken)));
            }
        }
        let (token_amount, scene) = (read.token_amount, read.scene);
        let wanted = step::Wanted::Collection { recipient: row.recipient, token_amount, scene };
        let grounds = Grounds {
            reading: read.reading,
            totals: read.totals,
            prices: asked.prices,
            others: &others,
        };
        let priced = admit(row.address, asked.pool, &others)
            .and_then(|()| price_order(row.address, wanted, &grounds))
            .map_err(|refused| rules(&refused))?;
        let burn = priced.need.burn_cost(&burn_fees(&view.parameters));
        Ok(Quoted { token_amount, scene, need: priced.need, price: priced.price, burn })
    }
}
