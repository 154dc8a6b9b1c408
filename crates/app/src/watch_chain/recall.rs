//! What another process, or this one in an earlier life, has seen of the newest blocks, read again.

use std::collections::VecDeque;

use node::Block;
use tron::BlockId;

use super::{Call, RECENT_BLOCKS_MAX, SeenBlock, WatchFailed, Watcher};
use crate::ports::StoreError;
use crate::rows::WatchedBlock;

impl Watcher {
    /// Remembers the blocks from the last one that was gone through back to the solid one, whose calls a fork
    /// may drop, as if this process had seen them: which they are, and until when each could come again.
    ///
    /// A block that was dropped before it could be read again stays unknown, and so do those below it.
    /// Shape: one request and one look at the store for each block that is not solid.
    pub(super) async fn recall(&mut self, last: WatchedBlock) -> Result<(), WatchFailed> {
        let solid = self.app.view.get().map_or(i64::MAX, |view| view.solid.number);
        let mut known = VecDeque::new();
        let mut next = last;
        while next.number > solid && known.len() < RECENT_BLOCKS_MAX {
            self.keep_up().await?;
            let block = self.app.node.block(next.number).await?;
            let Some(block) = block.filter(|block| *block.head.id.as_bytes() == next.id) else {
                break;
            };
            known
                .push_front(SeenBlock { block: next, calls: Some(self.live_calls(&block).await?) });
            next = below(&block);
        }
        known.push_front(SeenBlock { block: next, calls: None });
        self.recent = known;
        Ok(())
    }

    /// Calls in a block by addresses with live orders.
    async fn live_calls(&self, block: &Block) -> Result<Vec<Call>, StoreError> {
        let mut calls = self.calls(&block.transactions);
        let mut callers: Vec<_> = calls.iter().map(|call| call.caller).collect();
        callers.dedup();
        let live = self.app.store.live_receivers(&callers).await?;
        calls.retain(|call| live.contains(&call.caller));
        Ok(calls)
    }
}

/// The block that this one builds on.
fn below(block: &Block) -> WatchedBlock {
    let parent: BlockId = block.parent;
    WatchedBlock { number: block.head.number - 1, id: *parent.as_bytes() }
}
