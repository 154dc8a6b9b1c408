//! What an order wants done now. Workers ask this, do one thing, record it, and ask again.

use tron::{Address, TxId};

use super::{Order, OrderState, WholeOrder};
use crate::leg::{Leg, LegState, Road};
use crate::limits::{OrderLimits, TRY_AGAIN_MAX_MS};
use crate::time::UnixMillis;
use crate::tx::{ChainTx, TxState};

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Send the stored bytes, for the first time or again.
    Send(TxId),
    /// Ask whether an expired transaction can still be anywhere.
    ProveLost(TxId),
    /// Ask whether what used it is in blocks that cannot be undone.
    ProveUse,
    /// Build, sign and store a transaction for a leg.
    Sign {
        /// Which leg.
        leg: u8,
        /// Which way.
        road: Road,
    },
    /// Read the receiver back and simulate its transfer.
    Read,
    /// Let time decide: refund, release or end.
    Tick,
    /// Nothing before this moment unless something happens.
    Wait(UnixMillis),
    /// Nothing ever again.
    Close,
}

/// The moment at which the question is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Wall time.
    pub now: UnixMillis,
    /// Timestamp of the newest block.
    pub chain_now: UnixMillis,
    /// Timestamp of the newest solid block.
    pub solid_now: UnixMillis,
}

/// What to do next for an order.
///
/// `others` are the other live orders on the same receiver; `blocked` are legs that whoever asks has no
/// key for: they are left to others, and what else the order wants does not wait for them.
/// Shape: pure, O(legs + transactions + others).
#[must_use]
pub fn next_action(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
    blocked: &[u8],
) -> Action {
    if whole.is_closed() {
        return Action::Close;
    }
    let mut wait = UnixMillis(i64::MAX);
    for tx in whole.txs.iter().filter(|tx| tx.state == TxState::Stored) {
        let act = follow(tx, moment, limits);
        let Action::Wait(until) = act else { return act };
        wait = wait.min(until);
    }
    if let Some(act) = return_next(whole, moment, limits, blocked, &mut wait) {
        return act;
    }
    if let Some(act) = lend_next(whole, others, moment, limits, blocked, &mut wait) {
        return act;
    }
    let idle = wait.min(moment.now.after_ms(IDLE_MS));
    if is_waiting(whole) {
        return Action::Wait(idle);
    }
    match whole.order.state {
        OrderState::Filling => filling(whole, moment, limits, idle),
        OrderState::Delivered if whole.order.is_spoiled() => filling(whole, moment, limits, idle),
        OrderState::Delivered if !is_over(whole, moment, limits) => {
            Action::Wait(wait.min(rent_end(whole, limits)))
        }
        OrderState::Delivered if whole.is_back() => end_next(whole, moment, limits, idle),
        OrderState::Ended => Action::Wait(wait.min(moment.now.after_ms(SETTLING_MS))),
        OrderState::Refunded if whole.is_back() => {
            Action::Wait(wait.min(moment.now.after_ms(SETTLING_MS)))
        }
        OrderState::Delivered | OrderState::Refunded => held(whole, others, moment, limits, wait),
    }
}

/// Whether what happened to an order lets another one on its receiver do what it waited for: lend, once
/// nothing is on its way back, or take back what it lent.
#[must_use]
pub fn makes_way(
    (before, after): (&WholeOrder, &WholeOrder),
    other: &WholeOrder,
    moment: &Moment,
    limits: &OrderLimits,
) -> bool {
    let has_own_activation = other.legs.iter().any(Leg::is_activating);
    let is_kept_from_lending = |one: &WholeOrder| keeps_from_lending(one, has_own_activation);
    let may_lend = other.order.is_to_be_filled()
        && is_kept_from_lending(before)
        && !is_kept_from_lending(after);
    let kept_until = |one: &WholeOrder| {
        let is_kept = keeps_from_release(one, &other.order, moment, limits);
        is_kept.then(|| rent_end(one, limits))
    };
    // Nothing is before every moment.
    may_lend || kept_until(after) < kept_until(before)
}

/// Whether nothing can be decided before the chain answers. What is left over goes back by itself
/// while an order is being filled.
pub(super) fn is_waiting(whole: &WholeOrder) -> bool {
    match whole.order.state {
        OrderState::Filling => whole.fill_legs().any(Leg::is_in_doubt),
        OrderState::Delivered | OrderState::Ended | OrderState::Refunded => {
            whole.is_in_doubt() || whole.is_returning()
        }
    }
}

/// Longest wait without a reason, in milliseconds: blocks become solid meanwhile.
const IDLE_MS: i64 = 60_000;

/// Longest wait of a final order for its last blocks to become solid, in milliseconds; whoever finds them
/// solid wakes it.
const SETTLING_MS: i64 = 600_000;

/// When filling has taken too long; filling again what a fork undid may take as long as the rent.
fn deadline(whole: &WholeOrder, limits: &OrderLimits) -> UnixMillis {
    let order = &whole.order;
    let again_secs = if order.is_spoiled() { order.rent_secs(limits.hold_secs) } else { 0 };
    order.created.after_secs(limits.fill_deadline_secs.saturating_add(again_secs))
}

/// Whether filling has taken too long.
pub(super) fn is_overdue(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    moment.now >= deadline(whole, limits)
}

/// Whether an order is given up whatever can be found out about it: what it lent has been there for as long as
/// anybody may count on it.
pub(super) fn is_long_overdue(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    moment.now >= deadline(whole, limits).after_secs(limits.hold_secs)
}

/// Whether filling an order, or giving that up, has to rest on everything that the chain shows: its transfer
/// may have been made, or come again, and nobody have been told.
#[must_use]
pub fn rests_on_the_chain(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    whole.order.is_spoiled() || (whole.is_to_be_read() && is_overdue(whole, moment, limits))
}

/// What a stored transaction wants: sent, sent again, or proven lost.
fn follow(tx: &ChainTx, moment: &Moment, limits: &OrderLimits) -> Action {
    if moment.chain_now >= tx.expiration {
        // Only a solid block past the expiration proves anything; until then it may sit in a block
        // that our node has not seen.
        return match moment.solid_now >= tx.expiration {
            true => Action::ProveLost(tx.txid),
            false => Action::Wait(moment.now.after_ms(limits.reread_ms)),
        };
    }
    match tx.sent_at.map(|at| at.after_ms(limits.resend_ms)) {
        Some(again) if moment.now < again => Action::Wait(again),
        Some(_) | None => Action::Send(tx.txid),
    }
}

/// What an order that is to be filled wants once nothing of it is on its way.
fn filling(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits, wait: UnixMillis) -> Action {
    if whole.order.may_come_again(moment.chain_now) {
        let wait = wait.min(moment.now.after_ms(limits.reread_ms));
        return Action::Wait(wait);
    }
    if is_overdue(whole, moment, limits) {
        // What it bought may have served its receiver while nobody was there to look.
        return if whole.is_to_be_read() { Action::Read } else { Action::Tick };
    }
    let wait = wait.min(deadline(whole, limits));
    if !whole.is_filled() {
        return Action::Wait(wait);
    }
    let again = lend_again(whole, moment, limits);
    if again > moment.now { Action::Wait(wait.min(again)) } else { Action::Read }
}

/// The next leg to take back, if one may be signed for now.
fn return_next(
    whole: &WholeOrder,
    moment: &Moment,
    limits: &OrderLimits,
    blocked: &[u8],
    wait: &mut UnixMillis,
) -> Option<Action> {
    for leg in whole.legs.iter().filter(|leg| leg.state == LegState::Owed) {
        let is_blocked = blocked.contains(&leg.id.number);
        let again = match is_blocked {
            true => moment.now.after_ms(limits.reread_ms),
            false => return_again(whole, leg, moment, limits),
        };
        if again <= moment.now {
            return Some(Action::Sign { leg: leg.id.number, road: Road::Back });
        }
        *wait = (*wait).min(again);
    }
    None
}

/// The next leg to lend, if one may be signed for now.
fn lend_next(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
    blocked: &[u8],
    wait: &mut UnixMillis,
) -> Option<Action> {
    let is_awaited = whole.order.may_come_again(moment.chain_now);
    if !whole.order.is_to_be_filled() || is_awaited || is_overdue(whole, moment, limits) {
        return None;
    }
    // An undelegation takes usable energy back in proportion, so what is on its way back must be
    // back before new energy is lent to the same address; and an address must exist to be lent to.
    let own_activation = whole.legs.iter().find(|leg| leg.is_activating());
    let is_in_the_way = |other| keeps_from_lending(other, own_activation.is_some());
    if whole.is_returning() || others.iter().any(is_in_the_way) {
        *wait = (*wait).min(moment.now.after_ms(limits.reread_ms));
        return None;
    }
    let is_signable =
        |leg: &&Leg| leg.state == LegState::Planned && !blocked.contains(&leg.id.number);
    let candidate = match own_activation {
        Some(activation) => Some(activation).filter(is_signable)?,
        None => whole.legs.iter().find(is_signable)?,
    };
    Some(Action::Sign { leg: candidate.id.number, road: Road::Out })
}

/// Whether nothing may be lent to a receiver because of another order on it.
fn keeps_from_lending(other: &WholeOrder, has_own_activation: bool) -> bool {
    other.is_returning() || (!has_own_activation && other.is_activating())
}

/// When a leg may be taken back: after each try that was lost, twice as long as before it.
///
/// Each try is a stored transaction, and a wallet that cannot pay for its bytes is refused for hours.
fn return_again(
    whole: &WholeOrder,
    leg: &Leg,
    moment: &Moment,
    limits: &OrderLimits,
) -> UnixMillis {
    try_again(
        whole.txs.iter().filter(|tx| tx.leg == leg.id && tx.road == Road::Back),
        moment,
        limits,
    )
}

/// When what is missing may be planned anew: after each round of tries that came to nothing, twice as
/// long as before it.
///
/// Why: whatever makes nodes refuse a wallet's delegation rarely ends within a block, and the tries of
/// an order are to last until its deadline. A round is over when a wallet comes to nothing once more;
/// until then the plan tries the others.
fn lend_again(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> UnixMillis {
    let lost = || whole.txs.iter().filter(|tx| tx.road == Road::Out && tx.state == TxState::Lost);
    let of_owner = |owner: Address| {
        let is_of =
            move |tx: &&ChainTx| whole.leg(tx.leg.number).is_some_and(|leg| leg.owner == owner);
        try_again(lost().filter(is_of).skip(1), moment, limits)
    };
    let owners = lost().filter_map(|tx| whole.leg(tx.leg.number)).map(|leg| leg.owner);
    owners.map(of_owner).max().unwrap_or(moment.now)
}

/// When to go on after these tries.
fn try_again<'a>(
    tries: impl Iterator<Item = &'a ChainTx>,
    moment: &Moment,
    limits: &OrderLimits,
) -> UnixMillis {
    let (mut count, mut last) = (0_u32, None);
    for tx in tries {
        count = count.saturating_add(1);
        // A try that lies ahead was recorded by a clock that went wrong.
        last = last.max(tx.sent_at.filter(|at| *at <= moment.now));
    }
    let Some(last) = last else { return moment.now };
    let factor = 2_i64.checked_pow(count.saturating_sub(1)).unwrap_or(i64::MAX);
    last.after_ms(limits.reread_ms.saturating_mul(factor).min(TRY_AGAIN_MAX_MS))
}

/// What a delivered order wants that is over and has everything back: to be ended.
fn end_next(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits, wait: UnixMillis) -> Action {
    if !may_end(whole, moment, limits) {
        return Action::Wait(wait);
    }
    let is_used = whole.uses_to_prove().next().is_some();
    if is_used { Action::ProveUse } else { Action::Tick }
}

/// What an order wants whose stake is to go back: nothing, while another one on its receiver counts on it.
fn held(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
    wait: UnixMillis,
) -> Action {
    if may_release(whole, others, moment, limits) {
        return Action::Tick;
    }
    // Whoever stands in the way and does something that ends it says so, see [`makes_way`].
    let in_the_way =
        others.iter().filter(|other| keeps_from_release(other, &whole.order, moment, limits));
    let end = in_the_way.map(|other| rent_end(other, limits)).max();
    let wait = wait.min(patience_end(whole, limits));
    Action::Wait(end.map_or(wait, |end| wait.min(end)))
}

/// Whether nothing is expected of a delivered order any more: it was used, its merchant ended it, or
/// the rent ended.
pub(super) fn is_over(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    let order = &whole.order;
    order.used.is_some() || order.stopped.is_some() || moment.now >= rent_end(whole, limits)
}

/// Whether a delivered order may end once everything is back: it is over, and neither what it lent nor
/// what used it can be undone any more.
pub(super) fn may_end(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    is_over(whole, moment, limits)
        && whole.is_lent_for_good()
        && whole.uses_to_prove().all(|(_, at)| moment.solid_now >= at)
}

/// When the energy has to go back even if it was not used.
fn rent_end(whole: &WholeOrder, limits: &OrderLimits) -> UnixMillis {
    let order = &whole.order;
    order.ready.unwrap_or(order.created).after_secs(order.rent_secs(limits.hold_secs))
}

/// Whether what was lent may be taken back now.
///
/// Taking back moves used energy in proportion. So where something was used it waits for other
/// orders on the address whose use is still to come, at most an hour, even if they bought nothing. An
/// hour's energy that nobody used goes back without waiting: nothing is spoiled.
///
/// What a refunded order lent waits for those that were delivered, used or not: who was read back before
/// its legs were known to be on chain may have counted on them, and a refunded order buys nothing more to
/// make up for that. One that is still being filled will be read back, and sees what left.
pub(super) fn may_release(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
) -> bool {
    let order = &whole.order;
    let is_refunded = order.state == OrderState::Refunded;
    if !is_refunded && !is_over(whole, moment, limits) {
        return false;
    }
    let is_unused = order.used.is_none() && whole.uses.is_empty();
    let is_untouched = !is_refunded && is_unused && order.returns_when_used();
    let is_in_the_way = |other| keeps_from_release(other, order, moment, limits);
    is_untouched || moment.now >= patience_end(whole, limits) || !others.iter().any(is_in_the_way)
}

/// Whether what an order lent stays because of another order on its receiver, if it is touched.
fn keeps_from_release(
    other: &WholeOrder,
    order: &Order,
    moment: &Moment,
    limits: &OrderLimits,
) -> bool {
    let is_refunded = order.state == OrderState::Refunded;
    let counts_on_it = !is_refunded || other.order.state == OrderState::Delivered;
    counts_on_it && other.would_be_spoiled() && !is_over(other, moment, limits)
}

/// When the promises of all orders that were accepted before this one was over are over, too.
///
/// What was accepted later counts with its stake on the way back, so others that come again and again
/// do not hold it for ever.
fn patience_end(whole: &WholeOrder, limits: &OrderLimits) -> UnixMillis {
    let rent_end = rent_end(whole, limits);
    let order = &whole.order;
    // A refunded one was over when it was refunded, and no other has an end yet.
    let over = order.stopped.into_iter().chain(order.ended).fold(rent_end, UnixMillis::min);
    over.after_secs(limits.fill_deadline_secs.saturating_add(limits.hold_secs))
}
