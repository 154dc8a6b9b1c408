//! Set up, renew and change policies: what merchants ask for. Nothing is charged here; each refill is
//! an order of its own.

use domain::order::step::Refused;
use domain::policy::{NewPolicy, PolicyEvent, PolicyRefused, step};
use domain::{KeyId, MerchantId, Policy, PolicyId, PolicyKind};
use tron::{Address, Energy, Sun};

use crate::App;
use crate::answers::{Render, RepeatRefused, known};
use crate::ports::StoreError;
use crate::read_receiver::{ReceiverRefused, own_transfer_energy};
use crate::rows::{
    Changes, ExactAnswer, Needs, NewAnswers, PolicyKey, Remembered, RequestKeys, Rows,
};
use crate::work::commit;

/// What a merchant asks for, already authenticated and well-formed.
#[derive(Clone, Debug)]
pub struct AskPolicy {
    /// Who asks, and pays for refills.
    pub merchant: MerchantId,
    /// The key that signed.
    pub key: KeyId,
    /// Which policy.
    pub which: WhichPolicy,
    /// What is to happen to it.
    pub event: PolicyEvent,
    /// What makes a repeat of this request harmless.
    pub request: RequestKeys,
}

/// Which policy is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichPolicy {
    /// The one of this kind on this address, which is set up if there is none.
    SetUp(PolicyKind, Address),
    /// The one of this kind on this address.
    OnAddress(PolicyKind, Address),
    /// The one of this kind with this number.
    Numbered(PolicyKind, PolicyId),
}

/// What an answer is rendered from.
#[derive(Clone, Debug)]
pub struct PolicySet {
    /// The policy as it is from now on.
    pub policy: Policy,
    /// The energy that it keeps.
    pub energy: Energy,
    /// What its merchant can spend.
    pub balance: Sun,
}

/// Why nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskRefused {
    /// It repeats a request that is not this one.
    #[error(transparent)]
    Repeat(#[from] RepeatRefused),
    /// The address was never activated.
    #[error("{0} was never activated")]
    Inactive(Address),
    /// The address cannot be served or read.
    #[error(transparent)]
    Receiver(#[from] ReceiverRefused),
    /// No block was read yet.
    #[error("the chain was not read yet")]
    ChainUnknown,
    /// The rules of orders refuse it.
    #[error(transparent)]
    Rules(#[from] Refused),
    /// There is no such policy of this merchant.
    #[error("the merchant has no such policy")]
    NotFound,
    /// It does not fit the policy.
    #[error(transparent)]
    Policy(#[from] PolicyRefused),
    /// The merchant is gone.
    #[error("the merchant does not exist")]
    NoMerchant,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Changes a policy, or repeats the answer to the same request.
    ///
    /// Shape: one commit; one node request when it may be set up, three when what it keeps has to be
    /// estimated.
    /// Errors: [`AskRefused`]; nothing has changed then.
    pub async fn ask_policy(
        &self,
        ask: AskPolicy,
        render: Render<PolicySet>,
    ) -> Result<ExactAnswer, AskRefused> {
        if let Some(before) = self.known_before(&ask.request).await?? {
            return exact(before);
        }
        let estimate = match self.look_at_receiver(&ask).await {
            Ok(estimate) => estimate,
            // A paused merchant hears that first, whatever else is in the way.
            Err(refused) => return Err(self.paused(ask.merchant).await?.unwrap_or(refused)),
        };
        let (merchant, which) = (ask.merchant, ask.which);
        let needs = Needs {
            merchant: Some(merchant),
            answers: Some(ask.request.clone()),
            policy: Some(which.key(merchant)),
            pool: matches!(which, WhichPolicy::SetUp(..)),
            ..Needs::default()
        };
        let app = self.clone();
        let decide = move |rows: &Rows| app.decide_ask(&ask, estimate, &render, rows);
        let answer = commit(&*self.store, needs, decide).await??;
        self.policy_bell.notify_one();
        Ok(answer)
    }

    /// Whether a policy may be set up on its address, and what a transfer of it takes if the policy is
    /// to follow that.
    async fn look_at_receiver(&self, ask: &AskPolicy) -> Result<Option<Energy>, AskRefused> {
        let WhichPolicy::SetUp(_, receiver) = ask.which else { return Ok(None) };
        self.check_receiver(receiver).await?;
        let PolicyEvent::Hired { energy: None, .. } = ask.event else { return Ok(None) };
        let (node, settings) = (&*self.cached_node, &self.settings);
        match own_transfer_energy(node, settings, receiver).await {
            Ok(energy) => Ok(Some(energy.max(settings.energy_to_holder))),
            // The token may let it move its tokens again some day; until then it has made no transfer.
            Err(ReceiverRefused::TransferReverts(_)) => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn check_receiver(&self, receiver: Address) -> Result<(), AskRefused> {
        self.view.get().ok_or(AskRefused::ChainUnknown)?;
        let account = self.cached_node.account(receiver).await;
        let account = account.map_err(ReceiverRefused::Unreadable)?;
        match account {
            None => Err(AskRefused::Inactive(receiver)),
            Some(account) if account.is_contract => Err(ReceiverRefused::IsContract.into()),
            Some(_) => Ok(()),
        }
    }

    /// The refusal of a paused merchant, if it is one.
    async fn paused(&self, merchant: MerchantId) -> Result<Option<AskRefused>, StoreError> {
        let needs = Needs { merchant: Some(merchant), ..Needs::default() };
        let decide = |rows: &Rows| -> Result<(Changes, ()), bool> {
            Err(rows.merchant.as_ref().is_some_and(|merchant| merchant.is_paused))
        };
        let is_paused = commit(&*self.store, needs, decide).await?.err().unwrap_or(false);
        Ok(is_paused.then_some(Refused::MerchantPaused.into()))
    }

    fn decide_ask(
        &self,
        ask: &AskPolicy,
        estimate: Option<Energy>,
        render: &Render<PolicySet>,
        rows: &Rows,
    ) -> Result<(Changes, ExactAnswer), AskRefused> {
        let now = self.clock.now();
        if let Some(before) = known(&rows.answers, &ask.request, now)? {
            return Ok((before.changes(), exact(before.answer)?));
        }
        self.check_not_late(&ask.request, now)?;
        let balance = self.permitted(ask, rows)?;
        let known = rows
            .policy
            .clone()
            .filter(|policy| policy.merchant == ask.merchant && policy.kind() == ask.which.kind());
        let policy = match (known, ask.which, rows.next_policy) {
            (Some(policy), ..) => policy,
            (None, WhichPolicy::SetUp(kind, receiver), Some(id)) => {
                let new = NewPolicy { id, merchant: ask.merchant, key: ask.key, receiver, now };
                match kind {
                    PolicyKind::Count => new.count(),
                    PolicyKind::Auto => new.auto(),
                }
            }
            (None, ..) => return Err(AskRefused::NotFound),
        };
        let policy = step(&policy, PolicyEvent::AskedBy(ask.key), now)?.policy;
        let mut policy = step(&policy, ask.event, now)?.policy;
        // What its transfers were seen to take is better than what one would take now.
        if let Some(estimate) = estimate
            && !policy.knows_its_transfers()
        {
            policy = step(&policy, PolicyEvent::Spent(estimate), now)?.policy;
        }
        let energy = policy.target(self.settings.energy_to_holder);
        let answer = render(&PolicySet { policy: policy.clone(), energy, balance });
        let remembered = NewAnswers {
            request: ask.request.clone(),
            answer: Remembered::Exact(answer.clone()),
            at: now,
            is_resend: false,
        };
        let changes = Changes {
            policy_nudges: vec![(policy.id, now)],
            policy: Some(policy),
            answers: Some(remembered),
            ..Changes::default()
        };
        Ok((changes, answer))
    }

    /// What the merchant can spend, if it may set up or change this.
    fn permitted(&self, ask: &AskPolicy, rows: &Rows) -> Result<Sun, AskRefused> {
        let merchant = rows.merchant.as_ref().ok_or(AskRefused::NoMerchant)?;
        let available = merchant.available;
        let WhichPolicy::SetUp(kind, receiver) = ask.which else { return Ok(available) };
        if merchant.is_paused {
            return Err(Refused::MerchantPaused.into());
        }
        if rows.pool.wallets.iter().any(|wallet| wallet.address == receiver) {
            return Err(Refused::ReceiverIsPool.into());
        }
        let floor = self.settings.policy_balance_min;
        if kind == PolicyKind::Count && available <= floor {
            return Err(Refused::InsufficientFunds { have: available, need: floor }.into());
        }
        Ok(available)
    }
}

impl WhichPolicy {
    const fn kind(self) -> PolicyKind {
        match self {
            Self::SetUp(kind, _) | Self::OnAddress(kind, _) | Self::Numbered(kind, _) => kind,
        }
    }

    const fn key(self, merchant: MerchantId) -> PolicyKey {
        match self {
            Self::SetUp(kind, receiver) | Self::OnAddress(kind, receiver) => {
                PolicyKey::Of(merchant, kind, receiver)
            }
            Self::Numbered(_, id) => PolicyKey::Id(id),
        }
    }
}

fn exact(before: Remembered) -> Result<ExactAnswer, AskRefused> {
    match before {
        Remembered::Exact(answer) => Ok(answer),
        Remembered::Order(order) => {
            let text = format!("a change of a policy was answered with order {order}");
            Err(StoreError::Broken(text).into())
        }
    }
}
