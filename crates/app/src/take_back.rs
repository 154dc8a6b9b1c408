//! Take back stake that no order counts on: signed, written into the log of changes, then sent.
//!
//! It has no leg, because the order that it was lent for is forgotten. The log is its memory: whoever
//! comes after a crash finds the signed bytes there, and signs nothing new before the old transaction is
//! in a block or can never be.

use domain::UnixMillis;
use node::{Broadcast, Lookup, Loss, NodeError, TronNode};
use serde_json::{Value, json};
use tron::{Contract, RawTx, RefBlock, SignedTx, Sun, TxId};

use crate::admin_rows::{LogEntry, Slice};
use crate::administer::{AdminRefused, Administrator};
use crate::ports::{Signer, StoreError};
use crate::reconcile::{Stranded, stranded_at};
use crate::records::Database;

/// What such a line of the log says was done.
pub const TAKE_BACK: &str = "wallet.take_back";
/// Time until such a transaction expires, in milliseconds.
const EXPIRATION_MS: i64 = 60_000;
/// Lines of the log among which an earlier try is looked for.
const LINES_LOOKED_AT: usize = 1_000;

/// A transaction on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnItsWay {
    /// Its id.
    pub txid: TxId,
    /// Chain time after which it can never be included.
    pub expiration: UnixMillis,
    /// What it takes back.
    pub stake: Sun,
}

/// Why nothing was sent. Nothing is lost: the next try looks at the chain again.
#[derive(Debug, thiserror::Error)]
pub enum TakeBackRefused {
    /// The chain shows nothing of it any more.
    #[error("nothing of it is lent any more")]
    Nothing,
    /// An earlier one may still be included.
    #[error("transaction {0} for it is still on its way")]
    OnItsWay(TxId),
    /// The wallet is not in the pool any more, or its key is not here.
    #[error("no key for it is here")]
    NoKey,
    /// The chain refused the transaction.
    #[error("the chain refused it: {0}")]
    Refused(String),
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be written.
    #[error(transparent)]
    Log(#[from] AdminRefused),
}

/// Signs, logs and sends the transaction that takes this back: as much as is still there, at most what
/// was found.
///
/// Shape: safe to call again at any time; the amount is read anew, beyond what rows count on or doubt.
/// Errors: [`TakeBackRefused`].
pub async fn take_back(
    (database, node, signer): (&dyn Database, &dyn TronNode, &dyn Signer),
    administrator: &Administrator,
    found: &Stranded,
) -> Result<OnItsWay, TakeBackRefused> {
    let subject = format!("{} {} {}", found.wallet, found.receiver, found.resource.name());
    let settled = settled_before(database, node, &subject).await?;
    let lent = database.lent().await?;
    let now = stranded_at(&lent, node, found.wallet, found.receiver).await?;
    let now = now.into_iter().find(|one| one.resource == found.resource);
    let stake = now.map_or(Sun::ZERO, |one| one.stake.min(found.stake));
    if stake <= Sun::ZERO {
        return Err(TakeBackRefused::Nothing);
    }
    let wallets = database.wallets().await?;
    let wallet = wallets.into_iter().find(|wallet| wallet.address == found.wallet);
    let wallet = wallet.ok_or(TakeBackRefused::NoKey)?;
    let (head, solid) = (node.head().await?, node.solid_head().await?);
    let expiration = UnixMillis(head.timestamp_ms + EXPIRATION_MS);
    let raw = RawTx {
        contract: Contract::Undelegate {
            owner: found.wallet,
            receiver: found.receiver,
            resource: found.resource,
            balance: stake,
        },
        ref_block: RefBlock::from_block_id(&solid.id),
        expiration_ms: expiration.get(),
        timestamp_ms: administrator.now.get(),
        fee_limit: Sun::ZERO,
        permission_id: wallet.permission_id,
        memo: Vec::new(),
    }
    .encode();
    let txid = TxId::of_raw(&raw);
    let signature = signer.sign(wallet.signer, &txid).ok_or(TakeBackRefused::NoKey)?;
    let bytes = SignedTx { raw, signatures: vec![signature] }.to_bytes();
    let line = json!({
        "txid": txid.to_string(),
        "stake_sun": stake.get(),
        "expiration_ms": expiration.get(),
        "bytes": hex::encode(&bytes),
    });
    // Somebody else may be at it, and have written a line since the log was read.
    let is_in_the_way = move |line: &LogEntry| {
        said(line).is_some_and(|(txid, expiration)| {
            expiration.get() > head.timestamp_ms && !settled.contains(&txid)
        })
    };
    let other = administrator.note_unless(TAKE_BACK, subject, &line, is_in_the_way).await?;
    if let Some((txid, _)) = other.as_ref().and_then(said) {
        return Err(TakeBackRefused::OnItsWay(txid));
    }
    match node.broadcast(txid, &bytes).await {
        Broadcast::Refused { reason, text } if reason.is_permanent() => {
            Err(TakeBackRefused::Refused(text))
        }
        Broadcast::Refused { .. } | Broadcast::Taken { .. } | Broadcast::Unanswered { .. } => {
            Ok(OnItsWay { txid, expiration, stake })
        }
    }
}

/// What became of it: `None` while that is open, else whether a block holds it.
///
/// Errors: the chain cannot be read.
pub async fn outcome(
    node: &dyn TronNode,
    txid: TxId,
    expiration: UnixMillis,
) -> Result<Option<bool>, NodeError> {
    if let Lookup::Included(found) = node.lookup(txid).await? {
        return Ok(Some(found.succeeded));
    }
    Ok(match node.provably_lost(txid, expiration.get()).await? {
        Loss::Included(found) => Some(found.succeeded),
        Loss::Lost => Some(false),
        Loss::Undecided { .. } => None,
    })
}

/// The earlier ones, all of which are in a block or can never be. Two transactions for one stake could both
/// be included, and the second would take what is lent.
async fn settled_before(
    database: &dyn Database,
    node: &dyn TronNode,
    subject: &str,
) -> Result<Vec<TxId>, TakeBackRefused> {
    let mut settled = Vec::new();
    let lines = database.admin_log(Slice { after: None, limit: LINES_LOOKED_AT }).await?;
    let earlier = lines.into_iter().map(|line| line.entry);
    for line in earlier.filter(|line| line.action == TAKE_BACK && line.subject == subject) {
        let Some((txid, expiration)) = said(&line) else { continue };
        if outcome(node, txid, expiration).await?.is_none() {
            return Err(TakeBackRefused::OnItsWay(txid));
        }
        settled.push(txid);
    }
    Ok(settled)
}

/// Which transaction a line is about, and until when it may be included.
fn said(line: &LogEntry) -> Option<(TxId, UnixMillis)> {
    let said: Value = serde_json::from_str(line.after.as_deref()?).ok()?;
    let txid = said["txid"].as_str()?.parse().ok()?;
    Some((txid, UnixMillis(said["expiration_ms"].as_i64()?)))
}
