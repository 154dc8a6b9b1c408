//! What a policy wants now, asked by its worker until it has to wait.

use super::limits::{RECHECK_MAX_MS, UNTOUCHED_PPM};
use super::step::{PolicyEvent, RefillEnd};
use super::{Policy, PolicyKind, PolicyState, PolicyStep, Terms};
use crate::id::OrderId;
use crate::order::{OrderState, WholeOrder};
use crate::time::UnixMillis;

/// What to do next for a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyAction {
    /// Something happened that it does not know yet.
    Tell(PolicyEvent),
    /// The open refill is not a whole one any more: end its order, so that a whole one replaces it.
    Stop(OrderId),
    /// Read the address, and order what is missing.
    Refill,
    /// Nothing before this moment unless something happens.
    Wait(UnixMillis),
    /// Nothing unless something happens.
    Rest,
}

/// What to do next for a policy; `open` is the order of its open refill.
///
/// Shape: pure, O(uses of the refill).
#[must_use]
pub fn next_action(policy: &Policy, open: Option<&WholeOrder>, now: UnixMillis) -> PolicyAction {
    if let Some(whole) = open {
        let order = &whole.order;
        if let Some(end) = end_of(policy, whole) {
            return PolicyAction::Tell(PolicyEvent::Over(order.id, end));
        }
        let is_there = order.state == OrderState::Delivered;
        if is_there && policy.step != PolicyStep::Delegated {
            return PolicyAction::Tell(PolicyEvent::Ready(order.id));
        }
        if is_there && order.stopped.is_none() && is_touched(whole) {
            return PolicyAction::Stop(order.id);
        }
    }
    if policy.state != PolicyState::Enabled {
        // What an open refill does is told when it happens.
        return PolicyAction::Rest;
    }
    let ends = match policy.terms {
        Terms::Count(_) => UnixMillis(i64::MAX),
        Terms::Auto(auto) => auto.ends,
    };
    if now >= ends {
        return PolicyAction::Tell(PolicyEvent::TimeOver);
    }
    if policy.open.is_some() {
        return PolicyAction::Wait(now.after_ms(RECHECK_MAX_MS).min(ends));
    }
    if now < policy.not_before {
        return PolicyAction::Wait(policy.not_before.min(ends));
    }
    PolicyAction::Refill
}

/// How the open refill ended, if it is over for its policy.
fn end_of(policy: &Policy, whole: &WholeOrder) -> Option<RefillEnd> {
    let order = &whole.order;
    let is_auto = policy.kind() == PolicyKind::Auto;
    let is_spent = order.used.is_some() || (order.stopped.is_some() && is_touched(whole));
    match order.state {
        OrderState::Refunded => Some(RefillEnd::Failed),
        OrderState::Delivered | OrderState::Ended if is_auto => Some(RefillEnd::Served),
        OrderState::Delivered | OrderState::Ended if is_spent => Some(RefillEnd::Used),
        OrderState::Ended => Some(RefillEnd::Unused),
        OrderState::Filling | OrderState::Delivered => None,
    }
}

/// Whether so much of a refill was used by calls that it is not one transfer's energy any more.
fn is_touched(whole: &WholeOrder) -> bool {
    let all = i128::from(whole.order.energy.get());
    i128::from(whole.energy_used().get()) * 1_000_000 > all * i128::from(UNTOUCHED_PPM)
}
