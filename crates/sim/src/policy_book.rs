//! Policies as they were committed: a second memory to hold the product to.

use std::collections::{BTreeMap, BTreeSet};

use app::rows::Changes;
use domain::policy::Terms;
use domain::{OrderId, Origin, Policy, PolicyId, PolicyState};
use tron::TxId;

use crate::book::Violation;

/// Every policy, as it was last committed.
#[derive(Default)]
pub(crate) struct PolicyBook {
    pages: BTreeMap<PolicyId, Policy>,
    /// The transfers that count policies paid for.
    counted: BTreeSet<(PolicyId, TxId)>,
}

impl PolicyBook {
    /// Those that refill.
    pub(crate) fn enabled(&self) -> Vec<Policy> {
        let is_enabled = |policy: &&Policy| policy.state == PolicyState::Enabled;
        self.pages.values().filter(is_enabled).cloned().collect()
    }

    /// The transfers that are counted.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (PolicyId, TxId)> {
        self.counted.iter().copied()
    }

    /// Policies with a refill that is not over.
    pub(crate) fn open(&self) -> impl Iterator<Item = (PolicyId, OrderId)> {
        self.pages.values().filter_map(|policy| Some((policy.id, policy.open?)))
    }

    /// Takes note of a commit; `is_new` says that its order was not known before.
    pub(crate) fn record(&mut self, changes: &Changes, is_new: bool) -> Result<(), Violation> {
        let placed = changes.whole.as_ref().filter(|_| is_new).and_then(|whole| {
            let policy = match whole.order.origin {
                Origin::CountPolicy(policy) | Origin::AutoPolicy(policy) => policy,
                Origin::Api | Origin::Manual => return None,
            };
            Some((policy, whole.order.id))
        });
        let Some(after) = &changes.policy else {
            return match placed {
                None => Ok(()),
                Some((policy, order)) => {
                    let text = format!("{policy:?} does not know of it");
                    Err(("a policy knows its refills", order, text))
                }
            };
        };
        let before = self.pages.insert(after.id, after.clone());
        check_refill(before.as_ref(), after, placed)?;
        self.count(before.as_ref(), after, changes)
    }

    /// What is left changes by what was counted, and by what the merchant asks for.
    fn count(
        &mut self,
        before: Option<&Policy>,
        after: &Policy,
        changes: &Changes,
    ) -> Result<(), Violation> {
        let wrong = |text| Err(("a policy counts each transfer once", subject(after), text));
        let mut moved = 0;
        if let Some(counted) = &changes.counted {
            if !self.counted.insert((counted.policy, counted.txid)) {
                return wrong(format!("{} was counted before", counted.txid));
            }
            moved -= i64::from(counted.is_deducted);
        }
        if let Some(counted) = &changes.uncounted {
            if !self.counted.remove(&(counted.policy, counted.txid)) {
                return wrong(format!("{} was not counted", counted.txid));
            }
            moved += i64::from(counted.is_deducted);
        }
        let left = |policy: &Policy| match policy.terms {
            Terms::Count(count) => Some(count.left),
            Terms::Auto(_) => None,
        };
        let (was, is) = (before.and_then(left), left(after));
        let wanted = was.map(|left| left + moved);
        if changes.answers.is_none() && is != wanted {
            return wrong(format!("{is:?} are left, not {wanted:?}"));
        }
        Ok(())
    }
}

/// A refill is ordered with the commit that its policy knows it from, and one at a time.
fn check_refill(
    before: Option<&Policy>,
    after: &Policy,
    placed: Option<(PolicyId, OrderId)>,
) -> Result<(), Violation> {
    let refills = after.refills - before.map_or(0, |before| before.refills);
    let is_told =
        placed.is_none_or(|(policy, order)| (policy, Some(order)) == (after.id, after.open));
    if refills != i64::from(placed.is_some()) || !is_told {
        let text = format!("{refills} refills more, and {placed:?} was ordered: {after:?}");
        return Err(("a policy knows its refills", subject(after), text));
    }
    let open = before.and_then(|before| before.open);
    match (open, placed) {
        (Some(open), Some((policy, order))) => {
            let text = format!("{policy:?} has {open}, which is not over");
            Err(("a policy has one refill at a time", order, text))
        }
        _ => Ok(()),
    }
}

/// The order in whose story a policy is told.
fn subject(policy: &Policy) -> OrderId {
    policy.open.unwrap_or(OrderId([0; 16]))
}
