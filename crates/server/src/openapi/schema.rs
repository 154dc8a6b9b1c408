//! Descriptions as JSON Schema of the dialect that OpenAPI 3.1 uses.

use serde_json::{Map, Value, json};
use wire::describe::{Field, Kind};
use wire::names;

/// The schema of one member.
#[must_use]
pub fn schema(kind: &Kind) -> Value {
    match kind {
        Kind::Integer(least, most) => integer(*least, *most),
        Kind::Sun => integer(0, i64::MAX),
        Kind::Number => json!({"type": "number"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Text(most) => json!({"type": "string", "maxLength": most}),
        Kind::Url(most) => json!({"type": "string", "maxLength": most, "pattern": "^https?://"}),
        Kind::Address => text("^T[1-9A-HJ-NP-Za-km-z]{33}$"),
        Kind::Serial => text("^[0-9a-f]{32}$"),
        Kind::Hash => text("^([0-9a-f]{64})?$"),
        Kind::Moment => text(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+08:00)$"),
        Kind::CivilTime => text(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"),
        Kind::Choice(numbers) => choice(numbers),
        Kind::Period => text("^(1H|[1-9]D|[12][0-9]D|30D)$"),
        Kind::Nullable(kind) => nullable(schema(kind)),
        Kind::List(members) => json!({"type": "array", "items": object(members)}),
    }
}

/// An object with these members and no others.
#[must_use]
pub fn object(members: &[Field]) -> Value {
    let mut shape = body(members);
    shape["additionalProperties"] = json!(false);
    shape
}

/// A body with these members; others are ignored.
pub(super) fn body(members: &[Field]) -> Value {
    let property = |field: &Field| {
        let mut shape = schema(&field.kind);
        shape["description"] = json!(field.text);
        if let Ok(example) = serde_json::from_str::<Value>(field.example) {
            shape["examples"] = json!([example]);
        }
        (field.name.to_owned(), shape)
    };
    let properties: Map<_, _> = members.iter().map(property).collect();
    let required: Vec<_> =
        members.iter().filter(|field| !field.is_optional).map(|field| field.name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// The envelope of a list.
pub(super) fn list(records: &[Field]) -> Value {
    let mut shape = object(&[
        Field::new(names::COUNT, Kind::COUNT, "1", "records on all pages"),
        Field::new(names::CODE, Kind::ZERO, "0", "0"),
        Field::new(names::PAGE, Kind::Integer(1, i64::MAX), "1", "this page"),
        Field::new(names::NEXT, LINK, "null", "the next page"),
        Field::new(names::PREVIOUS, LINK, "null", "the page before"),
        Field::new(names::RESULTS, Kind::List(&[]), "[]", "the records on this page"),
    ]);
    shape["properties"][names::RESULTS]["items"] = object(records);
    shape
}

/// A URL or nothing.
const LINK: Kind = Kind::Nullable(&Kind::Text(4_096));

/// `{"detail": "…"}`
pub(super) fn detail() -> Value {
    object(&[Field::new(names::DETAIL, Kind::Text(4_096), "\"API not found\"", "why")])
}

/// `{"scene": ["…"], …}`
pub(super) fn fields() -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    })
}

/// `{"errno": 404, "message": "…"}`
pub(super) fn errno() -> Value {
    object(&[
        Field::new(names::ERRNO, Kind::Integer(1, i64::MAX), "404", "not 0"),
        Field::new(names::MESSAGE, Kind::Text(4_096), "\"Order not found\"", "why"),
    ])
}

fn integer(least: i64, most: i64) -> Value {
    let mut shape = json!({"type": "integer", "format": "int64"});
    if least > i64::MIN {
        shape["minimum"] = json!(least);
    }
    if most < i64::MAX {
        shape["maximum"] = json!(most);
    }
    shape
}

fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// Numbers and their digits.
fn choice(numbers: &[i64]) -> Value {
    let digits = numbers.iter().map(|number| json!(number.to_string()));
    let all: Vec<_> = numbers.iter().map(|number| json!(number)).chain(digits).collect();
    json!({"enum": all})
}

fn nullable(mut shape: Value) -> Value {
    match shape["type"].as_str().map(str::to_owned) {
        Some(kind) => {
            shape["type"] = json!([kind, "null"]);
            shape
        }
        None => json!({"anyOf": [shape, {"type": "null"}]}),
    }
}
