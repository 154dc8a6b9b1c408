//! Reading the nodes' JSON: absent means zero, wrong means an error, nothing panics.
//!
//! java-tron omits every protobuf default, so a missing number is 0 and a missing text is empty. A
//! field that *is* there and has another shape is never guessed at.
//! Source: java-tron `JsonFormat`.

use serde_json::Value;
use tron::{Address, Bandwidth, Energy, Sun};

/// Longest text of a node that is kept in an error or an outcome, in characters.
pub const TEXT_CHARS_MAX: usize = 400;

/// Largest amount believed, in sun: several times the supply of TRX, and four of them still fit in
/// 63 bits, so that sums of stakes cannot overflow.
pub const SUN_MAX: i64 = 1 << 60;

/// Longest text that can be an address: 42 hex digits.
const ADDRESS_TEXT_MAX: usize = 42;

/// A field that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("field {field} is {problem}")]
pub struct Unreadable {
    /// The node's name of the field.
    pub field: &'static str,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Needed and not there.
    Missing,
    /// Not of the expected JSON type.
    WrongType,
    /// Not hex of the expected length.
    NotHex,
    /// Not an address.
    NotAddress,
    /// A number outside what the chain can mean.
    OutOfRange,
    /// Not about what was asked.
    Mismatch,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Missing => "missing",
            Self::WrongType => "of another type",
            Self::NotHex => "not hex of the right length",
            Self::NotAddress => "not an address",
            Self::OutOfRange => "out of range",
            Self::Mismatch => "about something else",
        })
    }
}

/// Shorthand for reading functions.
pub(crate) type Read<T> = Result<T, Unreadable>;

pub(crate) const fn bad<T>(field: &'static str, problem: Problem) -> Read<T> {
    Err(Unreadable { field, problem })
}

/// The answer `{}`: how a node says "there is none".
pub(crate) fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Refuses an answer that is not an object at all.
pub(crate) fn object(value: &Value) -> Read<&Value> {
    if value.is_object() { Ok(value) } else { bad("answer", Problem::WrongType) }
}

/// A member object; absent is `None`.
pub(crate) fn member<'a>(value: &'a Value, field: &'static str) -> Read<Option<&'a Value>> {
    match value.get(field) {
        None => Ok(None),
        Some(found) if found.is_null() => Ok(None),
        Some(found) if found.is_object() => Ok(Some(found)),
        Some(_) => bad(field, Problem::WrongType),
    }
}

/// A list; absent is empty.
pub(crate) fn list<'a>(value: &'a Value, field: &'static str) -> Read<&'a [Value]> {
    match value.get(field) {
        None => Ok(&[]),
        Some(found) if found.is_null() => Ok(&[]),
        Some(found) => match found.as_array() {
            Some(items) => Ok(items),
            None => bad(field, Problem::WrongType),
        },
    }
}

/// A signed number; absent is 0.
pub(crate) fn integer(value: &Value, field: &'static str) -> Read<i64> {
    match value.get(field) {
        None => Ok(0),
        Some(found) if found.is_null() => Ok(0),
        Some(found) => match found.as_i64() {
            Some(number) => Ok(number),
            None => bad(field, Problem::WrongType),
        },
    }
}

/// A number that is never negative; absent is 0.
pub(crate) fn natural(value: &Value, field: &'static str) -> Read<i64> {
    let number = integer(value, field)?;
    if number < 0 { bad(field, Problem::OutOfRange) } else { Ok(number) }
}

/// An amount in sun from 0 to [`SUN_MAX`]; absent is 0.
pub(crate) fn sun(value: &Value, field: &'static str) -> Read<Sun> {
    let number = natural(value, field)?;
    if number > SUN_MAX { bad(field, Problem::OutOfRange) } else { Ok(Sun::new(number)) }
}

/// Energy; absent is 0.
pub(crate) fn energy(value: &Value, field: &'static str) -> Read<Energy> {
    natural(value, field).map(Energy::new)
}

/// Bandwidth; absent is 0.
pub(crate) fn bandwidth(value: &Value, field: &'static str) -> Read<Bandwidth> {
    natural(value, field).map(Bandwidth::new)
}

/// A truth value; absent is false.
pub(crate) fn flag(value: &Value, field: &'static str) -> Read<bool> {
    match value.get(field) {
        None => Ok(false),
        Some(found) if found.is_null() => Ok(false),
        Some(found) => match found.as_bool() {
            Some(flag) => Ok(flag),
            None => bad(field, Problem::WrongType),
        },
    }
}

/// A text; absent is empty.
pub(crate) fn text<'a>(value: &'a Value, field: &'static str) -> Read<&'a str> {
    match value.get(field) {
        None => Ok(""),
        Some(found) if found.is_null() => Ok(""),
        Some(found) => match found.as_str() {
            Some(text) => Ok(text),
            None => bad(field, Problem::WrongType),
        },
    }
}

/// Bytes of a known length in hex; absent is an error.
pub(crate) fn bytes<const N: usize>(value: &Value, field: &'static str) -> Read<[u8; N]> {
    let hex = text(value, field)?;
    if hex.is_empty() { bad(field, Problem::Missing) } else { bytes_of(hex, field) }
}

/// Bytes of a known length from hex.
pub(crate) fn bytes_of<const N: usize>(hex: &str, field: &'static str) -> Read<[u8; N]> {
    let mut out = [0; N];
    match hex::decode_to_slice(hex, &mut out) {
        Ok(()) => Ok(out),
        Err(_) => bad(field, Problem::NotHex),
    }
}

/// Bytes of any length from hex.
pub(crate) fn any_bytes(hex: &str, field: &'static str) -> Read<Vec<u8>> {
    hex::decode(hex).or_else(|_| bad(field, Problem::NotHex))
}

/// An address: 41-hex, or Base58Check where a provider insists on it. Absent is an error.
pub(crate) fn address(value: &Value, field: &'static str) -> Read<Address> {
    match text(value, field)? {
        "" => bad(field, Problem::Missing),
        text => address_of(text, field),
    }
}

/// An address from its text.
pub(crate) fn address_of(text: &str, field: &'static str) -> Read<Address> {
    // Base58 decoding is quadratic in the length, so a long text is refused before.
    if text.len() > ADDRESS_TEXT_MAX {
        return bad(field, Problem::NotAddress);
    }
    Address::from_hex(text).or_else(|_| text.parse()).or_else(|_| bad(field, Problem::NotAddress))
}

/// The start of a node's text.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// A message that a node sends as hex of UTF-8; shown as it came when it is not.
pub(crate) fn hex_message(text: &str) -> String {
    let plain = hex::decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    shortened(plain.as_deref().unwrap_or(text))
}
