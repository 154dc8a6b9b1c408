//! A list of addresses, for looking without keys.

use tron::Address;

use super::KeysError;
use super::lines::content_lines;

/// Whether a line has the shape of an address in Base58.
pub(super) fn looks_like_address(line: &str) -> bool {
    line.len() == 34
        && line.starts_with('T')
        && line.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// One address a line. A first line `address` is a header.
///
/// Errors: a line that is no address, by its number.
pub(super) fn read(text: &str) -> Result<Vec<Address>, KeysError> {
    let lines = content_lines(text)
        .enumerate()
        .filter(|(position, line)| *position > 0 || !line.text.eq_ignore_ascii_case("address"));
    lines
        .map(|(_, line)| {
            let parsed = line.text.trim_matches('"').parse();
            parsed.map_err(|cause| KeysError::Address { line: line.number, cause })
        })
        .collect()
}
