//! Start at the head, where there is no way or too long a one from the stored block.

use domain::UnixMillis;
use domain::order::step::Event;
use node::{Head, Lookup};

use super::tell::Shown;
use super::{SeenBlock, WatchFailed, Watcher};
use crate::rows::{Lease, WatchedBlock};

impl Watcher {
    /// Starts at the head: the first time, or after so long an absence that walking every block would
    /// take longer than looking up what is open.
    pub(super) async fn jump(
        &mut self,
        head: &Head,
        before: Option<WatchedBlock>,
        turn: Lease,
    ) -> Result<(), WatchFailed> {
        if let Some(before) = before {
            tracing::warn!(
                from = before.number,
                to = head.number,
                "blocks are skipped, open transactions are looked up"
            );
            self.app.store.begin_telling(turn).await?;
            for own in self.app.store.open_txs().await? {
                self.keep_up().await?;
                let shown = match self.app.node.lookup(own.txid).await? {
                    Lookup::Included(found) if found.block_number <= head.number => {
                        Shown::Included {
                            block: found.block_number,
                            at: UnixMillis(found.block_timestamp_ms),
                            has_succeeded: found.succeeded,
                        }
                    }
                    // Blocks after the head are walked through from here on.
                    Lookup::Included(_) | Lookup::Absent => Shown::ReorgedOut,
                };
                self.app.tell_own(own, shown, turn).await?;
            }
            for (order, txid) in self.app.store.used_since(UnixMillis(i64::MIN)).await? {
                if self.app.node.lookup(txid).await? == Lookup::Absent {
                    let event = Event::Unused { txid, expiration: None };
                    self.app.tell(order, event, turn).await?;
                }
            }
        }
        // What their addresses did meanwhile is not known: they look at them again.
        self.app.store.nudge_watched_policies(self.app.clock.now(), turn).await?;
        self.recent.clear();
        let block = WatchedBlock { number: head.number, id: *head.id.as_bytes() };
        self.remember(SeenBlock { block, calls: None }, turn).await?;
        Ok(())
    }
}
