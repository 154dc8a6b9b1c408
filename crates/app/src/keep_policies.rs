//! Keep policies: take one that is due, ask what it wants, do that, and ask again.
//!
//! A reconciler like the worker of orders: no input but the row, no retry inside. The order of a
//! refill, its hold and the policy's step are one commit, so a use is refilled once whatever dies.

use domain::order::step::{NewOrder, Offer, Refused, Wanted, accept};
use domain::order::{Decision, Event};
use domain::policy::refill::{origin_of, refill_need};
use domain::policy::{
    Lack, PolicyAction, PolicyEvent, PolicyRefused, RefillNeed, Sight, next_action, step,
};
use domain::{OrderId, Period, Policy, UnixMillis};
use node::NodeError;
use tron::{Bandwidth, Energy};

use crate::App;
use crate::order_event::Ground;
use crate::ports::StoreError;
use crate::read_receiver::reading_of;
use crate::rows::{Attention, Changes, Needs, PolicyKey, PolicyLease, Rows};
use crate::work::commit;

/// Most steps that one claim makes; the rest waits for the next claim.
pub const POLICY_STEPS_MAX: usize = 8;

/// Why a policy could not be kept now. It stays due.
#[derive(Debug, thiserror::Error)]
pub enum KeepFailed {
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

/// What came of a try at a refill.
enum Refill {
    /// It was ordered, or there is a reason to wait that the policy knows now: ask again.
    Decided,
    /// Nothing can be said before this moment.
    At(UnixMillis),
}

impl App {
    /// Keeps a policy that was taken, until it has to wait, and gives it back.
    ///
    /// Errors: [`KeepFailed`]; it is then due again after the reread interval, unless another has claimed
    /// it since.
    pub async fn keep_policy(&self, lease: PolicyLease) -> Result<(), KeepFailed> {
        let again = || Some(self.clock.now().after_ms(self.settings.limits.reread_ms));
        let outcome = self.keep_steps(lease).await;
        let due = match &outcome {
            Ok(due) => *due,
            Err(KeepFailed::Store(StoreError::LeaseLost)) => return Ok(()),
            Err(_) => again(),
        };
        match self.store.release_policy(lease, due).await {
            Ok(()) | Err(StoreError::LeaseLost) => outcome.map(drop),
            Err(error) => Err(error.into()),
        }
    }

    /// When it is due again; `None` when it rests.
    async fn keep_steps(&self, lease: PolicyLease) -> Result<Option<UnixMillis>, KeepFailed> {
        for _ in 0..POLICY_STEPS_MAX {
            let Some(view) = self.store.policy_view(lease.policy).await? else { return Ok(None) };
            let now = self.clock.now();
            match next_action(&view.policy, view.open.as_ref(), now) {
                PolicyAction::Tell(event) => {
                    self.tell_event(lease, event).await?;
                }
                PolicyAction::Stop(order) => {
                    let ground = Ground { policy_lease: Some(lease), ..Ground::default() };
                    let stopped = self.apply_on(order, Event::Stopped, ground).await?;
                    if let Err(refused) = stopped {
                        tracing::debug!(order.id = %order, "a refill was not stopped: {refused}");
                    }
                }
                PolicyAction::Refill => match self.refill(lease, &view.policy).await? {
                    Refill::Decided => {}
                    Refill::At(due) => return Ok(Some(due)),
                },
                PolicyAction::Wait(until) => return Ok(Some(until)),
                PolicyAction::Rest => return Ok(None),
            }
        }
        Ok(Some(self.clock.now()))
    }

    /// Commits an event; that another was first is fine.
    async fn tell_event(&self, lease: PolicyLease, event: PolicyEvent) -> Result<(), StoreError> {
        let (id, now) = (lease.policy, self.clock.now());
        let policy = Some(PolicyKey::Id(id));
        let needs = Needs { policy, policy_lease: Some(lease), ..Needs::default() };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), PolicyRefused> {
            let policy = rows.policy.as_ref().ok_or(PolicyRefused::NotNow)?;
            let next = step(policy, event, now)?.policy;
            Ok((Changes { policy: Some(next), ..Changes::default() }, ()))
        };
        if let Err(refused) = commit(&*self.store, needs, decide).await? {
            tracing::debug!(policy.id = id.0, "an event changed nothing: {refused}");
        }
        Ok(())
    }

    /// Reads the address and orders what it lacks, or notes why not.
    ///
    /// Shape: one node request, shared within a block, and one commit.
    async fn refill(&self, lease: PolicyLease, policy: &Policy) -> Result<Refill, KeepFailed> {
        let Some(sight) = self.look_at_address(policy).await? else {
            self.tell_event(lease, PolicyEvent::Lacking(Lack::Other)).await?;
            return Ok(Refill::Decided);
        };
        let needs = Needs {
            merchant: Some(policy.merchant),
            spend: Some((policy.key, self.clock.now().day_utc8())),
            key: Some(policy.key),
            receiver: Some(policy.receiver),
            pool: true,
            policy: Some(PolicyKey::Id(policy.id)),
            policy_lease: Some(lease),
            ..Needs::default()
        };
        let (app, now) = (self.clone(), self.clock.now());
        let id = self.ids.order_id(now);
        let decide = move |rows: &Rows| app.decide_refill(id, &sight, now, rows);
        match commit(&*self.store, needs, decide).await? {
            Ok(Some(due)) => {
                self.order_bell.notify_one();
                Ok(if due > now { Refill::At(due) } else { Refill::Decided })
            }
            Ok(None) => {
                let (id, key) = (policy.id.0, policy.key.0);
                tracing::warn!(
                    policy.id = id,
                    key.id = key,
                    "a policy stops: its key is revoked or lacks the scope \"order\""
                );
                Ok(Refill::Decided)
            }
            Err(refused) => {
                tracing::debug!(policy.id = policy.id.0, "a refill was not wanted: {refused}");
                Ok(Refill::Decided)
            }
        }
    }

    /// What the chain says about the address; `None` when it cannot be served.
    async fn look_at_address(&self, policy: &Policy) -> Result<Option<Sight>, KeepFailed> {
        let Some(view) = self.view.get() else { return Ok(None) };
        let account = match self.cached_node.account(policy.receiver).await {
            Ok(account) => account,
            Err(failed) => {
                let id = policy.id.0;
                tracing::warn!(
                    policy.id = id,
                    "the chain could not be read for a policy: {failed}"
                );
                return Ok(None);
            }
        };
        let target = policy.target(self.settings.energy_to_holder);
        Ok(account.filter(|account| !account.is_contract).map(|account| Sight {
            reading: reading_of(Some(&account), &view, target),
            totals: view.totals,
            balance: account.balance,
            byte_price: view.parameters.bandwidth_fee,
        }))
    }

    /// The refill's order with everything that belongs to it, or the policy with the reason why there
    /// is none; and when to look again, `None` if its key has stopped it.
    fn decide_refill(
        &self,
        id: OrderId,
        sight: &Sight,
        now: UnixMillis,
        rows: &Rows,
    ) -> Result<(Changes, Option<UnixMillis>), PolicyRefused> {
        let policy = rows.policy.as_ref().ok_or(PolicyRefused::NotNow)?;
        // Inside the transaction: another worker may have ordered it meanwhile.
        if next_action(policy, None, now) != PolicyAction::Refill {
            return Err(PolicyRefused::NotNow);
        }
        let note = |event: PolicyEvent| -> Result<(Changes, Option<UnixMillis>), PolicyRefused> {
            let decision = step(policy, event, now)?;
            let changes = Changes { policy: Some(decision.policy), ..Changes::default() };
            Ok((changes, Some(decision.due)))
        };
        // Inside the transaction, like the cap: whoever revokes a key is sure that nothing follows. One
        // that was adopted since the needs were named is looked at in the next step.
        match &rows.key {
            Some(key) if key.id != policy.key => return Err(PolicyRefused::NotNow),
            Some(key) if key.may_order() => {}
            Some(_) | None => return Ok((note(PolicyEvent::KeyStopped)?.0, None)),
        }
        match refill_need(policy, sight, &rows.others, &self.settings.energy_bounds) {
            RefillNeed::NotVisible => {
                Ok((Changes::default(), Some(now.after_ms(self.settings.limits.reread_ms))))
            }
            RefillNeed::Nothing => note(PolicyEvent::Satisfied),
            RefillNeed::Order { energy, bandwidth } => {
                match self.accept_refill(policy, id, sight, (energy, bandwidth), now, rows) {
                    Ok(decision) => {
                        let refilled = step(policy, PolicyEvent::Refilled(id), now)?.policy;
                        Ok((refill_changes(id, decision, refilled), Some(now)))
                    }
                    Err(refused) => {
                        let lack = lack(&refused);
                        tracing::debug!(policy.id = policy.id.0, "a refill was refused: {refused}");
                        note(PolicyEvent::Lacking(lack))
                    }
                }
            }
        }
    }

    fn accept_refill(
        &self,
        policy: &Policy,
        id: OrderId,
        sight: &Sight,
        (energy, bandwidth): (Energy, Bandwidth),
        now: UnixMillis,
        rows: &Rows,
    ) -> Result<Decision, Refused> {
        let merchant = rows.merchant.as_ref().ok_or(Refused::Unknown)?;
        let new = NewOrder {
            id,
            merchant: policy.merchant,
            key: policy.key,
            origin: origin_of(policy),
            receiver: policy.receiver,
            wanted: Wanted::Energy { energy, bandwidth, period: Period::DAY, activates: false },
            reference: None,
            callback_url: merchant.callback_url.clone(),
            now,
        };
        let offer = Offer {
            reading: sight.reading,
            totals: sight.totals,
            prices: rows.prices.over(&self.settings.prices),
            available: merchant.available,
            spend: rows.spend,
            is_paused: merchant.is_paused,
            others: &rows.others,
            leftovers: &[],
            pool: &rows.pool,
            limits: &self.settings.limits,
        };
        accept(new, &offer)
    }
}

fn refill_changes(id: OrderId, decision: Decision, policy: Policy) -> Changes {
    Changes {
        whole: Some(decision.whole),
        ledger: decision.ledger,
        wallets: decision.wallets,
        attention: Some((id, Attention::At(decision.due))),
        policy: Some(policy),
        ..Changes::default()
    }
}

/// What kept a refill from being ordered, as the merchant is shown it.
const fn lack(refused: &Refused) -> Lack {
    match refused {
        Refused::InsufficientFunds { .. } | Refused::CapExceeded(_) => Lack::Balance,
        Refused::NoCapacity(_) => Lack::Energy,
        Refused::MerchantPaused
        | Refused::TooManyOpen { .. }
        | Refused::ReceiverIsPool
        | Refused::ReceiverInactive { .. }
        | Refused::PriceOutOfRange
        | Refused::Leg(_)
        | Refused::Unknown
        | Refused::NoChange => Lack::Other,
    }
}
