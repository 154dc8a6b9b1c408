//! Watch the chain: one pass over each new block serves every order.
//!
//! It sees our transactions in blocks, blocks that a fork dropped with what they held, and receivers that
//! made their transfer. It follows from a stored block, so a restart misses nothing.

mod recall;

use std::collections::VecDeque;

use domain::order::Use;
use domain::order::step::Event;
use domain::transfer::Event as TransferEvent;
use domain::{OrderId, OrderState, TransferId, UnixMillis, WholeOrder};
use futures::StreamExt;
use futures::stream;
use node::{Block, BlockTx, Head, Lookup, NodeError};
use tron::{Address, BlockId, ContractType, Energy, TxId};

use crate::App;
use crate::chain_turn::ChainTurn;
use crate::ports::StoreError;
use crate::reconcile_pool::ReconcileFailed;
use crate::rows::{Lease, OwnTx, TxOwner, WatchedBlock};

/// Recent blocks remembered to find where a fork began; more than can be undone (19 of 27 producers
/// make a block solid).
pub const RECENT_BLOCKS_MAX: usize = 64;
/// Events of one block that are committed side by side. A block brings hundreds; the commit of a request
/// that comes just then waits for so many of them at most.
const EVENTS_AT_ONCE: usize = 16;
/// Events after which it is looked whether the turn to follow lasts.
const EVENTS_A_LOOK: usize = 512;
/// After so long, in milliseconds, it is looked again where the head is while blocks are gone through: an
/// interval of blocks on mainnet.
const VIEW_LASTS_MS: i64 = 3_000;
/// Blocks that one look confirms as solid; after a long absence the next looks go on.
const CONFIRMED_AT_ONCE: usize = 64;

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
}

/// A call of a contract in a block.
#[derive(Clone, Copy)]
struct Call {
    caller: Address,
    txid: TxId,
    /// Chain time after which it cannot come again when a fork drops its block.
    expiration: Option<UnixMillis>,
    /// Whether it called the token and took effect.
    is_transfer: bool,
}

/// Follows the chain for one process, when it is its turn.
pub struct Watcher {
    app: App,
    turn: ChainTurn,
    recent: VecDeque<SeenBlock>,
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
        Self { app, turn, recent: VecDeque::new(), on_head, shown, is_float_low: false }
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
        self.show(head, solid).await?;
        self.follow(&head, turn).await?;
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

    /// Says when the payers' TRX gets low, and when it is enough again.
    async fn look_at_float(&mut self) -> Result<(), StoreError> {
        let (pool, _) = self.app.store.pool().await?;
        let outlays = self.app.store.outlays().await?;
        let Some((payer, free)) = pool.fullest_payer(&outlays) else { return Ok(()) };
        let is_low = free < self.app.settings.payer_low;
        match (is_low, self.is_float_low) {
            (true, false) => {
                let left = free.to_trx_string();
                tracing::error!(wallet.address = %payer, "no payer has more than {left} TRX for transfers; send it some");
            }
            (false, true) => {
                tracing::info!(wallet.address = %payer, "there is TRX for transfers again");
            }
            (true, true) | (false, false) => {}
        }
        self.is_float_low = is_low;
        Ok(())
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
    async fn follow(&mut self, head: &Head, turn: Lease) -> Result<(), WatchFailed> {
        let mut last = match self.app.store.watched().await? {
            Some(block) if head.number - block.number <= self.app.settings.catch_up_blocks => block,
            before => return self.jump(head, before, turn).await,
        };
        // Another process may have gone on, and over other blocks than this one.
        if self.recent.back().is_none_or(|seen| seen.block != last) {
            self.recall(last).await?;
        }
        // A head that is lower than what we saw, or another block at the same height, is a fork.
        while last.number > head.number {
            last = self.step_back(last, turn).await?;
        }
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

    async fn remember(&mut self, seen: SeenBlock, turn: Lease) -> Result<(), StoreError> {
        let block = seen.block;
        self.recent.push_back(seen);
        while self.recent.len() > RECENT_BLOCKS_MAX {
            self.recent.pop_front();
        }
        self.app.store.set_watched(block, turn).await
    }

    /// The block `last` is not on the chain any more: what it held is to be included again.
    ///
    /// It is forgotten only when all of that is committed: what fails half-way is done again.
    async fn step_back(
        &mut self,
        last: WatchedBlock,
        turn: Lease,
    ) -> Result<WatchedBlock, WatchFailed> {
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
    /// ours, what lies below is confirmed when it is marked as solid.
    async fn back_to_solid(
        &self,
        last: WatchedBlock,
        turn: Lease,
    ) -> Result<WatchedBlock, WatchFailed> {
        let solid = self.app.view.get().map_or(i64::MAX, |view| view.solid.number);
        let number = solid.min(last.number - 1);
        let block = self.app.node.block(number).await?;
        let head = block.ok_or(WatchFailed::MissingBlock(number))?.head;
        for (order, txid) in self.app.store.used_since(UnixMillis(head.timestamp_ms)).await? {
            self.app.tell(order, Event::Unused { txid, expiration: None }, turn).await?;
        }
        Ok(WatchedBlock { number, id: *head.id.as_bytes() })
    }

    /// Marks as solid what the solid chain holds, up to this block.
    ///
    /// Each block is read once more: another process, or this one before a crash, may have recorded a
    /// block that a fork dropped meanwhile. What the solid block does not hold is to be included again.
    /// Shape: one request for each block that holds transactions of ours or transfers that a policy
    /// counted.
    async fn confirm_solid(&mut self, solid: i64, turn: Lease) -> Result<(), WatchFailed> {
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
            // A node that lags does not have it yet.
            let Some(block) = self.app.node.block(number).await? else { continue };
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

    /// Starts at the head: the first time, or after so long an absence that walking every block would
    /// take longer than looking up what is open.
    async fn jump(
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

    /// Looks at one block: our transactions in it, and calls that receivers made, which it returns.
    async fn look_at(&mut self, block: &Block, turn: Lease) -> Result<Vec<Call>, WatchFailed> {
        let txids: Vec<_> = block.transactions.iter().map(|tx| tx.txid).collect();
        let ours = self.app.store.own_txs(&txids).await?;
        // Else there is nothing that could be known by half.
        if !ours.is_empty() {
            self.app.store.begin_telling(turn).await?;
        }
        let (number, at) = (block.head.number, UnixMillis(block.head.timestamp_ms));
        let included = |own: &OwnTx| {
            let found = block.transactions.iter().find(|tx| tx.txid == own.txid);
            let has_succeeded = found.is_some_and(|tx| tx.succeeded);
            Shown::Included { block: number, at, has_succeeded }
        };
        self.each(ours, included, turn).await?;
        // Before their refills hear of it: a policy whose last transfer this is wants no other.
        self.app.look_for_policies(block, turn).await?;
        let calls = self.calls(&block.transactions);
        let mut callers: Vec<Address> = calls.iter().map(|call| call.caller).collect();
        callers.dedup();
        let mut made = Vec::new();
        for receiver in self.app.store.live_receivers(&callers).await? {
            self.keep_up().await?;
            for call in calls.iter().filter(|call| call.caller == receiver) {
                made.push(*call);
                self.app.tell_call(call, at, turn).await?;
            }
        }
        Ok(made)
    }

    /// Calls of contracts, by who made them. A failed one uses energy too.
    fn calls(&self, transactions: &[BlockTx]) -> Vec<Call> {
        let token = self.app.settings.token;
        let mut calls: Vec<Call> = transactions
            .iter()
            .filter_map(|tx| tx.contract.map(|contract| (tx, contract)))
            .filter(|(_, contract)| contract.kind == Some(ContractType::Trigger))
            .filter_map(|(tx, contract)| {
                let is_transfer = tx.succeeded && contract.contract_address == Some(token);
                let expiration = tx.expiration_ms.map(UnixMillis);
                Some(Call { caller: contract.owner?, txid: tx.txid, expiration, is_transfer })
            })
            .collect();
        calls.sort_by_key(|call| (call.caller, call.txid));
        calls
    }

    async fn each(
        &mut self,
        ours: Vec<OwnTx>,
        shown: impl Fn(&OwnTx) -> Shown,
        turn: Lease,
    ) -> Result<(), WatchFailed> {
        let shown: Vec<_> = ours.into_iter().map(|own| (own, shown(&own))).collect();
        for shown in shown.chunks(EVENTS_A_LOOK) {
            self.keep_up().await?;
            let mut told = stream::iter(shown.to_vec())
                .map(|(own, shown)| self.app.tell_own(own, shown, turn))
                .buffer_unordered(EVENTS_AT_ONCE);
            while let Some(outcome) = told.next().await {
                outcome?;
            }
        }
        Ok(())
    }
}

/// What the chain showed of a transaction of ours.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// It is in a block.
    Included { block: i64, at: UnixMillis, has_succeeded: bool },
    /// The block that held it is not on the chain any more.
    ReorgedOut,
    /// Its block cannot be undone. Orders are marked in one go instead.
    Solid,
}

impl App {
    /// Commits what the chain showed of a transaction of ours.
    async fn tell_own(&self, own: OwnTx, shown: Shown, turn: Lease) -> Result<(), StoreError> {
        let txid = own.txid;
        match (own.owner, shown) {
            (TxOwner::Order(order), Shown::Included { block, at, has_succeeded }) => {
                let event = Event::Included { txid, block, at, has_succeeded };
                self.tell(order, event, turn).await
            }
            (TxOwner::Order(order), Shown::ReorgedOut) => {
                self.tell(order, Event::ReorgedOut(txid), turn).await
            }
            (TxOwner::Order(_), Shown::Solid) => self.store.mark_solid(&[txid], turn).await,
            (TxOwner::Transfer(transfer), shown) => {
                let event = match shown {
                    Shown::Included { block, has_succeeded, .. } => {
                        TransferEvent::Included { block, has_succeeded }
                    }
                    Shown::ReorgedOut => TransferEvent::ReorgedOut,
                    Shown::Solid => TransferEvent::Solid,
                };
                self.tell_transfer(transfer, event, turn).await
            }
        }
    }

    async fn tell_transfer(
        &self,
        transfer: TransferId,
        event: TransferEvent,
        turn: Lease,
    ) -> Result<(), StoreError> {
        if let Err(refused) = self.apply_transfer(transfer, event, Some(turn), None).await? {
            tracing::debug!(transfer.id = %transfer, "what the chain showed changed nothing: {refused}");
        }
        Ok(())
    }

    /// Commits what the chain showed; that it was known already is fine.
    async fn tell(&self, order: OrderId, event: Event, turn: Lease) -> Result<(), StoreError> {
        if let Err(refused) = self.apply(order, event, Some(turn)).await? {
            tracing::debug!(order.id = %order, "what the chain showed changed nothing: {refused}");
        }
        Ok(())
    }

    /// A call that may have counted as use of an order on its sender is not on the chain any more.
    async fn tell_unused(&self, call: &Call, turn: Lease) -> Result<(), StoreError> {
        let Call { txid, expiration, .. } = *call;
        for whole in self.store.live_on(call.caller).await? {
            if whole.order.used_by == Some(txid) || whole.uses.iter().any(|one| one.txid == txid) {
                let event = Event::Unused { txid, expiration };
                self.tell(whole.order.id, event, turn).await?;
            }
        }
        Ok(())
    }

    /// An address called a contract: its oldest collection that was ready for a transfer is used by
    /// it, or else the energy of plain orders.
    async fn tell_call(&self, call: &Call, at: UnixMillis, turn: Lease) -> Result<(), WatchFailed> {
        let live = self.store.live_on(call.caller).await?;
        let is_counted = |whole: &&WholeOrder| {
            whole.order.used_by == Some(call.txid) && whole.order.collection().is_some()
        };
        if let Some(counted) = live.iter().find(is_counted) {
            // Known already, unless a fork put it into another block.
            let event = Event::Used { txid: call.txid, at };
            return Ok(self.tell(counted.order.id, event, turn).await?);
        }
        if let Some(again) = live.iter().find(|whole| whole.order.awaits_again(call.txid)) {
            // A fork dropped it, and here it is again, whatever became of the energy meanwhile.
            if call.is_transfer {
                let event = Event::Used { txid: call.txid, at };
                return Ok(self.tell(again.order.id, event, turn).await?);
            }
            self.tell(again.order.id, Event::FailedAgain(call.txid), turn).await?;
        }
        let mut waiting: Vec<&WholeOrder> = live.iter().filter(|one| one.awaits_use(at)).collect();
        waiting.sort_by_key(|whole| (whole.order.state != OrderState::Delivered, whole.order.id));
        let collection = waiting.iter().find(|whole| whole.order.collection().is_some());
        match collection.filter(|_| call.is_transfer) {
            Some(first) => {
                let event = Event::Used { txid: call.txid, at };
                Ok(self.tell(first.order.id, event, turn).await?)
            }
            None => self.tell_consumed((call.txid, at), &live, &waiting, turn).await,
        }
    }

    /// A call used energy: it is counted for plain orders whose use is followed, the oldest first,
    /// each up to what it has left.
    ///
    /// Shape: one request, if there is such an order.
    async fn tell_consumed(
        &self,
        (txid, at): (TxId, UnixMillis),
        live: &[WholeOrder],
        waiting: &[&WholeOrder],
        turn: Lease,
    ) -> Result<(), WatchFailed> {
        // Known already, unless a fork put it into another block.
        for whole in live {
            if let Some(one) = whole.uses.iter().find(|one| one.txid == txid && one.at != at) {
                let event = Event::Consumed(Use { at, ..*one });
                self.tell(whole.order.id, event, turn).await?;
            }
        }
        if !waiting.iter().any(|whole| whole.follows_use()) {
            return Ok(());
        }
        let Lookup::Included(receipt) = self.node.lookup(txid).await? else {
            return Err(WatchFailed::MissingReceipt(txid));
        };
        let uses = live.iter().flat_map(|whole| &whole.uses).filter(|one| one.txid == txid);
        let counted: i64 = uses.map(|one| one.energy.get()).sum();
        let mut uncounted = receipt.energy_used.get().saturating_sub(counted);
        for whole in waiting.iter().filter(|whole| whole.follows_use()) {
            let is_counted = whole.uses.iter().any(|one| one.txid == txid);
            let left = whole.order.energy.shortfall_over(whole.energy_used());
            let energy = Energy::new(uncounted.min(left.get()));
            if is_counted || energy <= Energy::ZERO {
                continue;
            }
            uncounted -= energy.get();
            let event = Event::Consumed(Use { txid, at, energy });
            self.tell(whole.order.id, event, turn).await?;
        }
        Ok(())
    }
}
