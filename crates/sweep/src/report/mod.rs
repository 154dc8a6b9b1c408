//! The report of a run: JSON for programs, CSV for tables, one HTML page for people.
//!
//! What it is: pure text from the journal's records. It is not: a judge; every number comes from
//! records that were judged by receipt and Transfer log.
//!
//! Invariants: the page needs nothing from outside and holds no script; whatever came from outside
//! (labels, reasons, the token's symbol) is escaped where it is written; no floating point.
//!
//! | File | Holds |
//! |---|---|
//! | `figures` | what the charts show: time to ready, hours, reasons |
//! | `csv`, `html` | the two forms that are not JSON |
//! | `chart`, `style` | the page's pictures and looks |
//!
//! Read next: [`Report`].

mod chart;
mod csv;
mod figures;
mod html;
mod style;
mod text;

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tron::Address;

use crate::record::Record;
use crate::settings::Token;
use crate::summary::{Summary, units};
use figures::Figures;

/// Name of the JSON file in a report's directory.
pub const JSON_FILE: &str = "report.json";
/// Name of the CSV file.
pub const CSV_FILE: &str = "report.csv";
/// Name of the page.
pub const HTML_FILE: &str = "report.html";

/// A run and everything that became of it.
pub struct Report<'a> {
    /// The run's name.
    pub run: &'a str,
    /// When it began, Unix milliseconds.
    pub started_ms: i64,
    /// When nothing of it was open any more.
    pub ended_ms: Option<i64>,
    /// What was moved.
    pub token: &'a Token,
    /// Where to.
    pub destination: Address,
    /// Every address of its plan.
    pub records: &'a [Record],
}

impl Report<'_> {
    /// Writes the three files into a directory, made if it is not there.
    ///
    /// Shape: each file is written beside its name and renamed, so that a reader never sees half of
    /// one.
    /// Errors: the directory or a file cannot be written.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let put = |name: &str, text: &str| replace(&directory.join(name), text);
        let mut object = self.to_json().to_string();
        object.push('\n');
        put(JSON_FILE, &object)?;
        put(CSV_FILE, &self.to_csv())?;
        put(HTML_FILE, &self.to_html())
    }

    /// Totals, hours, reasons, and every record, as one object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let summary = Summary::of(self.records);
        let figures = Figures::of(self);
        let mut object = summary.to_json(Some(self.run), self.records);
        let hours: Vec<Value> = figures
            .hours
            .iter()
            .map(|(start_ms, hour)| {
                json!({
                    "from_ms": start_ms,
                    "swept": hour.swept,
                    "moved": units(hour.moved),
                    "charged_sun": hour.charged.get(),
                    "burned_sun": hour.burned.get(),
                })
            })
            .collect();
        let ready = &figures.ready;
        for (name, value) in [
            (
                "token",
                json!({
                    "address": self.token.address.to_string(),
                    "symbol": self.token.symbol,
                    "decimals": self.token.decimals,
                }),
            ),
            ("destination", json!(self.destination.to_string())),
            ("started_ms", json!(self.started_ms)),
            ("ended_ms", json!(self.ended_ms)),
            ("saved_sun", json!(summary.saved().get())),
            ("trx_moved_sun", json!(figures.trx_moved.get())),
            ("ready_p50_ms", json!(ready.percentile(50))),
            ("ready_p95_ms", json!(ready.percentile(95))),
            ("ready_max_ms", json!(ready.percentile(100))),
            ("by_hour", json!(hours)),
            (
                "by_reason",
                json!(
                    figures
                        .reasons
                        .iter()
                        .map(|reason| json!({
                            "state": reason.state.word(),
                            "reason": reason.code.word(),
                            "addresses": reason.addresses,
                            "held": units(reason.held),
                        }))
                        .collect::<Vec<_>>()
                ),
            ),
        ] {
            object[name] = value;
        }
        object
    }

    /// One row for each address and asset, under a header.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv::render(self)
    }

    /// A page that stands alone.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::render(self)
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _nothing_left_behind = fs::remove_file(&beside);
    }
    written
}
