//! The report as a table that opens in a spreadsheet, and does nothing else there.

use std::fmt::Write;

use super::Report;
use super::text::moment;
use crate::record::{Asset, Record};

const HEADER: &str = "address,label,asset,state,reason,reason_text,held,moved,serial,txid,\
charged_trx,burned_trx,burned_for_energy_trx,burn_cost_trx,energy_used,planned_utc,ordered_utc,\
ready_utc,sent_utc,ended_utc";

pub(super) fn render(report: &Report<'_>) -> String {
    let mut text = format!("{HEADER}\r\n");
    for record in report.records {
        let cells = cells(report, record);
        let line = cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(",");
        let _never_fails = write!(text, "{line}\r\n");
    }
    text
}

fn cells(report: &Report<'_>, record: &Record) -> Vec<String> {
    let amount = |units| match record.asset {
        Asset::Token => report.token.show(units),
        Asset::Trx => super::figures::sun_of(units).to_trx_string(),
    };
    let reason = record.reason.as_ref();
    let times = &record.times;
    let at = |time: Option<i64>| time.map(moment).unwrap_or_default();
    vec![
        record.address.to_string(),
        record.label.clone(),
        super::html::asset_name(report, record.asset),
        record.state.word().to_owned(),
        reason.map(|reason| reason.code.word().to_owned()).unwrap_or_default(),
        reason.map(|reason| reason.text.clone()).unwrap_or_default(),
        amount(record.held),
        amount(record.moved),
        record.serial.map(|serial| serial.to_string()).unwrap_or_default(),
        record.txid.map(|txid| txid.to_string()).unwrap_or_default(),
        record.charged.to_trx_string(),
        record.burned.to_trx_string(),
        record.burned_for_energy.to_trx_string(),
        record.burn_cost.to_trx_string(),
        record.energy_used.get().to_string(),
        at(times.planned_ms),
        at(times.ordered_ms),
        at(times.ready_ms),
        at(times.sent_ms),
        at(times.ended_ms),
    ]
}

/// A cell that no spreadsheet takes for a formula, quoted where it has to be.
///
/// Source: OWASP, CSV injection: a cell that begins with one of these gets an apostrophe before it.
pub(super) fn escaped(cell: &str) -> String {
    let is_number = cell
        .strip_prefix('-')
        .unwrap_or(cell)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let guarded = if is_formula && !is_number { format!("'{cell}") } else { cell.to_owned() };
    match guarded.contains([',', '"', '\r', '\n', ';', '\t']) {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}
