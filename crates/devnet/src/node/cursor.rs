//! Which part of the chain a request may see.

use super::Node;
use crate::state::View;

/// A reader's position: the node's own, or that of a node that lags behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// Newest block of the reader's chain.
    pub(crate) head: u64,
    /// Newest solid block.
    pub(crate) solid: u64,
    /// Reads at the solid block (`/walletsolidity`), not at the head.
    pub(crate) is_solid: bool,
    /// Sees transactions that wait for a block.
    pub(crate) sees_pending: bool,
}

impl Cursor {
    /// The newest block that this reader sees.
    pub(crate) const fn height(&self) -> u64 {
        if self.is_solid { self.solid } else { self.head }
    }
}

impl Node {
    /// The position of a reader that lags this many blocks (bounded by what is kept).
    pub(crate) fn cursor(&self, is_solid: bool, lag: u64) -> Cursor {
        let oldest = self.head().number.saturating_sub(super::KEPT_VERSIONS).min(self.solid);
        let back = |number: u64| number.saturating_sub(lag).max(oldest).min(number);
        Cursor {
            head: back(self.head().number),
            solid: back(self.solid),
            is_solid,
            sees_pending: !is_solid && lag == 0,
        }
    }

    /// The state that this reader sees.
    pub(crate) fn view(&self, cursor: &Cursor) -> View<'_> {
        if cursor.sees_pending { self.pending_view() } else { self.state.at(cursor.height()) }
    }
}
