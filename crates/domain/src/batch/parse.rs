//! Rows as people hand them in: every fault of every line is found before anything happens.

use std::collections::BTreeMap;

use tron::Address;

use crate::order::reference::{REFERENCE_CHARS_MAX, is_plain, is_short};

/// Most rows of one batch.
pub const ROWS_MAX: usize = 10_000;
/// Every base58check address has this many characters; checked first, because decoding Base58 costs
/// the square of the length.
const ADDRESS_CHARS: usize = 34;
/// How much of a refused text is repeated, in characters.
const SHOWN_CHARS_MAX: usize = 80;

/// One line of a table, cut into its fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Where it begins in the text, from 1.
    pub number: u64,
    /// Its fields.
    pub fields: Vec<String>,
}

/// A row that is well-formed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRow {
    /// The address whose tokens are collected.
    pub address: Address,
    /// Where they are to go, if that was said.
    pub recipient: Option<Address>,
    /// The merchant's own label.
    pub reference: Option<String>,
}

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RowField {
    /// The address whose tokens are collected.
    Address,
    /// Where they are to go.
    Recipient,
    /// The merchant's own label.
    Reference,
}

/// What is wrong with a line, or with the whole table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineError {
    /// Where the line begins, from 1; 0 for the whole table.
    pub line: u64,
    /// What.
    pub fault: LineFault,
    /// What stands there, cut to a length that can be shown.
    pub found: String,
}

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineFault {
    /// There is no row at all.
    #[error("there is no row")]
    Empty,
    /// There are more rows than [`ROWS_MAX`].
    #[error("there are more than {ROWS_MAX} rows")]
    TooManyRows,
    /// The text is no CSV.
    #[error("this is not CSV in UTF-8")]
    NotCsv,
    /// The line has more than three fields.
    #[error("a row has an address, a recipient and a reference, and no more")]
    TooManyFields,
    /// There is no address.
    #[error("the address is missing")]
    NoAddress,
    /// A text is not an address of TRON.
    #[error("the {} is not a TRON address: it has 34 characters, begins with T, and its checksum fits", field_name(*.0))]
    NotAnAddress(RowField),
    /// The recipient is the address itself.
    #[error("the recipient is the address itself")]
    ToItself,
    /// The address stands in an earlier line.
    #[error("line {line} has this address already")]
    Duplicate {
        /// Which.
        line: u64,
    },
    /// The reference is too long.
    #[error("the reference has more than {REFERENCE_CHARS_MAX} characters")]
    LongReference,
    /// The reference has characters that callbacks cannot carry.
    #[error("the reference may have printable ASCII characters only, without < > &")]
    OddReference,
}

const fn field_name(field: RowField) -> &'static str {
    match field {
        RowField::Address => "address",
        RowField::Recipient => "recipient",
        RowField::Reference => "reference",
    }
}

/// Reads a table: address, recipient, reference. A first line that names columns says their order; empty
/// lines count for nothing.
///
/// Errors: every fault of every line, in their order.
pub fn read_lines(lines: &[Line]) -> Result<Vec<NewRow>, Vec<LineError>> {
    let mut errors = Vec::new();
    let mut lines = lines.iter().filter(|line| !is_blank(line)).peekable();
    let columns = lines.peek().and_then(|first| header(first));
    if columns.is_some() {
        lines.next();
    }
    let columns = columns
        .unwrap_or_else(|| vec![RowField::Address, RowField::Recipient, RowField::Reference]);
    let mut rows = Vec::new();
    let mut seen: BTreeMap<Address, u64> = BTreeMap::new();
    let mut count = 0;
    for line in lines {
        count += 1;
        if count > ROWS_MAX {
            errors.push(LineError {
                line: line.number,
                fault: LineFault::TooManyRows,
                found: String::new(),
            });
            break;
        }
        let before = errors.len();
        let row = read_line(line, &columns, &mut errors);
        if let Some(row) = row {
            match seen.insert(row.address, line.number) {
                Some(earlier) => {
                    seen.insert(row.address, earlier);
                    errors.push(LineError {
                        line: line.number,
                        fault: LineFault::Duplicate { line: earlier },
                        found: row.address.to_string(),
                    });
                }
                None if errors.len() == before => rows.push(row),
                None => {}
            }
        }
    }
    if count == 0 {
        errors.push(LineError { line: 0, fault: LineFault::Empty, found: String::new() });
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

fn is_blank(line: &Line) -> bool {
    line.fields.iter().all(|field| field.trim().is_empty())
}

/// The columns that a first line names, if it names any.
fn header(line: &Line) -> Option<Vec<RowField>> {
    let columns: Option<Vec<RowField>> = line
        .fields
        .iter()
        .map(|field| match field.trim().to_lowercase().as_str() {
            "address" | "from" | "地址" => Some(RowField::Address),
            "recipient" | "to" | "接收地址" => Some(RowField::Recipient),
            "reference" | "label" | "订单号" => Some(RowField::Reference),
            _ => None,
        })
        .collect();
    columns.filter(|columns| columns.contains(&RowField::Address))
}

/// A row, as far as its address can be read; what is wrong with it is noted.
fn read_line(line: &Line, columns: &[RowField], errors: &mut Vec<LineError>) -> Option<NewRow> {
    let mut note = |fault, found: &str| {
        let found = found.chars().take(SHOWN_CHARS_MAX).collect();
        errors.push(LineError { line: line.number, fault, found });
    };
    let surplus = line.fields.iter().skip(columns.len()).find(|field| !field.trim().is_empty());
    if let Some(surplus) = surplus {
        note(LineFault::TooManyFields, surplus);
    }
    let text = |field: RowField| -> &str {
        let index = columns.iter().position(|column| *column == field);
        index.and_then(|index| line.fields.get(index)).map_or("", |text| text.trim())
    };
    let mut read_address = |field: RowField| -> Option<Address> {
        let text = text(field);
        let address = is_address_long(text).then(|| text.parse().ok()).flatten();
        match (text, field, address) {
            ("", RowField::Address, _) => note(LineFault::NoAddress, ""),
            ("", _, _) | (_, _, Some(_)) => {}
            (_, _, None) => note(LineFault::NotAnAddress(field), text),
        }
        address
    };
    let address = read_address(RowField::Address);
    let recipient = read_address(RowField::Recipient);
    if recipient.is_some() && recipient == address {
        note(LineFault::ToItself, text(RowField::Recipient));
    }
    let reference = text(RowField::Reference);
    if !is_short(reference) {
        note(LineFault::LongReference, reference);
    }
    if !is_plain(reference) {
        note(LineFault::OddReference, reference);
    }
    let reference = (!reference.is_empty()).then(|| reference.to_owned());
    address.map(|address| NewRow { address, recipient, reference })
}

fn is_address_long(text: &str) -> bool {
    text.len() == ADDRESS_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
    const TWO: &str = "TGCAjMXComunWZEXCT1LPBdcYbDVuyexBv";

    fn lines(texts: &[&str]) -> Vec<Line> {
        let cut = |text: &&str| text.split(',').map(str::to_owned).collect();
        (1..).zip(texts).map(|(number, text)| Line { number, fields: cut(text) }).collect()
    }

    fn faults(texts: &[&str]) -> Vec<(u64, LineFault)> {
        let errors = read_lines(&lines(texts)).unwrap_err();
        errors.into_iter().map(|error| (error.line, error.fault)).collect()
    }

    #[test]
    fn rows_are_read_with_and_without_a_header() {
        let plain = format!("{ONE},{TWO},invoice 1");
        let expected = NewRow {
            address: ONE.parse().unwrap(),
            recipient: Some(TWO.parse().unwrap()),
            reference: Some("invoice 1".to_owned()),
        };
        let turned = format!(" invoice 1 ,{ONE} , {TWO}");
        for texts in [
            &[plain.as_str()][..],
            &["Address,Recipient,Reference", "", &plain][..],
            &["label,address,to", &turned, " , , "][..],
        ] {
            assert_eq!(read_lines(&lines(texts)), Ok(vec![expected.clone()]), "{texts:?}");
        }
        let bare = NewRow { address: ONE.parse().unwrap(), recipient: None, reference: None };
        assert_eq!(read_lines(&lines(&[ONE])), Ok(vec![bare]));
    }

    #[test]
    fn every_fault_of_every_line_is_found() {
        use LineFault::{
            Duplicate, Empty, LongReference, NoAddress, NotAnAddress, OddReference, ToItself,
            TooManyFields,
        };
        let long = "x".repeat(65);
        let broken = ONE.replace("kw", "kx");
        assert_eq!(
            faults(&[
                &format!("{broken},{TWO}x"),
                ONE,
                &format!(",{TWO}"),
                &format!("{TWO},{TWO},<b>"),
                &format!("{ONE},,{long}"),
                &format!("{TWO},,,more"),
                "bad",
            ]),
            [
                (1, NotAnAddress(RowField::Address)),
                (1, NotAnAddress(RowField::Recipient)),
                (3, NoAddress),
                (4, ToItself),
                (4, OddReference),
                (5, LongReference),
                (5, Duplicate { line: 2 }),
                (6, TooManyFields),
                (6, Duplicate { line: 4 }),
                (7, NotAnAddress(RowField::Address)),
            ]
        );
        assert_eq!(faults(&[]), [(0, Empty)]);
        assert_eq!(faults(&["address,recipient", " , "]), [(0, Empty)]);
    }

    #[test]
    fn a_batch_has_a_most() {
        let address = |number: u64| {
            let mut bytes = [0; 20];
            bytes[12..].copy_from_slice(&number.to_be_bytes());
            Address::from_evm(bytes).to_string()
        };
        let texts: Vec<String> = (0..=10_000).map(address).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(read_lines(&lines(&texts[..ROWS_MAX])).unwrap().len(), ROWS_MAX);
        assert_eq!(faults(&texts), [(10_001, LineFault::TooManyRows)]);
    }

    #[test]
    fn what_is_shown_of_a_refused_text_is_cut() {
        let errors = read_lines(&lines(&[&"é".repeat(500)])).unwrap_err();
        assert_eq!(errors[0].found.chars().count(), SHOWN_CHARS_MAX);
    }
}
