//! What a node cannot take back by showing less: blocks that were gone through, and solid ones.

use domain::UnixMillis;
use node::{Head, HealthRule};

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

/// Heads that are good and lower than a block that was gone through.
#[derive(Clone, Copy)]
pub(super) struct Lower {
    watched: WatchedBlock,
    since: UnixMillis,
    highest: i64,
}

impl Watcher {
    /// Errors: [`WatchFailed::HeadUnproven`] for a head far ahead that is not a block of a chain whose blocks
    /// become solid, and on which the last block that was gone through, or a fork of it, lies below.
    ///
    /// Once it is stored as gone through, no true head would be high enough.
    pub(super) async fn prove_head(
        &self,
        head: &Head,
        solid: &Head,
        last: WatchedBlock,
    ) -> Result<(), WatchFailed> {
        let block = self.app.node.block(head.number).await?;
        if !is_solidifying(head, solid) || block.is_none_or(|block| block.head.id != head.id) {
            return Err(WatchFailed::HeadUnproven(head.number));
        }
        let below = self.app.node.block(last.number).await?;
        let below = below.ok_or(WatchFailed::MissingBlock(last.number))?;
        if *below.head.id.as_bytes() != last.id && last.number <= self.solid_floor {
            return Err(WatchFailed::SolidUndone(last.number));
        }
        Ok(())
    }

    /// Whether what is stored as gone through is a height that the chain has not reached: heads of now, on a
    /// chain whose blocks become solid, have been lower for as long as a node is doubted that shows less, and
    /// have come forward, and there is no such block.
    ///
    /// A node that is hours behind shows old heads, so it proves nothing, however long.
    pub(super) async fn has_never_been(
        &mut self,
        head: &Head,
        solid: &Head,
        last: WatchedBlock,
    ) -> Result<bool, WatchFailed> {
        let (rule, now) = (HealthRule::default(), self.app.clock.now());
        let age_ms = now.get().saturating_sub(head.timestamp_ms).saturating_abs();
        if age_ms > rule.head_age_max_ms || !is_solidifying(head, solid) {
            self.lower = None;
            return Ok(false);
        }
        // A clock that was set back says nothing of how long it has lasted.
        let before = self.lower.filter(|lower| {
            lower.watched == last
                && lower.since <= now
                && head.number >= lower.highest - rule.regression_max_blocks
        });
        let first = Lower { watched: last, since: now, highest: head.number };
        let lower = before.unwrap_or(first);
        let comes_forward = head.number > lower.highest;
        self.lower = Some(Lower { highest: lower.highest.max(head.number), ..lower });
        let has_lasted = now >= lower.since.after_ms(rule.regression_lasts_ms);
        Ok(has_lasted && comes_forward && self.app.node.block(last.number).await?.is_none())
    }

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

/// Whether blocks below this head become solid as they do on a chain that most producers build on.
fn is_solidifying(head: &Head, solid: &Head) -> bool {
    head.number.saturating_sub(solid.number) <= HealthRule::default().solid_lag_max_blocks
}
