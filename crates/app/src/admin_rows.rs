//! The rows of the operator's side: what a change by a person reads, writes and leaves in the log.

use std::fmt;

use domain::pool::WalletRole;
use domain::price_overrides::PriceOverrides;
use domain::{
    Deposit, KeyId, MerchantId, OrderId, OrderState, PersonId, Policy, PolicyKind, PolicyState,
    UnixMillis,
};
use tron::{Address, Sun, TxId};

use crate::person_rows::{Person, PersonKey, SessionChange};
use crate::rows::{Callback, CallbackState, DepositAddress, Key, Merchant, OrderView};

/// Whose prices: the house's, which hold for everybody, or one merchant's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceOwner {
    /// Everybody without own ones.
    House,
    /// One merchant.
    Merchant(MerchantId),
}

/// What a person's change reads beside [`crate::rows::Needs`]. Empty means: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminNeeds {
    /// Every key of a merchant.
    pub keys_of: Option<MerchantId>,
    /// One key, by its text.
    pub key: Option<String>,
    /// One wallet.
    pub wallet: Option<Address>,
    /// The callback of an order.
    pub callback: Option<OrderId>,
    /// A price list as it is set, without what it inherits.
    pub prices_of: Option<PriceOwner>,
    /// An admin token, by its look-up id.
    pub token: Option<String>,
    /// The admin token with this name that is not revoked.
    pub token_named: Option<String>,
    /// A merchant's deposit address below the extended public key with this fingerprint.
    pub deposit_address: Option<(MerchantId, String)>,
    /// A person.
    pub person: Option<PersonKey>,
    /// Whether a change was made before.
    pub request: Option<AdminRequest>,
    /// The newest line of the log with this action about this subject.
    pub log: Option<(&'static str, String)>,
}

/// What was asked for in [`AdminNeeds`], as it is inside the transaction.
#[derive(Clone, Debug)]
pub struct AdminRows {
    /// The keys of the merchant.
    pub keys: Vec<Key>,
    /// The key.
    pub key: Option<Key>,
    /// The wallet.
    pub wallet: Option<WalletRow>,
    /// The callback.
    pub callback: Option<Callback>,
    /// The price list.
    pub prices: PriceOverrides,
    /// The token.
    pub token: Option<AdminToken>,
    /// The token with the name.
    pub token_named: Option<AdminToken>,
    /// The deposit address.
    pub deposit_address: Option<DepositAddress>,
    /// The person.
    pub person: Option<Person>,
    /// What was answered to the same idempotency key, with the hash of that request.
    pub answered: Option<([u8; 32], String)>,
    /// The line of the log.
    pub log: Option<LogEntry>,
    /// The number that a new merchant gets.
    pub next_merchant: MerchantId,
    /// The number that a new key gets.
    pub next_key: KeyId,
    /// The number that a new person gets.
    pub next_person: PersonId,
}

impl Default for AdminRows {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            key: None,
            wallet: None,
            callback: None,
            prices: PriceOverrides::default(),
            token: None,
            token_named: None,
            deposit_address: None,
            person: None,
            answered: None,
            log: None,
            next_merchant: MerchantId(0),
            next_key: KeyId(0),
            next_person: PersonId(0),
        }
    }
}

/// What a person's change writes. Nothing of it goes without its line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminChanges {
    /// A merchant as it is from now on; a new number is a new one, with its ledger accounts.
    pub merchant: Option<Merchant>,
    /// A key as it is from now on.
    pub key: Option<Key>,
    /// A wallet as it is from now on.
    pub wallet: Option<WalletRow>,
    /// A price list as it is set from now on.
    pub prices: Option<(PriceOwner, PriceOverrides)>,
    /// A token as it is from now on.
    pub token: Option<AdminToken>,
    /// A new deposit address.
    pub deposit_address: Option<DepositAddress>,
    /// A person as it is from now on.
    pub person: Option<Person>,
    /// What becomes of sessions.
    pub session: Option<SessionChange>,
    /// A callback that is owed again from this moment.
    pub replay: Option<(OrderId, UnixMillis)>,
    /// What to answer to the same request again.
    pub answer: Option<(AdminRequest, String)>,
    /// What the log says.
    pub log: LogEntry,
}

impl AdminChanges {
    /// Nothing but a line in the log.
    #[must_use]
    pub const fn logged(log: LogEntry) -> Self {
        Self {
            merchant: None,
            key: None,
            wallet: None,
            prices: None,
            token: None,
            deposit_address: None,
            person: None,
            session: None,
            replay: None,
            answer: None,
            log,
        }
    }
}

/// One change by a person, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When it was decided.
    pub at: UnixMillis,
    /// Who: `cli` with the name of the system's user, `token` with the token's name, or `person` with
    /// the person's.
    pub actor: String,
    /// What was done, as `merchant.pause`.
    pub action: String,
    /// To whom or what, as `merchant 7`.
    pub subject: String,
    /// How it was, as JSON; absent when it was not there.
    pub before: Option<String>,
    /// How it is, as JSON.
    pub after: Option<String>,
}

/// A line of the log with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedLogEntry {
    /// From 1, without gaps.
    pub number: i64,
    /// The line.
    pub entry: LogEntry,
}

/// A pool wallet as the operator set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletRow {
    /// Its address.
    pub address: Address,
    /// The address of the key that signs for it.
    pub signer: Address,
    /// What it is for.
    pub role: WalletRole,
    /// The permission that the signer holds.
    pub permission_id: i32,
    /// Whether new legs may use it.
    pub is_enabled: bool,
}

/// What makes a repeat of a person's request harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRequest {
    /// Who sent it; the same text from another is another request.
    pub actor: String,
    /// The text of its idempotency key.
    pub text: String,
    /// Hash of method, path and body.
    pub hash: [u8; 32],
}

/// A bearer token of the admin interface; its secret is kept as an argon2 hash only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminToken {
    /// The public part, by which it is found.
    pub id: String,
    /// Name, for people and the log.
    pub name: String,
    /// What it may do; bits of `domain::admin::AdminScope`.
    pub scopes: domain::admin::AdminScopes,
    /// Argon2id hash of the secret, in the PHC format.
    pub secret_hash: String,
    /// When it was added.
    pub created: UnixMillis,
    /// When it stopped working.
    pub revoked: Option<UnixMillis>,
}

/// Which part of a list: at most `limit` rows that come after `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    /// The last row of the part before; `None` begins.
    pub after: Option<T>,
    /// Most rows.
    pub limit: usize,
}

/// A part of a list of orders, or of what belongs to one each; of something else with its own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T, I = OrderId> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// After which of them the next part begins, if there may be one.
    pub next: Option<I>,
}

/// A span of time, from its first moment to before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: UnixMillis,
    /// First moment that is not in it.
    pub to: UnixMillis,
}

impl Default for Span {
    fn default() -> Self {
        Self { from: UnixMillis(i64::MIN), to: UnixMillis(i64::MAX) }
    }
}

/// Where a line stands in a statement; later ones are larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementPlace {
    /// When it was posted: never before the entry ahead of it, whatever the clock did.
    pub posted: UnixMillis,
    /// Number of the entry in the whole ledger, in the order of posting.
    pub number: i64,
}

/// One line of a merchant's statement: a ledger entry with what it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Where it stands.
    pub place: StatementPlace,
    /// When it happened.
    pub at: UnixMillis,
    /// `available` or `held`.
    pub account: &'static str,
    /// What happened, as `order_held`.
    pub fact: &'static str,
    /// What it added, in sun; negative took.
    pub amount: Sun,
    /// The balance of that account after it, in sun.
    pub balance: Sun,
    /// The order that caused it, if one did.
    pub order: Option<OrderId>,
    /// The merchant's label of that order.
    pub reference: Option<String>,
    /// The transactions on chain of that order that were included, oldest first.
    pub txids: Vec<TxId>,
    /// Why, for what a person did.
    pub reason: Option<String>,
}

/// A merchant as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantLine {
    /// The merchant.
    pub merchant: Merchant,
    /// Where it sends TRX: one address for each extended public key that it asked under, the newest
    /// first.
    pub deposit_addresses: Vec<DepositAddress>,
}

/// A policy as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLine {
    /// The policy.
    pub policy: Policy,
    /// The key that pays for its refills.
    pub key: Key,
    /// When it is looked at next; `None` while it rests.
    pub due: Option<UnixMillis>,
}

/// Which policies a list shows; what is absent lets every one through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyFilter {
    /// Those of this merchant.
    pub merchant: Option<MerchantId>,
    /// Those of this kind.
    pub kind: Option<PolicyKind>,
    /// Those in this state.
    pub state: Option<PolicyState>,
    /// Those on this address.
    pub receiver: Option<Address>,
}

/// A refill of a policy: an order of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refill {
    /// From 1, in the order in which they were ordered.
    pub number: i64,
    /// The order.
    pub view: OrderView,
}

/// Where a deposit stands in a list: those in later blocks come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositPlace {
    /// The block that holds it.
    pub block: i64,
    /// Its transaction.
    pub txid: TxId,
}

impl DepositPlace {
    /// The place of a deposit.
    #[must_use]
    pub const fn of(deposit: &Deposit) -> Self {
        Self { block: deposit.block, txid: deposit.txid }
    }

    /// Reads what `Display` writes; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (block, txid) = text.split_once('-')?;
        Some(Self { block: block.parse().ok()?, txid: txid.parse().ok()? })
    }
}

impl fmt::Display for DepositPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.block, self.txid)
    }
}

/// Which orders to list; absent members do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of this merchant.
    pub merchant: Option<MerchantId>,
    /// For this address.
    pub receiver: Option<Address>,
    /// In this state.
    pub state: Option<OrderState>,
    /// With this label.
    pub reference: Option<String>,
    /// Placed in this span.
    pub placed: Span,
}

/// A callback as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackLine {
    /// Whose.
    pub merchant: MerchantId,
    /// The callback.
    pub callback: Callback,
    /// The newest attempt's HTTP status and what was said.
    pub last: Option<(Option<u16>, String)>,
}

/// Which callbacks to list; absent members do not restrict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallbackFilter {
    /// Of this merchant.
    pub merchant: Option<MerchantId>,
    /// That stand so.
    pub state: Option<CallbackState>,
}
