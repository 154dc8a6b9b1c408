//! Go back over what a fork dropped.

use domain::UnixMillis;
use domain::order::step::Event;

use super::tell::Shown;
use super::{WatchFailed, Watcher};
use crate::rows::{Lease, WatchedBlock};

impl Watcher {
    /// The block `last` is not on the chain any more: what it held is to be included again.
    ///
    /// It is forgotten only when all of that is committed: what fails half-way is done again.
    /// Errors: [`WatchFailed::SolidUndone`] for a block that was once known to be solid; nothing is changed
    /// then, because it is not a fork that shows another one.
    pub(super) async fn step_back(
        &mut self,
        last: WatchedBlock,
        turn: Lease,
    ) -> Result<WatchedBlock, WatchFailed> {
        if last.number <= self.solid_floor {
            return Err(WatchFailed::SolidUndone(last.number));
        }
        tracing::warn!(block.number = last.number, "a fork dropped a block");
        self.app.store.begin_telling(turn).await?;
        let known = self.recent.iter().rev().take_while(|seen| seen.block.number >= last.number);
        let calls: Option<Vec<_>> = known.map(|seen| seen.calls.clone()).collect();
        let older = self.recent.iter().rev().find(|seen| seen.block.number < last.number);
        let older = older.map(|seen| seen.block).filter(|seen| seen.number == last.number - 1);
        let before = match older.zip(calls) {
            Some((before, calls)) => {
                for call in calls.into_iter().flatten() {
                    self.app.tell_unused(&call, turn).await?;
                }
                before
            }
            None => self.back_to_solid(last, turn).await?,
        };
        let dropped = self.app.store.included_since(before.number + 1).await?;
        self.each(dropped, |_| Shown::ReorgedOut, turn).await?;
        self.app.uncount_since(before.number + 1, turn).await?;
        self.app.store.set_watched(before, turn).await?;
        self.recent.retain(|seen| seen.block.number < last.number);
        Ok(before)
    }

    /// Where to go back to when it is not known what came before `last`, as after a restart: the fork
    /// may have begun anywhere above the solid block. All transfers after that are looked for again; of
    /// ours, what lies below is confirmed when it is marked as solid. The node that says which block is
    /// solid may be far behind, so it is never further than to what was once known to be.
    async fn back_to_solid(
        &self,
        last: WatchedBlock,
        turn: Lease,
    ) -> Result<WatchedBlock, WatchFailed> {
        let solid = self.app.view.get().map_or(i64::MAX, |view| view.solid.number);
        let number = solid.max(self.solid_floor).min(last.number - 1);
        let block = self.app.node.block(number).await?;
        let head = block.ok_or(WatchFailed::MissingBlock(number))?.head;
        for (order, txid) in self.app.store.used_since(UnixMillis(head.timestamp_ms)).await? {
            self.app.tell(order, Event::Unused { txid, expiration: None }, turn).await?;
        }
        Ok(WatchedBlock { number, id: *head.id.as_bytes() })
    }
}
