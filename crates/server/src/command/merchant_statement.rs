//! `sunsweep merchant statement`: every ledger entry, oldest first.

use std::io::Write;

use app::admin_rows::{Slice, Span, StatementLine};
use app::describe;
use clap::ValueEnum;
use domain::{MerchantId, UnixMillis};
use tron::Sun;

use super::output::{Failure, print, table};
use crate::admin::moment;
use crate::boot::Offline;
use crate::statement::csv;

/// Lines read at a time.
const LINES_AT_ONCE: usize = 1_000;

/// Print every ledger entry of a merchant with its order, transactions and running balance.
#[derive(Debug, clap::Args)]
pub(super) struct Statement {
    /// The merchant's number.
    merchant: i64,
    /// First moment: a date (midnight of UTC), an RFC 3339 time or Unix milliseconds.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<UnixMillis>,
    /// First moment that is not in it any more.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<UnixMillis>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    format: Form,
}

/// How to print a statement.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// For people.
    Table,
    /// One JSON object a line.
    Json,
    /// CSV of RFC 4180.
    Csv,
}

fn time(text: &str) -> Result<UnixMillis, String> {
    moment(text).ok_or_else(|| "a date, an RFC 3339 time or Unix milliseconds".to_owned())
}

impl Statement {
    /// Prints it part by part, however long it is.
    pub(super) fn run(self, offline: &Offline) -> Result<(), Failure> {
        let id = MerchantId(self.merchant);
        if offline.wait(offline.records.merchant(id))?.is_none() {
            return Err(anyhow::anyhow!("there is no merchant {}", id.0).into());
        }
        let everything = Span::default();
        let span = Span {
            from: self.from.unwrap_or(everything.from),
            to: self.to.unwrap_or(everything.to),
        };
        let mut after = None;
        let mut is_first = true;
        loop {
            let slice = Slice { after, limit: LINES_AT_ONCE };
            let lines = offline.wait(offline.records.statement(id, span, slice))?;
            print_part(self.format, &lines, is_first)?;
            is_first = false;
            match lines.last().filter(|_| lines.len() == LINES_AT_ONCE) {
                Some(last) => after = Some(last.place),
                None => return Ok(()),
            }
        }
    }
}

fn print_part(form: Form, lines: &[StatementLine], is_first: bool) -> Result<(), Failure> {
    match form {
        Form::Csv => {
            let text = csv(lines, is_first)?;
            let _closed_pipe = std::io::stdout().lock().write_all(text.as_bytes());
        }
        Form::Json => {
            lines.iter().for_each(|line| print(&describe::statement_line(line).to_string()));
        }
        Form::Table => {
            let header =
                ["number", "time", "account", "fact", "TRX", "balance TRX", "order", "reason"];
            print(&table(&header, lines.iter().map(row)));
        }
    }
    Ok(())
}

fn row(line: &StatementLine) -> Vec<String> {
    vec![
        line.place.number.to_string(),
        wire::time::utc_micros(line.at),
        line.account.to_owned(),
        line.fact.to_owned(),
        Sun::to_trx_string(line.amount),
        Sun::to_trx_string(line.balance),
        line.order.map_or_else(String::new, |order| order.to_string()),
        line.reason.clone().unwrap_or_default(),
    ]
}
