//! The interface as an OpenAPI 3.1 document, made from the descriptions that stand beside the code.
//!
//! Why not from the types: answers are rendered by hand, to the byte, in the order of the platform's
//! pages, so there is no type whose derivation would be the truth. What keeps the document honest is
//! compared with it instead: the routes, each golden answer, and what schemathesis gets to see.

mod schema;

use serde_json::{Map, Value, json};
use wire::describe::{self, Answer, Caller, Endpoint, Errno, Field, Method};
use wire::names;

use crate::endpoint::{health, interface};

pub use schema::{object, schema};

/// Every endpoint that the server answers: the platform's, then our own.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    describe::ALL.iter().chain(OWN)
}

/// What is ours alone and outside the platform's prefix.
const OWN: &[Endpoint] = &[
    health::ALIVE_ENDPOINT,
    health::READY_ENDPOINT,
    interface::OPENAPI_ENDPOINT,
    interface::DOCS_ENDPOINT,
];

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.name().to_lowercase()] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "sunsweep",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Energy, bandwidth and activation for USDT transfers on TRON.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": header_scheme(names::API_KEY, "32 upper-case hex digits"),
                "timestamp": header_scheme(names::TIMESTAMP, "Unix seconds, 10 digits"),
                "signature": header_scheme(
                    names::SIGNATURE,
                    "lower-case hex of HMAC-SHA256 over timestamp, an ampersand and the body",
                ),
            },
            "schemas": {
                "Detail": schema::detail(),
                "Fields": schema::fields(),
                "Errno": schema::errno(),
            },
        },
    })
}

fn header_scheme(name: &str, text: &str) -> Value {
    json!({"type": "apiKey", "in": "header", "name": name, "description": text})
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.title,
        "description": endpoint.text,
        "security": security(endpoint.caller),
        "responses": responses(endpoint),
    });
    match endpoint.method {
        Method::Get if endpoint.takes.is_empty() && !endpoint.path.contains('{') => {}
        Method::Get => operation["parameters"] = parameters(endpoint),
        Method::Post => {
            operation["requestBody"] = json!({
                "required": true,
                "content": {names::APPLICATION_JSON: {"schema": schema::body(endpoint.takes)}},
            });
            operation["parameters"] = parameters(endpoint);
        }
    }
    operation
}

fn security(caller: Caller) -> Value {
    match caller {
        Caller::Anybody => json!([]),
        Caller::AnybodyOrKey => json!([{}, {"key": []}]),
        Caller::Key => json!([{"key": []}]),
        Caller::Signature => json!([{"key": [], "timestamp": [], "signature": []}]),
    }
}

/// Those of the query for a GET, those of the path for both, and the header of a POST.
fn parameters(endpoint: &Endpoint) -> Value {
    let parameter = |place: &str, name: &str, is_required: bool, schema: Value, text: &str| {
        json!({
            "in": place, "name": name, "required": is_required, "schema": schema,
            "description": text,
        })
    };
    let mut list = Vec::new();
    for name in endpoint.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        list.push(parameter("path", name, true, json!({"type": "integer"}), "which one"));
    }
    match endpoint.method {
        Method::Get => {
            let of = |field: &Field| {
                let shape = schema(&field.kind);
                parameter("query", field.name, !field.is_optional, shape, field.text)
            };
            list.extend(endpoint.takes.iter().map(of));
        }
        Method::Post => {
            let shape = json!({"type": "string", "pattern": "^[!-~]{1,255}$"});
            let text = "makes it safe to send again: the same key and content get the first answer";
            list.push(parameter("header", names::IDEMPOTENCY_KEY, false, shape, text));
        }
    }
    Value::Array(list)
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(endpoint));
    for status in endpoint.refusals() {
        responses.insert(status.to_string(), refusal(endpoint, status));
    }
    Value::Object(responses)
}

fn success(endpoint: &Endpoint) -> Value {
    let media = match endpoint.answers {
        Answer::Page => "text/html",
        Answer::Object(_) | Answer::List(_) | Answer::Document => names::APPLICATION_JSON,
    };
    json!({"description": "done", "content": {media: {"schema": success_schema(endpoint)}}})
}

fn success_schema(endpoint: &Endpoint) -> Value {
    let answer = match endpoint.answers {
        Answer::Object(members) => object(members),
        Answer::List(members) => schema::list(members),
        Answer::Document => json!({"type": "object"}),
        Answer::Page => json!({"type": "string"}),
    };
    match (endpoint.errno, endpoint.caller) {
        (Errno::WithOk, _) => json!({"anyOf": [answer, reference("Errno")]}),
        // A key that does not exist.
        (Errno::Never, Caller::AnybodyOrKey) => {
            json!({"anyOf": [answer, {"type": "object", "maxProperties": 0}]})
        }
        (Errno::Never, Caller::Anybody | Caller::Key | Caller::Signature) => answer,
    }
}

fn refusal(endpoint: &Endpoint, status: u16) -> Value {
    let (description, shape) = match status {
        400 => ("refused", json!({"anyOf": [reference("Detail"), reference("Fields")]})),
        403 => ("the key does not exist", reference("Detail")),
        404 => ("there is none", reference("Detail")),
        429 => ("too many requests; nothing was done", reference("Detail")),
        503 if endpoint.name == health::READY_ENDPOINT.name => {
            ("may not be sent orders", success_schema(endpoint))
        }
        503 => ("busy or unreachable; try again", reference("Detail")),
        _ => ("our own fault", reference("Detail")),
    };
    let mut response = json!({
        "description": description,
        "content": {names::APPLICATION_JSON: {"schema": shape}},
    });
    if status == 429 {
        response["headers"] = json!({"Retry-After": {
            "description": "seconds until one more is allowed",
            "schema": {"type": "integer", "minimum": 1},
        }});
    }
    response
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_names_of_their_own_and_examples_that_are_json() {
        let mut names: Vec<_> = endpoints().map(|endpoint| endpoint.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
        for field in endpoints().flat_map(|endpoint| endpoint.takes) {
            assert!(serde_json::from_str::<Value>(field.example).is_ok(), "{}", field.example);
        }
    }

    #[test]
    fn a_post_is_signed_and_a_list_is_an_envelope() {
        let document = document();
        let collect = &document["paths"][names::PATH_COLLECT_MANUAL]["post"];
        assert_eq!(collect["security"][0].as_object().unwrap().len(), 3);
        assert_eq!(collect["responses"]["429"]["headers"]["Retry-After"]["schema"]["minimum"], 1);
        let list = schema::list(&[]);
        assert_eq!(list["required"].as_array().unwrap().len(), 6);
    }
}
