//! Filling: read back, delivered or topped up, and used.

use tron::{Address, Energy, Resource, Sun, TxId};

use super::accept::number_legs;
use super::{Decision, Refused, Surroundings, WalletChange, ending};
use crate::callback::{CallbackEvent, Outcome};
use crate::collect::plan::units_for_sun;
use crate::collect::{ChainTotals, Need, Reading, plan_legs};
use crate::ledger::facts::order_settled;
use crate::leg::{Leg, LegKind, LegState};
use crate::limits::{ORDER_LEGS_EVER_MAX, ORDER_LEGS_MAX};
use crate::order::next::{is_long_overdue, is_overdue};
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
///
/// A receiver that uses what it was lent for something else is lent to once more, and then has had it.
///
/// After the deadline it is only found out whether it was filled in time: nothing more is lent then.
pub(super) fn read_back(
    decision: &mut Decision,
    read: ReadBack,
    around: &Surroundings<'_>,
    pool: &Pool,
) -> Result<(), Refused> {
    let order = &decision.whole.order;
    let is_awaited = order.may_come_again(around.moment.chain_now);
    if !order.is_to_be_filled() || is_awaited || !decision.whole.is_filled() {
        return Err(Refused::NoChange);
    }
    let again = around.moment.now.after_ms(around.limits.reread_ms);
    let is_late = is_overdue(&decision.whole, &around.moment, around.limits);
    if !shows_what_is_lent(&decision.whole, around.others, &read) {
        // Whoever was asked has seen the chain up to the legs: somebody has taken back what they lent.
        if is_late {
            return ending::refund(decision, around);
        }
        decision.due = again;
        return Ok(());
    }
    let mut need = decision.whole.need(&read.reading, &read.totals, around.others);
    if need.is_nothing() {
        // Somebody else supplied what we were paid for and did not: that is not ours to earn.
        if decision.whole.came_to_nothing() {
            return ending::refund(decision, around);
        }
        deliver(decision, around.moment.now);
        return Ok(());
    }
    // What others have sent may be in what was read, or not. Only without it something is short for
    // certain; with it, somebody would be left short or be lent to for nothing.
    let waits = !is_long_overdue(&decision.whole, &around.moment, around.limits);
    if waits && need.energy > Energy::ZERO && around.others.iter().any(has_energy_in_doubt) {
        decision.due = again;
        return Ok(());
    }
    if decision.whole.is_used_by_its_receiver(&need, &read, around.others) {
        need.energy = Energy::ZERO;
    }
    if need.is_nothing() {
        deliver(decision, around.moment.now);
        return Ok(());
    }
    if is_late {
        return ending::refund(decision, around);
    }
    let is_there = |leg: &&Leg| !matches!(leg.state, LegState::Dropped | LegState::Returned);
    let (existing, there) =
        (decision.whole.legs.len(), decision.whole.fill_legs().filter(is_there).count());
    let fits =
        |more: usize| there + more <= ORDER_LEGS_MAX && existing + more <= ORDER_LEGS_EVER_MAX;
    match top_up(&decision.whole, need, &read, around, pool) {
        Ok((planned, left)) if fits(planned.len()) => {
            let mut legs = number_legs(decision.whole.order.id, existing, planned);
            decision.whole.legs.append(&mut legs);
            decision.wallets.extend(WalletChange::between(pool, &left));
        }
        Ok(_) if decision.whole.has_what_it_takes(&read, around.others) => {
            deliver(decision, around.moment.now);
        }
        Ok(_) => return ending::refund(decision, around),
        // Capacity comes back as others return it; the deadline ends the wait.
        Err(_) => decision.due = again,
    }
    Ok(())
}

/// Whether energy that it lends may be on chain without being known to be.
fn has_energy_in_doubt(whole: &WholeOrder) -> bool {
    let mut legs = whole.legs.iter().filter(|leg| leg.state == LegState::Signed);
    legs.any(|leg| leg.energy_stake() > Sun::ZERO)
}

/// The legs for a shortfall and the pool that is left, from other wallets than those that failed
/// this order if they suffice: a wallet with the most free stake whose sends are refused would
/// otherwise be picked again and again.
fn top_up(
    whole: &WholeOrder,
    need: Need,
    read: &ReadBack,
    around: &Surroundings<'_>,
    pool: &Pool,
) -> Result<(Vec<(Address, LegKind)>, Pool), NoCapacity> {
    let has_failed = |owner: Address| {
        whole.legs.iter().any(|leg| leg.owner == owner && leg.state == LegState::Dropped)
    };
    let margin_ppm = around.limits.energy_margin_ppm;
    let need = whole.need_with_margin(need, read, margin_ppm);
    let plan = |mut left: Pool| {
        let planned = plan_legs(&need, &read.totals, margin_ppm, &mut left)?;
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
    // What was lent may have left before it comes again: the tokens have moved all the same.
    let is_awaited = decision.whole.order.awaits_again(txid) || decision.whole.awaits_use(at);
    if is_counted || !is_collection || !is_awaited {
        return Err(Refused::NoChange);
    }
    // The merchant was faster than our reading: what was promised was there, and was used.
    if decision.whole.order.is_to_be_filled() {
        deliver(decision, around.moment.now);
    }
    (decision.whole.order.used, decision.whole.order.used_by) = (Some(at), Some(txid));
    ending::release(decision, around)
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
    ending::release(decision, around)
}

/// What the merchant is told, if an address for it is known.
pub(super) fn callback(whole: &WholeOrder, outcome: Outcome) -> Option<CallbackEvent> {
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
