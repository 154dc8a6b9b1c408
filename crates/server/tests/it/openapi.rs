//! The interface's own description, compared with what the product does.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::golden::{case, coverage};
use crate::support::World;
use crate::support::http::request;

async fn document(world: &World) -> Value {
    let answer = world.send(&request("GET /openapi.json HTTP/1.1", &[], b"")).await;
    assert_eq!(answer.status(), 200);
    answer.json()
}

fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operation = |(path, methods): (&String, &Value)| -> Vec<String> {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| format!("{} {path}", method.to_uppercase())).collect()
    };
    paths.flat_map(operation).collect()
}

#[tokio::test]
async fn the_document_lists_every_route_and_no_other() {
    let world = World::new().await;
    let document = document(&world).await;
    assert_eq!(document["openapi"], "3.1.0");
    let routes: BTreeSet<_> = coverage::routes().into_iter().collect();
    let described = operations(&document);
    let missing: Vec<_> = routes.difference(&described).collect();
    assert!(missing.is_empty(), "describe in its endpoint file and in wire::describe: {missing:?}");
    let more: Vec<_> = described.difference(&routes).collect();
    assert!(more.is_empty(), "described, but there is no such route: {more:?}");
    world.leave(0, 0).await;
}

/// Every golden answer is one that the document allows: a member more or less is noticed here.
#[tokio::test]
async fn every_golden_answer_is_as_described() {
    let world = World::new().await;
    let document = document(&world).await;
    let (mut judged, mut wrong) = (0, Vec::new());
    for case in case::all().iter().filter(|case| case.endpoint != "callback") {
        for (number, asked) in case.requests.iter().enumerate() {
            let shown = fs::read_to_string(case.response(number)).unwrap();
            let (head, body) = shown.split_once("\n\n").unwrap();
            let status = head.split(' ').nth(1).unwrap();
            let mut words = asked.first_line.split([' ', '?']);
            let (method, path) = (words.next().unwrap().to_lowercase(), words.next().unwrap());
            let operation = &document["paths"][template(&document, path)][&method];
            let response = &operation["responses"][status];
            let name = format!("{}/{} answer {}", case.endpoint, case.name, number + 1);
            assert!(response.is_object(), "{name}: HTTP {status} is not described");
            let schema = &response["content"]["application/json"]["schema"];
            let answer = serde_json::from_str(body).unwrap();
            if let Err(what) = obeys(&document, schema, &answer, "answer") {
                wrong.push(format!("{name}: {what}"));
            }
            judged += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 100, "{judged}");
    world.leave(0, 0).await;
}

/// The described path that this one is an instance of.
fn template<'a>(document: &'a Value, path: &str) -> &'a str {
    let paths = document["paths"].as_object().unwrap().keys();
    let is_one = |template: &&String| {
        let (wanted, given) = (template.split('/'), path.split('/'));
        wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(part, piece)| part.starts_with('{') || part == piece)
    };
    paths.into_iter().find(is_one).unwrap_or_else(|| panic!("{path} is not described"))
}

/// The parts of JSON Schema that the document uses; patterns are left to schemathesis.
fn obeys(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return obeys(document, schema, value, at);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let tried: Vec<_> =
            choices.iter().filter_map(|one| obeys(document, one, value, at).err()).collect();
        return if tried.len() < choices.len() { Ok(()) } else { Err(tried.join(", or ")) };
    }
    if let Some(values) = schema["enum"].as_array() {
        return if values.contains(value) { Ok(()) } else { Err(format!("{at}: {value}")) };
    }
    let kind = &schema["type"];
    let kinds = kind.as_array().cloned().unwrap_or_else(|| vec![kind.clone()]);
    if !kinds.iter().any(|kind| is_of(kind.as_str().unwrap_or_default(), value)) {
        return Err(format!("{at}: {value} is not {}", json!(kinds)));
    }
    bounds(schema, value, at)?;
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        obeys(document, &schema["items"], item, &format!("{at}[{number}]"))?;
    }
    let Some(members) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        if !members.contains_key(name) {
            return Err(format!("{at}: no {name}"));
        }
    }
    for (name, member) in members {
        let inside = match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => return Err(format!("{at}: {name} is unknown")),
            (Value::Null, other) if other.is_object() => other,
            (Value::Null, _) => continue,
            (known, _) => known,
        };
        obeys(document, inside, member, &format!("{at}.{name}"))?;
    }
    Ok(())
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    }
}

fn bounds(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let length = match value {
        Value::String(text) => text.chars().count() as u64,
        Value::Array(items) => items.len() as u64,
        Value::Object(members) => members.len() as u64,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    let limit = |name: &str| schema[name].as_i64();
    let number = value.as_i64();
    let is_low = limit("minimum").zip(number).is_some_and(|(least, it)| it < least);
    let is_high = limit("maximum").zip(number).is_some_and(|(most, it)| it > most);
    let least = ["minItems", "minProperties"].iter().find_map(|name| schema[*name].as_u64());
    let most = ["maxLength", "maxProperties"].iter().find_map(|name| schema[*name].as_u64());
    let is_short = least.is_some_and(|least| length < least);
    let is_long = most.is_some_and(|most| length > most);
    if is_low || is_high || is_short || is_long { Err(format!("{at}: {value}")) } else { Ok(()) }
}

#[test]
fn a_member_more_or_less_or_of_another_type_is_noticed() {
    let schema = json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": ["integer", "null"], "minimum": 1}},
    });
    let judge = |value: Value| obeys(&json!({}), &schema, &value, "it");
    assert_eq!(judge(json!({"a": 1})), Ok(()));
    assert_eq!(judge(json!({"a": null})), Ok(()));
    for wrong in [json!({}), json!({"a": 0}), json!({"a": 1.5}), json!({"a": 1, "b": 2}), json!([])]
    {
        assert!(judge(wrong.clone()).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn the_page_is_served_with_a_policy_that_allows_nothing_from_elsewhere() {
    let world = World::new().await;
    let answer = world.send(&request("GET /docs HTTP/1.1", &[], b"")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(answer.body.contains("order/collect-manual"));
    world.leave(0, 0).await;
}
