//! Move one transfer on: ask what is next, do that one thing, record it. Running it twice is harmless.

use domain::order::step::Answer;
use domain::transfer::{Action, Event, Refused, next_action, step};
use domain::{Transfer, TransferId, UnixMillis};
use node::{Broadcast, Loss, NodeError};

use crate::App;
use crate::ports::StoreError;
use crate::rows::{Attention, Changes, Lease, Needs, RequestKeys, Rows};
use crate::work::commit;

/// Most steps that one claim makes; the rest waits for the next claim.
pub const STEPS_MAX: usize = 8;

/// Why a transfer could not be moved on now. It stays due.
#[derive(Debug, thiserror::Error)]
pub enum FollowFailed {
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

impl App {
    /// Moves a leased transfer on until it has to wait, and gives the lease back.
    ///
    /// Errors: [`FollowFailed`]; the row is then due again after the reread interval.
    pub async fn follow_transfer(&self, lease: Lease) -> Result<(), FollowFailed> {
        let outcome = self.follow_steps(lease).await;
        let due = match &outcome {
            Ok(Some(due)) => *due,
            Ok(None) | Err(FollowFailed::Store(StoreError::LeaseLost)) => return Ok(()),
            Err(_) => self.clock.now().after_ms(self.settings.limits.reread_ms),
        };
        match self.store.release(lease, due).await {
            Ok(()) | Err(StoreError::LeaseLost) => outcome.map(drop),
            Err(error) => Err(error.into()),
        }
    }

    /// When it is due next; `None` when the row is gone already.
    async fn follow_steps(&self, lease: Lease) -> Result<Option<UnixMillis>, FollowFailed> {
        let reread = || Some(self.clock.now().after_ms(self.settings.limits.reread_ms));
        for _ in 0..STEPS_MAX {
            let Some(transfer) = self.store.transfer(lease.transfer()).await? else {
                return Ok(reread());
            };
            let moment = self.view.moment(self.clock.now());
            let event = match next_action(&transfer, &moment, &self.settings.limits) {
                Action::Wait(until) => return Ok(Some(until)),
                Action::Close => return Ok(self.close_transfer(lease).await.map(|()| None)?),
                // Somebody may have sent these bytes before: a refusal is no proof.
                Action::Send => Event::Answered(self.send_transfer_bytes(&transfer, false).await),
                Action::ProveLost => match self.prove_transfer_lost(&transfer).await? {
                    Some(event) => event,
                    None => return Ok(reread()),
                },
            };
            if let Err(refused) = self.apply_transfer(transfer.id, event, Some(lease), None).await?
            {
                tracing::debug!(transfer.id = %transfer.id, "an event changed nothing: {refused}");
                return Ok(reread());
            }
        }
        Ok(Some(self.clock.now()))
    }

    /// Sends stored bytes. `is_first` says that this very call stored them and holds their lease, so
    /// that nobody can have sent them before: only then does a refusal mean that they are nowhere.
    pub(crate) async fn send_transfer_bytes(&self, transfer: &Transfer, is_first: bool) -> Answer {
        let (id, txid) = (transfer.id, transfer.txid);
        match self.node.broadcast(txid, &transfer.bytes).await {
            Broadcast::Taken { .. } => Answer::Taken,
            Broadcast::Unanswered { text } => {
                tracing::warn!(transfer.id = %id, tx.id = %txid, "sending went unanswered: {text}");
                Answer::Unanswered
            }
            Broadcast::Refused { reason, text } => {
                tracing::warn!(transfer.id = %id, tx.id = %txid, ?reason, "the chain refused: {text}");
                if is_first { Answer::RefusedOutright } else { Answer::Refused }
            }
        }
    }

    async fn prove_transfer_lost(&self, transfer: &Transfer) -> Result<Option<Event>, NodeError> {
        let expiration = transfer.expiration.get();
        Ok(match self.node.provably_lost(transfer.txid, expiration).await? {
            Loss::Lost => {
                tracing::warn!(transfer.id = %transfer.id, tx.id = %transfer.txid, "a transfer is lost, its money goes back");
                Some(Event::Lost)
            }
            Loss::Included(found) => {
                Some(Event::Included { block: found.block_number, has_succeeded: found.succeeded })
            }
            Loss::Undecided { .. } => None,
        })
    }

    async fn close_transfer(&self, lease: Lease) -> Result<(), StoreError> {
        let id = lease.transfer();
        let needs = Needs { transfer: Some(id), lease: Some(lease), ..Needs::default() };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), Refused> {
            if rows.transfer.as_ref().is_some_and(|transfer| !transfer.is_closed()) {
                return Err(Refused::NoChange);
            }
            let transfer_attention = Some((id, Attention::Done));
            Ok((Changes { transfer_attention, ..Changes::default() }, ()))
        };
        commit(&*self.store, needs, decide).await.map(drop)
    }

    /// Commits what an event decides: state, ledger and outbox together. `forgotten` is a request
    /// whose answer is forgotten if this releases the transfer.
    ///
    /// Without a lease the transfer is due at once, so that a worker looks at it next.
    pub async fn apply_transfer(
        &self,
        id: TransferId,
        event: Event,
        lease: Option<Lease>,
        forgotten: Option<RequestKeys>,
    ) -> Result<Result<Transfer, Refused>, StoreError> {
        let needs = Needs { transfer: Some(id), lease, ..Needs::default() };
        let app = self.clone();
        let decide = move |rows: &Rows| -> Result<(Changes, Transfer), Refused> {
            let transfer = rows.transfer.as_ref().ok_or(Refused::Unknown)?;
            let moment = app.view.moment(app.clock.now());
            let decision = step(transfer, event, &moment)?;
            let is_own = lease.is_some_and(|lease| lease.subject == id.0);
            let attention = (!is_own).then_some((id, Attention::At(decision.due)));
            let is_released = decision.transfer.state == domain::TransferState::Released;
            let changes = Changes {
                transfer: Some(decision.transfer.clone()),
                ledger: decision.ledger,
                transfer_attention: attention,
                forgotten: forgotten.clone().filter(|_| is_released),
                ..Changes::default()
            };
            Ok((changes, decision.transfer))
        };
        let outcome = commit(&*self.store, needs, decide).await?;
        if outcome.is_ok() {
            self.transfer_bell.notify_one();
        }
        Ok(outcome)
    }
}
