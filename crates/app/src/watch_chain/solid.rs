//! Confirm what can never be undone.

use std::collections::VecDeque;

use node::NodeError;
use tron::TxId;

use super::tell::Shown;
use super::{WatchFailed, Watcher};
use crate::rows::{Lease, OwnTx, TxOwner};

/// Blocks that one look confirms as solid; after a long absence the next looks go on.
const CONFIRMED_AT_ONCE: usize = 64;

impl Watcher {
    /// Marks as solid what the solid chain holds, up to this block.
    ///
    /// Each block is read once more: another process, or this one before a crash, may have recorded a
    /// block that a fork dropped meanwhile. What the solid block does not hold is to be included again.
    /// Shape: one request for each block that holds transactions of ours or transfers that a policy
    /// counted.
    pub(super) async fn confirm_solid(
        &mut self,
        solid: i64,
        turn: Lease,
    ) -> Result<(), WatchFailed> {
        let mut included = VecDeque::from(self.app.store.included_until(solid).await?);
        let mut counted = VecDeque::from(self.app.store.counted_until(solid).await?);
        for _ in 0..CONFIRMED_AT_ONCE {
            let next_included = included.front().map(|(number, _)| *number);
            let next_counted = counted.front().map(|counted| counted.block);
            let Some(number) = next_included.into_iter().chain(next_counted).min() else { break };
            let count = included.partition_point(|(other, _)| *other <= number);
            let recorded = included.drain(..count).map(|(_, own)| own);
            let count = counted.partition_point(|other| other.block <= number);
            let counted_there = counted.drain(..count).collect();
            self.keep_up().await?;
            // Of the solid chain, because a node that lags can show one of a fork that was dropped.
            let block = match self.app.node.solid_blocks(number, 1).await {
                Ok(blocks) => blocks.into_iter().next(),
                // A node that lags does not have it yet.
                Err(NodeError::NoSolidBlock { .. }) => None,
                Err(failed) => return Err(failed.into()),
            };
            let Some(block) = block else { continue };
            self.app.confirm_counted(&block, counted_there, turn).await?;
            let is_held = |own: &OwnTx| block.transactions.iter().any(|tx| tx.txid == own.txid);
            let (held, dropped): (Vec<OwnTx>, Vec<OwnTx>) = recorded.partition(is_held);
            let (of_orders, of_transfers): (Vec<OwnTx>, Vec<OwnTx>) =
                held.into_iter().partition(|own| matches!(own.owner, TxOwner::Order(_)));
            let of_orders: Vec<TxId> = of_orders.iter().map(|own| own.txid).collect();
            self.app.store.mark_solid(&of_orders, turn).await?;
            self.each(of_transfers, |_| Shown::Solid, turn).await?;
            self.each(dropped, |_| Shown::ReorgedOut, turn).await?;
        }
        Ok(())
    }
}
