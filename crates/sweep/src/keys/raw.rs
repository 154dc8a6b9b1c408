//! A file with one private key.

use tron::SecretKey;

use super::KeysError;
use super::lines::content_lines;

/// Whether a line has the shape of a private key.
pub(super) fn looks_like_key(line: &str) -> bool {
    let digits = line.strip_prefix("0x").unwrap_or(line);
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The key.
///
/// Errors: no key, a bad one, or more than one line.
pub(super) fn read(text: &str) -> Result<SecretKey, KeysError> {
    let mut lines = content_lines(text);
    let line = lines.next().ok_or(KeysError::Empty)?;
    if let Some(second) = lines.next() {
        return Err(KeysError::SecondKey { line: second.number });
    }
    SecretKey::from_hex(line.text).map_err(|cause| KeysError::Key { line: line.number, cause })
}
