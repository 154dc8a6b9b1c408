//! What a fork undoes of a delivered order: what it lent, or what used it.

use tron::TxId;

use super::{Decision, Refused, Surroundings};
use crate::leg::{Leg, LegEvent, LegState, step as leg_step};
use crate::limits::UNDONE_USE_WAIT_MAX_SECS;
use crate::order::next::is_over;
use crate::order::{OrderState, WholeOrder};
use crate::time::UnixMillis;

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

/// A fork undid the receiver's transfer or a call that used energy, so it is expected again: what was not
/// taken back yet stays, and what was is lent again, but only when the very same cannot come again.
pub(super) fn unused(
    decision: &mut Decision,
    txid: TxId,
    expiration: Option<UnixMillis>,
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
    let latest = around.moment.chain_now.after_secs(UNDONE_USE_WAIT_MAX_SECS);
    let until = expiration.map_or(latest, |expiration| expiration.min(latest));
    whole.order.undone_until = whole.order.undone_until.max(Some(until));
    if whole.order.used.is_none() {
        return Ok(());
    }
    if let Some(last) = whole.uses.last().filter(|_| whole.is_used_up()) {
        (whole.order.used, whole.order.used_by) = (Some(last.at), Some(last.txid));
        return Ok(());
    }
    (whole.order.used, whole.order.used_by) = (None, None);
    if whole.order.collection().is_some() {
        whole.order.undone_by = Some(txid);
    }
    if !is_wanted(&decision.whole, around) {
        return Ok(());
    }
    for leg in &mut decision.whole.legs {
        if leg.state == LegState::Owed && !leg.kind.is_leftover() {
            leg.state = leg_step(leg.kind, leg.state, LegEvent::Keep)?;
        }
    }
    let is_gone = |leg: &Leg| {
        matches!(leg.state, LegState::Returning | LegState::Returned | LegState::Dropped)
    };
    if decision.whole.fill_legs().any(is_gone) {
        spoil(decision);
    }
    Ok(())
}

/// A transfer that a fork had dropped came again and failed, as when what was lent had left before it:
/// there is nothing more to wait for.
pub(super) fn failed_again(decision: &mut Decision, txid: TxId) -> Result<(), Refused> {
    let order = &mut decision.whole.order;
    if !order.awaits_again(txid) {
        return Err(Refused::NoChange);
    }
    (order.undone_by, order.undone_until) = (None, None);
    Ok(())
}
