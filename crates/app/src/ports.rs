//! The other rooms as the use cases see them. TRON nodes are [`node::TronNode`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ledger::LedgerTx;
use domain::pool::{Pool, WalletRole};
use domain::price_overrides::PriceOverrides;
use domain::{
    BatchId, Deposit, DepositId, KeyId, MerchantId, OrderId, PolicyId, PolicyKind, Transfer,
    TransferId, UnixMillis, WholeOrder,
};
use tron::sign::Signature;
use tron::{Address, Sun, TxId};

use crate::rows::{
    Callback, Counted, DepositAddress, Key, KeySummary, Lease, LedgerAudit, Merchant, NewWallet,
    OrderView, OutboxKind, OwnTx, PolicyLease, PolicyPage, PolicyView, RequestKeys, ScannedBlock,
    StoredAnswers, WalletReading, WatchedBlock, WatchedPolicy,
};
use crate::work::Work;

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The lease was taken over; somebody else is doing the work.
    #[error("the lease was taken over")]
    LeaseLost,
    /// A unique key exists already: the same fact was posted before.
    #[error("a row with this identity exists already: {0}")]
    Conflict(String),
    /// A rule of the schema refused the rows; this is a defect of ours.
    #[error("the database refused the rows: {0}")]
    Broken(String),
    /// Too much work is waiting.
    #[error("the store is busy")]
    Busy,
    /// The database does not answer or cannot write; it may come back.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
}

/// Keeps rows. Every method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    /// Loads what the work needs, lets it decide, writes its changes; returns once durable.
    async fn commit(&self, work: Box<dyn Work>) -> Result<(), StoreError>;

    /// Claims at most `limit` rows that are due at `now` and not leased, earliest first.
    async fn claim(
        &self,
        kind: OutboxKind,
        owner: &str,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError>;

    /// Claims one row that is free, whether it is due or not; `None` when somebody else has it.
    async fn claim_one(
        &self,
        kind: OutboxKind,
        subject: [u8; 16],
        owner: &str,
        now: UnixMillis,
        lease_until: UnixMillis,
    ) -> Result<Option<Lease>, StoreError>;

    /// Takes the turn to follow the chain; `None` while another server has it.
    ///
    /// A turn that ends later than one taken now could, twice over, is from before the clock was set
    /// back: it counts as over.
    async fn take_turn(
        &self,
        owner: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<Lease>, StoreError>;

    /// Keeps the turn to follow the chain until a later moment, under the same fence.
    async fn keep_turn(&self, turn: Lease, until: UnixMillis) -> Result<(), StoreError>;

    /// Gives a claimed row back, due at `due`, without any other change.
    async fn release(&self, lease: Lease, due: UnixMillis) -> Result<(), StoreError>;

    /// Ends every lease and returns how many, for a server that is alone on its database and has just
    /// started: what died with the last one need not wait for its leases to run out. A holder that is
    /// alive after all is refused, as after any takeover.
    async fn free_leases(&self) -> Result<usize, StoreError>;

    /// When the earliest row of an outbox is due, leases counted.
    async fn next_due(&self, kind: OutboxKind) -> Result<Option<UnixMillis>, StoreError>;

    /// An order with its legs and transactions, and the other live orders on its receiver.
    async fn whole(
        &self,
        order: OrderId,
    ) -> Result<Option<(WholeOrder, Vec<WholeOrder>)>, StoreError>;

    /// The live orders on an address.
    async fn live_on(&self, receiver: Address) -> Result<Vec<WholeOrder>, StoreError>;

    /// An order as a query shows it.
    async fn order_view(&self, order: OrderId) -> Result<Option<OrderView>, StoreError>;

    /// The newest order of a merchant with this reference.
    async fn newest_by_reference(
        &self,
        merchant: MerchantId,
        reference: &str,
    ) -> Result<Option<OrderId>, StoreError>;

    /// What was answered to a request before.
    async fn answers(&self, request: &RequestKeys) -> Result<StoredAnswers, StoreError>;

    /// Which of these transactions are ours and not yet solid or lost.
    async fn own_txs(&self, txids: &[TxId]) -> Result<Vec<OwnTx>, StoreError>;

    /// Which of these addresses have live orders.
    async fn live_receivers(&self, receivers: &[Address]) -> Result<Vec<Address>, StoreError>;

    /// Every transaction of ours that is not yet solid or lost.
    async fn open_txs(&self) -> Result<Vec<OwnTx>, StoreError>;

    /// Our transactions that are included in this block or a later one and not solid.
    async fn included_since(&self, block: i64) -> Result<Vec<OwnTx>, StoreError>;

    /// Live orders whose receiver's transfer is in a block after this time, with that transfer.
    async fn used_since(&self, after: UnixMillis) -> Result<Vec<(OrderId, TxId)>, StoreError>;

    /// Our transactions that are included in this block or an earlier one and not solid, by block.
    async fn included_until(&self, block: i64) -> Result<Vec<(i64, OwnTx)>, StoreError>;

    /// Marks these transactions of orders as solid, those that are included, under a turn to follow the
    /// chain. Final orders of which nothing is open any more are due.
    async fn mark_solid(&self, txids: &[TxId], turn: Lease) -> Result<(), StoreError>;

    /// The last block that was looked at.
    async fn watched(&self) -> Result<Option<WatchedBlock>, StoreError>;

    /// From now on orders are being told what a block or a fork did, under a turn to follow the chain;
    /// all of it is told when the next block is remembered.
    async fn begin_telling(&self, turn: Lease) -> Result<(), StoreError>;

    /// Remembers the last block that was looked at, under a turn to follow the chain.
    async fn set_watched(&self, block: WatchedBlock, turn: Lease) -> Result<(), StoreError>;

    /// The pool as the rows have it, with each wallet's version.
    async fn pool(&self) -> Result<(Pool, Vec<i64>), StoreError>;

    /// Who signs for each wallet.
    async fn wallets(&self) -> Result<Vec<NewWallet>, StoreError>;

    /// Writes what readings found, under a turn to follow the chain; a reading of an outdated version is
    /// dropped.
    async fn save_readings(
        &self,
        readings: &[WalletReading],
        turn: Lease,
    ) -> Result<(), StoreError>;

    /// Adds or changes a wallet of the pool.
    async fn put_wallet(&self, wallet: NewWallet) -> Result<(), StoreError>;

    /// Lets new legs use a wallet, or not.
    async fn enable_wallet(&self, address: Address, is_enabled: bool) -> Result<bool, StoreError>;

    /// Stake that our legs have lent or reserved, by wallet, receiver and resource: what the chain
    /// should show.
    async fn lent(&self) -> Result<Vec<Lent>, StoreError>;

    /// The callback of an order.
    async fn callback(&self, order: OrderId) -> Result<Option<Callback>, StoreError>;

    /// The attempts at an order's callback, oldest first.
    async fn attempts(&self, order: OrderId) -> Result<Vec<crate::rows::Attempt>, StoreError>;

    /// Makes a delivered or dead callback owed again, due now; false when there is none.
    async fn replay_callback(&self, order: OrderId, now: UnixMillis) -> Result<bool, StoreError>;

    /// Adds a merchant.
    async fn add_merchant(
        &self,
        name: &str,
        callback_url: Option<&str>,
        now: UnixMillis,
    ) -> Result<MerchantId, StoreError>;

    /// Refuses a merchant's new orders, or takes them again; false when there is no such merchant.
    async fn pause_merchant(&self, id: MerchantId, is_paused: bool) -> Result<bool, StoreError>;

    /// Every merchant with its balances.
    async fn merchants(&self) -> Result<Vec<Merchant>, StoreError>;

    /// What is set of a merchant's prices: the house's with its own on top.
    async fn prices(&self, merchant: MerchantId) -> Result<PriceOverrides, StoreError>;

    /// Adds a key unless the merchant has `live_max` live ones; `None` then.
    async fn add_key(&self, key: &Key, live_max: usize) -> Result<Option<KeyId>, StoreError>;

    /// Revokes a key; false when there is no such live key.
    async fn revoke_key(&self, text: &str, now: UnixMillis) -> Result<bool, StoreError>;

    /// A key by the text that requests carry, revoked ones too.
    async fn key(&self, text: &str) -> Result<Option<Key>, StoreError>;

    /// A key by its identity.
    async fn key_by_id(&self, id: KeyId) -> Result<Option<Key>, StoreError>;

    /// A merchant's keys.
    async fn keys(&self, merchant: MerchantId) -> Result<Vec<Key>, StoreError>;

    /// Takes at most `limit` policies that are due at `now`, earliest first.
    async fn claim_policies(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: usize,
    ) -> Result<Vec<PolicyLease>, StoreError>;

    /// Gives a policy back, due at this moment or, with none, at rest; one that was nudged meanwhile
    /// stays due.
    ///
    /// Errors: `LeaseLost` when another has claimed it since.
    async fn release_policy(
        &self,
        lease: PolicyLease,
        due: Option<UnixMillis>,
    ) -> Result<(), StoreError>;

    /// When the earliest policy is due, leases counted.
    async fn next_policy_due(&self) -> Result<Option<UnixMillis>, StoreError>;

    /// A policy with the order of its open refill.
    async fn policy_view(&self, policy: PolicyId) -> Result<Option<PolicyView>, StoreError>;

    /// A merchant's policies of one kind, newest first; of one address if one is named.
    async fn policies(
        &self,
        whose: (MerchantId, PolicyKind, Option<Address>),
        offset: i64,
        limit: i64,
    ) -> Result<PolicyPage, StoreError>;

    /// The policies to which it matters what one of these addresses does.
    async fn watched_policies(
        &self,
        receivers: &[Address],
    ) -> Result<Vec<WatchedPolicy>, StoreError>;

    /// Makes every such policy due, under a turn to follow the chain, and returns how many.
    async fn nudge_watched_policies(
        &self,
        due: UnixMillis,
        turn: Lease,
    ) -> Result<usize, StoreError>;

    /// Counted transfers in this block or a later one that can still be undone.
    async fn counted_since(&self, block: i64) -> Result<Vec<Counted>, StoreError>;

    /// Counted transfers in this block or an earlier one that are not marked as solid, by block.
    async fn counted_until(&self, block: i64) -> Result<Vec<Counted>, StoreError>;

    /// Marks counted transfers as solid, under a turn to follow the chain.
    async fn mark_counted_solid(&self, counted: &[Counted], turn: Lease) -> Result<(), StoreError>;

    /// A key and what it has bought; today is the day of UTC+8 that `now` lies in.
    ///
    /// Shape: one row a day on which the key was used, however many orders there are.
    async fn key_summary(
        &self,
        key: KeyId,
        now: UnixMillis,
    ) -> Result<Option<KeySummary>, StoreError>;

    /// Posts a ledger transaction that no order caused.
    async fn post(&self, tx: LedgerTx) -> Result<(), StoreError>;

    /// A transfer.
    async fn transfer(&self, id: TransferId) -> Result<Option<Transfer>, StoreError>;

    /// A merchant's newest transfers, newest first.
    async fn transfers(
        &self,
        merchant: MerchantId,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError>;

    /// What transfers that are not in a block yet may still take from each payer.
    async fn outlays(&self) -> Result<BTreeMap<Address, Sun>, StoreError>;

    /// A merchant's deposit addresses, the newest first; everybody's without a merchant.
    async fn deposit_addresses(
        &self,
        merchant: Option<MerchantId>,
    ) -> Result<Vec<DepositAddress>, StoreError>;

    /// Which of these addresses are deposit addresses, and whose.
    async fn deposit_merchants(
        &self,
        addresses: &[Address],
    ) -> Result<Vec<(Address, MerchantId)>, StoreError>;

    /// The newest deposits, of one merchant or of all, newest first.
    async fn deposits(
        &self,
        merchant: Option<MerchantId>,
        limit: usize,
    ) -> Result<Vec<Deposit>, StoreError>;

    /// The last solid block that was scanned for deposits.
    async fn scanned(&self) -> Result<Option<ScannedBlock>, StoreError>;

    /// Whether what is written becomes durable: false from a commit that the machine refused, as on a
    /// full disk, until one that went through; and for good once damage was met.
    async fn is_fit(&self) -> bool {
        true
    }

    /// Recomputes every balance, hold and reservation from its rows and names each difference.
    async fn audit(&self) -> Result<LedgerAudit, StoreError>;

    /// Forgets answers older than their limits and returns how many.
    async fn prune(
        &self,
        replays_before: UnixMillis,
        resends_before: UnixMillis,
    ) -> Result<usize, StoreError>;
}

/// Stake lent to one receiver by one wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The wallet.
    pub owner: Address,
    /// The address that has it.
    pub receiver: Address,
    /// Which resource.
    pub resource: tron::Resource,
    /// Sun of stake that the chain shows as lent.
    pub lent: tron::Sun,
    /// Sun of stake that may or may not be on chain yet, or still.
    pub in_doubt: tron::Sun,
}

/// Signs with keys that it never hands out.
pub trait Signer: Send + Sync {
    /// The signature of `signer`'s key over a transaction id; `None` when the key is not here.
    fn sign(&self, signer: Address, txid: &TxId) -> Option<Signature>;
}

/// What came of one try at posting a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The start of the answer, or what went wrong.
    pub note: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The time under which it was signed, in seconds; `None` when nothing was sent.
    pub signed_secs: Option<i64>,
}

/// Posts bytes to merchants.
#[async_trait]
pub trait Poster: Send + Sync {
    /// Signs the body afresh with the key's secret and posts it; bounded in time and size.
    async fn post(&self, callback: &Callback) -> Posted;
}

/// Reads the time.
pub trait Clock: Send + Sync {
    /// Wall time.
    fn now(&self) -> UnixMillis;
}

/// Makes identities and jitter; seeded in tests.
pub trait Ids: Send + Sync {
    /// A fresh order id whose first bits are the time.
    fn order_id(&self, now: UnixMillis) -> OrderId;

    /// A fresh transfer id, made as an order's.
    fn transfer_id(&self, now: UnixMillis) -> TransferId {
        TransferId(self.order_id(now).0)
    }

    /// A fresh deposit id, made as an order's.
    fn deposit_id(&self, now: UnixMillis) -> DepositId {
        DepositId(self.order_id(now).0)
    }

    /// A fresh batch id, made as an order's.
    fn batch_id(&self, now: UnixMillis) -> BatchId {
        BatchId(self.order_id(now).0)
    }

    /// A number from 0 to 999 999, for jitter.
    fn jitter_ppm(&self) -> i64;
}

/// A role's word in listings and the command line.
#[must_use]
pub const fn role_name(role: WalletRole) -> &'static str {
    match role {
        WalletRole::Lender => "lender",
        WalletRole::Activator => "activator",
        WalletRole::Payer => "payer",
    }
}
