//! Move one order on: ask what is next, do that one thing, record it, ask again.
//!
//! This is a reconciler: it has no input but the order, no inner retry, and running it twice is
//! harmless. Whatever it cannot do now leaves the outbox row due again.

use domain::order::Use;
use domain::order::next::{Action, next_action, rests_on_the_chain};
use domain::order::step::{Answer, Event, ReadBack, Refused};
use domain::order::whole::last_change;
use domain::{Road, UnixMillis, WholeOrder};
use node::{Broadcast, Included, Lookup, Loss, NodeError};
use tron::TxId;

use crate::App;
use crate::order_event::{Committed, Ground, fills};
use crate::ports::StoreError;
use crate::read_receiver::read_back;
use crate::rows::{Attention, Changes, Lease, Needs, Rows};
use crate::sign_leg::{SignFailed, Signed};
use crate::work::commit;

/// Most steps that one claim makes; the rest waits for the next claim.
pub const STEPS_MAX: usize = 32;

/// Looks in the time of one block for the moment at which orders know it: then a spoiled one may be
/// filled.
const LOOKS_A_BLOCK: i64 = 4;

/// Why an order could not be moved on now. It stays due.
#[derive(Debug, thiserror::Error)]
pub enum FillFailed {
    /// A leg could not be signed.
    #[error("a leg could not be signed")]
    Sign(#[from] SignFailed),
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

/// What a worker remembers while it holds a lease.
#[derive(Default)]
struct Claim {
    /// The transaction that it has just signed, so that nobody can have sent it before.
    signed_here: Option<TxId>,
    /// Legs that it cannot sign for.
    blocked: Vec<u8>,
    /// Why, to be told when everything else is done.
    no_key: Option<SignFailed>,
}

/// Where a call is that counted as use.
enum Found {
    /// In a block that cannot be undone.
    Solid,
    /// In a block of this time, which could still be undone.
    At(UnixMillis),
    /// In none, or it did nothing.
    Nowhere,
    /// Not known yet.
    Undecided,
}

/// An order, and the other live orders on its receiver.
struct Seen {
    whole: WholeOrder,
    others: Vec<WholeOrder>,
}

/// What a step leaves behind.
enum Next {
    /// Ask again at once.
    Again,
    /// Ask again at once, about what was just committed.
    On(Box<Seen>),
    /// Nothing before this moment.
    At(UnixMillis),
    /// Nothing ever again, and the row is gone already.
    Closed,
}

impl Seen {
    fn loaded((whole, others): (WholeOrder, Vec<WholeOrder>)) -> Self {
        Self { whole, others }
    }
}

impl App {
    /// Moves a leased order on until it has to wait, and gives the lease back.
    ///
    /// Errors: [`FillFailed`]; the row is then due again after the reread interval, unless the lease
    /// was taken over.
    pub async fn fill_order(&self, lease: Lease) -> Result<(), FillFailed> {
        let again = || self.clock.now().after_ms(self.settings.limits.reread_ms);
        let outcome = self.fill_steps(lease).await;
        let due = match &outcome {
            Ok(Some(due)) => *due,
            Ok(None) => return Ok(()),
            Err(FillFailed::Store(StoreError::LeaseLost)) => return Ok(()),
            Err(_) => again(),
        };
        match self.store.release(lease, due).await {
            Ok(()) | Err(StoreError::LeaseLost) => outcome.map(drop),
            Err(error) => Err(error.into()),
        }
    }

    /// `None` when the row is gone already.
    async fn fill_steps(&self, lease: Lease) -> Result<Option<UnixMillis>, FillFailed> {
        let (mut claim, mut committed) = (Claim::default(), None);
        for _ in 0..STEPS_MAX {
            let seen = match committed.take() {
                Some(seen) => Some(seen),
                None => self.store.whole(lease.order()).await?.map(Seen::loaded),
            };
            let Some(seen) = seen else {
                return Ok(Some(self.clock.now().after_ms(self.settings.limits.reread_ms)));
            };
            match (self.fill_step(lease, &seen, &mut claim).await?, claim.no_key.take()) {
                (Next::Again, no_key) => claim.no_key = no_key,
                (Next::On(seen), no_key) => {
                    (claim.no_key, committed) = (no_key, Some(*seen));
                }
                (Next::At(_), Some(no_key)) => return Err(no_key.into()),
                (Next::At(due), None) => return Ok(Some(due)),
                (Next::Closed, _) => return Ok(None),
            }
        }
        Ok(Some(self.clock.now()))
    }

    async fn fill_step(
        &self,
        lease: Lease,
        Seen { whole, others }: &Seen,
        claim: &mut Claim,
    ) -> Result<Next, FillFailed> {
        let moment = self.view.moment(self.clock.now());
        match next_action(whole, others, &moment, &self.settings.limits, &claim.blocked) {
            Action::Send(txid) => {
                let is_first = claim.signed_here.take() == Some(txid);
                self.send(lease, whole, txid, is_first).await
            }
            Action::ProveLost(txid) => self.prove_lost(lease, whole, txid).await,
            Action::ProveUse => self.prove_use(lease, whole).await,
            Action::Sign { leg, road } => self.sign(lease, (whole, others), leg, road, claim).await,
            Action::Read => self.read(lease, whole, others).await,
            Action::Tick => self.record(lease, whole, Event::Tick).await,
            Action::Wait(until) => Ok(Next::At(until)),
            Action::Close => self.close(lease).await,
        }
    }

    async fn sign(
        &self,
        lease: Lease,
        (whole, others): (&WholeOrder, &[WholeOrder]),
        leg: u8,
        road: Road,
        claim: &mut Claim,
    ) -> Result<Next, FillFailed> {
        match self.sign_leg(whole, others, leg, road).await {
            Ok(Signed::Tx(tx)) => {
                let txid = tx.txid;
                let next = self.record(lease, whole, Event::Signed(tx)).await?;
                claim.signed_here = Some(txid);
                Ok(next)
            }
            Ok(Signed::NothingToReturn) => {
                self.record(lease, whole, Event::NothingToReturn(leg)).await
            }
            Ok(Signed::NotVisible) => Ok(self.reread()),
            Err(error @ (SignFailed::NoKey { .. } | SignFailed::UnknownWallet(_))) => {
                claim.blocked.push(leg);
                claim.no_key = Some(error);
                Ok(Next::Again)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends stored bytes. `is_first` says that this claim signed them, so that nobody can have sent
    /// them before: only then does a refusal mean that they are nowhere.
    async fn send(
        &self,
        lease: Lease,
        whole: &WholeOrder,
        txid: TxId,
        is_first: bool,
    ) -> Result<Next, FillFailed> {
        let Some(tx) = whole.tx(txid) else { return Ok(Next::Again) };
        let answer = match self.node.broadcast(txid, &tx.bytes).await {
            Broadcast::Taken { .. } => Answer::Taken,
            Broadcast::Unanswered { text } => {
                tracing::warn!(order.id = %whole.order.id, tx.id = %txid, "sending went unanswered: {text}");
                Answer::Unanswered
            }
            Broadcast::Refused { reason, text } => {
                tracing::warn!(order.id = %whole.order.id, tx.id = %txid, ?reason, "the chain refused: {text}");
                if is_first { Answer::RefusedOutright } else { Answer::Refused }
            }
        };
        let next = self.record(lease, whole, Event::Answered { txid, answer }).await?;
        // Asking again at once would only be refused again: the next block brings another reading of
        // the pool, and with it perhaps another plan.
        Ok(if answer == Answer::RefusedOutright { self.reread() } else { next })
    }

    async fn prove_lost(
        &self,
        lease: Lease,
        whole: &WholeOrder,
        txid: TxId,
    ) -> Result<Next, FillFailed> {
        let Some(tx) = whole.tx(txid) else { return Ok(Next::Again) };
        match self.node.provably_lost(txid, tx.expiration.get()).await? {
            Loss::Lost => self.record(lease, whole, Event::Lost(txid)).await,
            Loss::Included(included) => {
                let event = Event::Included {
                    txid,
                    block: included.block_number,
                    at: UnixMillis(included.block_timestamp_ms),
                    has_succeeded: included.succeeded,
                };
                self.record(lease, whole, event).await
            }
            Loss::Undecided { .. } => Ok(self.reread()),
        }
    }

    /// Looks for what used an order on the solid chain.
    ///
    /// Shape: one request for each call that counted, and at most three more where it is not there.
    async fn prove_use(&self, lease: Lease, whole: &WholeOrder) -> Result<Next, FillFailed> {
        for (txid, at) in whole.uses_to_prove() {
            let event = match self.look_for_use(whole, txid, at).await? {
                Found::Solid => continue,
                Found::Undecided => return Ok(self.reread()),
                Found::At(at) => seen_elsewhere(whole, txid, at),
                Found::Nowhere => Event::Unused { txid, expiration: None },
            };
            return self.record(lease, whole, event).await;
        }
        let calls = whole.uses_to_prove().map(|(txid, _)| txid).collect();
        self.record(lease, whole, Event::UseProven(calls)).await
    }

    async fn look_for_use(
        &self,
        whole: &WholeOrder,
        txid: TxId,
        at: UnixMillis,
    ) -> Result<Found, NodeError> {
        // A call that failed has used energy; a transfer that failed moved nothing.
        let counts = |found: &Included| found.succeeded || whole.order.collection().is_none();
        let solid = match self.node.lookup_solid(txid).await? {
            Lookup::Included(found) => Some(found),
            Lookup::Absent => match self.node.provably_lost(txid, at.get()).await? {
                Loss::Included(found) => Some(found),
                Loss::Undecided { .. } => return Ok(Found::Undecided),
                Loss::Lost => None,
            },
        };
        if let Some(found) = solid {
            return Ok(if counts(&found) { Found::Solid } else { Found::Nowhere });
        }
        // The solid chain goes past the block that was to hold it and does not have it; a fork may have
        // put it into a later one.
        Ok(match self.node.lookup(txid).await? {
            Lookup::Included(found) if counts(&found) => {
                Found::At(UnixMillis(found.block_timestamp_ms))
            }
            Lookup::Included(_) | Lookup::Absent => Found::Nowhere,
        })
    }

    async fn read(
        &self,
        lease: Lease,
        whole: &WholeOrder,
        others: &[WholeOrder],
    ) -> Result<Next, FillFailed> {
        let seen = last_change(others.iter().chain([whole]));
        let read = read_back(&*self.node, &self.settings, &whole.order, seen).await;
        let (reading, totals) = match read {
            // Whatever it would say is from before our legs.
            Err(NodeError::Behind { .. }) => return Ok(self.reread()),
            // The chain has no answer about this receiver, so it may never have: time may end it.
            Err(failed) if !failed.is_about_the_node() => {
                self.record(lease, whole, Event::Tick).await?;
                return Err(failed.into());
            }
            read => read?,
        };
        let view = self.view.get().ok_or(SignFailed::ChainUnknown)?;
        let read = ReadBack { reading, totals: totals.unwrap_or(view.totals) };
        self.record(lease, whole, Event::Read(read)).await
    }

    /// Commits an event under the lease. Whoever was first wins: a refusal means "look again".
    async fn record(
        &self,
        lease: Lease,
        whole: &WholeOrder,
        event: Event,
    ) -> Result<Next, FillFailed> {
        let moment = self.view.moment(self.clock.now());
        let rests = rests_on_the_chain(whole, &moment, &self.settings.limits);
        let head = match rests && fills(&event) {
            true => Some(self.node.head().await?.number),
            false => None,
        };
        let ground = Ground { lease: Some(lease), head, ..Ground::default() };
        match self.commit_event(whole.order.id, event, ground).await? {
            Ok(Committed { decision, .. }) if decision.due > self.clock.now() => {
                Ok(Next::At(decision.due))
            }
            Ok(Committed { decision, others }) => Ok(others.map_or(Next::Again, |others| {
                Next::On(Box::new(Seen { whole: decision.whole, others }))
            })),
            Err(refused) => {
                tracing::debug!(order.id = %whole.order.id, "an event changed nothing: {refused}");
                let wait_ms = self.settings.limits.reread_ms;
                let wait_ms = if head.is_some() { wait_ms / LOOKS_A_BLOCK } else { wait_ms };
                Ok(Next::At(self.clock.now().after_ms(wait_ms)))
            }
        }
    }

    async fn close(&self, lease: Lease) -> Result<Next, FillFailed> {
        let needs = Needs { order: Some(lease.order()), lease: Some(lease), ..Needs::default() };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), Refused> {
            if rows.whole.as_ref().is_some_and(|whole| !whole.is_closed()) {
                return Err(Refused::NoChange);
            }
            let attention = Some((lease.order(), Attention::Done));
            Ok((Changes { attention, ..Changes::default() }, ()))
        };
        match commit(&*self.store, needs, decide).await? {
            Ok(()) => Ok(Next::Closed),
            Err(_) => Ok(Next::Again),
        }
    }

    fn reread(&self) -> Next {
        Next::At(self.clock.now().after_ms(self.settings.limits.reread_ms))
    }
}

/// A call that counted as use is in a block of this time and not where it was seen before.
fn seen_elsewhere(whole: &WholeOrder, txid: TxId, at: UnixMillis) -> Event {
    match whole.uses.iter().find(|one| one.txid == txid) {
        Some(one) => Event::Consumed(Use { at, ..*one }),
        None => Event::Used { txid, at },
    }
}
