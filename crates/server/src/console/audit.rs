//! Audits: begin one, watch it, read what it found, and do what it proposes. For the operator's people.

use app::reconcile::{Deed, Findings, Stranded, UnknownDeposit, UnknownTx};
use app::take_back::TakeBackRefused;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{MerchantId, UnixMillis};
use tron::{Resource, Sun};

use super::audit_desk::{self, Asked, Ended, NotBegun, Running};
use super::audit_paper::PaperOutcome;
use super::fields::Fields;
use super::frame::Frame;
use super::list::names;
use super::phrase::Tongue;
use super::refused::{Refused, change_sentence};
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset, told};
use crate::put_right::NotPutRight;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'a> {
    frame: &'a Frame,
    running: Option<RunShown>,
    /// Whether one runs on the server that is asked, which does one at a time.
    runs_here: bool,
    ended: Option<EndedShown>,
}

/// One that runs.
struct RunShown {
    phrase: &'static str,
    run: Running,
}

/// One that has ended.
struct EndedShown {
    phrase: &'static str,
    /// Which one, for what is done about it.
    run: String,
    by: String,
    began: UnixMillis,
    at: UnixMillis,
    is_clean: bool,
    /// Why there is no result, by the key of its phrase.
    failed: Option<&'static str>,
    counts: Vec<(&'static str, String)>,
    differences: Vec<String>,
    found: Option<FoundShown>,
    /// How much of what was found is not kept.
    left_out: usize,
}

/// What a reconciliation found.
struct FoundShown {
    blocks: Option<(i64, i64)>,
    txs: Vec<TxShown>,
    deposits: Vec<DepositShown>,
    loans: Vec<LoanShown>,
    failures: Vec<String>,
    /// Entries that can be posted.
    entries: usize,
}

struct TxShown {
    tx: UnknownTx,
    deed: &'static str,
    amount: Option<Html>,
    merchant: Option<String>,
    charge: Html,
    state: (&'static str, &'static str),
}

struct DepositShown {
    deposit: UnknownDeposit,
    /// Number and name; `None` if it is not known.
    merchant: Option<(i64, String)>,
    amount: Html,
}

struct LoanShown {
    loan: Stranded,
    resource: &'static str,
    stake: Html,
}

/// The page.
pub(super) async fn show(visit: Visit) -> Result<Response, Refused> {
    let (running, ended) = audit_desk::look(visit.operator()?).await?;
    let named = names(&visit).await?;
    let name = |merchant: MerchantId| {
        named.get(&merchant).cloned().unwrap_or_else(|| merchant.0.to_string())
    };
    let tongue = visit.frame.tongue;
    Visit::page(&AuditPage {
        frame: &visit.frame,
        runs_here: running.as_ref().is_some_and(|run| run.is_here),
        running: running.map(|run| RunShown { phrase: phrase(run.asked), run }),
        ended: ended.map(|ended| shown(tongue, ended, &name)),
    })
}

/// Begins one; whoever looks at the page sees what becomes of it.
pub(super) async fn begin(change: Change) -> Result<Response, Refused> {
    let edge = change.visit.operator()?;
    let asked = asked(&change.fields)?;
    let by = change.administrator();
    audit_desk::begin(edge, &by, asked, change.fields.text("run")).await.map_err(not_begun)?;
    Ok(change.done("/audit", "audit-begun"))
}

fn not_begun(refused: NotBegun) -> Refused {
    match refused {
        NotBegun::Busy => Refused::Because(StatusCode::CONFLICT, "audit.busy"),
        NotBegun::NothingProposed => {
            Refused::Because(StatusCode::CONFLICT, "audit.nothing-proposed")
        }
        NotBegun::Log(refused) => refused.into(),
    }
}

fn asked(fields: &Fields) -> Result<Asked, Refused> {
    match fields.text("kind") {
        "everything" => Ok(Asked::Everything),
        "offline" => Ok(Asked::Offline),
        "entries" => Ok(Asked::Entries),
        "take-backs" => Ok(Asked::TakeBacks),
        "reconcile" => {
            let block = |name: &str| match fields.given(name) {
                None => Ok(None),
                Some(text) => match text.parse::<i64>() {
                    Ok(number) if number >= 0 => Ok(Some(number)),
                    Ok(_) | Err(_) => Err(Refused::bad("audit.blocks-wrong")),
                },
            };
            match (block("from_block")?, block("to_block")?) {
                (None, None) => Ok(Asked::Reconcile(None)),
                (Some(from), Some(to)) if from <= to => Ok(Asked::Reconcile(Some((from, to)))),
                (_, _) => Err(Refused::bad("audit.blocks-wrong")),
            }
        }
        _ => Err(Refused::Form),
    }
}

const fn phrase(asked: Asked) -> &'static str {
    match asked {
        Asked::Everything => "audit.everything",
        Asked::Offline => "audit.offline",
        Asked::Reconcile(_) => "audit.reconcile",
        Asked::Entries => "audit.entries",
        Asked::TakeBacks => "audit.take-backs",
    }
}

fn shown(tongue: Tongue, ended: Ended, name: &dyn Fn(MerchantId) -> String) -> EndedShown {
    let Ended { paper, by, at } = ended;
    let found = paper.outcome.findings();
    let mut page = EndedShown {
        phrase: phrase(paper.kind),
        run: paper.run,
        by,
        began: UnixMillis(paper.began_ms),
        at,
        is_clean: found.as_ref().is_some_and(Findings::is_clean),
        failed: None,
        counts: Vec::new(),
        differences: Vec::new(),
        found: None,
        left_out: 0,
    };
    match (paper.outcome, found) {
        (PaperOutcome::Audited { accounts, ledger_txs, orders, differences, left_out }, _) => {
            page.is_clean = differences.is_empty();
            page.counts = [
                ("audit.accounts", accounts),
                ("audit.ledger-txs", ledger_txs),
                ("audit.orders", orders),
            ]
            .map(|(phrase, count)| (phrase, shown::grouped(count)))
            .to_vec();
            page.differences =
                differences.iter().map(|one| told::difference(tongue, one)).collect();
            page.left_out = left_out;
        }
        (PaperOutcome::Reconciled { failures, left_out, .. }, Some(found)) => {
            page.found = Some(found_shown(tongue, &found, failures, name));
            page.left_out = left_out;
        }
        // What cannot be read any more is as if it had never been found.
        (PaperOutcome::NoChain | PaperOutcome::Reconciled { .. }, _) => {
            page.failed = Some("audit.failed-chain");
        }
        (PaperOutcome::NoStore, _) => page.failed = Some("audit.failed-store"),
    }
    page
}

fn found_shown(
    tongue: Tongue,
    found: &Findings,
    failures: Vec<[String; 2]>,
    name: &dyn Fn(MerchantId) -> String,
) -> FoundShown {
    let is_postable =
        |tx: &&UnknownTx| !tx.is_posted && tx.charge > Sun::ZERO && tx.merchant.is_some();
    FoundShown {
        blocks: found.blocks,
        entries: found.txs.iter().filter(is_postable).count(),
        txs: found.txs.iter().map(|tx| tx_shown(tx, name)).collect(),
        deposits: found
            .deposits
            .iter()
            .map(|one| DepositShown {
                deposit: *one,
                merchant: one.merchant.map(|merchant| (merchant.0, name(merchant))),
                amount: shown::trx(one.amount),
            })
            .collect(),
        loans: found
            .stranded
            .iter()
            .map(|one| LoanShown {
                loan: *one,
                resource: resource(one.resource),
                stake: shown::trx(one.stake),
            })
            .collect(),
        failures: failures.into_iter().map(|both| in_tongue(tongue, both)).collect(),
    }
}

fn tx_shown(tx: &UnknownTx, name: &dyn Fn(MerchantId) -> String) -> TxShown {
    let (deed, amount) = match tx.deed {
        Deed::Lent(Resource::Energy, stake) => ("audit.lent-energy", Some(stake)),
        Deed::Lent(Resource::Bandwidth, stake) => ("audit.lent-bandwidth", Some(stake)),
        Deed::TookBack(Resource::Energy, stake) => ("audit.took-back-energy", Some(stake)),
        Deed::TookBack(Resource::Bandwidth, stake) => ("audit.took-back-bandwidth", Some(stake)),
        Deed::Activated => ("audit.activated", None),
        Deed::Sent(amount) => ("audit.sent", Some(amount)),
    };
    let state = match (tx.charge, tx.is_posted) {
        (Sun::ZERO, _) => ("audit.free", ""),
        (_, true) => ("audit.posted", "good"),
        (_, false) => ("audit.to-post", "bad"),
    };
    TxShown {
        deed,
        amount: amount.map(shown::trx),
        merchant: tx.merchant.map(name),
        charge: shown::trx(tx.charge),
        state,
        tx: *tx,
    }
}

const fn resource(resource: Resource) -> &'static str {
    match resource {
        Resource::Energy => "orders.energy",
        Resource::Bandwidth => "order.bandwidth",
    }
}

/// The sentence of a pair that is in a language.
fn in_tongue(tongue: Tongue, both: [String; 2]) -> String {
    let [english, chinese] = both;
    match tongue {
        Tongue::English => english,
        Tongue::Chinese => chinese,
    }
}

/// What could not be put right, in a language.
pub(super) fn failure_sentence(tongue: Tongue, failure: &NotPutRight) -> String {
    match failure {
        NotPutRight::NoMerchant(txid) => {
            format!("{txid}: {}", tongue.say("audit.no-merchant"))
        }
        NotPutRight::Entry(txid, refused) => {
            format!("{txid}: {}", change_sentence(refused, tongue))
        }
        NotPutRight::NotTaken(one) => loan_sentence(one, tongue.say("audit.not-taken")),
        NotPutRight::TakeBack(one, refused) => {
            loan_sentence(one, &take_back_sentence(tongue, refused))
        }
    }
}

fn loan_sentence(one: &Stranded, why: &str) -> String {
    format!("{} → {}, {}: {why}", one.wallet, one.receiver, shown::trx_text(one.stake))
}

fn take_back_sentence(tongue: Tongue, refused: &TakeBackRefused) -> String {
    match refused {
        TakeBackRefused::Nothing => tongue.say("audit.nothing-lent").to_owned(),
        TakeBackRefused::OnItsWay(txid) => {
            tongue.fill("audit.on-its-way", &[("what", &txid.to_string())])
        }
        TakeBackRefused::NoKey => tongue.say("audit.no-key").to_owned(),
        TakeBackRefused::Refused(text) => tongue.fill("audit.chain-refused", &[("what", text)]),
        TakeBackRefused::Node(_) => tongue.say("audit.failed-chain").to_owned(),
        TakeBackRefused::Store(_) => tongue.say("refused.unavailable").to_owned(),
        TakeBackRefused::Log(refused) => change_sentence(refused, tongue),
    }
}
