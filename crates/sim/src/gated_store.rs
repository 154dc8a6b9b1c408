//! The real store behind pauses, failures, and a witness of every commit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use app::ports::{Lent, Store, StoreError};
use app::rows::{
    Attempt, Callback, Changes, Counted, DepositAddress, Key, KeySummary, Lease, LedgerAudit,
    Merchant, Needs, NewWallet, OrderView, OutboxKind, OwnTx, PolicyLease, PolicyPage, PolicyView,
    RequestKeys, Rows, ScannedBlock, StoredAnswers, WalletReading, WatchedBlock, WatchedPolicy,
};
use app::work::Work;
use async_trait::async_trait;
use devnet::Request;
use domain::ledger::LedgerTx;
use domain::pool::Pool;
use domain::{
    Deposit, KeyId, MerchantId, OrderId, PolicyId, PolicyKind, Transfer, TransferId, TransferState,
    UnixMillis, WholeOrder,
};
use serde_json::json;
use store::{CommitMoment, SqlStore};
use tron::{Address, Sun, TxId};

use crate::book::News;
use crate::checks;
use crate::faults::Fault;
use crate::mutation::{Mutation, new_transactions};
use crate::promises;
use crate::stage::{Stage, State};

/// The store of one process.
pub(crate) struct GatedStore {
    pub(crate) stage: Arc<Stage>,
    pub(crate) process: usize,
    pub(crate) inner: Arc<SqlStore>,
}

/// Makes commits fail as the weather wants.
pub(crate) fn fail_by_weather(stage: &Arc<Stage>, store: &SqlStore) {
    let stage = Arc::clone(stage);
    store.set_fail_point(Some(Box::new(move |moment| {
        stage.with(|state| match moment {
            CommitMoment::BeforeCommit => state.strikes(Fault::CommitFailed),
            CommitMoment::AfterCommit => {
                let fails = state.strikes(Fault::CommitUnanswered);
                state.has_committed_unanswered |= fails;
                fails
            }
        })
    })));
}

/// Looks over the shoulder of a decision.
struct Witnessed {
    inner: Box<dyn Work>,
    seen: Arc<Mutex<Option<Changes>>>,
    /// What it reads, when that is not what it asked for.
    mutated_needs: Option<Needs>,
    stage: Arc<Stage>,
}

impl Work for Witnessed {
    fn needs(&self) -> &Needs {
        self.mutated_needs.as_ref().unwrap_or_else(|| self.inner.needs())
    }

    fn decide(&mut self, rows: &Rows) -> Option<Changes> {
        let changes = match self.stage.mutation {
            None => self.inner.decide(rows),
            Some(mutation) => {
                let changes = self.inner.decide(&mutation.rows(rows));
                let changes = changes.and_then(|changes| mutation.changes(rows, changes));
                if let Some(changes) = &changes
                    && mutation == Mutation::SendBeforeCommit
                {
                    new_transactions(rows, changes).iter().for_each(|bytes| self.send(bytes));
                }
                changes
            }
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = changes.clone();
        changes
    }
}

impl Witnessed {
    /// Sends a transaction past every rule.
    fn send(&self, bytes: &[u8]) {
        let body = json!({"transaction": hex::encode(bytes)});
        drop(self.stage.devnet.call(&Request::post("wallet/broadcasthex", body)));
    }
}

impl GatedStore {
    /// What the schema refuses is a defect of ours, always.
    fn judge<T>(&self, what: &str, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.stage.with(|state| match error {
                StoreError::Broken(text) => {
                    state.violate(
                        "the database takes what we write",
                        None,
                        format!("{what}: {text}"),
                    );
                }
                StoreError::Conflict(text) => state.note(None, format!("{what} conflicts: {text}")),
                StoreError::Unavailable(_) | StoreError::Busy | StoreError::LeaseLost => {}
            });
        }
        result
    }

    /// Whoever's row was claimed by somebody else since has nothing to say about it.
    fn check_lease(&self, lease: Option<Lease>) {
        let Some(lease) = lease else { return };
        let newest = self.stage.with(|state| state.fences.get(&fenced(&lease)).copied());
        if newest.is_some_and(|newest| newest > lease.fence) {
            let text = format!("{lease:?}, and the newest claim is {newest:?}");
            self.stage.violate("a lost lease commits nothing", None, text);
        }
    }

    /// The same about a policy.
    fn check_policy_lease(&self, lease: Option<PolicyLease>) {
        let Some(lease) = lease else { return };
        let newest = self.stage.with(|state| state.policy_fences.get(&lease.policy).copied());
        if newest.is_some_and(|newest| newest > lease.fence) {
            let text = format!("{lease:?}, and the newest claim is {newest:?}");
            self.stage.violate("a lost lease commits nothing", None, text);
        }
    }

    fn is_busy(&self) -> bool {
        self.stage.with(|state| state.strikes(Fault::StoreBusy))
    }

    fn witness(&self, changes: &Changes) {
        let chain_now = UnixMillis(self.stage.devnet.head().timestamp_ms);
        let delivered = self.stage.with(|state| {
            promises::transfers_are_waited_for(state, changes);
            promises::who_waits_is_told(state, changes, chain_now);
            let news = match state.book.record(changes, state.step) {
                Ok(news) => news,
                Err((check, order, text)) => {
                    state.violate(check, Some(order), text);
                    return None;
                }
            };
            note(state, self.process, changes);
            promises::what_was_never_made_is_paid_back(state, changes);
            if let Some(transfer) = &changes.transfer
                && transfer.state == TransferState::Released
                && state.blocks.holds(transfer.txid)
            {
                let (order, text) =
                    (OrderId(transfer.id.0), format!("{} is on chain", transfer.txid));
                state.violate("only what is lost is given up", Some(order), text);
            }
            let mut delivered = None;
            for (order, news) in news {
                state.note(Some(order), format!("{news:?} by process {}", self.process));
                if let News::GivenUp(txid) = news
                    && state.blocks.holds(txid)
                {
                    let text = format!("{txid} is on chain");
                    state.violate("only what is lost is given up", Some(order), text);
                }
                if news == News::Delivered {
                    state.delivered.push(order);
                    delivered = Some(order);
                }
            }
            delivered
        });
        if let Some(order) = delivered {
            checks::ready_means_ready(&self.stage, order);
        }
    }
}

/// What a lease is about.
const fn fenced(lease: &Lease) -> (OutboxKind, [u8; 16]) {
    (lease.kind, lease.subject)
}

/// Writes what was committed into the log.
fn note(state: &mut State, process: usize, changes: &Changes) {
    if let Some(transfer) = &changes.transfer {
        let text = format!("process {process} commits transfer {:?}", transfer.state);
        state.note(Some(OrderId(transfer.id.0)), text);
    }
    let Some(whole) = &changes.whole else { return };
    let legs = Words(&whole.legs, |leg, out| write!(out, "{}:{:?}", leg.id.number, leg.state));
    let txs =
        Words(&whole.txs, |tx, out| write!(out, "{}{:?}:{:?}", tx.leg.number, tx.road, tx.state));
    let text = format!("process {process} commits {:?} legs {legs} txs {txs}", whole.order.state);
    state.note(Some(whole.order.id), text);
}

/// What one of them looks like.
type Word<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;

/// All of these, with spaces between them.
struct Words<'a, T>(&'a [T], Word<T>);

impl<T> fmt::Display for Words<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, one) in self.0.iter().enumerate() {
            if number > 0 {
                out.write_str(" ")?;
            }
            (self.1)(one, out)?;
        }
        Ok(())
    }
}

macro_rules! gated {
    ($(fn $name:ident($($given:ident: $kind:ty),*) -> $out:ty;)+) => {
        #[async_trait]
        impl Store for GatedStore {
            async fn commit(&self, work: Box<dyn Work>) -> Result<(), StoreError> {
                self.stage.pass().await;
                if self.is_busy() {
                    return Err(StoreError::Busy);
                }
                let seen = Arc::new(Mutex::new(None));
                let (mutation, lease) = (self.stage.mutation, work.needs().lease);
                let policy_lease = work.needs().policy_lease;
                let work = Box::new(Witnessed {
                    mutated_needs: mutation.map(|mutation| mutation.needs(work.needs())),
                    inner: work,
                    seen: Arc::clone(&seen),
                    stage: Arc::clone(&self.stage),
                });
                self.stage.with(|state| state.has_committed_unanswered = false);
                let result = self.inner.commit(work).await;
                let is_unanswered = self.stage.with(|state| state.has_committed_unanswered);
                let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(changes) = seen.filter(|_| result.is_ok() || is_unanswered) {
                    self.check_lease(lease);
                    self.check_policy_lease(policy_lease);
                    self.witness(&changes);
                    if !changes.ledger.is_empty() {
                        checks::money_agrees(&self.stage, &self.inner);
                    }
                }
                self.stage.pass().await;
                match self.judge("commit", result) {
                    Err(StoreError::Unavailable(_))
                        if mutation == Some(Mutation::AnswerBeforeCommit) =>
                    {
                        Ok(())
                    }
                    judged => judged,
                }
            }

            $(async fn $name(&self, $($given: $kind),*) -> Result<$out, StoreError> {
                self.stage.pass().await;
                if self.is_busy() {
                    return Err(StoreError::Busy);
                }
                if self.stage.with(|state| state.strikes(Fault::ReadFailed)) {
                    return Err(StoreError::Unavailable("the disk failed on purpose".to_owned()));
                }
                let result = self.inner.$name($($given),*).await;
                self.stage.pass().await;
                self.judge(stringify!($name), result)
            })+

            async fn claim(
                &self,
                kind: OutboxKind,
                owner: &str,
                now: UnixMillis,
                lease_until: UnixMillis,
                limit: usize,
            ) -> Result<Vec<Lease>, StoreError> {
                self.stage.pass().await;
                if self.is_busy() {
                    return Err(StoreError::Busy);
                }
                let result = self.inner.claim(kind, owner, now, lease_until, limit).await;
                if let Ok(leases) = &result {
                    self.stage.with(|state| {
                        for lease in leases {
                            state.fences.insert(fenced(lease), lease.fence);
                        }
                    });
                }
                self.stage.pass().await;
                self.judge("claim", result)
            }

            async fn claim_policies(
                &self,
                now: UnixMillis,
                lease_until: UnixMillis,
                limit: usize,
            ) -> Result<Vec<PolicyLease>, StoreError> {
                self.stage.pass().await;
                if self.is_busy() {
                    return Err(StoreError::Busy);
                }
                let result = self.inner.claim_policies(now, lease_until, limit).await;
                if let Ok(leases) = &result {
                    self.stage.with(|state| {
                        for lease in leases {
                            state.policy_fences.insert(lease.policy, lease.fence);
                        }
                    });
                }
                self.stage.pass().await;
                self.judge("claim_policies", result)
            }

            async fn policy_view(
                &self,
                policy: PolicyId,
            ) -> Result<Option<PolicyView>, StoreError> {
                self.stage.pass().await;
                if self.is_busy() {
                    return Err(StoreError::Busy);
                }
                let result = self.inner.policy_view(policy).await;
                self.stage.pass().await;
                let view = self.judge("policy_view", result)?;
                Ok(match self.stage.mutation {
                    Some(mutation) => view.map(|view| mutation.policy_view(view)),
                    None => view,
                })
            }

            async fn take_turn(
                &self,
                owner: &str,
                now: UnixMillis,
                until: UnixMillis,
            ) -> Result<Option<Lease>, StoreError> {
                self.stage.pass().await;
                if self.is_busy() {
                    return Err(StoreError::Busy);
                }
                let result = self.inner.take_turn(owner, now, until).await;
                if let Ok(Some(turn)) = &result {
                    self.stage.with(|state| state.fences.insert(fenced(turn), turn.fence));
                }
                self.stage.pass().await;
                self.judge("take_turn", result)
            }
        }
    };
}

gated! {
    fn claim_one(
        kind: OutboxKind,
        subject: [u8; 16],
        owner: &str,
        now: UnixMillis,
        lease_until: UnixMillis
    ) -> Option<Lease>;
    fn keep_turn(turn: Lease, until: UnixMillis) -> ();
    fn release(lease: Lease, due: UnixMillis) -> ();
    fn free_leases() -> usize;
    fn next_due(kind: OutboxKind) -> Option<UnixMillis>;
    fn whole(order: OrderId) -> Option<(WholeOrder, Vec<WholeOrder>)>;
    fn live_on(receiver: Address) -> Vec<WholeOrder>;
    fn order_view(order: OrderId) -> Option<OrderView>;
    fn newest_by_reference(merchant: MerchantId, reference: &str) -> Option<OrderId>;
    fn answers(request: &RequestKeys) -> StoredAnswers;
    fn own_txs(txids: &[TxId]) -> Vec<OwnTx>;
    fn live_receivers(receivers: &[Address]) -> Vec<Address>;
    fn open_txs() -> Vec<OwnTx>;
    fn included_since(block: i64) -> Vec<OwnTx>;
    fn used_since(after: UnixMillis) -> Vec<(OrderId, TxId)>;
    fn included_until(block: i64) -> Vec<(i64, OwnTx)>;
    fn mark_solid(txids: &[TxId], turn: Lease) -> ();
    fn watched() -> Option<WatchedBlock>;
    fn begin_telling(turn: Lease) -> ();
    fn set_watched(block: WatchedBlock, turn: Lease) -> ();
    fn pool() -> (Pool, Vec<i64>);
    fn wallets() -> Vec<NewWallet>;
    fn save_readings(readings: &[WalletReading], turn: Lease) -> ();
    fn put_wallet(wallet: NewWallet) -> ();
    fn enable_wallet(address: Address, is_enabled: bool) -> bool;
    fn lent() -> Vec<Lent>;
    fn callback(order: OrderId) -> Option<Callback>;
    fn attempts(order: OrderId) -> Vec<Attempt>;
    fn replay_callback(order: OrderId, now: UnixMillis) -> bool;
    fn add_merchant(name: &str, callback_url: Option<&str>, now: UnixMillis) -> MerchantId;
    fn pause_merchant(id: MerchantId, is_paused: bool) -> bool;
    fn merchants() -> Vec<Merchant>;
    fn prices(merchant: MerchantId) -> domain::price_overrides::PriceOverrides;
    fn add_key(key: &Key, live_max: usize) -> Option<KeyId>;
    fn revoke_key(text: &str, now: UnixMillis) -> bool;
    fn key(text: &str) -> Option<Key>;
    fn key_by_id(id: KeyId) -> Option<Key>;
    fn keys(merchant: MerchantId) -> Vec<Key>;
    fn release_policy(lease: PolicyLease, due: Option<UnixMillis>) -> ();
    fn next_policy_due() -> Option<UnixMillis>;
    fn policies(whose: (MerchantId, PolicyKind, Option<Address>), offset: i64, limit: i64)
        -> PolicyPage;
    fn watched_policies(receivers: &[Address]) -> Vec<WatchedPolicy>;
    fn nudge_watched_policies(due: UnixMillis, turn: Lease) -> usize;
    fn counted_since(block: i64) -> Vec<Counted>;
    fn counted_until(block: i64) -> Vec<Counted>;
    fn mark_counted_solid(counted: &[Counted], turn: Lease) -> ();
    fn key_summary(key: KeyId, now: UnixMillis) -> Option<KeySummary>;
    fn post(tx: LedgerTx) -> ();
    fn transfer(id: TransferId) -> Option<Transfer>;
    fn transfers(merchant: MerchantId, limit: usize) -> Vec<Transfer>;
    fn outlays() -> BTreeMap<Address, Sun>;
    fn deposit_addresses(merchant: Option<MerchantId>) -> Vec<DepositAddress>;
    fn deposit_merchants(addresses: &[Address]) -> Vec<(Address, MerchantId)>;
    fn deposits(merchant: Option<MerchantId>, limit: usize) -> Vec<Deposit>;
    fn scanned() -> Option<ScannedBlock>;
    fn audit() -> LedgerAudit;
    fn prune(replays_before: UnixMillis, resends_before: UnixMillis) -> usize;
}
