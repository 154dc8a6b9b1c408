//! An order with its legs and transactions: what is loaded and written together.

use tron::{Bandwidth, Energy, Resource, TxId};

use super::{Order, OrderKind, OrderState};
use crate::collect::plan::units_for_sun;
use crate::collect::{ChainTotals, Commitments, Need, Reading};
use crate::leg::{Leg, LegKind, LegState, Road};
use crate::limits::{TRANSFER_BANDWIDTH, USED_UP_LEFT_PPM};
use crate::time::UnixMillis;
use crate::tx::{ChainTx, TxState};

/// One call by a receiver that used energy of a plain order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Use {
    /// The call, so that it counts once whatever block it is in.
    pub txid: TxId,
    /// The block's time.
    pub at: UnixMillis,
    /// Energy that it took from this order, as its receipt says.
    pub energy: Energy,
}

/// An order with its legs and transactions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WholeOrder {
    /// The order.
    pub order: Order,
    /// Its legs, by number.
    pub legs: Vec<Leg>,
    /// Every transaction ever stored for it, oldest first.
    pub txs: Vec<ChainTx>,
    /// What was used of a plain order's energy, oldest first; empty where use is not followed.
    pub uses: Vec<Use>,
}

impl WholeOrder {
    /// The leg with this number.
    #[must_use]
    pub fn leg(&self, number: u8) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.id.number == number)
    }

    /// The transaction with this id.
    #[must_use]
    pub fn tx(&self, txid: TxId) -> Option<&ChainTx> {
        self.txs.iter().find(|tx| tx.txid == txid)
    }

    /// Whether anything is on its way, so that nothing may replace it.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.legs.iter().any(Leg::is_in_doubt)
    }

    /// Whether nothing will happen to it any more: final, everything back, everything solid.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.order.state, OrderState::Ended | OrderState::Refunded)
            && self.is_back()
            && self.txs.iter().all(|tx| matches!(tx.state, TxState::Solid | TxState::Lost))
    }

    /// Whether nothing of what it lent is out any more.
    #[must_use]
    pub fn is_back(&self) -> bool {
        self.legs.iter().all(Leg::is_closed)
    }

    /// Whether no fork can undo any more what it lent: until then it may turn out to have lent nothing.
    #[must_use]
    pub fn is_lent_for_good(&self) -> bool {
        let mut out = self.txs.iter().filter(|tx| tx.road == Road::Out);
        out.all(|tx| matches!(tx.state, TxState::Solid | TxState::Lost))
    }

    /// Whether every leg that fills it is on chain.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.legs.iter().all(|leg| !matches!(leg.state, LegState::Planned | LegState::Signed))
    }

    /// What is missing to fill it, by this reading; `others` are the other live orders on its receiver.
    ///
    /// Energy for a period is its own: what the receiver has besides does not count, and what it used
    /// already is not made up for.
    #[must_use]
    pub fn need(&self, reading: &Reading, totals: &ChainTotals, others: &[WholeOrder]) -> Need {
        let commitments = commitments(others, totals);
        let lent = Energy::new(self.yield_of_legs(totals));
        match self.order.kind {
            OrderKind::Collection(_) => reading.need_of_all(&commitments, lent),
            OrderKind::Energy { .. } => Need {
                activation: !reading.exists && !commitments.is_activating,
                bandwidth: self.bandwidth_to_lend(),
                energy: self.order.energy.shortfall_over(lent),
            },
        }
    }

    /// Bandwidth of a plain order that none of its legs on chain lends. Each leg's units were rounded
    /// down when planned.
    fn bandwidth_to_lend(&self) -> Bandwidth {
        let rounded = i64::try_from(self.legs.len()).unwrap_or(i64::MAX);
        let missing = self.order.bandwidth.get() - self.lent_units(Resource::Bandwidth);
        Bandwidth::new(if missing > rounded { missing } else { 0 })
    }

    /// Energy that calls have used of a plain order.
    #[must_use]
    pub fn energy_used(&self) -> Energy {
        Energy::new(self.uses.iter().fold(0_i64, |sum, one| sum.saturating_add(one.energy.get())))
    }

    /// Whether calls have used a plain order's energy but for a remainder that is of no use.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        let all = i128::from(self.order.energy.get());
        let least = all * i128::from(1_000_000 - USED_UP_LEFT_PPM) / 1_000_000;
        !self.uses.is_empty() && i128::from(self.energy_used().get()) >= least
    }

    /// Whether it is a plain order whose use is followed, so that it goes back once it is used up.
    #[must_use]
    pub fn follows_use(&self) -> bool {
        self.order.collection().is_none() && self.order.returns_when_used()
    }

    /// Whether a transfer in a block of this time can have used what this order lent.
    ///
    /// A filling order counts too, for a merchant that is faster than our reading back; but only once
    /// everything that it bought is there, and not for a transfer from before that.
    #[must_use]
    pub fn awaits_use(&self, at: UnixMillis) -> bool {
        let was_there = |leg: &Leg| leg.returned_at.is_none_or(|returned| returned >= at);
        let is_ready = match self.order.state {
            OrderState::Delivered if !self.order.is_spoiled() => true,
            OrderState::Delivered | OrderState::Filling => self.has_come(was_there),
            OrderState::Ended | OrderState::Refunded => false,
        };
        let mut lent = self.fill_legs().filter(|leg| leg.state != LegState::Dropped);
        is_ready
            && self.order.used.is_none()
            && self.order.stopped.is_none()
            && self.is_filled()
            && lent.all(|leg| leg.included_at.is_some_and(|included| included <= at))
    }

    /// Whether legs on chain lend all energy and bandwidth that it bought, by those that are to count.
    fn has_come(&self, counts: impl Fn(&Leg) -> bool) -> bool {
        // Each leg's units were rounded down when planned.
        let rounded = i64::try_from(self.legs.len()).unwrap_or(i64::MAX);
        let has_come = |resource: Resource, bought: i64| {
            let lent = self.legs_on_chain().filter(|leg| counts(leg));
            let units = lent.map(|leg| leg.kind.units_of(resource)).sum::<i64>();
            units.saturating_add(rounded) >= bought
        };
        has_come(Resource::Energy, self.order.energy.get())
            && has_come(Resource::Bandwidth, self.order.bandwidth.get())
    }

    /// Whether it is being filled for the first time and everything for that is on chain: it only has to be
    /// read back.
    #[must_use]
    pub fn is_to_be_read(&self) -> bool {
        self.order.state == OrderState::Filling && self.is_filled() && self.has_come(|_| true)
    }

    /// The calls that it counts as its use, which have to be found on the solid chain before it may end:
    /// whoever counted one may have seen it in a block that a fork dropped, and have died before taking
    /// that back. Each with the time of the block that was seen to hold it.
    pub fn uses_to_prove(&self) -> impl Iterator<Item = (TxId, UnixMillis)> {
        let transfer = self.order.used_by.zip(self.order.used);
        let is_collection = self.order.collection().is_some();
        let of_collection = transfer.filter(|_| is_collection);
        let is_used_up = transfer.is_some() && !is_collection;
        let calls = self.uses.iter().filter(move |_| is_used_up).map(|one| (one.txid, one.at));
        of_collection.into_iter().chain(calls)
    }

    /// The last transaction of a leg on a road that is not lost.
    #[must_use]
    pub fn live_tx(&self, number: u8, road: Road) -> Option<&ChainTx> {
        self.txs
            .iter()
            .rev()
            .find(|tx| tx.leg.number == number && tx.road == road && tx.state != TxState::Lost)
    }

    /// The outgoing transaction of the first leg that is on chain and does what `is_wanted` says.
    #[must_use]
    pub fn delivered_tx(&self, is_wanted: impl Fn(&LegKind) -> bool) -> Option<TxId> {
        self.legs
            .iter()
            .filter(|leg| is_wanted(&leg.kind) && leg.included_at.is_some())
            .find_map(|leg| self.live_tx(leg.id.number, Road::Out))
            .map(|tx| tx.txid)
    }

    /// Units of a resource that its legs on chain lend or have lent, as planned.
    #[must_use]
    pub fn lent_units(&self, wanted: Resource) -> i64 {
        self.legs_on_chain().map(|leg| leg.kind.units_of(wanted)).sum()
    }

    /// Legs that the chain shows or has shown.
    fn legs_on_chain(&self) -> impl Iterator<Item = &Leg> {
        let legs = self.legs.iter();
        legs.filter(|leg| leg.included_at.is_some() && leg.state != LegState::Dropped)
    }

    /// Energy that its legs on chain yield at these totals.
    pub(super) fn yield_of_legs(&self, totals: &ChainTotals) -> i64 {
        let lent = self.legs.iter().filter(|leg| leg.is_lent());
        units_for_sun(Resource::Energy, lent.map(Leg::energy_stake).sum(), totals)
    }

    /// Energy that its legs yield of which nobody knows whether they are on chain: sent, and not told to
    /// be in a block. A node may show them.
    fn yield_in_doubt(&self, totals: &ChainTotals) -> i64 {
        let sent = self.legs.iter().filter(|leg| leg.state == LegState::Signed);
        units_for_sun(Resource::Energy, sent.map(Leg::energy_stake).sum(), totals)
    }

    /// Units of a resource that it bought and that are still to come.
    ///
    /// A filling order buys again what was dropped. A delivered one does not: it was found ready with
    /// what was there, so only a leg that a fork undid is still to come.
    fn units_to_come(&self, wanted: Resource) -> i64 {
        let bought = match wanted {
            Resource::Energy => self.order.energy.get(),
            Resource::Bandwidth => self.order.bandwidth.get(),
        };
        let lent = self.legs.iter().filter(|leg| leg.is_lent());
        let lent = lent.map(|leg| leg.kind.units_of(wanted)).sum::<i64>();
        let missing = bought.saturating_sub(lent).max(0);
        if self.order.is_to_be_filled() {
            return missing;
        }
        let on_their_way = self.legs.iter().filter(|leg| leg.is_on_its_way_out());
        on_their_way.map(|leg| leg.kind.units_of(wanted)).sum::<i64>().min(missing)
    }

    /// Whether it still counts on what it lent: not after the end of the rent, once that is on its way
    /// back.
    #[must_use]
    pub fn expects_use(&self) -> bool {
        let is_going = |leg: &Leg| {
            matches!(leg.state, LegState::Owed | LegState::Returning | LegState::Returned)
        };
        // What went back too early and was lent again does not count as going.
        let is_lent = |leg: &Leg| leg.is_lent() && leg.state == LegState::Included;
        let is_leaving = self.fill_legs().any(is_going) && !self.fill_legs().any(is_lent);
        self.order.is_open() && (self.order.is_spoiled() || !is_leaving)
    }

    /// Whether taking stake back from its receiver now would spoil what it promised: what it lent, or
    /// what it found there when it was delivered, is there for a use that is to come soon. Energy for
    /// days is used all the time, so nothing waits for that.
    #[must_use]
    pub fn would_be_spoiled(&self) -> bool {
        // One that is still filling and has nothing lent yet is read back later, and sees what left.
        let is_promised = self.order.state == OrderState::Delivered;
        self.order.returns_when_used()
            && self.expects_use()
            && (is_promised || self.legs.iter().any(Leg::is_lent))
    }

    /// The legs that fill it: all but those that take leftovers back first.
    pub fn fill_legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| !leg.kind.is_leftover())
    }

    /// Whether it is making the receiver exist.
    #[must_use]
    pub fn is_activating(&self) -> bool {
        self.legs.iter().any(Leg::is_activating)
    }

    /// Whether an undelegation from this receiver is due or on its way.
    #[must_use]
    pub fn is_returning(&self) -> bool {
        self.legs.iter().any(|leg| matches!(leg.state, LegState::Owed | LegState::Returning))
    }
}

/// When the chain last showed something that changed what the receiver of these orders can use; whoever
/// has not seen the chain up to then cannot say what that is.
#[must_use]
pub fn last_change<'a>(orders: impl IntoIterator<Item = &'a WholeOrder>) -> Option<UnixMillis> {
    let changes = orders.into_iter().flat_map(|whole| {
        let legs = whole.legs.iter().flat_map(|leg| [leg.included_at, leg.returned_at]);
        legs.chain([whole.order.used])
    });
    changes.flatten().max()
}

/// What these live orders on an address already count on.
#[must_use]
pub fn commitments(others: &[WholeOrder], totals: &ChainTotals) -> Commitments {
    let mut sum = Commitments::default();
    for other in others {
        sum.is_activating |= other.is_activating();
        // Whatever becomes of its order: it counts on it, or it will be taken back.
        sum.in_doubt = sum.in_doubt.plus(Energy::new(other.yield_in_doubt(totals)));
        let is_refunded = other.order.state == OrderState::Refunded;
        let is_done = is_refunded || other.order.used.is_some() || other.order.stopped.is_some();
        let reclaiming = other.legs.iter().filter(|leg| {
            let is_spent = is_done && leg.state == LegState::Included;
            is_spent || matches!(leg.state, LegState::Owed | LegState::Returning)
        });
        for leg in reclaiming {
            let units = match leg.kind {
                LegKind::Leftover { units, .. } => units,
                LegKind::Activation | LegKind::Delegation { .. } => {
                    leg.kind.units_of(Resource::Energy)
                }
            };
            sum.reclaiming = sum.reclaiming.plus(Energy::new(units));
            let bandwidth = Bandwidth::new(leg.kind.units_of(Resource::Bandwidth));
            sum.bandwidth_reclaiming = sum.bandwidth_reclaiming.plus(bandwidth);
        }
        if !other.expects_use() {
            continue;
        }
        let order = &other.order;
        let Some(collection) = order.collection() else {
            let lent = Energy::new(other.yield_of_legs(totals));
            sum.rented = sum.rented.plus(lent.shortfall_over(other.energy_used()));
            continue;
        };
        // It relies on what it found there, and on what it bought as far as that is not on its way
        // still. All that its legs lend leaves with it, the margin too.
        let is_to_come = Energy::new(other.units_to_come(Resource::Energy));
        let has_come = order.energy.shortfall_over(is_to_come);
        let lent = Energy::new(other.yield_of_legs(totals));
        let found = collection.transfer_energy.shortfall_over(order.energy);
        sum.energy = sum.energy.plus(found).plus(has_come.max(lent));
        sum.transfers += 1;
        // More than one transfer's worth makes up for what somebody else lacks: until it is there,
        // nobody else may count on it.
        let is_to_come = other.units_to_come(Resource::Bandwidth).min(TRANSFER_BANDWIDTH);
        let sent = other.legs.iter().filter(|leg| leg.state == LegState::Signed);
        let in_doubt = sent.map(|leg| leg.kind.units_of(Resource::Bandwidth)).sum::<i64>();
        let in_doubt = Bandwidth::new(in_doubt.min(is_to_come));
        sum.bandwidth_to_come = sum.bandwidth_to_come.plus(Bandwidth::new(is_to_come));
        sum.bandwidth_in_doubt = sum.bandwidth_in_doubt.plus(in_doubt);
    }
    sum
}
