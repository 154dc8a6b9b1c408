//! Plans and outcomes for people.

use serde_json::{Value, json};
use sweep::summary::units;
use sweep::{Asset, Plan, PlanRow, Record, Run, Settings, State, Summary, Token, TrxRow};
use tron::{Bandwidth, Energy, Sun, TokenUnits};

use crate::command::output::table;

/// Rows of a table before the rest is counted only.
const ROWS_MAX: usize = 20;

/// The plan: a table of the biggest, what is left alone and why, and a total.
pub(super) fn plan(plan: &Plan, settings: &Settings) -> String {
    let token = &settings.token;
    let header = ["address", &token.symbol, "lacks", "order TRX", "burning TRX"];
    let rows = plan.to_sweep().take(ROWS_MAX).map(|row| {
        vec![
            row.target.address.to_string(),
            token.show(row.held),
            lacks(row),
            row.order_cost.map_or_else(|| "?".to_owned(), Sun::to_trx_string),
            row.burn_cost.to_trx_string(),
        ]
    });
    let mut text = table(&header, rows);
    let count = plan.to_sweep().count();
    if count > ROWS_MAX {
        text.push_str(&format!("\n... and {} more", count - ROWS_MAX));
    }
    for (code, count) in reasons(plan.reasons()) {
        text.push_str(&format!("\nleft alone      {count} {code}"));
    }
    let held = TokenUnits(plan.to_sweep().map(|row| row.held.0).sum());
    let burning: Sun = plan.to_sweep().map(|row| row.burn_cost).sum();
    let orders: Option<Sun> = plan.to_sweep().map(|row| row.order_cost).sum::<Option<Sun>>();
    let orders = orders.map_or_else(
        || "the server does not say; each order's own answer does".to_owned(),
        |cost| format!("{} TRX", cost.to_trx_string()),
    );
    text.push_str(&format!(
        "\nto sweep        {count} addresses, {} {} to {}\n\
         orders          {orders}\n\
         by burning      {} TRX",
        token.show(held),
        token.symbol,
        settings.destination,
        burning.to_trx_string(),
    ));
    let trx: Sun = plan.trx_to_move().map(|row| row.amount).sum();
    if trx > Sun::ZERO {
        let (count, trx) = (plan.trx_to_move().count(), trx.to_trx_string());
        text.push_str(&format!("\nTRX alone       {count} addresses, {trx} TRX"));
    }
    text
}

/// What an address lacks, in words.
fn lacks(row: &PlanRow) -> String {
    let mut parts = Vec::new();
    if row.need.activation {
        parts.push("activation".to_owned());
    }
    if row.need.bandwidth > Bandwidth::ZERO {
        parts.push(format!("{} bandwidth", row.need.bandwidth.get()));
    }
    if row.need.energy > Energy::ZERO {
        parts.push(format!("{} energy", row.need.energy.get()));
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// The plan's totals as an event for programs.
pub(super) fn plan_event(plan: &Plan) -> Value {
    let orders = plan.to_sweep().map(|row| row.order_cost).sum::<Option<Sun>>();
    json!({
        "event": "planned",
        "to_sweep": plan.to_sweep().count(),
        "skipped": plan.to_skip().count(),
        "held": units(TokenUnits(plan.to_sweep().map(|row| row.held.0).sum())),
        "order_cost_sun": orders.map(Sun::get),
        "burn_cost_sun": plan.to_sweep().map(|row| row.burn_cost).sum::<Sun>().get(),
        "trx_alone": plan.trx_to_move().count(),
        "trx_alone_sun": plan.trx_to_move().map(|row| row.amount).sum::<Sun>().get(),
    })
}

/// The plan as rows for programs.
pub(super) fn plan_json(plan: &Plan) -> Value {
    let row = |row: &PlanRow| {
        json!({
            "address": row.target.address.to_string(),
            "label": row.target.label,
            "held": units(row.held),
            "trx_sun": row.trx.get(),
            "transfer_energy": row.transfer_energy.get(),
            "missing_activation": row.need.activation,
            "missing_bandwidth": row.need.bandwidth.get(),
            "missing_energy": row.need.energy.get(),
            "order_cost_sun": row.order_cost.map(Sun::get),
            "burn_cost_sun": row.burn_cost.get(),
            "skip": row.skip.as_ref().map(|reason| reason.code.word()),
            "skip_text": row.skip.as_ref().map(|reason| reason.text.as_str()),
        })
    };
    plan.rows.iter().map(row).collect()
}

/// The plan's TRX that goes without tokens, as rows for programs.
pub(super) fn trx_json(plan: &Plan) -> Value {
    let row = |row: &TrxRow| {
        json!({
            "address": row.target.address.to_string(),
            "label": row.target.label,
            "trx_sun": row.amount.get(),
            "fee_sun": row.fee.get(),
            "skip": row.skip.as_ref().map(|reason| reason.code.word()),
            "skip_text": row.skip.as_ref().map(|reason| reason.text.as_str()),
        })
    };
    plan.trx.iter().map(row).collect()
}

/// What a run came to: totals, and every address that was not swept with its reason.
pub(super) fn outcome(run: &Run, records: &[Record], token: &Token) -> String {
    let summary = Summary::of(records);
    let is_told =
        |record: &&Record| matches!(record.state, State::Failed) || !record.state.is_final();
    let told: Vec<&Record> = records.iter().filter(is_told).collect();
    let mut text = String::new();
    if !told.is_empty() {
        let header = ["address", &token.symbol, "state", "reason", "txid"];
        let rows = told.iter().take(ROWS_MAX).map(|record| {
            let held = match record.asset {
                Asset::Token => token.show(record.held),
                Asset::Trx => "TRX".to_owned(),
            };
            vec![
                record.address.to_string(),
                held,
                record.state.to_string(),
                record.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
                record.txid.map(|txid| txid.to_string()).unwrap_or_default(),
            ]
        });
        text.push_str(&table(&header, rows));
        text.push('\n');
        if told.len() > ROWS_MAX {
            text.push_str(&format!("... and {} more\n", told.len() - ROWS_MAX));
        }
    }
    let skipped = records.iter().filter(|record| record.state == State::Skipped);
    for (code, count) in reasons(skipped.filter_map(|record| record.reason.as_ref())) {
        text.push_str(&format!("left alone      {count} {code}\n"));
    }
    text.push_str(&format!(
        "run             {}\n\
         swept           {} of {}\n\
         moved           {} {} to {}\n\
         paid            {} TRX\n\
         burned          {} TRX",
        run.id,
        summary.swept,
        records
            .iter()
            .filter(|one| one.asset == Asset::Token && one.state != State::Skipped)
            .count(),
        token.show(summary.moved),
        token.symbol,
        run.destination,
        summary.charged.to_trx_string(),
        summary.burned.to_trx_string(),
    ));
    // Orders are paid before their transfers arrive, so there is nothing to compare before the end.
    if summary.unfinished == 0 {
        text.push_str(&format!(
            "\nby burning      {} TRX\nsaved           {} TRX",
            summary.burn_cost.to_trx_string(),
            summary.saved().to_trx_string(),
        ));
    }
    if summary.trx_moved > Sun::ZERO {
        text.push_str(&format!("\nmoved TRX       {} TRX", summary.trx_moved.to_trx_string()));
    }
    if summary.failed + summary.unfinished > 0 {
        text.push_str(&format!(
            "\nfailed          {}\nunfinished      {}",
            summary.failed, summary.unfinished
        ));
    }
    text
}

/// How often each reason is given, the most frequent first.
fn reasons<'a>(reasons: impl Iterator<Item = &'a sweep::Reason>) -> Vec<(&'static str, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason.code.word()).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
