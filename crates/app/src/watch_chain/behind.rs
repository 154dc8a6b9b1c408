//! What a node cannot take back by showing less: blocks that were gone through, and solid ones.

use node::Head;

use super::{WatchFailed, Watcher};
use crate::rows::WatchedBlock;

/// Blocks by which a head may be before what was gone through without a word: behind one address may be
/// several nodes. A minute on mainnet.
const BEHIND_QUIETLY_BLOCKS: i64 = 20;
/// More blocks than a fork drops: 19 of 27 producers make a block solid, and nodes whose blocks stop becoming
/// solid are not healthy.
const UNDONE_BLOCKS_MAX: i64 = 64;

/// What to do about a head that is lower than the block that was gone through last: nothing.
///
/// It does not show that anything was dropped. A fork wins by being longer, so it shows at that height
/// before long; a lower head is that of a node that has not seen as much, and going back to it would undo
/// what happened in blocks that are still there.
/// Errors: [`WatchFailed::Behind`] when it is so far behind that somebody should know.
pub(super) const fn judge(head: &Head, last: &WatchedBlock) -> Result<bool, WatchFailed> {
    match last.number - head.number > BEHIND_QUIETLY_BLOCKS {
        true => Err(WatchFailed::Behind { head: head.number, watched: last.number }),
        false => Ok(false),
    }
}

impl Watcher {
    /// After a start nothing is known to be solid, but more than so many blocks are never undone.
    pub(super) fn lay_floor(&mut self, last: WatchedBlock) {
        if self.solid_floor == i64::MIN {
            self.solid_floor = last.number - UNDONE_BLOCKS_MAX;
        }
    }

    /// This block is solid. One that was not gone through proves nothing: a node can be wrong about it.
    pub(super) fn raise_floor(&mut self, solid: &Head) {
        if self.recent.iter().any(|seen| seen.block.id == *solid.id.as_bytes()) {
            self.solid_floor = self.solid_floor.max(solid.number);
        }
    }
}
