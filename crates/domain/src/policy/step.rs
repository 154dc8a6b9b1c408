//! Every change of a policy: an event comes in, a [`PolicyDecision`] goes out.

use tron::Energy;

use super::limits::{FAILED_AGAIN_MAX_MS, LACKING_AGAIN_MAX_MS, RECHECK_MAX_MS, again_ms};
use super::{Count, CountEdit, CountTerms, Policy, PolicyState, PolicyStep, Terms};
use crate::id::{KeyId, OrderId};
use crate::time::UnixMillis;

/// How a refill ended for its policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefillEnd {
    /// A transfer used it.
    Used,
    /// It ran out unused.
    Unused,
    /// An auto policy's refill is there, and stays for its day whatever is used of it.
    Served,
    /// It could not be filled; the money is back.
    Failed,
}

/// Why a refill could not be ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// The merchant cannot pay.
    Balance,
    /// The pool cannot supply it.
    Energy,
    /// Anything else: the chain cannot be read, the merchant is paused, the address is full.
    Other,
}

/// Something that happened to a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyEvent {
    /// A refill was ordered, in the commit that this is part of.
    Refilled(OrderId),
    /// A refill could not be ordered.
    Lacking(Lack),
    /// Nothing is missing on the address.
    Satisfied,
    /// The open refill is on the address.
    Ready(OrderId),
    /// The open refill is over.
    Over(OrderId, RefillEnd),
    /// The address made a transfer of the token that it paid for.
    Transferred,
    /// A fork dropped a transfer that was counted; `is_deducted` says that it had been taken from
    /// what is left.
    Undone {
        /// Whether it had been taken from what is left.
        is_deducted: bool,
    },
    /// A transfer of the address took this much.
    Spent(Energy),
    /// The merchant bought transfers.
    Bought(CountTerms),
    /// The merchant changed a count policy.
    Edited(CountEdit),
    /// The merchant bought days.
    Hired {
        /// The key that signs from now on.
        key: KeyId,
        /// Energy to keep; `None` follows the address.
        energy: Option<Energy>,
        /// How many days from now.
        period_days: i64,
    },
    /// The merchant switched it on or off.
    Switched(bool),
    /// A request changes it: who signed that pays for refills and signs callbacks from now on.
    AskedBy(KeyId),
    /// A refill is wanted, and its key works no more or may not order any more.
    KeyStopped,
    /// The operator, or somebody of its merchant at the console, switched it off.
    StoppedByPerson,
    /// Its days are over.
    TimeOver,
}

/// What becomes true together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyDecision {
    /// The policy as it is from now on.
    pub policy: Policy,
    /// When it wants to be looked at next; now, unless there is a reason to wait.
    pub due: UnixMillis,
}

/// Why an event does not apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyRefused {
    /// It does not fit where the policy stands: another was first.
    #[error("the policy is not in a state for this")]
    NotNow,
    /// It is about the other kind of policy.
    #[error("the policy is of another kind")]
    OtherKind,
    /// Fewer transfers are left than are to be taken away.
    #[error("only {left} transfers are left")]
    TooFewLeft {
        /// How many.
        left: i64,
    },
    /// More transfers would be left than a policy can have.
    #[error("{left} transfers are left, and more than the limit would be")]
    TooManyLeft {
        /// How many.
        left: i64,
    },
}

/// A change of where a policy stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// Idle for too long, or by the merchant.
    Pause,
    /// By the merchant, or because more was bought or a fork gave a transfer back.
    Resume,
    /// By the merchant.
    Disable,
    /// The last transfer was made, or the time is over.
    End,
}

/// Where a move leads; `None` where the table in `docs/policies.md` has no arrow.
#[must_use]
pub fn moved(state: PolicyState, by: Move) -> Option<PolicyState> {
    use PolicyState::{Disabled, Enabled, Ended, Paused};
    match (state, by) {
        (Enabled, Move::Pause) => Some(Paused),
        (Enabled | Paused, Move::Disable) => Some(Disabled),
        (Enabled | Paused, Move::End) => Some(Ended),
        (Paused | Disabled | Ended, Move::Resume) => Some(Enabled),
        (Enabled | Paused | Disabled | Ended, _) => None,
    }
}

/// The decision for an event.
///
/// Shape: pure, O(1). Errors: [`PolicyRefused`]; nothing has changed then.
pub fn step(
    policy: &Policy,
    event: PolicyEvent,
    now: UnixMillis,
) -> Result<PolicyDecision, PolicyRefused> {
    let mut decision = PolicyDecision { policy: policy.clone(), due: now };
    let next = &mut decision.policy;
    next.updated = now;
    match event {
        PolicyEvent::Refilled(order) => refilled(next, order, now)?,
        PolicyEvent::Lacking(lack) => {
            decision.due = lacking(next, lack, now)?;
        }
        PolicyEvent::Satisfied => {
            decision.due = satisfied(next, now)?;
        }
        PolicyEvent::Ready(order) => ready(next, order)?,
        PolicyEvent::Over(order, end) => over(next, order, end, now)?,
        PolicyEvent::Transferred => transferred(next)?,
        PolicyEvent::Undone { is_deducted } => undone(next, is_deducted)?,
        PolicyEvent::Spent(energy) => spent(next, energy)?,
        PolicyEvent::Bought(terms) => next.buy(terms, now)?,
        PolicyEvent::Edited(edit) => next.edit(edit, now)?,
        PolicyEvent::Hired { key, energy, period_days } => {
            next.hire(key, energy, period_days, now)?;
        }
        PolicyEvent::Switched(is_on) => next.switch(is_on, now)?,
        PolicyEvent::AskedBy(key) => next.key = key,
        PolicyEvent::KeyStopped => key_stopped(next)?,
        PolicyEvent::StoppedByPerson => next.stop()?,
        PolicyEvent::TimeOver => {
            next.take(Move::End)?;
            next.step = PolicyStep::Released;
        }
    }
    Ok(decision)
}

impl Policy {
    /// Makes a move.
    pub(super) fn take(&mut self, by: Move) -> Result<(), PolicyRefused> {
        self.state = moved(self.state, by).ok_or(PolicyRefused::NotNow)?;
        Ok(())
    }

    /// Forgets what went wrong before: the merchant did something about it, or it went well.
    pub(super) const fn start_afresh(&mut self, now: UnixMillis) {
        (self.failures, self.quiet_looks, self.not_before) = (0, 0, now);
    }

    /// Whether a refill may be ordered at this moment.
    pub(super) fn wants_refill(&self) -> bool {
        self.state == PolicyState::Enabled && self.open.is_none() && self.has_transfers_left()
    }
}

fn refilled(policy: &mut Policy, order: OrderId, now: UnixMillis) -> Result<(), PolicyRefused> {
    if !policy.wants_refill() || now < policy.not_before {
        return Err(PolicyRefused::NotNow);
    }
    policy.refills += 1;
    (policy.open, policy.step) = (Some(order), PolicyStep::Delegating);
    Ok(())
}

fn lacking(policy: &mut Policy, lack: Lack, now: UnixMillis) -> Result<UnixMillis, PolicyRefused> {
    if !policy.wants_refill() {
        return Err(PolicyRefused::NotNow);
    }
    policy.step = match lack {
        Lack::Balance => PolicyStep::BalanceLow,
        Lack::Energy => PolicyStep::EnergyLow,
        Lack::Other => PolicyStep::Waiting,
    };
    policy.failures = policy.failures.saturating_add(1);
    policy.not_before = now.after_ms(again_ms(policy.failures, LACKING_AGAIN_MAX_MS));
    Ok(policy.not_before)
}

/// Trying again would not help: the merchant has to say with which key it is to go on.
fn key_stopped(policy: &mut Policy) -> Result<(), PolicyRefused> {
    if !policy.wants_refill() {
        return Err(PolicyRefused::NotNow);
    }
    if matches!(policy.step, PolicyStep::BalanceLow | PolicyStep::EnergyLow) {
        policy.step = PolicyStep::Waiting;
    }
    policy.stop()
}

fn satisfied(policy: &mut Policy, now: UnixMillis) -> Result<UnixMillis, PolicyRefused> {
    if !policy.wants_refill() {
        return Err(PolicyRefused::NotNow);
    }
    let quiet_looks = policy.quiet_looks.saturating_add(1);
    policy.start_afresh(now);
    policy.quiet_looks = quiet_looks;
    policy.step = match policy.step {
        PolicyStep::Delegating | PolicyStep::Delegated => PolicyStep::Delegated,
        PolicyStep::Released
        | PolicyStep::BalanceLow
        | PolicyStep::EnergyLow
        | PolicyStep::Waiting => PolicyStep::Waiting,
    };
    let recheck = now.after_ms(again_ms(quiet_looks, RECHECK_MAX_MS));
    Ok(match policy.terms {
        Terms::Count(_) => recheck,
        Terms::Auto(auto) => recheck.min(auto.ends),
    })
}

fn ready(policy: &mut Policy, order: OrderId) -> Result<(), PolicyRefused> {
    if policy.open != Some(order) || policy.step == PolicyStep::Delegated {
        return Err(PolicyRefused::NotNow);
    }
    (policy.step, policy.failures) = (PolicyStep::Delegated, 0);
    Ok(())
}

fn over(
    policy: &mut Policy,
    order: OrderId,
    end: RefillEnd,
    now: UnixMillis,
) -> Result<(), PolicyRefused> {
    if policy.open != Some(order) {
        return Err(PolicyRefused::NotNow);
    }
    policy.open = None;
    match end {
        RefillEnd::Used => {
            policy.start_afresh(now);
            policy.step = PolicyStep::Released;
            if let Terms::Count(count) = &mut policy.terms {
                count.unused = 0;
            }
        }
        RefillEnd::Served => {
            policy.start_afresh(now);
            policy.step = match policy.state {
                PolicyState::Enabled => PolicyStep::Delegated,
                PolicyState::Paused | PolicyState::Disabled | PolicyState::Ended => {
                    PolicyStep::Released
                }
            };
        }
        RefillEnd::Unused => {
            policy.start_afresh(now);
            policy.step = PolicyStep::Released;
            if let Terms::Count(count) = &mut policy.terms {
                count.unused = count.unused.saturating_add(1);
                if count.unused >= count.unused_max && policy.state == PolicyState::Enabled {
                    policy.take(Move::Pause)?;
                }
            }
        }
        RefillEnd::Failed => {
            policy.step = PolicyStep::Waiting;
            policy.failures = policy.failures.saturating_add(1);
            policy.not_before = now.after_ms(again_ms(policy.failures, FAILED_AGAIN_MAX_MS));
        }
    }
    Ok(())
}

fn transferred(policy: &mut Policy) -> Result<(), PolicyRefused> {
    let watches = policy.watches();
    let Terms::Count(count) = &mut policy.terms else { return Err(PolicyRefused::OtherKind) };
    if !watches {
        return Err(PolicyRefused::NotNow);
    }
    count.unused = 0;
    if count.is_perpetual {
        return Ok(());
    }
    count.left = (count.left - 1).max(0);
    let is_last = count.left == 0;
    if is_last && matches!(policy.state, PolicyState::Enabled | PolicyState::Paused) {
        policy.take(Move::End)?;
    }
    Ok(())
}

fn undone(policy: &mut Policy, is_deducted: bool) -> Result<(), PolicyRefused> {
    let Terms::Count(count) = &mut policy.terms else { return Err(PolicyRefused::OtherKind) };
    if is_deducted {
        count.left = count.left.saturating_add(1);
        if policy.state == PolicyState::Ended {
            count.unused = 0;
            policy.take(Move::Resume)?;
        }
    }
    Ok(())
}

fn spent(policy: &mut Policy, energy: Energy) -> Result<(), PolicyRefused> {
    let Terms::Auto(auto) = &mut policy.terms else { return Err(PolicyRefused::OtherKind) };
    // The dearest transfer lately: an eighth of it is forgotten with each cheaper one.
    let before = auto.usual.map_or(0, Energy::get);
    auto.usual = Some(Energy::new(energy.get().max(before - before / 8)));
    Ok(())
}

impl Count {
    /// Whether this differs from those terms by what is left.
    #[must_use]
    pub const fn is_deducted_from(&self, before: &Self) -> bool {
        self.left < before.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [PolicyState; 4] =
        [PolicyState::Enabled, PolicyState::Paused, PolicyState::Disabled, PolicyState::Ended];
    const MOVES: [Move; 4] = [Move::Pause, Move::Resume, Move::Disable, Move::End];

    #[test]
    fn the_document_shows_the_machine() {
        let mut table = "| state | move | next |\n|---|---|---|\n".to_owned();
        for state in STATES {
            for by in MOVES {
                if let Some(next) = moved(state, by) {
                    table.push_str(&format!("| {state:?} | {by:?} | {next:?} |\n"));
                }
            }
        }
        let document = include_str!("../../../../docs/policies.md");
        assert!(document.contains(&table), "docs/policies.md must hold this table:\n{table}");
    }
}
