//! The end of an order: released, stopped, ended, or refunded.

use tron::{Sun, TxId};

use super::{Decision, Refused, Surroundings, WalletChange, fill};
use crate::callback::Outcome;
use crate::ledger::facts::{order_partly_refunded, order_refunded, order_released};
use crate::leg::{LegEvent, LegKind, LegState, step as leg_step};
use crate::order::OrderState;
use crate::order::next::{is_long_overdue, is_overdue, is_waiting, may_end, may_release};

/// It could not be filled, or not again: the money is given back in full, planned legs are dropped, and
/// the rest is taken back as soon as no delivered order on the address counts on it. A merchant that was
/// told of its delivery is not told again.
///
/// Nothing is in doubt here, so no leg can appear on chain afterwards.
pub(super) fn refund(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
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
        decision.callback = fill::callback(&decision.whole, Outcome::Refunded);
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

/// What used it is there for good: with everything back, the order ends.
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
    end(decision, around)
}

/// Time passed: refund, release or end.
pub(super) fn tick(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    let whole = &decision.whole;
    let is_awaited = whole.order.may_come_again(around.moment.chain_now);
    let is_late = is_overdue(whole, &around.moment, around.limits);
    // Who can read it does that first, however late it is.
    let is_to_be_read =
        whole.is_to_be_read() && !is_long_overdue(whole, &around.moment, around.limits);
    let is_late = is_late && !is_awaited && !is_waiting(whole) && !is_to_be_read;
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
pub(super) fn release(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    take_back(decision, around)?;
    let whole = &decision.whole;
    let is_to_prove = whole.uses_to_prove().next().is_some();
    if !whole.is_back() || is_to_prove || !may_end(whole, &around.moment, around.limits) {
        return Ok(());
    }
    end(decision, around)
}

/// Nothing more will happen: what it was charged for and never had is paid back, all of it or the part.
///
/// A fork undid it for good, and its receiver managed without or its merchant had ended it; or somebody else
/// supplied it before we did.
fn end(decision: &mut Decision, around: &Surroundings<'_>) -> Result<(), Refused> {
    if decision.whole.came_to_nothing() {
        return refund(decision, around);
    }
    let (undone, now) = (decision.whole.undone(), around.moment.now);
    let order = &mut decision.whole.order;
    order.part_refunded = order.unit_prices.of(&undone).min(order.price);
    if order.part_refunded > Sun::ZERO {
        let (id, merchant, part) = (order.id, order.merchant, order.part_refunded);
        decision.ledger.push(order_partly_refunded(id, merchant, part, now));
    }
    (order.state, order.ended) = (OrderState::Ended, Some(now));
    Ok(())
}
