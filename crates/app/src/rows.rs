//! What is loaded and written: the rows that use cases and the store exchange, in domain types.

use std::collections::BTreeMap;

use domain::callback::CallbackEvent;
use domain::key::{KeyLimits, KeySpend, Scope};
use domain::ledger::LedgerTx;
use domain::order::step::WalletChange;
use domain::pool::{Pool, WalletRole};
use domain::price_overrides::PriceOverrides;
use domain::{
    BatchId, Day, Deposit, KeyId, MerchantId, OrderId, Policy, PolicyId, PolicyKind, Transfer,
    TransferId, UnixMillis, WholeOrder,
};
use tron::{Address, Bandwidth, Energy, Sun, TxId};

use crate::admin_rows::{AdminChanges, AdminNeeds, AdminRows};
use crate::batch_rows::{BatchChanges, BatchNeeds, BatchRows};

/// What a unit of work reads before it decides. Empty means: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// A merchant with its balances.
    pub merchant: Option<MerchantId>,
    /// A key's cap and what it has spent on a day.
    pub spend: Option<(KeyId, Day)>,
    /// A key, revoked or not.
    pub key: Option<KeyId>,
    /// The newest order of the merchant with this reference.
    pub reference: Option<String>,
    /// Whether a request was answered before.
    pub answers: Option<RequestKeys>,
    /// One order with its legs and transactions; the other live orders on its receiver come along.
    pub order: Option<OrderId>,
    /// The live orders on an address, for work that has no order yet.
    pub receiver: Option<Address>,
    /// Every wallet of the pool.
    pub pool: bool,
    /// One policy.
    pub policy: Option<PolicyKey>,
    /// Whether this transfer was counted by that policy, which is named by its id.
    pub counted: Option<(PolicyId, TxId)>,
    /// What a person's change reads beside this.
    pub admin: Option<AdminNeeds>,
    /// What a decision about a batch reads beside this.
    pub batch: Option<BatchNeeds>,
    /// One transfer.
    pub transfer: Option<TransferId>,
    /// Whether an open transfer is charged for the activation of this address.
    pub activated: Option<Address>,
    /// What transfers that are not in a block yet may still take from each payer.
    pub outlays: bool,
    /// The last solid block that was scanned for deposits.
    pub scanned: bool,
    /// The block up to which orders know the chain.
    pub told: bool,
    /// The lease under which this is done; work whose lease was taken over is refused.
    pub lease: Option<Lease>,
    /// The same of a policy.
    pub policy_lease: Option<PolicyLease>,
}

/// What was asked for in [`Needs`], as it is inside the transaction.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The merchant, if asked for and there.
    pub merchant: Option<Merchant>,
    /// What is set of the merchant's prices: the house's with its own on top.
    pub prices: PriceOverrides,
    /// The key's cap and spend; no cap and nothing spent unless asked for.
    pub spend: KeySpend,
    /// The key, if asked for and there.
    pub key: Option<Key>,
    /// Answers given before.
    pub answers: StoredAnswers,
    /// The newest order with the reference, if asked for and there.
    pub by_reference: Option<OrderId>,
    /// The order, if asked for and there.
    pub whole: Option<WholeOrder>,
    /// The other live orders on the receiver.
    pub others: Vec<WholeOrder>,
    /// The pool; empty unless asked for.
    pub pool: Pool,
    /// The policy, if asked for and there.
    pub policy: Option<Policy>,
    /// The id for a new policy, if one was asked for and is not there.
    pub next_policy: Option<PolicyId>,
    /// The transfer as it was counted, if asked for and counted.
    pub counted: Option<Counted>,
    /// What a person's change asked for.
    pub admin: AdminRows,
    /// What a decision about a batch asked for.
    pub batch: BatchRows,
    /// The transfer, if asked for and there.
    pub transfer: Option<Transfer>,
    /// Whether an open transfer is charged for the activation of the address; false unless asked for.
    pub is_activated: bool,
    /// What open transfers may still take from each payer; empty unless asked for.
    pub outlays: BTreeMap<Address, Sun>,
    /// The last solid block that was scanned, if asked for and there.
    pub scanned: Option<ScannedBlock>,
    /// The block up to which orders know the chain, if asked for; none while they are being told.
    pub told: Option<WatchedBlock>,
}

/// Everything that becomes true in one commit. Empty means: nothing changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The order as it is from now on; the store writes what differs from the loaded one.
    pub whole: Option<WholeOrder>,
    /// Postings. A known identity is refused, which refuses the whole commit.
    pub ledger: Vec<LedgerTx>,
    /// Differences of wallet rows.
    pub wallets: Vec<WalletChange>,
    /// The callback owed, with its bytes; due at once. A second one for an order is refused.
    pub callback: Option<(CallbackEvent, Vec<u8>)>,
    /// Answers to remember.
    pub answers: Option<NewAnswers>,
    /// A request whose effect is taken back: what was answered to it is forgotten, so that a repeat is
    /// judged afresh.
    pub forgotten: Option<RequestKeys>,
    /// When this order wants attention next; `None` leaves its outbox row as it is.
    pub attention: Option<(OrderId, Attention)>,
    /// Other orders that want attention now.
    pub nudges: Vec<OrderId>,
    /// What is known of a callback after an attempt.
    pub attempt: Option<Attempt>,
    /// A policy as it is from now on. With a refill more than the loaded one, that refill's number and
    /// order are remembered; a known one is refused.
    pub policy: Option<Policy>,
    /// Policies to be looked at by a moment.
    pub policy_nudges: Vec<(PolicyId, UnixMillis)>,
    /// A transfer that a policy counts; a known one is refused.
    pub counted: Option<Counted>,
    /// A counted transfer that a fork dropped.
    pub uncounted: Option<Counted>,
    /// What a person changes, with its line in the log.
    pub admin: Option<Box<AdminChanges>>,
    /// What becomes true of a batch.
    pub batch: Option<Box<BatchChanges>>,
    /// The transfer as it is from now on.
    pub transfer: Option<Transfer>,
    /// When this transfer wants attention next; `None` leaves its outbox row as it is.
    pub transfer_attention: Option<(TransferId, Attention)>,
    /// New deposits; a known one is refused, which refuses the whole commit.
    pub deposits: Vec<Deposit>,
    /// The last solid block that was scanned for deposits; it only goes forward.
    pub scanned: Option<ScannedBlock>,
}

/// What becomes of an order's or callback's outbox row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Due at this moment. Without a lease the row's due time only ever moves earlier.
    At(UnixMillis),
    /// Nothing is owed any more: the row goes.
    Done,
}

/// A merchant and what it can spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Identity.
    pub id: MerchantId,
    /// Name, for people.
    pub name: String,
    /// Where outcomes go when an order names no address.
    pub callback_url: Option<String>,
    /// Whether new orders are refused.
    pub is_paused: bool,
    /// Balance of the ledger account "available".
    pub available: Sun,
    /// Balance of the ledger account "held".
    pub held: Sun,
    /// When it was added.
    pub created: UnixMillis,
}

/// An API key; the secret stays sealed outside the process's memory of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Identity.
    pub id: KeyId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// The text that requests carry.
    pub text: String,
    /// Name, for people.
    pub name: String,
    /// The secret, sealed by the server; never readable here.
    pub sealed_secret: Vec<u8>,
    /// Whether a second order with the same reference is refused.
    pub is_reference_strict: bool,
    /// What it may be used for, from where, and how much it may spend in a day.
    pub limits: KeyLimits,
    /// When it was added.
    pub created: UnixMillis,
    /// When it stopped working.
    pub revoked: Option<UnixMillis>,
}

impl Key {
    /// Whether orders may be placed with it: it works, and has the scope for that.
    #[must_use]
    pub const fn may_order(&self) -> bool {
        self.revoked.is_none() && self.limits.scopes.has(Scope::Order)
    }
}

/// What a key has bought: orders that were not refunded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// How many.
    pub orders: i64,
    /// Their energy.
    pub energy: Energy,
    /// What they cost.
    pub charged: Sun,
}

/// A key and what it has bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySummary {
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created: UnixMillis,
    /// What its merchant can spend.
    pub available: Sun,
    /// Since it was added.
    pub total: KeyUse,
    /// On the day of UTC+8 that is asked about.
    pub today: KeyUse,
    /// On the day before.
    pub yesterday: KeyUse,
}

/// A pool wallet to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewWallet {
    /// Its address.
    pub address: Address,
    /// The address of the key that signs for it; equal to `address` when it is the owner's key.
    pub signer: Address,
    /// What it is for.
    pub role: WalletRole,
    /// The permission that the signer holds.
    pub permission_id: i32,
}

/// A wallet's state on chain, as a reading found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletReading {
    /// The wallet.
    pub address: Address,
    /// Energy stake that the chain would let it delegate, in sun.
    pub energy_capacity: Sun,
    /// Bandwidth stake that the chain would let it delegate, in sun.
    pub bandwidth_capacity: Sun,
    /// Bandwidth for its own transactions.
    pub own_bandwidth: Bandwidth,
    /// Liquid TRX.
    pub balance: Sun,
    /// The inclusions counter of the wallet's row when the reading began: a reading that raced with
    /// an inclusion is dropped, the next block brings another.
    pub version: i64,
}

/// What identifies a request that must not act twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKeys {
    /// The key that signed it.
    pub key: KeyId,
    /// Its signed time, in seconds.
    pub timestamp_secs: i64,
    /// Its signature, decoded.
    pub signature: [u8; 32],
    /// Hash of method and path: the same signature elsewhere is refused.
    pub route: [u8; 32],
    /// The merchant's own key for resends, with a hash of the request.
    pub idempotency: Option<Idempotency>,
}

/// The merchant's own key for resends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The text of the header.
    pub text: String,
    /// Hash of method, path and canonical body.
    pub request: [u8; 32],
}

/// What a request was answered with, the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It placed this order; the answer is rendered from the order's row.
    Order(OrderId),
    /// It was answered with these bytes.
    Exact(ExactAnswer),
}

/// An answer to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: String,
}

/// What was answered before. A replay is an exact copy; a resend carries a known idempotency key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredAnswers {
    /// What the same signed request was answered with, and the route that it was sent to.
    pub replay: Option<(Remembered, [u8; 32])>,
    /// What the request with the same idempotency key was answered with, and its hash.
    pub resend: Option<(Remembered, [u8; 32])>,
}

/// An answer to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnswers {
    /// What identifies the request.
    pub request: RequestKeys,
    /// What it is answered with.
    pub answer: Remembered,
    /// When, for forgetting.
    pub at: UnixMillis,
    /// Whether its idempotency key leads to that answer already: then only its signature is new.
    pub is_resend: bool,
}

/// Which outbox a row is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxKind {
    /// An order wants something done on chain or by time.
    Order,
    /// A callback wants to be delivered.
    Callback,
    /// A transfer wants something done on chain or by time.
    Transfer,
    /// A batch has rows to look at or to place orders for.
    Batch,
    /// The chain wants to be followed: one row, which is always there, so that one server at a time does
    /// it for all.
    Chain,
}

/// One worker's temporary claim on an outbox row. It saves work; states keep us correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which outbox.
    pub kind: OutboxKind,
    /// What the row is about: an order's id, a transfer's, or a batch's.
    pub subject: [u8; 16],
    /// Raised at each claim: an older holder is refused.
    pub fence: i64,
    /// Nudges counted when claimed: a later one keeps the row due.
    pub nudges: i64,
}

impl Lease {
    /// The order that the row is about, if its kind is about orders.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        OrderId(self.subject)
    }

    /// The batch that the row is about, if its kind is about batches.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        BatchId(self.subject)
    }

    /// The transfer that the row is about, if its kind is about transfers.
    #[must_use]
    pub const fn transfer(&self) -> TransferId {
        TransferId(self.subject)
    }
}

/// A callback with its bytes, as it is to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The order.
    pub order: OrderId,
    /// The key whose secret signs.
    pub key: KeyId,
    /// Where to post.
    pub url: String,
    /// The exact body.
    pub body: Vec<u8>,
    /// Attempts made.
    pub attempts: u32,
    /// When the first attempt was due.
    pub first: UnixMillis,
    /// How it stands.
    pub state: CallbackState,
}

/// How a callback stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    /// Owed.
    Owed,
    /// The receiver took it.
    Delivered,
    /// Given up; an operator can replay it.
    Dead,
}

/// One try at a callback, kept for looking at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The order.
    pub order: OrderId,
    /// When it began.
    pub at: UnixMillis,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The start of the answer, or what went wrong.
    pub note: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The time under which it was signed, in seconds; `None` when nothing was sent.
    pub signed_secs: Option<i64>,
    /// How the callback stands after it.
    pub state: CallbackState,
}

/// The last block whose transactions were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchedBlock {
    /// Its number.
    pub number: i64,
    /// Its id, 32 bytes.
    pub id: [u8; 32],
}

/// An order as a query shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// The order.
    pub whole: WholeOrder,
    /// The name of the key that placed it.
    pub key_name: String,
}

/// A transaction of ours that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnTx {
    /// The transaction.
    pub txid: TxId,
    /// What it serves.
    pub owner: TxOwner,
}

/// What a transaction of ours serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxOwner {
    /// A leg of this order.
    Order(OrderId),
    /// This transfer.
    Transfer(TransferId),
}

/// One deposit address of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositAddress {
    /// The address.
    pub address: Address,
    /// Whose deposits arrive on it.
    pub merchant: MerchantId,
    /// The fingerprint of the extended public key that it is derived from.
    pub xpub: String,
    /// Its number below that key.
    pub number: i64,
    /// When it was first asked for.
    pub created: UnixMillis,
}

/// The last solid block that was scanned for deposits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedBlock {
    /// Its number.
    pub number: i64,
    /// Its id, 32 bytes.
    pub id: [u8; 32],
    /// Its time.
    pub at: UnixMillis,
}

/// What an audit of the ledger and the rows found: empty lists mean clean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerAudit {
    /// Ledger accounts looked at.
    pub accounts: i64,
    /// Ledger transactions looked at.
    pub ledger_txs: i64,
    /// Orders looked at.
    pub orders: i64,
    /// Each difference, in words with ids and amounts.
    pub differences: Vec<String>,
}

/// Which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKey {
    /// By its id.
    Id(PolicyId),
    /// By whose it is, its kind and its address.
    Of(MerchantId, PolicyKind, Address),
}

/// A policy with the order of its open refill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyView {
    /// The policy.
    pub policy: Policy,
    /// The order of its open refill.
    pub open: Option<WholeOrder>,
}

/// One worker's temporary claim on a policy. It saves work: decisions are made on the row as it is. Who is
/// nudged meanwhile can be claimed by another at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyLease {
    /// Which policy.
    pub policy: PolicyId,
    /// When another may take it.
    pub until: UnixMillis,
    /// Raised at each claim: an older holder is refused.
    pub fence: i64,
}

/// A policy to which it matters what its address does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchedPolicy {
    /// Which policy.
    pub id: PolicyId,
    /// Its kind.
    pub kind: PolicyKind,
    /// Its address.
    pub receiver: Address,
}

/// A transfer that a count policy paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which policy.
    pub policy: PolicyId,
    /// The transfer.
    pub txid: TxId,
    /// The block that holds it.
    pub block: i64,
    /// Whether it was taken from what is left; not if the policy was perpetual.
    pub is_deducted: bool,
}

/// A page of policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPage {
    /// The policies of the page, newest first.
    pub policies: Vec<Policy>,
    /// How many there are on all pages.
    pub all: i64,
}
