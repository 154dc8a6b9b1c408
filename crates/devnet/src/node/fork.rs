//! Reorganisations: the last blocks are replaced by others.

use std::sync::Arc;

use super::Node;
use super::pending::Waiting;
use crate::config::ClockMode;
use crate::execute::signature::signers;

/// What a reorganisation does.
#[derive(Clone, Debug)]
pub(super) struct Fork {
    depth: u64,
    /// Whether the undone transactions wait for a block again, or are forgotten.
    requeues: bool,
}

impl Node {
    /// Replaces the newest blocks by as many empty ones and one more. In automatic mode it happens with
    /// the next block.
    ///
    /// Errors: depth 0, or a block that is solid already; the number is the deepest possible.
    pub(crate) fn fork(&mut self, depth: u64, requeues: bool) -> Result<(), u64> {
        let deepest = self.head().number - self.solid;
        if depth == 0 || depth > deepest {
            return Err(deepest);
        }
        self.fork_due = Some(Fork { depth, requeues });
        if self.config.clock == ClockMode::Manual {
            self.mine_one();
        }
        Ok(())
    }

    /// Carries a reorganisation out; `due_ms` is the time of its newest block.
    ///
    /// Changes from the control interface are no transactions: they are made again in the block that
    /// replaces theirs.
    pub(super) fn reorganise(&mut self, fork: &Fork, due_ms: i64) {
        let height = (self.head().number - fork.depth).max(self.solid);
        let popped = self.pop_above(height);
        self.forks += 1;
        if let Some(journal) = &mut self.journal {
            journal.pop(height);
        }
        for block in &popped {
            self.produce(block.timestamp_ms, block.mutations.clone(), false);
        }
        self.produce(due_ms, Vec::new(), false);
        if fork.requeues {
            let accepted_ms = self.now_ms();
            let undone = popped.iter().flat_map(|block| &block.executed);
            let mut waiting: Vec<Waiting> = undone
                .map(|one| Waiting {
                    transaction: Arc::clone(&one.transaction),
                    signers: signers(&one.transaction, self.config.signing),
                    accepted_ms,
                    is_withheld: false,
                })
                .collect();
            waiting.append(&mut self.pending.queue);
            self.rebuild_pending(waiting);
        }
    }

    /// Takes back blocks as a journal says; `None` for blocks that were solid.
    pub(crate) fn replay_pop(&mut self, height: u64) -> Option<()> {
        if height < self.solid {
            return None;
        }
        self.pop_above(height);
        Some(())
    }
}
