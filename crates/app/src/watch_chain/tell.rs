//! Commit what the chain showed.

use domain::order::Use;
use domain::order::step::Event;
use domain::transfer::Event as TransferEvent;
use domain::{OrderId, OrderState, TransferId, UnixMillis, WholeOrder};
use futures::StreamExt;
use futures::stream;
use node::Lookup;
use tron::{Energy, TxId};

use super::block::Call;
use super::{WatchFailed, Watcher};
use crate::App;
use crate::ports::StoreError;
use crate::rows::{Lease, OwnTx, TxOwner};

/// Events of one block that are committed side by side. A block brings hundreds; the commit of a request
/// that comes just then waits for so many of them at most.
const EVENTS_AT_ONCE: usize = 16;
/// Events after which it is looked whether the turn to follow lasts.
const EVENTS_A_LOOK: usize = 512;

/// What the chain showed of a transaction of ours.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    /// It is in a block.
    Included { block: i64, at: UnixMillis, has_succeeded: bool },
    /// The block that held it is not on the chain any more.
    ReorgedOut,
    /// Its block cannot be undone. Orders are marked in one go instead.
    Solid,
}

impl Watcher {
    /// Commits what the chain showed of each of these, many side by side.
    pub(super) async fn each(
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

impl App {
    /// Commits what the chain showed of a transaction of ours.
    pub(super) async fn tell_own(
        &self,
        own: OwnTx,
        shown: Shown,
        turn: Lease,
    ) -> Result<(), StoreError> {
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
    pub(super) async fn tell(
        &self,
        order: OrderId,
        event: Event,
        turn: Lease,
    ) -> Result<(), StoreError> {
        if let Err(refused) = self.apply(order, event, Some(turn)).await? {
            tracing::debug!(order.id = %order, "what the chain showed changed nothing: {refused}");
        }
        Ok(())
    }

    /// A call that may have counted as use of an order on its sender is not on the chain any more.
    pub(super) async fn tell_unused(&self, call: &Call, turn: Lease) -> Result<(), StoreError> {
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
    pub(super) async fn tell_call(
        &self,
        call: &Call,
        at: UnixMillis,
        turn: Lease,
    ) -> Result<(), WatchFailed> {
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
