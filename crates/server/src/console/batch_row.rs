//! One row of a batch as its page shows it: where it stands, what it needs and costs, what is on chain.

use app::batch_rows::RowView;
use domain::batch::{FailureKind, Quoted, RowFailure, RowStage, RowState};
use domain::{LegKind, Order, Road, TxState, WholeOrder};
use tron::Resource;

use super::phrase::Tongue;
use super::shown::{self, Html};
use super::told;

/// One row.
pub(super) struct Line {
    pub(super) view: RowView,
    /// What its stage is called, and how it looks.
    pub(super) stage: (&'static str, &'static str),
    pub(super) need: Option<Need>,
    pub(super) price: Option<Html>,
    /// What the chain would burn for the same transfer.
    pub(super) burn: Option<Html>,
    /// Why it was refused, or would be: the kind, and what was said.
    pub(super) failure: Option<(&'static str, String)>,
    pub(super) txs: Vec<Tx>,
}

/// What a row's order is about, or would be; in units.
pub(super) struct Need {
    pub(super) energy: i64,
    pub(super) energy_shown: String,
    pub(super) bandwidth: i64,
    pub(super) bandwidth_shown: String,
    pub(super) activation: bool,
    pub(super) is_empty: bool,
}

/// One transaction.
pub(super) struct Tx {
    pub(super) phrase: &'static str,
    pub(super) txid: String,
    pub(super) state: &'static str,
}

/// What a stage is called, and how it looks.
pub(super) const fn stage_shown(stage: RowStage) -> (&'static str, &'static str) {
    match stage {
        RowStage::Waiting => ("batches.row-waiting", ""),
        RowStage::Filling => ("batches.row-filling", "warn"),
        RowStage::Ready => ("batches.row-ready", "good"),
        RowStage::Used => ("batches.row-used", "good"),
        RowStage::Reclaimed => ("batches.row-reclaimed", "good"),
        RowStage::Refunded => ("batches.row-refunded", "bad"),
        RowStage::Failed => ("batches.row-failed", "bad"),
        RowStage::Cancelled => ("batches.row-cancelled", ""),
    }
}

const fn failure_phrase(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Contract => "batches.why-contract",
        FailureKind::TransferReverts => "batches.why-reverts",
        FailureKind::PoolWallet => "batches.why-pool",
        FailureKind::TooManyOpen => "batches.why-open",
        FailureKind::ReferenceTaken => "batches.why-reference",
        FailureKind::Other => "batches.why-other",
    }
}

impl Need {
    fn ordered(order: &Order) -> Self {
        Self {
            energy: order.energy.get(),
            energy_shown: shown::grouped(order.energy.get()),
            bandwidth: order.bandwidth.get(),
            bandwidth_shown: shown::grouped(order.bandwidth.get()),
            activation: order.has_activation,
            is_empty: false,
        }
    }

    fn found(quoted: &Quoted) -> Self {
        Self {
            energy: quoted.need.energy.get(),
            energy_shown: shown::grouped(quoted.need.energy.get()),
            bandwidth: quoted.need.bandwidth.get(),
            bandwidth_shown: shown::grouped(quoted.need.bandwidth.get()),
            activation: quoted.need.activation,
            is_empty: quoted.token_amount.0 == 0,
        }
    }
}

impl Line {
    pub(super) fn of(tongue: Tongue, view: RowView) -> Self {
        let order = view.whole.as_ref().map(|whole| &whole.order);
        let check = view.row.check.as_ref().map(|check| &check.found);
        let quoted = check.and_then(|found| found.as_ref().ok());
        let failure = match (&view.row.state, check) {
            (RowState::Failed(failure), _) | (RowState::Waiting, Some(Err(failure))) => {
                Some(failed(tongue, failure))
            }
            (RowState::Waiting | RowState::Placed(_) | RowState::Cancelled, _) => None,
        };
        let price = match order {
            Some(order) => Some(order.price - order.refunded()),
            None => quoted.map(|quoted| quoted.price),
        };
        let burn = view.row.burn.or(quoted.map(|quoted| quoted.burn));
        Self {
            stage: stage_shown(view.stage()),
            need: order.map(Need::ordered).or_else(|| quoted.map(Need::found)),
            price: price.map(shown::trx),
            burn: burn.map(shown::trx),
            failure,
            txs: view.whole.as_ref().map(transactions).unwrap_or_default(),
            view,
        }
    }
}

fn failed(tongue: Tongue, failure: &RowFailure) -> (&'static str, String) {
    (failure_phrase(failure.kind), told::failure(tongue, &failure.text))
}

/// Ours, oldest first, and the receiver's own.
fn transactions(whole: &WholeOrder) -> Vec<Tx> {
    let kind = |number: u8| {
        let leg = whole.legs.iter().find(|leg| leg.id.number == number);
        leg.map(|leg| leg.kind)
    };
    let ours = whole.txs.iter().map(|tx| Tx {
        phrase: tx_phrase(kind(tx.leg.number), tx.road),
        txid: tx.txid.to_string(),
        state: tx_state(tx.state),
    });
    let used = whole.order.used_by.iter().map(|txid| Tx {
        phrase: "batches.tx-used",
        txid: txid.to_string(),
        state: "batches.tx-included",
    });
    ours.chain(used).collect()
}

const fn tx_phrase(kind: Option<LegKind>, road: Road) -> &'static str {
    match (kind, road) {
        (Some(LegKind::Activation), _) => "batches.tx-activate",
        (Some(LegKind::Delegation { resource: Resource::Bandwidth, .. }), Road::Out) => {
            "batches.tx-lend-bandwidth"
        }
        (Some(LegKind::Delegation { resource: Resource::Bandwidth, .. }), Road::Back) => {
            "batches.tx-back-bandwidth"
        }
        (_, Road::Out) => "batches.tx-lend-energy",
        (_, Road::Back) => "batches.tx-back-energy",
    }
}

const fn tx_state(state: TxState) -> &'static str {
    match state {
        TxState::Stored => "batches.tx-stored",
        TxState::Included => "batches.tx-included",
        TxState::Solid => "batches.tx-solid",
        TxState::Lost => "batches.tx-lost",
    }
}
