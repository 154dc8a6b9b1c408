//! Send TRX for a merchant: sign, hold and store in one commit, then send, then answer with the txid.

use domain::order::step::Answer;
use domain::pricing::PriceList;
use domain::transfer::{NewTransfer, Offer, Refused, accept};
use domain::{KeyId, MerchantId, Transfer, TransferState, UnixMillis};
use node::{AccountView, NodeError};
use tron::{Address, Contract, Sun};

use crate::App;
use crate::answers::{Render, RepeatRefused, known};
use crate::chain_view::Snapshot;
use crate::ports::StoreError;
use crate::rows::{
    Attention, Changes, ExactAnswer, Needs, NewAnswers, OutboxKind, Remembered, RequestKeys, Rows,
};
use crate::sign_leg::SignFailed;
use crate::work::commit;

/// Bytes of a transfer that the network may charge for: 267 to 270, and room for a permission.
///
/// Source: java-tron `BandwidthProcessor.consume`.
pub const TRANSFER_BYTES_MAX: i64 = 300;

/// What a merchant asks for, already authenticated and well-formed.
#[derive(Clone, Debug)]
pub struct SendTransfer {
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that signed.
    pub key: KeyId,
    /// Who gets the TRX.
    pub receiver: Address,
    /// What the receiver gets.
    pub amount: Sun,
    /// What makes a repeat of this request harmless.
    pub request: RequestKeys,
}

/// A transfer that was accepted, as its answer shows it.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The transfer.
    pub transfer: Transfer,
    /// What the merchant has left.
    pub balance: Sun,
}

/// Why nothing is sent. Nothing was charged, or it is back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendRefused {
    /// It repeats a request that is not this one.
    #[error(transparent)]
    Repeat(#[from] RepeatRefused),
    /// TRX on a contract would be out of reach.
    #[error("the receiver is a contract")]
    IsContract,
    /// No block was read yet.
    #[error("the chain was not read yet")]
    ChainUnknown,
    /// The chain cannot be read.
    #[error(transparent)]
    Unreadable(#[from] NodeError),
    /// The rules refuse it.
    #[error(transparent)]
    Rules(#[from] Refused),
    /// Every node refused the transaction; it is nowhere, and the money is back.
    #[error("the chain refused transfer {0}")]
    ChainRefused(domain::TransferId),
    /// The key of the payer is not here.
    #[error("{0}")]
    NoKey(String),
    /// The merchant is gone.
    #[error("the merchant does not exist")]
    NoMerchant,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the chain says about a transfer before it is signed.
struct Plan {
    has_activation: bool,
    payer: Address,
    outlay_max: Sun,
}

impl App {
    /// Sends TRX, or repeats the answer to the same request.
    ///
    /// The answer is stored with the hold and the signed bytes, before the first byte is sent. An
    /// unanswered send changes nothing about it: the bytes are stored and will be sent again.
    ///
    /// Shape: one node request, one commit, one broadcast, two short commits.
    /// Errors: [`SendRefused`].
    pub async fn send_transfer(
        &self,
        wanted: SendTransfer,
        render: Render<Accepted>,
    ) -> Result<ExactAnswer, SendRefused> {
        if let Some(before) = self.known_before(&wanted.request).await?? {
            return exact(before);
        }
        let signed = match self.plan_and_sign(&wanted).await {
            Ok(signed) => signed,
            // A paused merchant and one without money hear that first, whatever else is in the way.
            Err(refused) => {
                let earlier = self.earlier_refusal(&wanted, &refused).await?;
                return Err(earlier.unwrap_or(refused));
            }
        };
        let request = wanted.request.clone();
        let (answer, stored) = match self.commit_transfer(wanted, signed, render).await? {
            Stored::New { answer, transfer } => (answer, transfer),
            Stored::Before(before) => return exact(before),
        };
        self.send_first(stored, request).await?;
        Ok(answer)
    }

    async fn plan_and_sign(&self, wanted: &SendTransfer) -> Result<NewTransfer, SendRefused> {
        let view = self.view.get().ok_or(SendRefused::ChainUnknown)?;
        let account = self.cached_node.account(wanted.receiver).await?;
        let plan = self.plan(wanted, account.as_ref(), &view).await?;
        let contract =
            Contract::Transfer { owner: plan.payer, to: wanted.receiver, amount: wanted.amount };
        let signed = self.sign_contract(plan.payer, contract).await?;
        let now = self.clock.now();
        Ok(NewTransfer {
            id: self.ids.transfer_id(now),
            merchant: wanted.merchant,
            key: wanted.key,
            receiver: wanted.receiver,
            amount: wanted.amount,
            has_activation: plan.has_activation,
            payer: plan.payer,
            outlay_max: plan.outlay_max,
            txid: signed.txid,
            bytes: signed.bytes,
            expiration: signed.expiration,
            now,
        })
    }

    /// Who pays, and how much can leave it at most.
    async fn plan(
        &self,
        wanted: &SendTransfer,
        account: Option<&AccountView>,
        view: &Snapshot,
    ) -> Result<Plan, SendRefused> {
        if account.is_some_and(|account| account.is_contract) {
            return Err(SendRefused::IsContract);
        }
        let has_activation = account.is_none();
        let parameters = &view.parameters;
        let network = match has_activation {
            true => parameters.create_account_fee + parameters.create_account_system_fee,
            false => Sun::new(parameters.bandwidth_fee.get().saturating_mul(TRANSFER_BYTES_MAX)),
        };
        let outlay_max = wanted.amount + network;
        let (pool, _) = self.store.pool().await?;
        let outlays = self.store.outlays().await?;
        let nobody = Refused::NoFloat { need: outlay_max, have: Sun::ZERO };
        let (payer, have) = pool.fullest_payer(&outlays).ok_or(nobody)?;
        if have < outlay_max {
            return Err(Refused::NoFloat { need: outlay_max, have }.into());
        }
        Ok(Plan { has_activation, payer, outlay_max })
    }

    /// What the rules say that does not depend on the chain, for a request that cannot be served.
    async fn earlier_refusal(
        &self,
        wanted: &SendTransfer,
        refused: &SendRefused,
    ) -> Result<Option<SendRefused>, StoreError> {
        let needs = Needs { merchant: Some(wanted.merchant), ..Needs::default() };
        let (app, amount) = (self.clone(), wanted.amount);
        // A receiver that cannot be paid comes before money, whatever else is in the way after it.
        let is_about_receiver = matches!(refused, SendRefused::IsContract);
        let decide = move |rows: &Rows| -> Result<(Changes, ()), Option<SendRefused>> {
            let Some(merchant) = &rows.merchant else { return Err(Some(SendRefused::NoMerchant)) };
            if merchant.is_paused {
                return Err(Some(Refused::MerchantPaused.into()));
            }
            let need = amount + transfer_fee(&rows.prices.over(&app.settings.prices), false);
            let have = merchant.available;
            Err((have < need && !is_about_receiver)
                .then_some(Refused::InsufficientFunds { need, have }.into()))
        };
        Ok(commit(&*self.store, needs, decide).await?.err().flatten())
    }

    async fn commit_transfer(
        &self,
        wanted: SendTransfer,
        new: NewTransfer,
        render: Render<Accepted>,
    ) -> Result<Stored, SendRefused> {
        let needs = Needs {
            merchant: Some(wanted.merchant),
            spend: Some((wanted.key, new.now.day_utc8())),
            answers: Some(wanted.request.clone()),
            pool: true,
            outlays: true,
            activated: new.has_activation.then_some(new.receiver),
            ..Needs::default()
        };
        // Ours to send first; a worker takes it up if this process dies.
        let later = new.now.after_ms(self.settings.limits.resend_ms);
        let app = self.clone();
        let decide = move |rows: &Rows| -> Result<(Changes, Stored), SendRefused> {
            if let Some(before) = known(&rows.answers, &wanted.request, new.now)? {
                return Ok((before.changes(), Stored::Before(before.answer)));
            }
            app.check_not_late(&wanted.request, app.clock.now())?;
            let accepted = app.judge_transfer(&new, rows)?;
            let answer = render(&accepted.0);
            let (transfer, now) = (accepted.0.transfer, new.now);
            let remembered = NewAnswers {
                request: wanted.request.clone(),
                answer: Remembered::Exact(answer.clone()),
                at: now,
                is_resend: false,
            };
            let changes = Changes {
                transfer: Some(transfer.clone()),
                ledger: accepted.1,
                answers: Some(remembered),
                transfer_attention: Some((transfer.id, Attention::At(later))),
                ..Changes::default()
            };
            Ok((changes, Stored::New { answer, transfer: Box::new(transfer) }))
        };
        commit(&*self.store, needs, decide).await?
    }

    fn judge_transfer(
        &self,
        new: &NewTransfer,
        rows: &Rows,
    ) -> Result<(Accepted, Vec<domain::ledger::LedgerTx>), SendRefused> {
        let merchant = rows.merchant.as_ref().ok_or(SendRefused::NoMerchant)?;
        // Charged to one that is on its way. What may leave the payer stays as planned: if that one is
        // lost, this one makes the activation.
        let has_activation = new.has_activation && !rows.is_activated;
        let new = NewTransfer { has_activation, ..new.clone() };
        let offer = Offer {
            fee: transfer_fee(&rows.prices.over(&self.settings.prices), has_activation),
            available: merchant.available,
            is_paused: merchant.is_paused,
            spend: rows.spend,
            pool: &rows.pool,
            outlay_open: rows.outlays.get(&new.payer).copied().unwrap_or(Sun::ZERO),
        };
        let decision = accept(new, &offer)?;
        let balance = merchant.available - decision.transfer.total();
        Ok((Accepted { transfer: decision.transfer, balance }, decision.ledger))
    }

    /// Sends bytes that were just stored. A refusal by every node takes the transfer back, and with it
    /// the answer that was stored.
    ///
    /// Only the holder of the row's lease may call a refusal outright: nobody else has sent them then.
    async fn send_first(
        &self,
        transfer: Box<Transfer>,
        request: RequestKeys,
    ) -> Result<(), SendRefused> {
        let now = self.clock.now();
        let until = now.after_ms(self.settings.lease_ms);
        let owner = &self.settings.owner;
        let claimed =
            self.store.claim_one(OutboxKind::Transfer, transfer.id.0, owner, now, until).await;
        let lease = match claimed {
            Ok(Some(lease)) => lease,
            // A worker was faster, or the claim is not known: the stored bytes are sent by it.
            Ok(None) | Err(_) => return Ok(()),
        };
        let answer = self.send_transfer_bytes(&transfer, true).await;
        let event = domain::transfer::Event::Answered(answer);
        let applied = self.apply_transfer(transfer.id, event, Some(lease), Some(request)).await;
        let released = matches!(&applied, Ok(Ok(after)) if after.state == TransferState::Released);
        let due = match released {
            true => UnixMillis(0),
            false => now.after_ms(self.settings.limits.resend_ms),
        };
        if let Err(failed) = self.store.release(lease, due).await {
            tracing::debug!(transfer.id = %transfer.id, "a transfer's lease ran out: {failed}");
        }
        self.transfer_bell.notify_one();
        match (answer, released) {
            (Answer::RefusedOutright, true) => Err(SendRefused::ChainRefused(transfer.id)),
            _ => Ok(()),
        }
    }
}

/// What a transfer costs beyond its amount.
fn transfer_fee(prices: &PriceList, has_activation: bool) -> Sun {
    let activation = if has_activation { prices.activation_price_sun } else { 0 };
    Sun::new(prices.transfer_fee_sun.saturating_add(activation))
}

/// What came of a commit: a new transfer, or what the same request was answered with before.
enum Stored {
    New { answer: ExactAnswer, transfer: Box<Transfer> },
    Before(Remembered),
}

fn exact(before: Remembered) -> Result<ExactAnswer, SendRefused> {
    match before {
        Remembered::Exact(answer) => Ok(answer),
        Remembered::Order(order) => {
            let text = format!("a transfer was answered with order {order}");
            Err(StoreError::Broken(text).into())
        }
    }
}

impl From<SignFailed> for SendRefused {
    fn from(failed: SignFailed) -> Self {
        match failed {
            SignFailed::ChainUnknown => Self::ChainUnknown,
            SignFailed::Node(failed) => Self::Unreadable(failed),
            SignFailed::Store(failed) => Self::Store(failed),
            SignFailed::UnknownWallet(_) | SignFailed::NoKey { .. } | SignFailed::NoLeg(_) => {
                Self::NoKey(failed.to_string())
            }
        }
    }
}
