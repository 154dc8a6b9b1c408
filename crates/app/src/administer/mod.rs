//! What a person changes: merchants, keys, money, prices, wallets, tokens, people. One commit holds the change
//! and its line in the log; what changes nothing writes nothing.
//!
//! The command line, the admin interface and the console all come through here.

mod batches;
mod deposits;
mod keys;
mod merchants;
mod money;
mod people;
mod policies;
mod pool;
mod prices;
mod tokens;

use std::sync::Arc;

use domain::batch::BatchRefused;
use domain::{BatchId, MerchantId, OrderId, PolicyId, UnixMillis};
use serde_json::Value;
use tron::{Address, Sun};

use crate::admin_rows::{AdminChanges, AdminNeeds, LogEntry};
use crate::ports::{Store, StoreError};
use crate::rows::{Changes, Needs, Rows, ScannedBlock};
use crate::work::commit;

pub use batches::{BatchAct, NewBatch};
pub use deposits::{DepositKeys, HandOutFailed};
pub use keys::{KeyChange, LIVE_KEYS_MAX};
pub use merchants::{MerchantChange, NAME_CHARS_MAX};
pub use money::{Posting, REASON_CHARS_MAX, Side};
pub use people::Proof;

/// A person at the command line or in the console, or a program with a token of the admin interface.
#[derive(Clone)]
pub struct Administrator {
    /// Where the rows are.
    pub store: Arc<dyn Store>,
    /// Who it is, for the log.
    pub actor: String,
    /// When it is.
    pub now: UnixMillis,
}

/// Why a change is not made. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefused {
    /// No merchant has this number.
    #[error("there is no merchant {}", .0.0)]
    NoMerchant(MerchantId),
    /// No key that works has this text.
    #[error("there is no live key {0}")]
    NoKey(String),
    /// A key lacks the scope to order.
    #[error("key {0} may not order: it lacks the scope \"order\"")]
    KeyMayNotOrder(String),
    /// The pool has no such wallet.
    #[error("there is no wallet {0}")]
    NoWallet(Address),
    /// The order has no callback.
    #[error("order {0} has no callback")]
    NoCallback(OrderId),
    /// No token that works has this id.
    #[error("there is no live token {0}")]
    NoToken(String),
    /// A token that works has this name already.
    #[error("there is a token named {0} already")]
    TokenExists(String),
    /// There is no such batch, or it is somebody else's.
    #[error("there is no batch {0}")]
    NoBatch(BatchId),
    /// No policy has this number.
    #[error("there is no policy {}", .0.0)]
    NoPolicy(PolicyId),
    /// It is not the moment for this.
    #[error(transparent)]
    Batch(BatchRefused),
    /// No person has this name or number.
    #[error("there is no such person")]
    NoPerson,
    /// Somebody has this name already.
    #[error("there is a person named {0} already")]
    PersonExists(String),
    /// An invitation was taken, is too old, or never was.
    #[error("this invitation does not work any more")]
    NoInvitation,
    /// Something of what was sent to sign in is wrong, or it came too early.
    #[error("the name, the password or the code is wrong")]
    NotSignedIn,
    /// A name is empty or longer than [`NAME_CHARS_MAX`].
    #[error("a name of 1 to {NAME_CHARS_MAX} characters is needed, and no NUL in it")]
    Name,
    /// A reason is empty or longer than [`REASON_CHARS_MAX`].
    #[error("a reason of 1 to {REASON_CHARS_MAX} characters is needed, and no NUL in it")]
    Reason,
    /// An amount is not more than nothing.
    #[error("the amount must be more than nothing")]
    Amount,
    /// The merchant has as many live keys as it may have.
    #[error("merchant {} has {LIVE_KEYS_MAX} live keys already", .0.0)]
    TooManyKeys(MerchantId),
    /// The merchant has less than is to be taken.
    #[error("{name} has only {} TRX available", have.to_trx_string())]
    NotEnough {
        /// The merchant.
        name: String,
        /// What it has.
        have: Sun,
    },
    /// The balance would not fit.
    #[error("the balance would be too large")]
    TooMuch,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for a different request")]
    KeyReused,
    /// A price is negative or beyond every sense.
    #[error("{0}")]
    Price(domain::price_overrides::PriceRefused),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a decision wants written, if anything, and what it says.
type Decided<T> = Result<(Option<Written>, T), AdminRefused>;

/// A change with the ledger transactions that belong to it, and where the scan for deposits begins with it.
struct Written {
    changes: AdminChanges,
    ledger: Vec<domain::ledger::LedgerTx>,
    scanned: Option<ScannedBlock>,
}

impl From<AdminChanges> for Written {
    fn from(changes: AdminChanges) -> Self {
        Self { changes, ledger: Vec::new(), scanned: None }
    }
}

impl Administrator {
    /// A line for the log about what is no row of the operator's side.
    pub(crate) fn entry(&self, action: &str, subject: String) -> LogEntry {
        let me = Scribe { actor: self.actor.clone(), now: self.now };
        me.log(action, subject, None, None)
    }

    /// Writes a line into the log that belongs to no row: something is about to happen outside.
    ///
    /// Errors: the store's; then it must not happen.
    pub async fn note(
        &self,
        action: &'static str,
        subject: String,
        after: &Value,
    ) -> Result<(), AdminRefused> {
        let after = after.clone();
        self.change(None, AdminNeeds::default(), move |me, _| {
            let log = me.log(action, subject.clone(), None, Some(&after));
            Ok((Some(AdminChanges::logged(log).into()), ()))
        })
        .await
    }

    /// The same unless the newest line with this action about this subject is in the way, by then: that one
    /// is told.
    ///
    /// Errors: the store's; then it must not happen.
    pub(crate) async fn note_unless(
        &self,
        action: &'static str,
        subject: String,
        after: &Value,
        is_in_the_way: impl Fn(&LogEntry) -> bool + Send + 'static,
    ) -> Result<Option<LogEntry>, AdminRefused> {
        let after = after.clone();
        let needs = AdminNeeds { log: Some((action, subject.clone())), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            if let Some(line) = rows.admin.log.as_ref().filter(|line| is_in_the_way(line)) {
                return Ok((None, Some(line.clone())));
            }
            let log = me.log(action, subject.clone(), None, Some(&after));
            Ok((Some(AdminChanges::logged(log).into()), None))
        })
        .await
    }

    /// Loads, decides, commits.
    async fn change<T: Send + 'static>(
        &self,
        merchant: Option<MerchantId>,
        needs: AdminNeeds,
        decide: impl Fn(&Scribe, &Rows) -> Decided<T> + Send + 'static,
    ) -> Result<T, AdminRefused> {
        let scanned = needs.deposit_address.is_some();
        let needs = Needs { merchant, admin: Some(needs), scanned, ..Needs::default() };
        // Not the administrator: a work must not keep the store that runs it.
        let me = Scribe { actor: self.actor.clone(), now: self.now };
        commit(&*self.store, needs, move |rows| {
            let (written, told) = decide(&me, rows)?;
            let changes = match written {
                Some(Written { changes, ledger, scanned }) => Changes {
                    ledger,
                    scanned,
                    admin: Some(Box::new(changes)),
                    ..Changes::default()
                },
                None => Changes::default(),
            };
            Ok::<_, AdminRefused>((changes, told))
        })
        .await?
    }
}

/// Who makes a change and when, for its line in the log.
struct Scribe {
    actor: String,
    now: UnixMillis,
}

impl Scribe {
    /// A line for the log.
    fn log(
        &self,
        action: &str,
        subject: String,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> LogEntry {
        LogEntry {
            at: self.now,
            actor: self.actor.clone(),
            action: action.to_owned(),
            subject,
            before: before.map(Value::to_string),
            after: after.map(Value::to_string),
        }
    }
}

/// A text of 1 to `max` characters, without blanks around it and without NUL, which not every database
/// can keep.
fn text_within(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let is_fit = (1..=max).contains(&text.chars().count()) && !text.contains('\0');
    is_fit.then(|| text.to_owned())
}
