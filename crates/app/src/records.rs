//! What the operator's side reads, beside the port of the use cases: lists, statements, the log.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::price_overrides::PriceOverrides;
use domain::{Deposit, KeyId, MerchantId, OrderId, PolicyId, UnixMillis};
use tron::TxId;

use crate::admin_rows::{
    AdminToken, CallbackFilter, CallbackLine, DepositPlace, LogEntry, MerchantLine,
    NumberedLogEntry, OrderFilter, Part, PolicyFilter, PolicyLine, PriceOwner, Refill, Slice, Span,
    StatementLine, StatementPlace,
};
use crate::batches::Batches;
use crate::commit_counts::CommitCounts;
use crate::figures::{
    DueBack, FiguresAsked, LentFigures, OutcomeFigures, QueueFigures, StepFigures,
};
use crate::person_rows::{Person, PersonKey, Session};
use crate::ports::{Store, StoreError};
use crate::rows::{Key, Merchant, OrderView};

/// Reads for people. Every method is one state of the database; lists are bounded by their slice.
#[async_trait]
pub trait Records: Send + Sync {
    /// A merchant with its balances.
    async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, StoreError>;

    /// Merchants with what lists show of them, in the order of their numbers.
    async fn merchant_lines(
        &self,
        slice: Slice<MerchantId>,
    ) -> Result<Vec<MerchantLine>, StoreError>;

    /// A merchant's keys, oldest first, revoked ones too.
    async fn keys_of(
        &self,
        merchant: MerchantId,
        slice: Slice<KeyId>,
    ) -> Result<Vec<Key>, StoreError>;

    /// Policies, newest first; looked through as orders are.
    async fn policy_lines(
        &self,
        filter: PolicyFilter,
        slice: Slice<PolicyId>,
    ) -> Result<Part<PolicyLine, PolicyId>, StoreError>;

    /// One policy, as lists show it.
    async fn policy_line(&self, id: PolicyId) -> Result<Option<PolicyLine>, StoreError>;

    /// The refills of a policy, newest first; a place is a refill's number.
    async fn refills_of(
        &self,
        policy: PolicyId,
        slice: Slice<i64>,
    ) -> Result<Vec<Refill>, StoreError>;

    /// A merchant's deposits, newest first, those that were too small to be credited too.
    async fn deposits_of(
        &self,
        merchant: MerchantId,
        slice: Slice<DepositPlace>,
    ) -> Result<Vec<Deposit>, StoreError>;

    /// A price list as it is set, without what it inherits.
    async fn prices_of(&self, owner: PriceOwner) -> Result<PriceOverrides, StoreError>;

    /// A part of a merchant's statement, oldest first.
    async fn statement(
        &self,
        merchant: MerchantId,
        span: Span,
        slice: Slice<StatementPlace>,
    ) -> Result<Vec<StatementLine>, StoreError>;

    /// The same, newest first.
    async fn newest_statement(
        &self,
        merchant: MerchantId,
        slice: Slice<StatementPlace>,
    ) -> Result<Vec<StatementLine>, StoreError>;

    /// The ledger entries of one order, oldest first.
    async fn entries_of_order(&self, order: OrderId) -> Result<Vec<StatementLine>, StoreError>;

    /// Orders, newest first.
    ///
    /// Shape: so many are looked through at most; a part that is not full may have a next one.
    async fn orders(
        &self,
        filter: OrderFilter,
        slice: Slice<OrderId>,
    ) -> Result<Part<OrderView>, StoreError>;

    /// The orders that a transaction is about, newest first: one of ours that fills them, or the
    /// receiver's own that used them up.
    async fn orders_by_txid(&self, txid: TxId, limit: usize) -> Result<Vec<OrderView>, StoreError>;

    /// Which of these transactions are those of orders and transfers, whatever became of them.
    ///
    /// Shape: one or two searches by index a transaction.
    async fn known_txs(&self, txids: &[TxId]) -> Result<BTreeSet<TxId>, StoreError>;

    /// Which of these transactions brought deposits that are kept, those that were too small to be
    /// credited too.
    ///
    /// Shape: one search by index a transaction.
    async fn known_deposits(&self, txids: &[TxId]) -> Result<BTreeSet<TxId>, StoreError>;

    /// Callbacks, those of the newest orders first; looked through as orders are.
    async fn callbacks(
        &self,
        filter: CallbackFilter,
        slice: Slice<OrderId>,
    ) -> Result<Part<CallbackLine>, StoreError>;

    /// Lines of the log of changes, newest first.
    async fn admin_log(&self, slice: Slice<i64>) -> Result<Vec<NumberedLogEntry>, StoreError>;

    /// The newest line of the log with an action. Shape: it is looked for from the end.
    async fn newest_log_of(&self, action: &str) -> Result<Option<LogEntry>, StoreError>;

    /// A token of the admin interface, by its public part; revoked ones too.
    async fn admin_token(&self, id: &str) -> Result<Option<AdminToken>, StoreError>;

    /// Every token, oldest first.
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError>;

    /// What was ordered, step by step; steps without orders are not there.
    async fn steps(&self, asked: FiguresAsked) -> Result<Vec<StepFigures>, StoreError>;

    /// How orders came out; outcomes that none had are not there.
    async fn outcomes(&self, asked: FiguresAsked) -> Result<Vec<OutcomeFigures>, StoreError>;

    /// What is owed to the outside and not done.
    async fn queues(&self) -> Result<Vec<QueueFigures>, StoreError>;

    /// Stake that is lent, by how it stands.
    async fn lent_figures(&self) -> Result<Vec<LentFigures>, StoreError>;

    /// Stake for energy that comes back at the end of its rent.
    async fn due_back(&self) -> Result<Vec<DueBack>, StoreError>;

    /// A person, shut out ones too.
    async fn person(&self, key: &PersonKey) -> Result<Option<Person>, StoreError>;

    /// Every person, by name; of one merchant if one is named.
    async fn people(&self, merchant: Option<MerchantId>) -> Result<Vec<Person>, StoreError>;

    /// How the commits of this process went since it opened the database.
    fn commit_counts(&self) -> CommitCounts;
}

/// Sessions of the console, as each request asks for them; they begin and end with a line in the log,
/// through [`crate::administer`].
#[async_trait]
pub trait Sessions: Send + Sync {
    /// A session with its person, by the hash of its token.
    async fn session(&self, token_hash: [u8; 32]) -> Result<Option<(Session, Person)>, StoreError>;

    /// Notes that something was asked for in it.
    async fn see_session(&self, token_hash: [u8; 32], now: UnixMillis) -> Result<(), StoreError>;

    /// Forgets sessions that were last used before a moment, or began before the other.
    async fn prune_sessions(
        &self,
        seen_before: UnixMillis,
        began_before: UnixMillis,
    ) -> Result<usize, StoreError>;
}

/// A database as the product opens it: the ports of the use cases, and those of the operator's side.
pub trait Database: Store + Records + Sessions + Batches {}

impl<T: Store + Records + Sessions + Batches> Database for T {}
