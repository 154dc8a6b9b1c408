//! The ports of the operator's side, method by method: each is one job.

use std::collections::BTreeSet;

use app::admin_rows::{
    AdminToken, CallbackFilter, CallbackLine, DepositPlace, LogEntry, MerchantLine,
    NumberedLogEntry, OrderFilter, Part, PolicyFilter, PolicyLine, PriceOwner, Refill, Slice, Span,
    StatementLine, StatementPlace,
};
use app::commit_counts::CommitCounts;
use app::figures::{DueBack, FiguresAsked, LentFigures, OutcomeFigures, QueueFigures, StepFigures};
use app::person_rows::{Person, PersonKey, Session};
use app::ports::StoreError;
use app::records::{Records, Sessions};
use app::rows::{Key, Merchant, OrderView};
use async_trait::async_trait;
use domain::price_overrides::PriceOverrides;
use domain::{Deposit, KeyId, MerchantId, OrderId, PolicyId, UnixMillis};
use tron::TxId;

use crate::doors::SqlStore;
use crate::{
    admin, admin_token, callback_list, deposit, figures, key, merchant, merchant_statement,
    order_list, person, policy_list, price, tx_known,
};

#[async_trait]
impl Records for SqlStore {
    async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, StoreError> {
        self.read(move |connection| merchant::by_id(connection, id)).await
    }

    async fn merchant_lines(
        &self,
        slice: Slice<MerchantId>,
    ) -> Result<Vec<MerchantLine>, StoreError> {
        self.read(move |connection| merchant::lines(connection, slice)).await
    }

    async fn keys_of(
        &self,
        merchant: MerchantId,
        slice: Slice<KeyId>,
    ) -> Result<Vec<Key>, StoreError> {
        self.read(move |connection| key::page_of_merchant(connection, merchant, slice)).await
    }

    async fn policy_lines(
        &self,
        filter: PolicyFilter,
        slice: Slice<PolicyId>,
    ) -> Result<Part<PolicyLine, PolicyId>, StoreError> {
        self.read(move |connection| policy_list::policies(connection, filter, slice)).await
    }

    async fn policy_line(&self, id: PolicyId) -> Result<Option<PolicyLine>, StoreError> {
        self.read(move |connection| policy_list::line(connection, id)).await
    }

    async fn refills_of(
        &self,
        policy: PolicyId,
        slice: Slice<i64>,
    ) -> Result<Vec<Refill>, StoreError> {
        self.read(move |connection| policy_list::refills(connection, policy, slice)).await
    }

    async fn deposits_of(
        &self,
        merchant: MerchantId,
        slice: Slice<DepositPlace>,
    ) -> Result<Vec<Deposit>, StoreError> {
        self.read(move |connection| deposit::of_merchant(connection, merchant, slice)).await
    }

    async fn prices_of(&self, owner: PriceOwner) -> Result<PriceOverrides, StoreError> {
        self.read(move |connection| price::of_owner(connection, owner)).await
    }

    async fn statement(
        &self,
        merchant: MerchantId,
        span: Span,
        slice: Slice<StatementPlace>,
    ) -> Result<Vec<StatementLine>, StoreError> {
        self.read(move |connection| merchant_statement::lines(connection, merchant, span, slice))
            .await
    }

    async fn newest_statement(
        &self,
        merchant: MerchantId,
        slice: Slice<StatementPlace>,
    ) -> Result<Vec<StatementLine>, StoreError> {
        self.read(move |connection| merchant_statement::newest_lines(connection, merchant, slice))
            .await
    }

    async fn entries_of_order(&self, order: OrderId) -> Result<Vec<StatementLine>, StoreError> {
        self.read(move |connection| merchant_statement::of_order(connection, order)).await
    }

    async fn orders(
        &self,
        filter: OrderFilter,
        slice: Slice<OrderId>,
    ) -> Result<Part<OrderView>, StoreError> {
        self.read(move |connection| order_list::orders(connection, &filter, slice)).await
    }

    async fn orders_by_txid(&self, txid: TxId, limit: usize) -> Result<Vec<OrderView>, StoreError> {
        self.read(move |connection| order_list::by_txid(connection, txid, limit)).await
    }

    async fn known_txs(&self, txids: &[TxId]) -> Result<BTreeSet<TxId>, StoreError> {
        let txids = txids.to_vec();
        self.read(move |connection| tx_known::ours(connection, &txids)).await
    }

    async fn known_deposits(&self, txids: &[TxId]) -> Result<BTreeSet<TxId>, StoreError> {
        let txids = txids.to_vec();
        self.read(move |connection| tx_known::deposits(connection, &txids)).await
    }

    async fn callbacks(
        &self,
        filter: CallbackFilter,
        slice: Slice<OrderId>,
    ) -> Result<Part<CallbackLine>, StoreError> {
        self.read(move |connection| callback_list::callbacks(connection, filter, slice)).await
    }

    async fn admin_log(&self, slice: Slice<i64>) -> Result<Vec<NumberedLogEntry>, StoreError> {
        self.read(move |connection| admin::log_lines(connection, slice)).await
    }

    async fn newest_log_of(&self, action: &str) -> Result<Option<LogEntry>, StoreError> {
        let action = action.to_owned();
        self.read(move |connection| admin::newest_log_of(connection, &action)).await
    }

    async fn admin_token(&self, id: &str) -> Result<Option<AdminToken>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| admin_token::by_id(connection, &id)).await
    }

    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError> {
        self.read(admin_token::all).await
    }

    async fn steps(&self, asked: FiguresAsked) -> Result<Vec<StepFigures>, StoreError> {
        self.read(move |connection| figures::steps(connection, asked)).await
    }

    async fn outcomes(&self, asked: FiguresAsked) -> Result<Vec<OutcomeFigures>, StoreError> {
        self.read(move |connection| figures::outcomes(connection, asked)).await
    }

    async fn queues(&self) -> Result<Vec<QueueFigures>, StoreError> {
        self.read(figures::queues).await
    }

    async fn lent_figures(&self) -> Result<Vec<LentFigures>, StoreError> {
        self.read(figures::lent).await
    }

    async fn due_back(&self) -> Result<Vec<DueBack>, StoreError> {
        self.read(figures::due_back).await
    }

    async fn person(&self, key: &PersonKey) -> Result<Option<Person>, StoreError> {
        let key = key.clone();
        self.read(move |connection| person::by_key(connection, &key)).await
    }

    async fn people(&self, merchant: Option<MerchantId>) -> Result<Vec<Person>, StoreError> {
        self.read(move |connection| person::all(connection, merchant)).await
    }

    fn commit_counts(&self) -> CommitCounts {
        self.tally().counts()
    }
}

#[async_trait]
impl Sessions for SqlStore {
    async fn session(&self, token_hash: [u8; 32]) -> Result<Option<(Session, Person)>, StoreError> {
        self.read(move |connection| person::session(connection, token_hash)).await
    }

    async fn see_session(&self, token_hash: [u8; 32], now: UnixMillis) -> Result<(), StoreError> {
        self.write(move |connection| person::see(connection, token_hash, now)).await
    }

    async fn prune_sessions(
        &self,
        seen_before: UnixMillis,
        began_before: UnixMillis,
    ) -> Result<usize, StoreError> {
        self.write(move |connection| person::prune(connection, seen_before, began_before)).await
    }
}
