//! The port, method by method: each is one job.

use std::collections::BTreeMap;

use app::ports::{Lent, Store, StoreError};
use app::rows::{
    Attempt, Callback, Counted, DepositAddress, Key, KeySummary, Lease, LedgerAudit, Merchant,
    NewWallet, OrderView, OutboxKind, OwnTx, PolicyLease, PolicyPage, PolicyView, RequestKeys,
    ScannedBlock, StoredAnswers, WalletReading, WatchedBlock, WatchedPolicy,
};
use app::work::Work;
use async_trait::async_trait;
use domain::ledger::LedgerTx;
use domain::pool::Pool;
use domain::price_overrides::PriceOverrides;
use domain::{
    Deposit, KeyId, MerchantId, OrderId, PolicyId, PolicyKind, Transfer, TransferId, UnixMillis,
    WholeOrder,
};
use tron::{Address, Sun, TxId};

use crate::doors::SqlStore;
use crate::sql::Connection;
use crate::{
    answer, audit, callback, column, deposit, key, key_use, ledger, leg, merchant, order, outbox,
    policy, pool, price, transfer, tx, watch,
};

#[async_trait]
impl Store for SqlStore {
    async fn commit(&self, work: Box<dyn Work>) -> Result<(), StoreError> {
        self.perform(work).await
    }

    async fn claim(
        &self,
        kind: OutboxKind,
        owner: &str,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            outbox::claim(connection, kind, &owner, now, lease_until, limit)
        })
        .await
    }

    async fn claim_one(
        &self,
        kind: OutboxKind,
        subject: [u8; 16],
        owner: &str,
        now: UnixMillis,
        lease_until: UnixMillis,
    ) -> Result<Option<Lease>, StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            outbox::claim_one(connection, kind, subject, &owner, now, lease_until)
        })
        .await
    }

    async fn take_turn(
        &self,
        owner: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<Lease>, StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| outbox::take_turn(connection, &owner, now, until)).await
    }

    async fn keep_turn(&self, turn: Lease, until: UnixMillis) -> Result<(), StoreError> {
        self.write(move |connection| outbox::keep(connection, &turn, until)).await
    }

    async fn release(&self, lease: Lease, due: UnixMillis) -> Result<(), StoreError> {
        self.write(move |connection| outbox::give_back(connection, &lease, due)).await
    }

    async fn free_leases(&self) -> Result<usize, StoreError> {
        self.write(outbox::free_all).await
    }

    async fn next_due(&self, kind: OutboxKind) -> Result<Option<UnixMillis>, StoreError> {
        self.read(move |connection| outbox::next_due(connection, kind)).await
    }

    async fn whole(
        &self,
        order: OrderId,
    ) -> Result<Option<(WholeOrder, Vec<WholeOrder>)>, StoreError> {
        self.read(move |connection| order::whole_and_others(connection, order)).await
    }

    async fn live_on(&self, receiver: Address) -> Result<Vec<WholeOrder>, StoreError> {
        self.read(move |connection| order::live_on(connection, receiver)).await
    }

    async fn order_view(&self, order: OrderId) -> Result<Option<OrderView>, StoreError> {
        self.read(move |connection| order::view(connection, order)).await
    }

    async fn newest_by_reference(
        &self,
        merchant: MerchantId,
        reference: &str,
    ) -> Result<Option<OrderId>, StoreError> {
        let reference = reference.to_owned();
        self.read(move |connection| order::newest_by_reference(connection, merchant, &reference))
            .await
    }

    async fn answers(&self, request: &RequestKeys) -> Result<StoredAnswers, StoreError> {
        let request = request.clone();
        self.read(move |connection| answer::stored(connection, &request)).await
    }

    async fn own_txs(&self, txids: &[TxId]) -> Result<Vec<OwnTx>, StoreError> {
        let txids = txids.to_vec();
        self.read(move |connection| tx::own(connection, &txids)).await
    }

    async fn live_receivers(&self, receivers: &[Address]) -> Result<Vec<Address>, StoreError> {
        let receivers = receivers.to_vec();
        self.read(move |connection| order::live_receivers(connection, &receivers)).await
    }

    async fn open_txs(&self) -> Result<Vec<OwnTx>, StoreError> {
        self.read(tx::open).await
    }

    async fn included_since(&self, block: i64) -> Result<Vec<OwnTx>, StoreError> {
        self.read(move |connection| tx::included_since(connection, block)).await
    }

    async fn used_since(&self, after: UnixMillis) -> Result<Vec<(OrderId, TxId)>, StoreError> {
        self.read(move |connection| order::used_since(connection, after)).await
    }

    async fn included_until(&self, block: i64) -> Result<Vec<(i64, OwnTx)>, StoreError> {
        self.read(move |connection| tx::included_until(connection, block)).await
    }

    async fn mark_solid(&self, txids: &[TxId], turn: Lease) -> Result<(), StoreError> {
        let txids = txids.to_vec();
        self.write_under(turn, move |connection| tx::mark_solid(connection, &txids)).await
    }

    async fn watched(&self) -> Result<Option<WatchedBlock>, StoreError> {
        self.read(watch::get).await
    }

    async fn set_watched(&self, block: WatchedBlock, turn: Lease) -> Result<(), StoreError> {
        self.write_under(turn, move |connection| watch::set(connection, block)).await
    }

    async fn begin_telling(&self, turn: Lease) -> Result<(), StoreError> {
        self.write_under(turn, watch::tell).await
    }

    async fn pool(&self) -> Result<(Pool, Vec<i64>), StoreError> {
        self.read(pool::all).await
    }

    async fn wallets(&self) -> Result<Vec<NewWallet>, StoreError> {
        self.read(pool::signers).await
    }

    async fn save_readings(
        &self,
        readings: &[WalletReading],
        turn: Lease,
    ) -> Result<(), StoreError> {
        let readings = readings.to_vec();
        self.write_under(turn, move |connection| pool::save_readings(connection, &readings)).await
    }

    async fn put_wallet(&self, wallet: NewWallet) -> Result<(), StoreError> {
        self.write(move |connection| pool::put(connection, &wallet)).await
    }

    async fn enable_wallet(&self, address: Address, is_enabled: bool) -> Result<bool, StoreError> {
        self.write(move |connection| pool::enable(connection, address, is_enabled)).await
    }

    async fn lent(&self) -> Result<Vec<Lent>, StoreError> {
        self.read(leg::lent).await
    }

    async fn callback(&self, order: OrderId) -> Result<Option<Callback>, StoreError> {
        self.read(move |connection| callback::of_order(connection, order)).await
    }

    async fn attempts(&self, order: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.read(move |connection| callback::attempts(connection, order)).await
    }

    async fn replay_callback(&self, order: OrderId, now: UnixMillis) -> Result<bool, StoreError> {
        self.write(move |connection| callback::replay(connection, order, now)).await
    }

    async fn add_merchant(
        &self,
        name: &str,
        callback_url: Option<&str>,
        now: UnixMillis,
    ) -> Result<MerchantId, StoreError> {
        let (name, url) = (name.to_owned(), callback_url.map(str::to_owned));
        self.write(move |connection| merchant::add(connection, &name, url.as_deref(), now)).await
    }

    async fn pause_merchant(&self, id: MerchantId, is_paused: bool) -> Result<bool, StoreError> {
        self.write(move |connection| merchant::pause(connection, id, is_paused)).await
    }

    async fn merchants(&self) -> Result<Vec<Merchant>, StoreError> {
        self.read(merchant::all).await
    }

    async fn prices(&self, merchant: MerchantId) -> Result<PriceOverrides, StoreError> {
        self.read(move |connection| price::for_merchant(connection, merchant)).await
    }

    async fn add_key(&self, key: &Key, live_max: usize) -> Result<Option<KeyId>, StoreError> {
        let key = key.clone();
        self.write(move |connection| key::add(connection, &key, live_max)).await
    }

    async fn revoke_key(&self, text: &str, now: UnixMillis) -> Result<bool, StoreError> {
        let text = text.to_owned();
        self.write(move |connection| key::revoke(connection, &text, now)).await
    }

    async fn key(&self, text: &str) -> Result<Option<Key>, StoreError> {
        let text = text.to_owned();
        self.read(move |connection| key::by_text(connection, &text)).await
    }

    async fn key_by_id(&self, id: KeyId) -> Result<Option<Key>, StoreError> {
        self.read(move |connection| key::by_id(connection, id)).await
    }

    async fn keys(&self, merchant: MerchantId) -> Result<Vec<Key>, StoreError> {
        self.read(move |connection| key::of_merchant(connection, merchant)).await
    }

    async fn claim_policies(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: usize,
    ) -> Result<Vec<PolicyLease>, StoreError> {
        self.write(move |connection| policy::claim(connection, now, lease_until, limit)).await
    }

    async fn release_policy(
        &self,
        lease: PolicyLease,
        due: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| policy::give_back(connection, lease, due)).await
    }

    async fn next_policy_due(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.read(policy::next_due).await
    }

    async fn policy_view(&self, policy: PolicyId) -> Result<Option<PolicyView>, StoreError> {
        self.read(move |connection| policy::view(connection, policy)).await
    }

    async fn policies(
        &self,
        whose: (MerchantId, PolicyKind, Option<Address>),
        offset: i64,
        limit: i64,
    ) -> Result<PolicyPage, StoreError> {
        let read = move |connection: &Connection| policy::listed(connection, whose, offset, limit);
        self.read(read).await.map(|(policies, all)| PolicyPage { policies, all })
    }

    async fn watched_policies(
        &self,
        receivers: &[Address],
    ) -> Result<Vec<WatchedPolicy>, StoreError> {
        let receivers = receivers.to_vec();
        self.read(move |connection| policy::watched(connection, &receivers)).await
    }

    async fn nudge_watched_policies(
        &self,
        due: UnixMillis,
        turn: Lease,
    ) -> Result<usize, StoreError> {
        self.write_under(turn, move |connection| policy::nudge_watched(connection, due)).await
    }

    async fn counted_since(&self, block: i64) -> Result<Vec<Counted>, StoreError> {
        self.read(move |connection| policy::counted_since(connection, block)).await
    }

    async fn counted_until(&self, block: i64) -> Result<Vec<Counted>, StoreError> {
        self.read(move |connection| policy::counted_until(connection, block)).await
    }

    async fn mark_counted_solid(&self, counted: &[Counted], turn: Lease) -> Result<(), StoreError> {
        let counted = counted.to_vec();
        self.write_under(turn, move |connection| policy::mark_solid(connection, &counted)).await
    }

    async fn key_summary(
        &self,
        key: KeyId,
        now: UnixMillis,
    ) -> Result<Option<KeySummary>, StoreError> {
        self.read(move |connection| key_use::summary(connection, key, now)).await
    }

    async fn post(&self, tx: LedgerTx) -> Result<(), StoreError> {
        self.write(move |connection| ledger::post(connection, &tx)).await
    }

    async fn transfer(&self, id: TransferId) -> Result<Option<Transfer>, StoreError> {
        self.read(move |connection| transfer::by_id(connection, id)).await
    }

    async fn transfers(
        &self,
        merchant: MerchantId,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        let limit = column::limit(limit);
        self.read(move |connection| transfer::of_merchant(connection, merchant, limit)).await
    }

    async fn outlays(&self) -> Result<BTreeMap<Address, Sun>, StoreError> {
        self.read(transfer::outlays).await
    }

    async fn deposit_addresses(
        &self,
        merchant: Option<MerchantId>,
    ) -> Result<Vec<DepositAddress>, StoreError> {
        self.read(move |connection| deposit::addresses(connection, merchant)).await
    }

    async fn deposit_merchants(
        &self,
        addresses: &[Address],
    ) -> Result<Vec<(Address, MerchantId)>, StoreError> {
        let addresses = addresses.to_vec();
        self.read(move |connection| deposit::merchants_of(connection, &addresses)).await
    }

    async fn deposits(
        &self,
        merchant: Option<MerchantId>,
        limit: usize,
    ) -> Result<Vec<Deposit>, StoreError> {
        self.read(move |connection| deposit::newest(connection, merchant, limit)).await
    }

    async fn scanned(&self) -> Result<Option<ScannedBlock>, StoreError> {
        self.read(deposit::scanned).await
    }

    async fn is_fit(&self) -> bool {
        self.takes_writes()
    }

    async fn audit(&self) -> Result<LedgerAudit, StoreError> {
        self.read_all(audit::audit).await
    }

    async fn prune(
        &self,
        replays_before: UnixMillis,
        resends_before: UnixMillis,
    ) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            // A transaction each, so that orders get in between.
            let pruned = self
                .write(move |connection| answer::prune(connection, replays_before, resends_before))
                .await?;
            all += pruned;
            if pruned == 0 {
                return Ok(all);
            }
        }
    }
}
