//! From filling to the end: read back, delivered or topped up, used, released, ended, or refunded.

use tron::{Address, Resource, Sun, TxId};

use super::accept::number_legs;
use super::{Decision, Refused, Surroundings, WalletChange};
use crate::callback::{CallbackEvent, Outcome};
use crate::collect::plan::units_for_sun;
use crate::collect::{ChainTotals, Need, Reading, plan_legs};
use crate::ledger::facts::{order_refunded, order_released, order_settled};
use crate::leg::{Leg, LegEvent, LegKind, LegState, Road, step as leg_step};
use crate::limits::{ORDER_LEGS_EVER_MAX, ORDER_LEGS_MAX};
use crate::order::next::{is_over, is_overdue, is_waiting, may_end, may_release};
use crate::order::{OrderState, Use, WholeOrder};
use crate::pool::{NoCapacity, Pool};
use crate::time::UnixMillis;

/// What the chain said about the receiver after its legs were included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadBack {
    /// The receiver.
    pub reading: Reading,
    /// The totals of the same answer.
    pub totals: ChainTotals,
}

/// The receiver was read back: delivered, not visible yet, topped up, or refunded.
pub(super) fn read_back(
    decision: &mut Decision,
    read: ReadBack,
    around: &Surroundings<'_>,
    pool: &Pool,
) -> Result<(), Refused> {
    if !decision.whole.order.is_to_be_filled() || !decision.whole.is_filled() {
        return Err(Refused::NoChange);
    }
    let again = around.moment.now.after_ms(around.limits.reread_ms);
    if !shows_what_is_lent(&decision.whole, around.others, &read) {
        decision.due = again;
        return Ok(());
    }
    let need = decision.whole.need(&read.reading, &read.totals, around.others);
    if need.is_nothing() {
        // Somebody else supplied what we were paid for and did not: that is not ours to earn.
        if came_to_nothing(&decision.whole) {
            return refund(decision, around);
        }
        deliver(decision, around.moment.now);
        return Ok(());
    }
    let is_there = |leg: &&Leg| !matches!(leg.state, LegState::Dropped | LegState::Returned);
    let (existing, there) =
        (decision.whole.legs.len(), decision.whole.fill_legs().filter(is_there).count());
    let fits =
        |more: usize| there + more <= ORDER_LEGS_MAX && existing + more <= ORDER_LEGS_EVER_MAX;
    match top_up(&decision.whole, &need, &read.totals, around, pool) {
        Ok((planned, left)) if fits(planned.len()) => {
            let mut legs = number_legs(decision.whole.order.id, existing, planned);
            decision.whole.legs.append(&mut legs);
            decision.wallets.extend(WalletChange::between(pool, &left));
        }
        Ok(_) => return refund(decision, around),
        // Capacity comes back as others return it; the deadline ends the wait.
        Err(_) => decision.due = again,
    }
    Ok(())
}

/// Whether it planned legs and none of them is on chain. One whose way out a fork undid after it was back
/// stays as returned.
fn came_to_nothing(whole: &WholeOrder) -> bool {
    let is_nothing = |leg: &Leg| {
        leg.state == LegState::Dropped || whole.live_tx(leg.id.number, Road::Out).is_none()
    };
    whole.fill_legs().next().is_some() && whole.fill_legs().all(is_nothing)
}

/// The legs for a shortfall and the pool that is left, from other wallets than those that failed
/// this order if they suffice: a wallet with the most free stake whose sends are refused would
/// otherwise be picked again and again.
fn top_up(
    whole: &WholeOrder,
    need: &Need,
    totals: &ChainTotals,
    around: &Surroundings<'_>,
    pool: &Pool,
) -> Result<(Vec<(Address, LegKind)>, Pool), NoCapacity> {
    let has_failed = |owner: Address| {
        whole.legs.iter().any(|leg| leg.owner == owner && leg.state == LegState::Dropped)
    };
    let plan = |mut left: Pool| {
        let planned = plan_legs(need, totals, around.limits.energy_margin_ppm, &mut left)?;
        Ok((planned, left))
    };
    let mut untried = pool.clone();
    for wallet in &mut untried.wallets {
        wallet.is_enabled &= !has_failed(wallet.address);
    }
    plan(untried).or_else(|_: NoCapacity| plan(pool.clone()))
}

/// Whether the answer comes from a node that has seen what we and others lent: a lagging one would
/// make us lend twice.
fn shows_what_is_lent(whole: &WholeOrder, others: &[WholeOrder], read: &ReadBack) -> bool {
    let lent = |wanted: Resource| -> i64 {
        let legs = others.iter().flat_map(|other| &other.legs).chain(&whole.legs);
        let stake = legs.filter(|leg| leg.is_lent()).filter_map(|leg| leg.kind.stake());
        let stake = stake.filter(|(resource, _)| *resource == wanted).map(|(_, balance)| balance);
        units_for_sun(wanted, stake.sum(), &read.totals)
    };
    // One unit of tolerance: the node truncates once, over the sum of all stake.
    let has_activation = whole
        .legs
        .iter()
        .any(|leg| leg.kind == LegKind::Activation && leg.state == LegState::Included);
    (read.reading.exists || !has_activation)
        && read.reading.energy_limit.get() >= lent(Resource::Energy) - 1
        && read.reading.staked_bandwidth_limit.get() >= lent(Resource::Bandwidth) - 1
}

/// What was ordered is there: the money is earned and the merchant is told, the first time.
fn deliver(decision: &mut Decision, now: UnixMillis) {
    let order = &mut decision.whole.order;
    order.ready = Some(now);
    if order.state == OrderState::Delivered {
        return;
    }
    order.state = OrderState::Delivered;
    if order.price > Sun::ZERO {
        decision.ledger.push(order_settled(order.id, order.merchant, order.price, now));
    }
    decision.callback = callback(&decision.whole, Outcome::Delivered);
}

/// What made a delivered order ready is gone before it was used: it is filled again, or refunded if its
/// time is over.
pub(super) fn spoil(decision: &mut Decision) {
    let order = &mut decision.whole.order;
    let is_open = order.used.is_none() && order.stopped.is_none();
    if order.state == OrderState::Delivered && is_open {
        order.ready = None;
    }
}

/// Whether a delivered order's transfer is still to be made with what it lent.
pub(super) fn is_wanted(whole: &WholeOrder, around: &Surroundings<'_>) -> bool {
    let is_delivered = whole.order.state == OrderState::Delivered;
    is_delivered && !is_over(whole, &around.moment, around.limits)
}

/// It could not be filled, or not again: the money is given back in full, planned legs are dropped, and
/// the rest is taken back as soon as no delivered order on the address counts on it. A merchant that was
/// told of its delivery is not told again.
///
/// Nothing is in doubt here, so no leg can appear on chain afterwards.
fn refund(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    cancel_planned(decision)?;
    let now = around.moment.now;
    let order = &mut decision.whole.order;
    let was_delivered = order.state == OrderState::Delivered;
    (order.state, order.ended) = (OrderState::Refunded, Some(now));
    if order.price > Sun::ZERO {
        let give_back = if was_delivered { order_refunded } else { order_released };
        decision.ledger.push(give_back(order.id, order.merchant, order.price, now));
    }
    if !was_delivered {
        decision.callback = callback(&decision.whole, Outcome::Refunded);
    }
    take_back(decision, around)
}

/// What is lent is to go back, if it may.
pub(super) fn take_back(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    match may_release(&decision.whole, around.others, &around.moment, around.limits) {
        true => let_go(decision),
        false => Ok(()),
    }
}

/// Planned legs are dropped, and what is lent is to be taken back.
fn let_go(decision: &mut Decision) -> Result<(), Refused> {
    cancel_planned(decision)?;
    for leg in &mut decision.whole.legs {
        if leg.state == LegState::Included && matches!(leg.kind, LegKind::Delegation { .. }) {
            leg.state = leg_step(leg.kind, leg.state, LegEvent::Release)?;
        }
    }
    Ok(())
}

/// Planned legs are dropped; nothing was signed for them.
fn cancel_planned(decision: &mut Decision) -> Result<(), Refused> {
    for leg in &mut decision.whole.legs {
        if leg.state == LegState::Planned {
            leg.state = leg_step(leg.kind, leg.state, LegEvent::Cancel)?;
            decision.wallets.extend(WalletChange::of_leg(leg.owner, leg.kind, -1, 0));
        }
    }
    Ok(())
}

/// The receiver's transfer was seen in a block: it uses a collection.
pub(super) fn used(
    decision: &mut Decision,
    txid: TxId,
    at: UnixMillis,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let order = &mut decision.whole.order;
    // A fork put it into another block.
    if order.used_by == Some(txid) && order.state == OrderState::Delivered {
        if order.used == Some(at) || order.collection().is_none() {
            return Err(Refused::NoChange);
        }
        order.used = Some(at);
        return Ok(());
    }
    let is_counted = around.others.iter().any(|other| other.order.used_by == Some(txid));
    let is_collection = decision.whole.order.collection().is_some();
    if is_counted || !is_collection || !decision.whole.awaits_use(at) {
        return Err(Refused::NoChange);
    }
    // The merchant was faster than our reading: what was promised was there, and was used.
    if decision.whole.order.is_to_be_filled() {
        deliver(decision, around.moment.now);
    }
    (decision.whole.order.used, decision.whole.order.used_by) = (Some(at), Some(txid));
    release(decision, around)
}

/// A call used energy of a plain order: once it is used up, what was lent goes back.
pub(super) fn consumed(
    decision: &mut Decision,
    one: Use,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let whole = &mut decision.whole;
    if let Some(before) = whole.uses.iter_mut().find(|before| before.txid == one.txid) {
        // A fork put it into another block.
        if before.at == one.at || whole.order.ended.is_some() {
            return Err(Refused::NoChange);
        }
        before.at = one.at;
        if whole.order.used_by == Some(one.txid) {
            whole.order.used = Some(one.at);
        }
        return Ok(());
    }
    if !whole.follows_use() || !whole.awaits_use(one.at) {
        return Err(Refused::NoChange);
    }
    decision.whole.uses.push(one);
    if !decision.whole.is_used_up() {
        return Ok(());
    }
    if decision.whole.order.is_to_be_filled() {
        deliver(decision, around.moment.now);
    }
    (decision.whole.order.used, decision.whole.order.used_by) = (Some(one.at), Some(one.txid));
    release(decision, around)
}

/// The merchant wants it to end now. One that is being filled is filled first: it was paid for, and
/// its callback is owed.
pub(super) fn stopped(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    let order = &mut decision.whole.order;
    if !order.is_open() {
        return Err(Refused::NoChange);
    }
    order.stopped = Some(around.moment.now);
    match order.state {
        OrderState::Delivered => {
            // One that was being filled again needs nothing more, whoever else is on the address.
            cancel_planned(decision)?;
            release(decision, around)
        }
        OrderState::Filling | OrderState::Ended | OrderState::Refunded => Ok(()),
    }
}

/// A fork undid the receiver's transfer or a call that used energy, so it is expected again: what was not
/// taken back yet stays, and what was is lent again.
pub(super) fn unused(
    decision: &mut Decision,
    txid: TxId,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let whole = &mut decision.whole;
    let counted = whole.uses.len();
    if whole.order.ended.is_none() {
        whole.uses.retain(|one| one.txid != txid);
    }
    let is_theirs = whole.order.used_by == Some(txid) || whole.uses.len() < counted;
    if !is_theirs || whole.order.ended.is_some() {
        return Err(Refused::NoChange);
    }
    if whole.order.used.is_none() {
        return Ok(());
    }
    if let Some(last) = whole.uses.last().filter(|_| whole.is_used_up()) {
        (whole.order.used, whole.order.used_by) = (Some(last.at), Some(last.txid));
        return Ok(());
    }
    (whole.order.used, whole.order.used_by) = (None, None);
    if !is_wanted(&decision.whole, around) {
        return Ok(());
    }
    for leg in &mut decision.whole.legs {
        if leg.state == LegState::Owed && !leg.kind.is_leftover() {
            leg.state = leg_step(leg.kind, leg.state, LegEvent::Keep)?;
        }
    }
    let is_gone = |leg: &Leg| matches!(leg.state, LegState::Returning | LegState::Returned);
    if decision.whole.fill_legs().any(is_gone) {
        spoil(decision);
    }
    Ok(())
}

/// What used it is there for good: with everything back, the order ends; its money is given back if it
/// was used without anything of what it lent.
pub(super) fn use_proven(
    decision: &mut Decision,
    calls: &[TxId],
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let whole = &decision.whole;
    let is_awaited = whole.order.state == OrderState::Delivered
        && whole.is_back()
        && !calls.is_empty()
        && whole.uses_to_prove().all(|(txid, _)| calls.contains(&txid))
        && may_end(whole, &around.moment, around.limits);
    if !is_awaited {
        return Err(Refused::NoChange);
    }
    // A fork has undone for good what it lent, and its receiver managed without.
    if came_to_nothing(whole) {
        return refund(decision, around);
    }
    end(decision, around.moment.now);
    Ok(())
}

/// Time passed: refund, release or end.
pub(super) fn tick(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    let whole = &decision.whole;
    let is_late = is_overdue(whole, &around.moment, around.limits) && !is_waiting(whole);
    match whole.order.state {
        OrderState::Filling | OrderState::Delivered if whole.order.is_to_be_filled() => {
            if is_late {
                refund(decision, around)
            } else {
                Err(Refused::NoChange)
            }
        }
        OrderState::Delivered => release(decision, around),
        OrderState::Refunded => take_back(decision, around),
        OrderState::Filling | OrderState::Ended => Err(Refused::NoChange),
    }
}

/// Everything lent is to go back, if it may; with nothing left to come back, and what was lent solid, the
/// order ends, unless its use is to be proven first.
fn release(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    take_back(decision, around)?;
    let whole = &decision.whole;
    let is_to_prove = whole.uses_to_prove().next().is_some();
    if !whole.is_back() || is_to_prove || !may_end(whole, &around.moment, around.limits) {
        return Ok(());
    }
    // Its merchant ended it, and a fork has undone for good what it lent.
    if came_to_nothing(whole) {
        return refund(decision, around);
    }
    end(decision, around.moment.now);
    Ok(())
}

fn end(decision: &mut Decision, now: UnixMillis) {
    let order = &mut decision.whole.order;
    (order.state, order.ended) = (OrderState::Ended, Some(now));
}

/// What the merchant is told, if an address for it is known.
fn callback(whole: &WholeOrder, outcome: Outcome) -> Option<CallbackEvent> {
    let order = &whole.order;
    let is_of = |wanted: Resource| move |kind: &LegKind| matches!(kind, LegKind::Delegation { resource, .. } if *resource == wanted);
    Some(CallbackEvent {
        order: order.id,
        key: order.key,
        origin: order.origin,
        period: order.kind.period(),
        url: order.callback_url.clone()?,
        outcome,
        receiver: order.receiver,
        reference: order.reference.clone(),
        energy: order.energy.get(),
        energy_delegated: whole.lent_units(Resource::Energy),
        amount: if outcome == Outcome::Delivered { order.price } else { Sun::ZERO },
        activation: whole.delivered_tx(|kind| *kind == LegKind::Activation),
        bandwidth: whole.delivered_tx(is_of(Resource::Bandwidth)),
        delegation: whole.delivered_tx(is_of(Resource::Energy)),
    })
}
