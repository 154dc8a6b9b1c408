//! How a batch, its rows and its progress are shown as JSON.

use domain::batch::{Batch, Check, Progress, RowFailure, RowStage, RowState, Totals};
use domain::collect::Scene;
use domain::{LegKind, Road};
use serde_json::{Map, Value, json};
use tron::Sun;

use crate::batch_rows::{DryTotals, RowView};
use crate::describe;
use crate::look_at_batch::BatchOverview;

/// A batch.
#[must_use]
pub fn batch(batch: &Batch) -> Value {
    json!({
        "batch": batch.id.to_string(),
        "merchant": batch.merchant.0,
        "name": batch.name,
        "state": batch.state.name(),
        "hindrance": batch.hindrance.map(domain::batch::Hindrance::name),
        "rows": batch.rows,
        "dry_run_begun_ms": batch.dry_run.map(|run| run.begun.get()),
        "dry_run_finished_ms": batch.dry_run.and_then(|run| run.finished).map(|at| at.get()),
        "created_ms": batch.created.get(),
        "resumed_ms": batch.resumed.map(|at| at.get()),
        "ended_ms": batch.ended.map(|at| at.get()),
    })
}

/// A batch with everything that is counted of it.
#[must_use]
pub fn overview(overview: &BatchOverview) -> Value {
    let mut shown = batch(&overview.batch);
    describe::add(&mut shown, "progress", progress(&overview.totals, &overview.progress));
    let dry_run = overview.dry_run.as_ref().map(|totals| {
        let mut found = dry_totals(totals);
        describe::add(&mut found, "stale", json!(overview.is_dry_run_stale));
        found
    });
    describe::add(&mut shown, "dry_run", json!(dry_run));
    shown
}

/// How far a batch is.
#[must_use]
pub fn progress(totals: &Totals, progress: &Progress) -> Value {
    let stages: Map<String, Value> = RowStage::ALL
        .into_iter()
        .map(|stage| (stage.name().to_owned(), json!(totals.of(stage).rows)))
        .collect();
    json!({
        "stages": stages,
        "done": progress.done,
        "failures": totals.failures(),
        "spent_sun": progress.spent.get(),
        "saved_sun": progress.saved.get(),
        "rows_per_hour": progress.rows_per_hour,
        "left_secs": progress.left_secs,
    })
}

/// What a dry run found, all rows together.
#[must_use]
pub fn dry_totals(totals: &DryTotals) -> Value {
    json!({
        "checked": totals.checked,
        "refused": totals.refused,
        "without_tokens": totals.empty,
        "token_amount": totals.token_amount.0.to_string(),
        "energy": totals.energy.get(),
        "bandwidth": totals.bandwidth.get(),
        "activations": totals.activations,
        "price_sun": totals.price.get(),
        "burn_sun": totals.burn.get(),
    })
}

/// A row with what became of its order.
#[must_use]
pub fn row(view: &RowView) -> Value {
    let row = &view.row;
    let order = view.whole.as_ref().map(|whole| &whole.order);
    json!({
        "number": row.number,
        "address": row.address.to_string(),
        "recipient": row.recipient.map(|address| address.to_string()),
        "reference": row.reference,
        "stage": view.stage().name(),
        "attempt": row.attempt,
        "failure": match &row.state {
            RowState::Failed(failed) => failure(failed),
            RowState::Waiting | RowState::Placed(_) | RowState::Cancelled => Value::Null,
        },
        "check": row.check.as_ref().map(check),
        "order": view.order().map(|order| order.to_string()),
        "price_sun": order.map(|order| order.price.get()),
        "refunded_sun": order.map(|order| order.refunded().get()),
        "burn_sun": row.burn.map(Sun::get),
        "energy": order.map(|order| order.energy.get()),
        "bandwidth": order.map(|order| order.bandwidth.get()),
        "activation": order.map(|order| order.has_activation),
        "ready_ms": order.and_then(|order| order.ready).map(|at| at.get()),
        "used_ms": order.and_then(|order| order.used).map(|at| at.get()),
        "ended_ms": order.and_then(|order| order.ended).map(|at| at.get()),
        "used_by": order.and_then(|order| order.used_by).map(|txid| txid.to_string()),
        "transactions": transactions(view),
    })
}

/// Our transactions for a row's order, oldest first.
fn transactions(view: &RowView) -> Vec<Value> {
    let Some(whole) = &view.whole else { return Vec::new() };
    let what = |number: u8, road: Road| {
        let leg = whole.legs.iter().find(|leg| leg.id.number == number);
        match (leg.map(|leg| leg.kind), road) {
            (Some(LegKind::Activation), _) => "activate",
            (_, Road::Out) => "delegate",
            (_, Road::Back) => "reclaim",
        }
    };
    let one = |tx: &domain::ChainTx| {
        json!({
            "txid": tx.txid.to_string(),
            "what": what(tx.leg.number, tx.road),
            "state": crate::describe_order::tx_state(tx.state),
            "block": tx.block,
        })
    };
    whole.txs.iter().map(one).collect()
}

fn failure(failure: &RowFailure) -> Value {
    json!({"kind": failure.kind.name(), "text": failure.text})
}

fn check(check: &Check) -> Value {
    match &check.found {
        Err(failed) => json!({"at_ms": check.at.get(), "failure": failure(failed)}),
        Ok(quoted) => json!({
            "at_ms": check.at.get(),
            "token_amount": quoted.token_amount.0.to_string(),
            "scene": match quoted.scene {
                Scene::Automatic => "automatic",
                Scene::RecipientHolds => "recipient_holds",
                Scene::RecipientEmpty => "recipient_empty",
            },
            "energy": quoted.need.energy.get(),
            "bandwidth": quoted.need.bandwidth.get(),
            "activation": quoted.need.activation,
            "price_sun": quoted.price.get(),
            "burn_sun": quoted.burn.get(),
        }),
    }
}
