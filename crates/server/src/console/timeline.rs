//! What happened to an order, in the order of time: its states, transactions, ledger entries and
//! attempts at its callback.

use app::admin_rows::StatementLine;
use app::rows::{Attempt, OrderView};
use domain::{ChainTx, Leg, LegKind, Order, OrderState, Road, TxState, UnixMillis};
use tron::Resource;

use super::shown::{self, Html};

/// One thing that happened.
pub(super) struct Happened {
    /// When; `None` for what has no time of its own yet.
    pub(super) at: Option<UnixMillis>,
    /// After what it is told: a block may be a second older than what was sent to be in it.
    not_before: Option<UnixMillis>,
    /// What, by the key of its phrase.
    pub(super) phrase: &'static str,
    /// How it looks: of which of the four kinds it is.
    pub(super) kind: &'static str,
    /// What more there is to say, as it is written on chain or in the ledger.
    pub(super) detail: String,
    /// The fact that the ledger keeps, by the key of its phrase; empty if it is none.
    pub(super) fact: &'static str,
    /// An amount that belongs to it.
    pub(super) amount: Option<Html>,
    /// A transaction that belongs to it, with its state's phrase.
    pub(super) txid: Option<(String, &'static str)>,
}

impl Happened {
    fn new(at: Option<UnixMillis>, kind: &'static str, phrase: &'static str) -> Self {
        let (detail, fact) = (String::new(), "");
        Self { at, not_before: None, phrase, kind, detail, fact, amount: None, txid: None }
    }
}

/// Everything that happened, oldest first; what has no time yet is last.
pub(super) fn of(
    view: &OrderView,
    entries: &[StatementLine],
    attempts: &[Attempt],
) -> Vec<Happened> {
    let mut all = states(&view.whole.order);
    for leg in &view.whole.legs {
        let txs = view.whole.txs.iter().filter(|tx| tx.leg == leg.id);
        all.extend(txs.flat_map(|tx| transaction(leg, tx)));
        all.extend(unsigned(view, leg));
    }
    all.extend(entries.iter().map(entry));
    all.extend(attempts.iter().map(attempt));
    all.sort_by_key(|one| one.at.max(one.not_before).unwrap_or(UnixMillis(i64::MAX)));
    all
}

fn states(order: &Order) -> Vec<Happened> {
    let ended = match order.state {
        OrderState::Refunded => "happened.refunded",
        OrderState::Filling | OrderState::Delivered | OrderState::Ended => "happened.ended",
    };
    let moments = [
        (Some(order.created), "happened.created"),
        (order.ready, "happened.ready"),
        (order.used, "happened.used"),
        (order.stopped, "happened.stopped"),
        (order.ended, ended),
    ];
    let known = moments.into_iter().filter(|(at, _)| at.is_some());
    known
        .map(|(at, phrase)| {
            let mut happened = Happened::new(at, "state", phrase);
            if phrase == "happened.used" {
                happened.txid = order.used_by.map(|txid| (txid.to_string(), ""));
            }
            happened
        })
        .collect()
}

/// A transaction: sent, and in a block.
fn transaction(leg: &Leg, tx: &ChainTx) -> Vec<Happened> {
    let (sent, included, at) = match tx.road {
        Road::Out => (sent_phrase(&leg.kind), "happened.included", leg.included_at),
        Road::Back => ("happened.reclaim-sent", "happened.returned", leg.returned_at),
    };
    let txid = Some((tx.txid.to_string(), tx_phrase(tx.state)));
    let mut all = Vec::new();
    let mut happened = Happened::new(tx.sent_at, "chain", sent);
    happened.detail = leg.owner.to_string();
    happened.amount = leg.kind.stake().map(|(_, stake)| shown::trx(stake));
    happened.txid = txid.clone();
    all.push(happened);
    if matches!(tx.state, TxState::Included | TxState::Solid) {
        let mut happened = Happened::new(at, "chain", included);
        happened.not_before = tx.sent_at;
        happened.detail = tx.block.map(|block| format!("#{block}")).unwrap_or_default();
        happened.txid = txid;
        all.push(happened);
    }
    all
}

/// A leg that is planned and has no transaction.
fn unsigned(view: &OrderView, leg: &Leg) -> Option<Happened> {
    let is_signed = view.whole.txs.iter().any(|tx| tx.leg == leg.id);
    (!is_signed && leg.state == domain::LegState::Planned).then(|| {
        let mut happened = Happened::new(None, "chain", "happened.planned");
        happened.detail = leg.owner.to_string();
        happened
    })
}

fn sent_phrase(kind: &LegKind) -> &'static str {
    match (kind, kind.stake()) {
        (LegKind::Activation, _) => "happened.activation-sent",
        (_, Some((Resource::Energy, _))) => "happened.energy-sent",
        (_, Some((Resource::Bandwidth, _))) => "happened.bandwidth-sent",
        (_, _) => "happened.leftover-sent",
    }
}

const fn tx_phrase(state: TxState) -> &'static str {
    match state {
        TxState::Stored => "tx.stored",
        TxState::Included => "tx.included",
        TxState::Solid => "tx.solid",
        TxState::Lost => "tx.lost",
    }
}

fn entry(line: &StatementLine) -> Happened {
    let phrase = match line.account {
        "held" => "happened.entry-held",
        "available" => "happened.entry-available",
        _ => "happened.entry-revenue",
    };
    let mut happened = Happened::new(Some(line.at), "ledger", phrase);
    happened.fact = shown::fact(line.fact);
    happened.amount = Some(shown::trx(line.amount));
    happened
}

fn attempt(attempt: &Attempt) -> Happened {
    let is_taken = attempt.status.is_some_and(|status| (200..300).contains(&status));
    let phrase = if is_taken { "happened.callback-taken" } else { "happened.callback-failed" };
    let mut happened = Happened::new(Some(attempt.at), "callback", phrase);
    happened.detail = attempt.status.map(|status| format!("HTTP {status}")).unwrap_or_default();
    happened
}
