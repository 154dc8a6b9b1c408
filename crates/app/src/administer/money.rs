//! Credit and debit by hand: with a reason, and never twice for one request.

use domain::MerchantId;
use domain::ledger::LedgerTx;
use domain::ledger::facts::{merchant_credited, merchant_debited};
use serde_json::json;
use sha2::{Digest, Sha256};
use tron::Sun;

use super::merchants::subject;
use super::{AdminRefused, Administrator, Scribe, Written, text_within};
use crate::admin_rows::{AdminChanges, AdminNeeds, AdminRequest};
use crate::describe;
use crate::rows::{Merchant, Rows};

/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It came in from outside.
    Credit,
    /// It is paid out.
    Debit,
}

/// A manual entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// A fresh id: the entry's identity in the ledger.
    pub business: [u8; 16],
    /// Whose money.
    pub merchant: MerchantId,
    /// Which way.
    pub side: Side,
    /// How much, in sun.
    pub amount: Sun,
    /// Why; kept in the ledger.
    pub reason: String,
    /// What makes a repeat harmless.
    pub request: Option<AdminRequest>,
}

impl Posting {
    /// The same, harmless to repeat: whoever asks for it again under this key posts nothing more, and whoever
    /// asks for something else under it is refused.
    ///
    /// Units: a key is 1 to 255 printable ASCII characters; each `actor` has keys of its own.
    #[must_use]
    pub fn under_key(self, actor: &str, key: &str) -> Self {
        let (actor, text) = (actor.to_owned(), key.to_owned());
        Self { request: Some(AdminRequest { actor, text, hash: self.fingerprint() }), ..self }
    }

    /// What is wanted, however it is written.
    fn fingerprint(&self) -> [u8; 32] {
        let side: &[u8] = match self.side {
            Side::Credit => b"credit",
            Side::Debit => b"debit",
        };
        Sha256::new()
            .chain_update(side)
            .chain_update(self.merchant.0.to_be_bytes())
            .chain_update(self.amount.get().to_be_bytes())
            .chain_update(self.reason.trim().as_bytes())
            .finalize()
            .into()
    }

    /// The merchant as it would be afterwards, if nothing else happened to it meanwhile.
    ///
    /// Errors: as of [`Administrator::post_money`], but for what only the database knows.
    pub fn preview(&self, before: &Merchant) -> Result<Merchant, AdminRefused> {
        self.checked_reason()?;
        moved(before, self)
    }

    fn checked_reason(&self) -> Result<String, AdminRefused> {
        let reason = text_within(&self.reason, REASON_CHARS_MAX).ok_or(AdminRefused::Reason)?;
        if self.amount > Sun::ZERO { Ok(reason) } else { Err(AdminRefused::Amount) }
    }
}

impl Administrator {
    /// Posts it, or repeats the answer to the same request; the answer is JSON.
    ///
    /// Errors: [`AdminRefused`], in this order: reason, amount, a reused key, no merchant, not enough.
    pub async fn post_money(&self, posting: Posting) -> Result<String, AdminRefused> {
        let reason = posting.checked_reason()?;
        let needs = AdminNeeds { request: posting.request.clone(), ..AdminNeeds::default() };
        let posting = Posting { reason, ..posting };
        self.change(Some(posting.merchant), needs, move |me, rows| {
            if let Some(answer) = answered(rows, posting.request.as_ref())? {
                return Ok((None, answer));
            }
            let before = rows.merchant.as_ref();
            let before = before.ok_or(AdminRefused::NoMerchant(posting.merchant))?;
            let after = moved(before, &posting)?;
            let (was, mut is) = (describe::merchant(before), describe::merchant(&after));
            describe::add(&mut is, "amount_sun", json!(posting.amount.get()));
            describe::add(&mut is, "reason", json!(posting.reason));
            let answer = is.to_string();
            let action = match posting.side {
                Side::Credit => "merchant.credit",
                Side::Debit => "merchant.debit",
            };
            let log = me.log(action, subject(posting.merchant), Some(&was), Some(&is));
            let known = posting.request.clone().map(|request| (request, answer.clone()));
            let changes = AdminChanges { answer: known, ..AdminChanges::logged(log) };
            let ledger = vec![fact(&posting, me)];
            Ok((Some(Written { ledger, ..changes.into() }), answer))
        })
        .await
    }
}

/// What the same request was answered.
fn answered(rows: &Rows, request: Option<&AdminRequest>) -> Result<Option<String>, AdminRefused> {
    match (&rows.admin.answered, request) {
        (Some((hash, answer)), Some(request)) if *hash == request.hash => Ok(Some(answer.clone())),
        (Some(_), _) => Err(AdminRefused::KeyReused),
        (None, _) => Ok(None),
    }
}

/// The merchant after it.
fn moved(before: &Merchant, posting: &Posting) -> Result<Merchant, AdminRefused> {
    let (have, amount) = (before.available.get(), posting.amount.get());
    let available = match posting.side {
        Side::Credit => have.checked_add(amount).ok_or(AdminRefused::TooMuch)?,
        Side::Debit if amount > have => {
            return Err(AdminRefused::NotEnough {
                name: before.name.clone(),
                have: before.available,
            });
        }
        Side::Debit => have - amount,
    };
    Ok(Merchant { available: Sun::new(available), ..before.clone() })
}

fn fact(posting: &Posting, me: &Scribe) -> LedgerTx {
    let Posting { business, merchant, amount, reason, .. } = posting;
    match posting.side {
        Side::Credit => merchant_credited(*business, *merchant, *amount, reason, me.now),
        Side::Debit => merchant_debited(*business, *merchant, *amount, reason, me.now),
    }
}
