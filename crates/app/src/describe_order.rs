//! How the operator's side shows an order as JSON, with its legs and transactions.

use domain::{ChainTx, Leg, LegKind, LegState, OrderKind, OrderState, Origin, Road, TxState};
use serde_json::{Value, json};

use crate::describe;
use crate::rows::OrderView;

/// Where an order stands, as a word.
#[must_use]
pub const fn order_state(state: OrderState) -> &'static str {
    match state {
        OrderState::Filling => "filling",
        OrderState::Delivered => "delivered",
        OrderState::Ended => "ended",
        OrderState::Refunded => "refunded",
    }
}

/// The state of a word.
#[must_use]
pub fn order_state_of(word: &str) -> Option<OrderState> {
    use OrderState::{Delivered, Ended, Filling, Refunded};
    [Filling, Delivered, Ended, Refunded].into_iter().find(|state| order_state(*state) == word)
}

/// An order as a list shows it.
#[must_use]
pub fn order(view: &OrderView) -> Value {
    let order = &view.whole.order;
    json!({
        "order": order.id.to_string(),
        "merchant": order.merchant.0,
        "key_name": view.key_name,
        "kind": match order.kind {
            OrderKind::Collection(_) => "collection",
            OrderKind::Energy { .. } => "energy",
        },
        "origin": origin(order.origin),
        "period_days": order.kind.period().days(),
        "receiver": order.receiver.to_string(),
        "reference": order.reference,
        "callback_url": order.callback_url,
        "state": order_state(order.state),
        "energy": order.energy.get(),
        "bandwidth": order.bandwidth.get(),
        "activation": order.has_activation,
        "price_sun": order.price.get(),
        "refunded_sun": order.refunded().get(),
        "created_ms": order.created.get(),
        "ready_ms": order.ready.map(|at| at.get()),
        "used_ms": order.used.map(|at| at.get()),
        "stopped_ms": order.stopped.map(|at| at.get()),
        "used_by": order.used_by.map(|txid| txid.to_string()),
        "ended_ms": order.ended.map(|at| at.get()),
    })
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Api => "api",
        Origin::Manual => "manual",
        Origin::CountPolicy(_) => "count policy",
        Origin::AutoPolicy(_) => "auto policy",
    }
}

/// An order with its legs and the transactions of each.
#[must_use]
pub fn order_with_legs(view: &OrderView) -> Value {
    let mut shown = order(view);
    let legs = view.whole.legs.iter().map(|leg| {
        let txs = view.whole.txs.iter().filter(|tx| tx.leg == leg.id);
        leg_with_txs(leg, txs)
    });
    describe::add(&mut shown, "legs", legs.collect());
    shown
}

fn leg_with_txs<'a>(leg: &Leg, txs: impl Iterator<Item = &'a ChainTx>) -> Value {
    let stake = leg.kind.stake();
    json!({
        "number": leg.id.number,
        "kind": leg_kind(&leg.kind),
        "resource": stake.map(|(resource, _)| resource.name()),
        "stake_sun": stake.map(|(_, sun)| sun.get()),
        "wallet": leg.owner.to_string(),
        "state": leg_state(leg.state),
        "included_ms": leg.included_at.map(|at| at.get()),
        "returned_ms": leg.returned_at.map(|at| at.get()),
        "txs": txs.map(tx).collect::<Vec<_>>(),
    })
}

fn tx(tx: &ChainTx) -> Value {
    json!({
        "txid": tx.txid.to_string(),
        "road": match tx.road {
            Road::Out => "out",
            Road::Back => "back",
        },
        "state": tx_state(tx.state),
        "signer": tx.signer.to_string(),
        "block": tx.block,
        "sent_ms": tx.sent_at.map(|at| at.get()),
        "expires_ms": tx.expiration.get(),
    })
}

const fn leg_kind(kind: &LegKind) -> &'static str {
    match kind {
        LegKind::Activation => "activation",
        LegKind::Delegation { .. } => "delegation",
        LegKind::Leftover { .. } => "leftover",
    }
}

const fn leg_state(state: LegState) -> &'static str {
    match state {
        LegState::Planned => "planned",
        LegState::Signed => "signed",
        LegState::Included => "included",
        LegState::Owed => "owed",
        LegState::Returning => "returning",
        LegState::Returned => "returned",
        LegState::Dropped => "dropped",
    }
}

pub(crate) const fn tx_state(state: TxState) -> &'static str {
    match state {
        TxState::Stored => "stored",
        TxState::Included => "included",
        TxState::Solid => "solid",
        TxState::Lost => "lost",
    }
}
