//! Finding blocks and transactions.

use std::sync::Arc;

use tron::{BlockId, TxId};

use super::{Cursor, Node};
use crate::block::Block;
use crate::receipt::Executed;

/// An included transaction and its block.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) executed: &'a Executed,
    pub(crate) block: &'a Block,
}

impl Node {
    pub(crate) fn block_by_number(&self, number: u64) -> Option<&Arc<Block>> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn block_by_id(&self, id: &BlockId) -> Option<&Arc<Block>> {
        self.block_by_number(*self.numbers.get(id)?)
    }

    /// A block that a reader sees.
    pub(crate) fn visible_block(&self, number: u64, cursor: &Cursor) -> Option<&Arc<Block>> {
        self.block_by_number(number).filter(|block| block.number <= cursor.height())
    }

    /// An included transaction that a reader sees.
    pub(crate) fn find(&self, id: &TxId, cursor: &Cursor) -> Option<Found<'_>> {
        let (number, index) = self.included.get(id)?;
        let block = self.visible_block(*number, cursor)?;
        Some(Found { executed: block.executed.get(*index)?, block })
    }

    /// All blocks, oldest first.
    pub(crate) fn all_blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }
}
