//! A merchant's statement as text: CSV, and the places between its parts.

use app::admin_rows::{StatementLine, StatementPlace};
use domain::UnixMillis;

/// The first line of a statement in CSV.
const HEADER: [&str; 10] = [
    "number",
    "time",
    "account",
    "fact",
    "amount_sun",
    "balance_sun",
    "order",
    "reference",
    "txids",
    "reason",
];

/// Lines as CSV of RFC 4180; `has_header` for the first part.
///
/// Errors: none in memory; the library's type says otherwise.
pub fn csv(lines: &[StatementLine], has_header: bool) -> Result<String, csv::Error> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    if has_header {
        writer.write_record(HEADER)?;
    }
    for line in lines {
        let txids: Vec<_> = line.txids.iter().map(ToString::to_string).collect();
        writer.write_record([
            line.place.number.to_string(),
            wire::time::utc_micros(line.at),
            line.account.to_owned(),
            line.fact.to_owned(),
            line.amount.get().to_string(),
            line.balance.get().to_string(),
            line.order.map_or_else(String::new, |order| order.to_string()),
            harmless(line.reference.as_deref()),
            txids.join(" "),
            harmless(line.reason.as_deref()),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A text that somebody else wrote, so that no spreadsheet takes it for a formula.
pub(crate) fn harmless(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// A place as `after` says it.
#[must_use]
pub fn place_text(place: StatementPlace) -> String {
    format!("{}-{}", place.posted.get(), place.number)
}

/// The place of a text from [`place_text`].
#[must_use]
pub fn place_of(text: &str) -> Option<StatementPlace> {
    let (posted, number) = text.split_once('-')?;
    let posted = UnixMillis(posted.parse().ok()?);
    Some(StatementPlace { posted, number: number.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use domain::OrderId;
    use tron::{Sun, TxId};

    use super::*;

    #[test]
    fn a_statement_in_csv_quotes_and_disarms_what_others_wrote() {
        let place = StatementPlace { posted: UnixMillis(7), number: 3 };
        let line = StatementLine {
            place,
            at: UnixMillis(1_686_796_826_000),
            account: "available",
            fact: "order_held",
            amount: Sun::new(-5),
            balance: Sun::new(7),
            order: Some(OrderId([1; 16])),
            reference: Some("=1+1".to_owned()),
            txids: vec![TxId::from_bytes([2; 32]), TxId::from_bytes([3; 32])],
            reason: Some("a \"reason\", and more".to_owned()),
        };
        let expected = format!(
            "number,time,account,fact,amount_sun,balance_sun,order,reference,txids,reason\r\n\
             3,2023-06-15T02:40:26.000000Z,available,order_held,-5,7,{},'=1+1,{} {},\
             \"a \"\"reason\"\", and more\"\r\n",
            "01".repeat(16),
            "02".repeat(32),
            "03".repeat(32),
        );
        assert_eq!(csv(&[line], true).unwrap(), expected);
        assert_eq!(place_of(&place_text(place)), Some(place));
        assert_eq!((place_of("7"), place_of("x-3")), (None, None));
    }
}
