//! Rows of address and private key.
//!
//! Split here and not by a CSV library: its buffers would keep copies of keys that nobody wipes, and
//! neither column can hold a comma, a quote or a line end.

use tron::{Address, SecretKey};

use super::KeysError;
use super::lines::{Line, content_lines};

/// Column of the address.
pub const ADDRESS_COLUMN: &str = "address";
/// Column of the private key.
pub const PRIVATE_KEY_COLUMN: &str = "private_key";

/// Whether a line is the header: it names both columns, whatever else it names.
pub(super) fn is_header(line: &str) -> bool {
    columns(line).is_some()
}

/// Every row's address and key; each address must be its key's.
///
/// Errors: by the row's line number; never a part of the row itself.
pub(super) fn read(text: &str) -> Result<Vec<(Address, SecretKey)>, KeysError> {
    let mut lines = content_lines(text);
    let header = lines.next().ok_or(KeysError::Empty)?;
    let columns = columns(header.text).ok_or(KeysError::Header { line: header.number })?;
    lines.map(|line| row(line, columns)).collect()
}

/// Positions of the two columns.
#[derive(Clone, Copy)]
struct Columns {
    address: usize,
    private_key: usize,
    count: usize,
}

fn columns(header: &str) -> Option<Columns> {
    let position = |name: &str| cells(header).position(|cell| cell.eq_ignore_ascii_case(name));
    Some(Columns {
        address: position(ADDRESS_COLUMN)?,
        private_key: position(PRIVATE_KEY_COLUMN)?,
        count: cells(header).count(),
    })
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

fn row(line: Line<'_>, columns: Columns) -> Result<(Address, SecretKey), KeysError> {
    let number = line.number;
    let found = cells(line.text).count();
    if found != columns.count {
        return Err(KeysError::Cells { line: number, found, expected: columns.count });
    }
    let cell = |position| cells(line.text).nth(position).unwrap_or_default();
    let address: Address = cell(columns.address)
        .parse()
        .map_err(|cause| KeysError::Address { line: number, cause })?;
    let key = SecretKey::from_hex(cell(columns.private_key))
        .map_err(|cause| KeysError::Key { line: number, cause })?;
    if key.address() != address {
        return Err(KeysError::OtherAddress { line: number, address });
    }
    Ok((address, key))
}
