//! Watch the chain: one pass over each new block serves every order.
//!
//! It sees our transactions in blocks, blocks that a fork dropped with what they held, and receivers that
//! made their transfer. It follows from a stored block, so a restart misses nothing.

mod behind;
mod block;
mod float;
mod fork;
mod jump;
mod recall;
mod solid;
mod tell;

use std::collections::VecDeque;

use domain::UnixMillis;
use node::{Head, NodeError};
use tron::{BlockId, TxId};

use self::block::Call;
use crate::App;
use crate::chain_turn::ChainTurn;
use crate::ports::StoreError;
use crate::reconcile_pool::ReconcileFailed;
use crate::rows::{Lease, WatchedBlock};

/// Recent blocks remembered to find where a fork began; more than can be undone (19 of 27 producers
/// make a block solid).
pub const RECENT_BLOCKS_MAX: usize = 64;
/// After so long, in milliseconds, it is looked again where the head is while blocks are gone through: an
/// interval of blocks on mainnet.
const VIEW_LASTS_MS: i64 = 3_000;

/// Why the chain could not be followed now; the stored block is as before or further on.
#[derive(Debug, thiserror::Error)]
pub enum WatchFailed {
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
    /// The pool could not be reconciled.
    #[error("the pool could not be reconciled")]
    Pool(#[from] ReconcileFailed),
    /// A block that the head builds on is not there; the node is catching up or was replaced.
    #[error("the node does not have block {0}")]
    MissingBlock(i64),
    /// A transaction that a block holds has no receipt; the node that was asked is behind.
    #[error("the node does not have the receipt of {0}")]
    MissingReceipt(TxId),
    /// The head is far before what was gone through; the node has not seen as much, or shows another chain.
    #[error(
        "the node's head is block {head}, which is before block {watched}, gone through already"
    )]
    Behind {
        /// Height of the node's head.
        head: i64,
        /// Height of the block that was gone through last.
        watched: i64,
    },
    /// The head is far ahead of what was gone through, and the chain that the node shows does not bear it out.
    #[error("the node's head is block {0}, and the chain that it shows does not show that block")]
    HeadUnproven(i64),
    /// A block that cannot be undone is not on the chain that the node shows.
    #[error("the node shows another chain up to block {0}, which cannot be undone")]
    SolidUndone(i64),
}

/// Follows the chain for one process, when it is its turn.
pub struct Watcher {
    app: App,
    turn: ChainTurn,
    recent: VecDeque<SeenBlock>,
    /// Height of the newest block known to be solid on the chain that was gone through; nothing from there
    /// on downwards is gone back over.
    solid_floor: i64,
    /// Since when good heads have been lower than the block that was gone through last.
    lower: Option<behind::Lower>,
    on_head: Box<dyn Fn(&Head) + Send + Sync>,
    /// When everybody was last shown where the head is.
    shown: UnixMillis,
    /// Whether the last look found too little TRX for transfers: said when it begins and when it ends.
    is_float_low: bool,
}

/// A block that was looked at.
struct SeenBlock {
    block: WatchedBlock,
    /// Calls in it by addresses with live orders; unknown for one that could not be read again after a
    /// restart.
    calls: Option<Vec<Call>>,
}

impl Watcher {
    /// A watcher; `on_head` is told of each new head before anything is decided by it.
    #[must_use]
    pub fn new(app: App, on_head: Box<dyn Fn(&Head) + Send + Sync>) -> Self {
        let turn = ChainTurn::new(app.clone());
        let shown = UnixMillis(i64::MIN);
        let recent = VecDeque::new();
        let (solid_floor, lower, is_float_low) = (i64::MIN, None, false);
        Self { app, turn, recent, solid_floor, lower, on_head, shown, is_float_low }
    }

    /// Looks at the newest block without going through any: for a server whose neighbour follows the
    /// chain. False when there is nothing new.
    ///
    /// Nothing becomes final here before the neighbour is beyond it on the same chain: orders must know
    /// what forks dropped before they end by a solid block.
    pub async fn look(&mut self) -> Result<bool, WatchFailed> {
        // What was remembered of blocks is outdated when it is this server's turn again.
        self.recent.clear();
        let (head, solid) = self.ends().await?;
        let seen = self.app.view.get();
        let is_new = seen.as_ref().is_none_or(|seen| seen.head.id != head.id);
        if is_new {
            self.show(head, solid).await?;
        }
        let is_settled = seen.and_then(|seen| seen.settled).is_some_and(|old| old.id == solid.id);
        if !is_settled && self.is_followed_beyond(&solid).await? {
            self.app.view.settle(solid);
        }
        if is_new {
            self.app.order_bell.notify_one();
            self.app.policy_bell.notify_one();
        }
        Ok(is_new)
    }

    /// Whether the block that a neighbour went through last is on this chain and not before this one.
    async fn is_followed_beyond(&self, solid: &Head) -> Result<bool, WatchFailed> {
        let followed = self.app.store.watched().await?;
        let Some(followed) = followed.filter(|block| block.number >= solid.number) else {
            return Ok(false);
        };
        let block = self.app.node.block(followed.number).await?;
        Ok(block.is_some_and(|block| *block.head.id.as_bytes() == followed.id))
    }

    /// Looks once, and goes through every block that is new unless a neighbour does; false when there was
    /// none.
    ///
    /// Who cannot follow lets a neighbour try.
    pub async fn watch(&mut self) -> Result<bool, WatchFailed> {
        let Some(turn) = self.turn.take().await? else { return self.look().await };
        let followed = self.follow_all(turn).await;
        if followed.is_err() {
            self.turn.give_back().await;
        }
        followed
    }

    /// Lets a neighbour follow the chain at once.
    pub async fn give_back(&mut self) {
        self.turn.give_back().await;
    }

    async fn follow_all(&mut self, turn: Lease) -> Result<bool, WatchFailed> {
        let (head, solid) = self.ends().await?;
        let seen = self.app.view.get();
        let is_settled =
            |settled: Option<Head>| settled.is_some_and(|settled| settled.id == solid.id);
        let is_seen = seen.is_some_and(|seen| seen.head.id == head.id && is_settled(seen.settled));
        // What was shown on a long way has not been gone through.
        let newest = self.recent.back().map(|seen| seen.block.id);
        if is_seen && newest == Some(*head.id.as_bytes()) {
            return Ok(false);
        }
        let watched = self.app.store.watched().await?;
        if let Some(last) = watched.filter(|last| head.number < last.number) {
            if !self.has_never_been(&head, &solid, last).await? {
                return behind::judge(&head, &last);
            }
            self.solid_floor = self.solid_floor.min(solid.number);
            self.jump(&solid, Some(last), turn).await?;
            return Ok(true);
        }
        if let Some(last) = watched.filter(|last| self.is_far(&head, last)) {
            self.prove_head(&head, &solid, last).await?;
        }
        self.show(head, solid).await?;
        self.follow(&head, watched, turn).await?;
        self.raise_floor(&solid);
        self.confirm_solid(solid.number, turn).await?;
        // Not before: a use in a block that a fork dropped must be taken back before its order may end.
        self.app.view.settle(solid);
        if let Some(view) = self.app.view.get() {
            self.app.reconcile_pool(&view, turn).await?;
            self.look_at_float().await?;
        }
        self.app.order_bell.notify_one();
        self.app.policy_bell.notify_one();
        Ok(true)
    }

    /// The newest block and the newest solid one.
    async fn ends(&self) -> Result<(Head, Head), NodeError> {
        futures::try_join!(self.app.node.head(), self.app.node.solid_head())
    }

    /// Lets everybody in this process go by these blocks.
    async fn show(&mut self, head: Head, solid: Head) -> Result<(), NodeError> {
        self.shown = self.app.clock.now();
        (self.on_head)(&head);
        self.app.view.refresh(&*self.app.node, head, solid).await
    }

    /// Keeps the turn, and everybody's view of where the head is: others sign and send meanwhile, and must
    /// not take for good what has expired long ago. To be called wherever much may have happened since.
    async fn keep_up(&mut self) -> Result<(), WatchFailed> {
        self.turn.keep().await?;
        let now = self.app.clock.now();
        // A clock that was set back says nothing of how long ago it was.
        if now < self.shown || now >= self.shown.after_ms(VIEW_LASTS_MS) {
            let (head, solid) = self.ends().await?;
            self.show(head, solid).await?;
        }
        Ok(())
    }

    /// Goes from the stored block to the head, back over forks.
    async fn follow(
        &mut self,
        head: &Head,
        watched: Option<WatchedBlock>,
        turn: Lease,
    ) -> Result<(), WatchFailed> {
        let mut last = match watched {
            Some(block) if !self.is_far(head, &block) => block,
            before => return self.jump(head, before, turn).await,
        };
        // Another process may have gone on, and over other blocks than this one.
        if self.recent.back().is_none_or(|seen| seen.block != last) {
            self.recall(last).await?;
        }
        self.lay_floor(last);
        while last.number < head.number {
            self.keep_up().await?;
            let number = last.number + 1;
            let block =
                self.app.node.block(number).await?.ok_or(WatchFailed::MissingBlock(number))?;
            if block.parent != BlockId::from_bytes(last.id) {
                last = self.step_back(last, turn).await?;
                continue;
            }
            let calls = Some(self.look_at(&block, turn).await?);
            last = WatchedBlock { number, id: *block.head.id.as_bytes() };
            self.remember(SeenBlock { block: last, calls }, turn).await?;
        }
        if last.id != *head.id.as_bytes() {
            // The head changed under us at its own height: the next look sees which one won.
            self.step_back(last, turn).await?;
        }
        Ok(())
    }

    /// Whether it would take too long to go through every block up to this head.
    fn is_far(&self, head: &Head, last: &WatchedBlock) -> bool {
        head.number - last.number > self.app.settings.catch_up_blocks
    }

    async fn remember(&mut self, seen: SeenBlock, turn: Lease) -> Result<(), StoreError> {
        let block = seen.block;
        self.recent.push_back(seen);
        while self.recent.len() > RECENT_BLOCKS_MAX {
            self.recent.pop_front();
        }
        self.app.store.set_watched(block, turn).await
    }
}
