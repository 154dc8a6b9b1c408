//! Reading one field of a request, as leniently as the platform's framework and no more.
//!
//! | sent | required field | optional field |
//! |---|---|---|
//! | nothing | "required" | absent |
//! | `null` | "may not be null" | absent |
//! | `""` or blanks | "may not be blank" | absent |
//! | a string | without the blanks around it | the same |
//! | an integer | its digits | its digits |
//! | anything else | "not a valid string" | the same |
//!
//! A field that is to be an integer takes one as a number or as its digits in a string, and nothing
//! else: neither `1.0` nor `true`.

use std::ops::RangeInclusive;

use domain::order::reference::{REFERENCE_CHARS_MAX, is_plain, is_short};
use tron::Address;

use crate::canon::{Object, Value};
use crate::describe::{Field, Kind};
use crate::error::{self, FieldErrors};
use crate::names;

/// The longest reference, characters. A UUID has 36.
pub const MAX_REFERENCE_CHARS: usize = REFERENCE_CHARS_MAX;
/// Every Base58Check address has this many characters; checked first, because decoding Base58 costs
/// the square of the length.
const ADDRESS_CHARS: usize = 34;
/// How much of a refused choice is repeated, characters.
const MAX_CHOICE_SHOWN: usize = 64;

/// The member of a request that is the merchant's label.
pub(super) const REFERENCE_DESCRIBED: Field = Field::new(
    names::OUT_TRADE_NO,
    Kind::Nullable(&Kind::Text(MAX_REFERENCE_CHARS)),
    r#""S202302320004""#,
    "your label: echoed and searchable, not unique; printable ASCII without < > &",
)
.optional();

/// A text that must be there; `None` once an error is noted.
pub(super) fn required_text(
    body: &Object,
    field: &str,
    errors: &mut FieldErrors,
) -> Option<String> {
    match body.get(field) {
        None => errors.push(field, error::REQUIRED),
        Some(Value::Null) => errors.push(field, error::NULL),
        Some(value) => match text_of(value) {
            None => errors.push(field, error::NOT_A_STRING),
            Some("") => errors.push(field, error::BLANK),
            Some(text) => return Some(text.to_owned()),
        },
    }
    None
}

/// A text that may be there; `None` also once an error is noted.
pub(super) fn optional_text<'a>(
    body: &'a Object,
    field: &str,
    errors: &mut FieldErrors,
) -> Option<&'a str> {
    let value = body.get(field).filter(|value| **value != Value::Null)?;
    let text = text_of(value);
    if text.is_none() {
        errors.push(field, error::NOT_A_STRING);
    }
    text.filter(|text| !text.is_empty())
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text.trim()),
        Value::Number(number) if number.is_integer() => Some(number.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Object(_) => None,
    }
}

/// An address that must be there.
pub(super) fn required_address(
    body: &Object,
    field: &str,
    errors: &mut FieldErrors,
) -> Option<Address> {
    let text = required_text(body, field, errors)?;
    address(&text, field, errors)
}

/// An address that may be there.
pub(super) fn optional_address(
    body: &Object,
    field: &str,
    errors: &mut FieldErrors,
) -> Option<Address> {
    let text = optional_text(body, field, errors)?;
    address(text, field, errors)
}

/// The address that a text writes.
pub(super) fn address(text: &str, field: &str, errors: &mut FieldErrors) -> Option<Address> {
    let address = if text.len() == ADDRESS_CHARS { text.parse().ok() } else { None };
    if address.is_none() {
        errors.push(field, error::NOT_AN_ADDRESS);
    }
    address
}

/// The merchant's label: what every language's JSON writes alike, so that every receiver can check
/// the signature of a callback that carries it.
pub(super) fn reference(body: &Object, errors: &mut FieldErrors) -> Option<String> {
    let text = optional_text(body, names::OUT_TRADE_NO, errors)?;
    let (is_short, is_plain) = (is_short(text), is_plain(text));
    if !is_short {
        errors.push(names::OUT_TRADE_NO, error::longer_than(MAX_REFERENCE_CHARS));
    }
    if !is_plain {
        errors.push(names::OUT_TRADE_NO, error::NOT_PLAIN_ASCII);
    }
    (is_short && is_plain).then(|| text.to_owned())
}

/// A value between two others; `None` once an error is noted.
pub(super) fn between(
    value: Option<i64>,
    range: RangeInclusive<i64>,
    field: &str,
    errors: &mut FieldErrors,
) -> Option<i64> {
    let value = value?;
    if value < *range.start() {
        errors.push(field, error::below_min(*range.start()));
    } else if value > *range.end() {
        errors.push(field, error::above_max(*range.end()));
    } else {
        return Some(value);
    }
    None
}

/// A truth value that may be there: `true`, `1`, or the same as text; `null` and `""` are nothing.
pub(super) fn optional_bool(body: &Object, field: &str, errors: &mut FieldErrors) -> Option<bool> {
    let value = body.get(field).filter(|value| **value != Value::Null)?;
    if let Some(is_true) = value.as_bool() {
        return Some(is_true);
    }
    let text = text_of(value).map(str::to_ascii_lowercase);
    match text.as_deref() {
        Some("") => return None,
        Some("1" | "true") => return Some(true),
        Some("0" | "false") => return Some(false),
        Some(_) | None => errors.push(field, error::NOT_A_BOOLEAN),
    }
    None
}

/// A required choice between numbers, as an integer or as its digits in a string.
pub(super) fn required_choice<T>(
    body: &Object,
    field: &str,
    from_text: impl Fn(&str) -> Option<T>,
    errors: &mut FieldErrors,
) -> Option<T> {
    let shown = match body.get(field) {
        None => {
            errors.push(field, error::REQUIRED);
            return None;
        }
        Some(Value::Null) => {
            errors.push(field, error::NULL);
            return None;
        }
        Some(Value::Text(text)) => text.clone(),
        Some(value) => value.to_json(),
    };
    choice(&shown, field, from_text, errors)
}

/// The choice that a text is.
pub(super) fn choice<T>(
    text: &str,
    field: &str,
    from_text: impl Fn(&str) -> Option<T>,
    errors: &mut FieldErrors,
) -> Option<T> {
    let choice = from_text(text);
    if choice.is_none() {
        let shown: String = text.chars().take(MAX_CHOICE_SHOWN).collect();
        errors.push(field, error::not_a_choice(&shown));
    }
    choice
}

/// An integer that must be there and within a range.
pub(super) fn required_integer(
    body: &Object,
    field: &str,
    range: RangeInclusive<i64>,
    errors: &mut FieldErrors,
) -> Option<i64> {
    match body.get(field) {
        None => errors.push(field, error::REQUIRED),
        Some(Value::Null) => errors.push(field, error::NULL),
        Some(value) => return integer(text_of(value).unwrap_or_default(), field, &range, errors),
    }
    None
}

/// An integer that may be there, of any size; `""` counts as nothing.
pub(super) fn optional_integer(
    body: &Object,
    field: &str,
    errors: &mut FieldErrors,
) -> Option<i64> {
    let value = body.get(field).filter(|value| **value != Value::Null)?;
    let text = text_of(value).unwrap_or(NO_INTEGER);
    if text.is_empty() { None } else { integer(text, field, &(i64::MIN..=i64::MAX), errors) }
}

/// Stands for a value that is neither text nor integer.
const NO_INTEGER: &str = "-";

/// The integer that a text writes, within a range. One past 63 bits is out of every range.
pub(super) fn integer(
    text: &str,
    field: &str,
    range: &RangeInclusive<i64>,
    errors: &mut FieldErrors,
) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        errors.push(field, error::NOT_AN_INTEGER);
        return None;
    }
    let past = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    let number = text.parse().unwrap_or(past);
    if number < *range.start() {
        errors.push(field, error::below_min(*range.start()));
    } else if number > *range.end() {
        errors.push(field, error::above_max(*range.end()));
    }
    range.contains(&number).then_some(number)
}
