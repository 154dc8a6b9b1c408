//! Batches as CSV: what people hand in, and what they take away.

use app::batch_rows::{RowFilter, RowView};
use app::batches::Batches;
use app::ports::StoreError;
use domain::batch::{Line, LineError, LineFault, NewRow, RowState, read_lines};
use domain::{BatchId, UnixMillis};

use crate::statement::harmless;

/// Longest text of a batch, in bytes: ten thousand rows of 135 characters fit one and a half times.
pub const CSV_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Rows that are read at a time for an export.
const EXPORT_ROWS: i64 = 500;

/// The first line of an export.
const HEADER: [&str; 19] = [
    "number",
    "address",
    "recipient",
    "reference",
    "stage",
    "attempt",
    "order",
    "energy",
    "bandwidth",
    "activation",
    "price_sun",
    "refunded_sun",
    "burn_sun",
    "ready",
    "used",
    "reclaimed",
    "used_by",
    "txids",
    "failure",
];

/// The rows of a text: comma, semicolon or tab between fields, quotes as in RFC 4180.
///
/// Errors: every fault of every line; nothing of it is kept then.
pub fn read(text: &str) -> Result<Vec<NewRow>, Vec<LineError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else {
            let found = String::new();
            return Err(vec![LineError { line: 0, fault: LineFault::NotCsv, found }]);
        };
        let number = record.position().map_or(0, |at| at.line() + blank_lines(text, at.byte()));
        lines.push(Line { number, fields: record.iter().map(str::to_owned).collect() });
    }
    read_lines(&lines)
}

/// Empty lines from this byte on: the reader counts a record from before those ahead of it.
fn blank_lines(text: &str, from: u64) -> u64 {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let ahead = text.as_bytes().get(from..).unwrap_or_default();
    let blank = ahead.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    blank.filter(|byte| **byte == b'\n').map(|_| 1).sum()
}

/// What stands between the fields of the first line that has any: spreadsheets of some countries write
/// semicolons, and what is copied from a sheet has tabs.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let found = [b'\t', b';'].into_iter().find(|one| first.contains(char::from(*one)));
    found.filter(|_| !first.contains(',')).unwrap_or(b',')
}

/// Every row of a batch as CSV, read in parts.
///
/// Errors: the store's.
pub async fn export(batches: &dyn Batches, id: BatchId) -> Result<String, StoreError> {
    let mut text = String::new();
    let mut offset = 0;
    loop {
        let page = batches.batch_rows(id, RowFilter::default(), offset, EXPORT_ROWS).await?;
        let part = write(&page.rows, offset == 0);
        text.push_str(&part.map_err(|failed| StoreError::Broken(failed.to_string()))?);
        offset += EXPORT_ROWS;
        if offset >= page.all {
            return Ok(text);
        }
    }
}

/// Rows as CSV of RFC 4180; `has_header` for the first part.
///
/// Errors: none in memory; the library's type says otherwise.
pub fn write(rows: &[RowView], has_header: bool) -> Result<String, csv::Error> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    if has_header {
        writer.write_record(HEADER)?;
    }
    for view in rows {
        writer.write_record(record(view))?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn record(view: &RowView) -> [String; HEADER.len()] {
    let row = &view.row;
    let order = view.whole.as_ref().map(|whole| &whole.order);
    let number = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());
    let moment = |at: Option<UnixMillis>| at.map_or_else(String::new, wire::time::utc_micros);
    let txids = view.whole.iter().flat_map(|whole| &whole.txs).map(|tx| tx.txid.to_string());
    let failure = match &row.state {
        RowState::Failed(failure) => failure.text.as_str(),
        RowState::Waiting | RowState::Placed(_) | RowState::Cancelled => "",
    };
    [
        row.number.to_string(),
        row.address.to_string(),
        row.recipient.map_or_else(String::new, |address| address.to_string()),
        harmless(row.reference.as_deref()),
        view.stage().name().to_owned(),
        row.attempt.to_string(),
        view.order().map_or_else(String::new, |order| order.to_string()),
        number(order.map(|order| order.energy.get())),
        number(order.map(|order| order.bandwidth.get())),
        number(order.map(|order| i64::from(order.has_activation))),
        number(order.map(|order| order.price.get())),
        number(order.map(|order| order.refunded().get())),
        number(row.burn.map(tron::Sun::get)),
        moment(order.and_then(|order| order.ready)),
        moment(order.and_then(|order| order.used)),
        moment(order.and_then(|order| order.ended)),
        order.and_then(|order| order.used_by).map_or_else(String::new, |txid| txid.to_string()),
        txids.collect::<Vec<_>>().join(" "),
        harmless(Some(failure)),
    ]
}

#[cfg(test)]
mod tests {
    use domain::batch::{BatchRow, FailureKind, RowFailure};

    use super::*;

    const ONE: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
    const TWO: &str = "TGCAjMXComunWZEXCT1LPBdcYbDVuyexBv";

    #[test]
    fn spreadsheets_of_all_countries_are_read() {
        let row = NewRow {
            address: ONE.parse().unwrap(),
            recipient: Some(TWO.parse().unwrap()),
            reference: Some("a, b".to_owned()),
        };
        for text in [
            format!("{ONE},{TWO},\"a, b\""),
            format!("\u{feff}address,recipient,reference\r\n\r\n{ONE},{TWO},\"a, b\"\r\n"),
            format!("address;recipient;reference\n{ONE};{TWO};a, b"),
            format!("address\trecipient\treference\n{ONE}\t{TWO}\ta, b"),
        ] {
            assert_eq!(read(&text), Ok(vec![row.clone()]), "{text}");
        }
    }

    #[test]
    fn faults_name_the_line_of_the_text() {
        let text = format!("address\n\n{ONE}\n\"two\nlines\"\n{TWO},\n{ONE}\n");
        let errors = read(&text).unwrap_err();
        let lines: Vec<_> = errors.iter().map(|error| (error.line, error.fault)).collect();
        let not_an_address = LineFault::NotAnAddress(domain::batch::RowField::Address);
        assert_eq!(lines, [(4, not_an_address), (7, LineFault::Duplicate { line: 3 })]);
        assert_eq!(
            read(""),
            Err(vec![LineError { line: 0, fault: LineFault::Empty, found: String::new() }])
        );
    }

    #[test]
    fn what_others_wrote_is_disarmed() {
        let failure = RowFailure { kind: FailureKind::Other, text: "=cmd()".to_owned() };
        let row = BatchRow {
            number: 7,
            address: ONE.parse().unwrap(),
            recipient: None,
            reference: Some("+1,2".to_owned()),
            state: RowState::Failed(failure),
            attempt: 2,
            check: None,
            burn: None,
        };
        let text = write(&[RowView { row, whole: None }], true).unwrap();
        let expected = format!("7,{ONE},,\"'+1,2\",failed,2,,,,,,,,,,,,,'=cmd()\r\n");
        assert_eq!(text, format!("{}\r\n{expected}", HEADER.join(",")));
    }
}
