//! Doing what a reconciliation proposes: posting the entries, taking back what is lent.

use std::fmt;
use std::time::Duration;

use app::administer::{AdminRefused, Administrator, Posting, Side};
use app::ports::{Signer, StoreError};
use app::reconcile::{Deed, Findings, Stranded, UnknownTx, business};
use app::records::Database;
use app::take_back::{OnItsWay, TakeBackRefused, outcome, take_back};
use domain::MerchantId;
use node::TronNode;
use tron::{Resource, Sun, TxId};

/// Wait between two looks at a transaction.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What could not be put right.
#[derive(Debug)]
pub enum NotPutRight {
    /// Nobody knows who is to be debited.
    NoMerchant(TxId),
    /// The entry was refused.
    Entry(TxId, AdminRefused),
    /// No block took the transaction.
    NotTaken(Stranded),
    /// Nothing was sent.
    TakeBack(Stranded, TakeBackRefused),
}

impl fmt::Display for NotPutRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMerchant(txid) => write!(f, "{txid}: whose order it was is not known"),
            Self::Entry(txid, refused) => write!(f, "{txid}: {refused}"),
            Self::NotTaken(one) => write!(f, "{}: no block took it; try again", loan(one)),
            Self::TakeBack(one, refused) => write!(f, "{}: {refused}", loan(one)),
        }
    }
}

/// Posts what is not posted and whose merchant is known; what could not be.
pub async fn post_entries(administrator: &Administrator, found: &mut Findings) -> Vec<NotPutRight> {
    let mut failures = Vec::new();
    for tx in found.txs.iter_mut().filter(|tx| !tx.is_posted && tx.charge > Sun::ZERO) {
        let Some(merchant) = tx.merchant else {
            failures.push(NotPutRight::NoMerchant(tx.txid));
            continue;
        };
        match administrator.post_money(posting(tx, merchant)).await {
            // Another process was faster.
            Ok(_) | Err(AdminRefused::Store(StoreError::Conflict(_))) => tx.is_posted = true,
            Err(refused) => failures.push(NotPutRight::Entry(tx.txid, refused)),
        }
    }
    failures
}

fn posting(tx: &UnknownTx, merchant: MerchantId) -> Posting {
    Posting {
        business: business(tx.txid),
        merchant,
        side: Side::Debit,
        amount: tx.charge,
        reason: format!("reconciled: {} for {} in {}", deed(tx.deed), tx.receiver, tx.txid),
        request: None,
    }
}

/// Takes everything back and waits until each is in a block; what could not be. `administrator` says who
/// does it, and when it is now.
pub async fn take_all_back(
    (database, node, signer): (&dyn Database, &dyn TronNode, &dyn Signer),
    administrator: &(dyn Fn() -> Administrator + Sync),
    found: &mut Findings,
) -> Vec<NotPutRight> {
    let mut failures = Vec::new();
    let mut left = Vec::new();
    for one in std::mem::take(&mut found.stranded) {
        let taken = match take_back((database, node, signer), &administrator(), &one).await {
            Ok(sent) => follow(node, sent).await,
            Err(refused) => Err(refused),
        };
        match taken {
            Ok(true) | Err(TakeBackRefused::Nothing) => continue,
            Ok(false) => failures.push(NotPutRight::NotTaken(one)),
            Err(refused) => failures.push(NotPutRight::TakeBack(one, refused)),
        }
        left.push(one);
    }
    found.stranded = left;
    failures
}

/// Whether a block holds it in the end.
async fn follow(node: &dyn TronNode, sent: OnItsWay) -> Result<bool, TakeBackRefused> {
    loop {
        if let Some(is_done) = outcome(node, sent.txid, sent.expiration).await? {
            return Ok(is_done);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a wallet did, in words.
#[must_use]
pub fn deed(deed: Deed) -> String {
    match deed {
        Deed::Lent(resource, stake) => format!("lent {}", stake_of(resource, stake)),
        Deed::TookBack(resource, stake) => format!("took back {}", stake_of(resource, stake)),
        Deed::Activated => "activated".to_owned(),
        Deed::Sent(amount) => format!("sent {} TRX", amount.to_trx_string()),
    }
}

fn stake_of(resource: Resource, stake: Sun) -> String {
    format!("{} TRX of {} stake", stake.to_trx_string(), resource.name())
}

/// What is still lent, in words.
#[must_use]
pub fn loan(one: &Stranded) -> String {
    format!("{} lends {} {}", one.wallet, one.receiver, stake_of(one.resource, one.stake))
}
