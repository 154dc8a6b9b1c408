//! What an order wants done now. Workers ask this, do one thing, record it, and ask again.

use tron::TxId;

use super::{OrderState, WholeOrder};
use crate::leg::{Leg, LegState, Road};
use crate::limits::{OrderLimits, RETURN_AGAIN_MAX_MS};
use crate::time::UnixMillis;
use crate::tx::{ChainTx, TxState};

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Send the stored bytes, for the first time or again.
    Send(TxId),
    /// Ask whether an expired transaction can still be anywhere.
    ProveLost(TxId),
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
/// `others` are the other live orders on the same receiver.
/// Shape: pure, O(legs + transactions + others).
#[must_use]
pub fn next_action(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
) -> Action {
    if whole.is_closed() {
        return Action::Close;
    }
    let mut wait = moment.now.after_ms(IDLE_MS);
    for tx in whole.txs.iter().filter(|tx| tx.state == TxState::Stored) {
        let act = follow(tx, moment, limits);
        let Action::Wait(until) = act else { return act };
        wait = wait.min(until);
    }
    if let Some(act) = sign_next(whole, others, moment, limits, &mut wait) {
        return act;
    }
    if is_waiting(whole) {
        return Action::Wait(wait);
    }
    match whole.order.state {
        OrderState::Filling if is_overdue(whole, moment, limits) => Action::Tick,
        OrderState::Filling if whole.is_filled() => Action::Read,
        OrderState::Filling => Action::Wait(wait.min(deadline(whole, limits))),
        OrderState::Delivered => delivered(whole, others, moment, limits, wait),
        OrderState::Ended | OrderState::Refunded => Action::Wait(wait),
    }
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

/// When filling has taken too long.
fn deadline(whole: &WholeOrder, limits: &OrderLimits) -> UnixMillis {
    whole.order.created.after_secs(limits.fill_deadline_secs)
}

/// Whether filling has taken too long.
pub(super) fn is_overdue(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    moment.now >= deadline(whole, limits)
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

/// The next leg to sign a transaction for, if one may be signed now.
fn sign_next(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
    wait: &mut UnixMillis,
) -> Option<Action> {
    for leg in whole.legs.iter().filter(|leg| leg.state == LegState::Owed) {
        let again = return_again(whole, leg, moment, limits);
        if again <= moment.now {
            return Some(Action::Sign { leg: leg.id.number, road: Road::Back });
        }
        *wait = (*wait).min(again);
    }
    if whole.order.state != OrderState::Filling || is_overdue(whole, moment, limits) {
        return None;
    }
    // An undelegation takes usable energy back in proportion, so what is on its way back must be
    // back before new energy is lent to the same address; and an address must exist to be lent to.
    let own_activation = whole.legs.iter().find(|leg| leg.is_activating());
    let is_in_the_way = |other: &WholeOrder| {
        other.is_returning() || (own_activation.is_none() && other.is_activating())
    };
    if whole.is_returning() || others.iter().any(is_in_the_way) {
        *wait = (*wait).min(moment.now.after_ms(limits.reread_ms));
        return None;
    }
    let candidate = match own_activation {
        Some(activation) => activation,
        None => whole.legs.iter().find(|leg| leg.state == LegState::Planned)?,
    };
    (candidate.state == LegState::Planned)
        .then_some(Action::Sign { leg: candidate.id.number, road: Road::Out })
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
    let tries = || whole.txs.iter().filter(|tx| tx.leg == leg.id && tx.road == Road::Back);
    // A try that lies ahead was recorded by a clock that went wrong.
    let past = tries().filter_map(|tx| tx.sent_at).filter(|at| *at <= moment.now);
    let Some(last) = past.max() else { return moment.now };
    let doublings = u32::try_from(tries().count()).unwrap_or(u32::MAX).saturating_sub(1);
    let factor = 2_i64.checked_pow(doublings).unwrap_or(i64::MAX);
    last.after_ms(limits.reread_ms.saturating_mul(factor).min(RETURN_AGAIN_MAX_MS))
}

/// What a delivered order wants: to be released once used or over, then to be ended.
fn delivered(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
    wait: UnixMillis,
) -> Action {
    if whole.legs.iter().all(Leg::is_closed) && is_over(whole, moment, limits) {
        return Action::Tick;
    }
    if may_release(whole, others, moment, limits) {
        return Action::Tick;
    }
    match is_over(whole, moment, limits) {
        true => Action::Wait(wait),
        false => Action::Wait(rent_end(whole, limits)),
    }
}

/// Whether nothing is expected of a delivered order any more: it was used, its merchant ended it, or
/// the rent ended.
pub(super) fn is_over(whole: &WholeOrder, moment: &Moment, limits: &OrderLimits) -> bool {
    let order = &whole.order;
    order.used.is_some() || order.stopped.is_some() || moment.now >= rent_end(whole, limits)
}

/// When the energy has to go back even if it was not used.
fn rent_end(whole: &WholeOrder, limits: &OrderLimits) -> UnixMillis {
    let order = &whole.order;
    order.ready.unwrap_or(order.created).after_secs(order.rent_secs(limits.hold_secs))
}

/// Whether what was lent may be taken back now.
///
/// Taking back moves used energy in proportion. So where something was used it waits for other
/// orders on the address whose use is still to come, at most an hour. An hour's energy that nobody
/// used goes back without waiting: nothing is spoiled.
pub(super) fn may_release(
    whole: &WholeOrder,
    others: &[WholeOrder],
    moment: &Moment,
    limits: &OrderLimits,
) -> bool {
    if !is_over(whole, moment, limits) {
        return false;
    }
    let order = &whole.order;
    let is_untouched = order.used.is_none() && order.returns_when_used() && whole.uses.is_empty();
    let is_in_the_way =
        |other: &WholeOrder| other.would_be_spoiled() && !is_over(other, moment, limits);
    is_untouched || !others.iter().any(is_in_the_way)
}
