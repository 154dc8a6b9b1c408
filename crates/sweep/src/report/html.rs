//! The report as one page.

use std::fmt::Write;

use tron::{Sun, TokenUnits};

use super::Report;
use super::chart::{self, Bar};
use super::figures::{Figures, HOUR_MS, sun_of};
use super::style::STYLE;
use super::text::{clock, duration, grouped, html, moment, trx};
use crate::record::{Asset, Record, State};
use crate::summary::Summary;

/// Upper bounds of the bars of the chart of times, milliseconds.
const READY_BOUNDS_MS: [i64; 8] = [1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 60_000, 300_000];

pub(super) fn render(report: &Report<'_>) -> String {
    let summary = Summary::of(report.records);
    let figures = Figures::of(report);
    let symbol = html(&report.token.symbol);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <title>Sweep {run}: {swept} addresses, {moved} {symbol}</title>\
         <style>{STYLE}</style></head><body><main>\n",
        run = html(report.run),
        swept = summary.swept,
        moved = grouped(&report.token.show(summary.moved)),
    );
    page.push_str(&heading(report, &summary));
    page.push_str(&tiles(report, &summary, &figures));
    page.push_str("<div class=\"charts\">\n");
    page.push_str(&costs(&summary));
    page.push_str(&over_time(report, &figures));
    page.push_str(&readiness(&figures));
    page.push_str(&outcomes(&summary, &figures));
    page.push_str(&biggest(report));
    page.push_str("</div>\n");
    page.push_str(&hours(report, &figures));
    page.push_str(&failures(report));
    page.push_str(&addresses(report));
    page.push_str("</main></body></html>\n");
    page
}

/// What an asset is called.
pub(super) fn asset_name(report: &Report<'_>, asset: Asset) -> String {
    match asset {
        Asset::Token => report.token.symbol.clone(),
        Asset::Trx => "TRX".to_owned(),
    }
}

fn heading(report: &Report<'_>, summary: &Summary) -> String {
    let all = summary.swept + summary.failed + summary.skipped + summary.unfinished;
    let end = match report.ended_ms {
        Some(ended) => {
            format!("to {} UTC, {}", moment(ended), duration((ended - report.started_ms).max(0)))
        }
        None => format!("not ended yet; {} to go on with", summary.unfinished),
    };
    format!(
        "<header><h1>Swept {} of {all} addresses</h1><p class=\"soft\">Run <code>{}</code>, {} UTC \
         {end}. {} (<code>{}</code>) to <code>{}</code>.</p></header>\n",
        summary.swept,
        html(report.run),
        moment(report.started_ms),
        html(&report.token.symbol),
        report.token.address,
        report.destination,
    )
}

fn tiles(report: &Report<'_>, summary: &Summary, figures: &Figures) -> String {
    let symbol = html(&report.token.symbol);
    let spent = summary.charged + summary.burned;
    let saved = summary.saved();
    let share = percent(saved, summary.burn_cost);
    let ready = |share| figures.ready.percentile(share).map_or_else(|| "–".to_owned(), duration);
    let mut tiles = String::from("<div class=\"tiles\">");
    let mut tile = |class: &str, value: &str, name: &str| {
        let _ = write!(
            tiles,
            "<div class=\"tile {class}\"><b>{value}</b><span class=\"soft\">{name}</span></div>"
        );
    };
    let moved = grouped(&report.token.show(summary.moved));
    tile("", &format!("{moved} {symbol}"), "moved");
    if figures.trx_moved > Sun::ZERO {
        tile("", &format!("{} TRX", trx(figures.trx_moved)), "TRX moved");
    }
    let paid = format!("{} orders, {} burned", trx(summary.charged), trx(summary.burned));
    tile("", &format!("{} TRX", trx(spent)), &format!("paid: {paid}"));
    let class = if saved.is_negative() { "bad" } else { "good" };
    tile(class, &format!("{} TRX", trx(saved)), &format!("saved against burning{share}"));
    tile("", &ready(50), &format!("from order to ready; 95 % within {}", ready(95)));
    let class = if summary.failed > 0 { "bad" } else { "" };
    let others = format!("failed; {} left alone", summary.skipped);
    tile(class, &summary.failed.to_string(), &others);
    tiles.push_str("</div>\n");
    tiles
}

/// ` (72 %)`, or nothing where there is nothing to compare with.
fn percent(part: Sun, whole: Sun) -> String {
    match whole.get() {
        ..=0 => String::new(),
        whole => format!(" ({} %)", i128::from(part.get()) * 100 / i128::from(whole)),
    }
}

fn section(title: &str, body: &str) -> String {
    format!("<section><h2>{title}</h2>{body}</section>\n")
}

fn bar(label: impl Into<String>, value: u128, shown: String, class: &'static str) -> Bar {
    Bar { label: label.into(), value, shown, class }
}

fn costs(summary: &Summary) -> String {
    let money = |label: &str, sun: Sun, class| {
        let value = u128::try_from(sun.get()).unwrap_or(0);
        bar(label, value, format!("{} TRX", trx(sun)), class)
    };
    let bars = [
        money("charged for orders", summary.charged, "a"),
        money("burned", summary.burned, "b"),
        money("burning would have cost", summary.burn_cost, "c"),
    ];
    section("Cost", &chart::rows("cost", "Cost of the run in TRX", &bars))
}

fn over_time(report: &Report<'_>, figures: &Figures) -> String {
    let step = match figures.step_ms {
        HOUR_MS => "hour".to_owned(),
        step if step < 60_000 => format!("{} s", step / 1_000),
        60_000 => "minute".to_owned(),
        step if step < HOUR_MS => format!("{} min", step / 60_000),
        step if step < 24 * HOUR_MS => format!("{} h", step / HOUR_MS),
        step => format!("{} d", step / (24 * HOUR_MS)),
    };
    let title = format!("{} moved per {step}", report.token.symbol);
    let is_days = figures.step_ms >= 24 * HOUR_MS;
    let label =
        |at: i64| if is_days { moment(at)[5..10].to_owned() } else { clock(at, figures.step_ms) };
    let bars: Vec<Bar> = figures
        .steps
        .iter()
        .map(|(at, slice)| bar(label(*at), slice.moved.0, whole(report, slice.moved), "a"))
        .collect();
    section(&html(&title), &chart::columns("time", &title, &bars))
}

/// An amount without its fraction, for places that have no room.
fn whole(report: &Report<'_>, units: TokenUnits) -> String {
    let shown = report.token.show(units);
    grouped(shown.split_once('.').map_or(shown.as_str(), |(whole, _)| whole))
}

fn readiness(figures: &Figures) -> String {
    let counts = figures.ready.histogram(&READY_BOUNDS_MS);
    let longest = *READY_BOUNDS_MS.last().expect("there are bounds");
    let labels = READY_BOUNDS_MS
        .iter()
        .map(|bound| format!("<{}", short(*bound)))
        .chain([format!("≥{}", short(longest))]);
    let bars: Vec<Bar> = labels
        .zip(&counts)
        .map(|(label, count)| {
            bar(label, u128::try_from(*count).unwrap_or(0), count.to_string(), "a")
        })
        .collect();
    let title = format!("Time from order to ready, {} orders", figures.ready.count());
    section(&title, &chart::columns("ready", &title, &bars))
}

fn short(ms: i64) -> String {
    if ms < 60_000 { format!("{} s", ms / 1_000) } else { format!("{} min", ms / 60_000) }
}

fn outcomes(summary: &Summary, figures: &Figures) -> String {
    let number = |count: usize| u128::try_from(count).unwrap_or(0);
    let mut bars = vec![bar("swept", number(summary.swept), summary.swept.to_string(), "a")];
    if summary.unfinished > 0 {
        let count = summary.unfinished;
        bars.push(bar("to go on with", number(count), count.to_string(), "c"));
    }
    bars.extend(figures.reasons.iter().map(|reason| {
        let class = if reason.state == State::Failed { "b" } else { "c" };
        let label = format!("{}: {}", reason.state, reason.code.word().replace('_', " "));
        bar(label, number(reason.addresses), reason.addresses.to_string(), class)
    }));
    section("Outcome, in addresses", &chart::rows("outcome", "Addresses by outcome", &bars))
}

/// The addresses that most came from; the table at the end has all of them.
fn biggest(report: &Report<'_>) -> String {
    const BARS_MAX: usize = 8;
    let mut records: Vec<&Record> = report
        .records
        .iter()
        .filter(|record| record.asset == Asset::Token && record.state == State::Swept)
        .collect();
    records.sort_by_key(|record| std::cmp::Reverse(record.moved));
    let bars: Vec<Bar> = records
        .into_iter()
        .take(BARS_MAX)
        .map(|record| {
            let address = record.address.to_string();
            let short = format!("{}…{}", &address[..6], &address[address.len() - 6..]);
            bar(short, record.moved.0, whole(report, record.moved), "a")
        })
        .collect();
    let title = format!("{} moved per address, the biggest", report.token.symbol);
    section(&html(&title), &chart::rows("biggest", &title, &bars))
}

fn hours(report: &Report<'_>, figures: &Figures) -> String {
    let mut rows = String::new();
    for (at, hour) in &figures.hours {
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            &moment(*at)[..16],
            hour.swept,
            grouped(&report.token.show(hour.moved)),
            trx(hour.charged),
            trx(hour.burned),
        );
    }
    let head = [
        ("hour (UTC)", ""),
        ("addresses", "number"),
        ("moved", "number"),
        ("charged TRX", "number"),
        ("burned TRX", "number"),
    ];
    section("Per hour", &table("What arrived in solid blocks, by hour", &head, &rows))
}

fn failures(report: &Report<'_>) -> String {
    let failed: Vec<&Record> =
        report.records.iter().filter(|record| record.state == State::Failed).collect();
    if failed.is_empty() {
        return section("Failures", "<p>None.</p>");
    }
    let mut rows = String::new();
    for record in failed {
        let reason = record.reason.as_ref();
        let code = reason.map_or("", |reason| reason.code.word());
        let text = reason.map_or("", |reason| reason.text.as_str());
        let _ = write!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code></th><td class=\"number\">{}</td>\
             <td><span class=\"failed\">{code}</span> {}</td><td><code>{}</code></td></tr>",
            record.address,
            amount(report, record, record.held),
            html(text),
            record.txid.map(|txid| txid.to_string()).unwrap_or_default(),
        );
    }
    let head = [("address", ""), ("holds", "number"), ("reason", ""), ("txid", "")];
    let caption = "Addresses that were given up, with the transaction if one was sent";
    section("Failures", &table(caption, &head, &rows))
}

fn addresses(report: &Report<'_>) -> String {
    let mut rows = String::new();
    for record in report.records {
        let took = match (record.times.ordered_ms, record.times.ready_ms) {
            (Some(ordered), Some(ready)) => duration((ready - ordered).max(0)),
            _ => String::new(),
        };
        let is_swept = record.state == State::Swept;
        let saved = (is_swept && record.asset == Asset::Token)
            .then(|| record.burn_cost - record.charged - record.burned);
        let reason = record.reason.as_ref().filter(|_| !is_swept);
        let state = match reason {
            Some(reason) => format!("{}: {}", record.state, html(reason.code.word())),
            None => record.state.word().to_owned(),
        };
        let _ = write!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code> {}</th><td>{state}</td>\
             <td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{took}</td>\
             <td><code>{}</code></td></tr>",
            record.address,
            html(&record.label),
            amount(report, record, record.moved),
            trx(record.charged),
            trx(record.burned),
            trx(record.burn_cost),
            saved.map(trx).unwrap_or_default(),
            record.txid.map(|txid| txid.to_string()).unwrap_or_default(),
        );
    }
    let head = [
        ("address", ""),
        ("state", ""),
        ("moved", "number"),
        ("charged TRX", "number"),
        ("burned TRX", "number"),
        ("burning costs TRX", "number"),
        ("saved TRX", "number"),
        ("ready after", "number"),
        ("txid", ""),
    ];
    let body = table("Every address of the run, biggest first", &head, &rows);
    format!("<section><details><summary>Every address</summary>{body}</details></section>\n")
}

fn amount(report: &Report<'_>, record: &Record, units: TokenUnits) -> String {
    let shown = match record.asset {
        Asset::Token => report.token.show(units),
        Asset::Trx => sun_of(units).to_trx_string(),
    };
    format!("{} {}", grouped(&shown), html(&asset_name(report, record.asset)))
}

fn table(caption: &str, head: &[(&str, &str)], rows: &str) -> String {
    let cells: String = head
        .iter()
        .map(|(name, class)| format!("<th scope=\"col\" class=\"{class}\">{name}</th>"))
        .collect();
    format!(
        "<div class=\"scroll\"><table><caption>{caption}</caption><thead><tr>{cells}</tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}
