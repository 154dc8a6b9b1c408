//! `GET /admin/v1/openapi.json`: the interface as an OpenAPI 3.1 document. Tests compare the table below
//! with the routes and with `docs/admin.md`.

use domain::admin::AdminScope;
use domain::price_overrides::PriceName;
use serde_json::{Map, Value, json};

use super::PREFIX;
use super::answer::{Answer, ok};
use super::caller::Caller;

/// One call.
struct Call {
    method: &'static str,
    path: &'static str,
    scope: AdminScope,
    title: &'static str,
    /// Members of the body, or parameters of a GET.
    takes: &'static [Member],
}

/// One member or parameter.
struct Member {
    name: &'static str,
    kind: Kind,
    is_required: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// Text, or `null` to take it away.
    TextOrNull,
    Integer,
    /// An integer, or `null` to take it away.
    IntegerOrNull,
    Boolean,
    Texts,
}

const fn needed(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, is_required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, is_required: false }
}

const fn call(
    method: &'static str,
    path: &'static str,
    scope: AdminScope,
    title: &'static str,
    takes: &'static [Member],
) -> Call {
    Call { method, path, scope, title, takes }
}

use AdminScope::{Batches, Callbacks, Merchants, Money, Pool, Prices, Read};
use Kind::{Boolean, Integer, IntegerOrNull, Text, TextOrNull, Texts};

const PAGE: &[Member] = &[optional("after", Text), optional("limit", Integer)];
const STATEMENT: &[Member] = &[
    optional("from", Text),
    optional("to", Text),
    optional("after", Text),
    optional("limit", Integer),
];
const ENTRY: &[Member] = &[needed("amount_sun", Integer), needed("reason", Text)];

/// Every call, in the order of the routes.
const CALLS: &[Call] = &[
    call("GET", "/merchants", Read, "Merchants with their balances", PAGE),
    call(
        "POST",
        "/merchants",
        Merchants,
        "Add a merchant",
        &[needed("name", Text), optional("callback_url", TextOrNull)],
    ),
    call("GET", "/merchants/{id}", Read, "One merchant", &[]),
    call(
        "PATCH",
        "/merchants/{id}",
        Merchants,
        "Change or pause a merchant",
        &[
            optional("name", Text),
            optional("callback_url", TextOrNull),
            optional("paused", Boolean),
        ],
    ),
    call("GET", "/merchants/{id}/keys", Read, "A merchant's keys", PAGE),
    call(
        "POST",
        "/merchants/{id}/keys",
        Merchants,
        "Add a key; its secret is in this answer and never again",
        &[
            needed("name", Text),
            optional("scopes", Texts),
            optional("allowed_from", Texts),
            optional("daily_cap_sun", IntegerOrNull),
            optional("strict", Boolean),
        ],
    ),
    call("POST", "/merchants/{id}/credit", Money, "Credit a merchant, once", ENTRY),
    call("POST", "/merchants/{id}/debit", Money, "Debit a merchant, once", ENTRY),
    call("GET", "/merchants/{id}/prices", Read, "A merchant's prices", &[]),
    call("PATCH", "/merchants/{id}/prices", Prices, "Set a merchant's own prices", &[]),
    call("GET", "/merchants/{id}/statement", Read, "A merchant's ledger entries", STATEMENT),
    call("GET", "/merchants/{id}/statement.csv", Read, "The same as CSV", STATEMENT),
    call(
        "POST",
        "/merchants/{id}/deposit-address",
        Merchants,
        "The address to which a merchant sends TRX",
        &[],
    ),
    call("GET", "/merchants/{id}/deposits", Read, "A merchant's deposits, newest first", PAGE),
    call("GET", "/merchants/{id}/policies", Read, "A merchant's policies, newest first", PAGE),
    call(
        "POST",
        "/policies/{policy}/stop",
        Merchants,
        "Let a policy order nothing more until its merchant lets it go on",
        &[],
    ),
    call(
        "PATCH",
        "/keys/{key}",
        Merchants,
        "Bind a key in another way",
        &[
            optional("name", Text),
            optional("scopes", Texts),
            optional("allowed_from", Texts),
            optional("daily_cap_sun", IntegerOrNull),
            optional("strict", Boolean),
        ],
    ),
    call("POST", "/keys/{key}/revoke", Merchants, "Revoke a key", &[]),
    call("GET", "/prices", Read, "The house's prices", &[]),
    call("PATCH", "/prices", Prices, "Set the house's prices", &[]),
    call("GET", "/wallets", Read, "The pool as last read from the chain", PAGE),
    call("POST", "/wallets/{address}/enable", Pool, "Let new orders use a wallet", &[]),
    call("POST", "/wallets/{address}/disable", Pool, "Keep new orders away from a wallet", &[]),
    call(
        "GET",
        "/orders",
        Read,
        "Orders, newest first",
        &[
            optional("merchant", Integer),
            optional("receiver", Text),
            optional("state", Text),
            optional("reference", Text),
            optional("from", Text),
            optional("to", Text),
            optional("after", Text),
            optional("limit", Integer),
        ],
    ),
    call("GET", "/orders/{order}", Read, "One order with everything that belongs to it", &[]),
    call(
        "GET",
        "/batches",
        Read,
        "Batches, newest first",
        &[optional("merchant", Integer), optional("after", Text), optional("limit", Integer)],
    ),
    call(
        "POST",
        "/batches",
        Batches,
        "Make a draft from CSV; with any fault nothing is kept and every fault is told",
        &[
            needed("merchant", Integer),
            needed("key", Text),
            needed("name", Text),
            needed("csv", Text),
        ],
    ),
    call("GET", "/batches/{batch}", Read, "One batch with its progress and dry run", &[]),
    call(
        "GET",
        "/batches/{batch}/rows",
        Read,
        "The rows of a batch with what became of them",
        &[
            optional("stage", Text),
            optional("text", Text),
            optional("after", Text),
            optional("limit", Integer),
        ],
    ),
    call("GET", "/batches/{batch}/rows.csv", Read, "Every row as CSV", &[]),
    call("POST", "/batches/{batch}/dry-run", Batches, "Find what the rows need and cost", &[]),
    call("POST", "/batches/{batch}/start", Batches, "Let a draft begin", &[]),
    call("POST", "/batches/{batch}/pause", Batches, "Let no more rows start", &[]),
    call("POST", "/batches/{batch}/resume", Batches, "Let a paused batch go on", &[]),
    call("POST", "/batches/{batch}/cancel", Batches, "Give up what has not started", &[]),
    call("POST", "/batches/{batch}/retry", Batches, "Let what failed wait again", &[]),
    call(
        "GET",
        "/callbacks",
        Read,
        "Callbacks, those of the newest orders first",
        &[
            optional("merchant", Integer),
            optional("state", Text),
            optional("after", Text),
            optional("limit", Integer),
        ],
    ),
    call("POST", "/orders/{order}/callback/replay", Callbacks, "Tell an outcome again", &[]),
    call(
        "GET",
        "/audit",
        Read,
        "Prove ledger, rows and chain against each other",
        &[optional("offline", Boolean)],
    ),
    call("GET", "/audit-log", Read, "Who changed what, newest first", PAGE),
    call("GET", "/openapi.json", Read, "This document", &[]),
];

/// The document.
pub(super) async fn handle(caller: Caller) -> Answer {
    caller.may(AdminScope::Read)?;
    Ok(ok(&document()))
}

fn document() -> Value {
    let mut paths = Map::new();
    for call in CALLS {
        let path = paths.entry(format!("{PREFIX}{}", call.path)).or_insert_with(|| json!({}));
        path[call.method.to_lowercase()] = operation(call);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "sunsweep admin", "version": env!("CARGO_PKG_VERSION")},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Refused": {
                "type": "object",
                "required": ["detail"],
                "properties": {"detail": {"type": "string"}},
            }},
        },
    })
}

fn operation(call: &Call) -> Value {
    let mut operation = json!({
        "summary": call.title,
        "description": format!("Needs the scope \"{}\".", call.scope.name()),
        "parameters": parameters(call),
        "responses": responses(call),
    });
    if call.method != "GET" {
        let body = match call.path.ends_with("/prices") {
            true => prices(),
            false => body(call.takes),
        };
        operation["requestBody"] = json!({"content": {"application/json": {"schema": body}}});
    }
    operation
}

fn parameters(call: &Call) -> Value {
    let in_path = call.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let mut list: Vec<Value> = in_path
        .map(|name| {
            let shape = if name == "id" { schema(Integer) } else { schema(Text) };
            json!({"in": "path", "name": name, "required": true, "schema": shape})
        })
        .collect();
    if call.method == "GET" {
        list.extend(call.takes.iter().map(|member| {
            let (name, is_required) = (member.name, member.is_required);
            let shape = schema(member.kind);
            json!({"in": "query", "name": name, "required": is_required, "schema": shape})
        }));
    }
    if call.scope == AdminScope::Money {
        let (name, shape) = (wire::names::IDEMPOTENCY_KEY, schema(Text));
        list.push(json!({"in": "header", "name": name, "required": true, "schema": shape}));
    }
    Value::Array(list)
}

fn responses(call: &Call) -> Value {
    let adds = ["/merchants", "/keys", "/batches"];
    let is_added = call.method == "POST" && adds.iter().any(|end| call.path.ends_with(end));
    let kind = if call.path.ends_with(".csv") { "text/csv" } else { "application/json" };
    let shape = if kind == "text/csv" { schema(Text) } else { json!({"type": "object"}) };
    let done = json!({"description": "done", "content": {kind: {"schema": shape}}});
    let refused = json!({"description": "refused", "content": {"application/json": {
        "schema": {"$ref": "#/components/schemas/Refused"},
    }}});
    let mut all = Map::new();
    all.insert(if is_added { "201" } else { "200" }.to_owned(), done);
    for status in ["400", "401", "403", "404", "409", "429", "503"] {
        all.insert(status.to_owned(), refused.clone());
    }
    Value::Object(all)
}

fn body(takes: &[Member]) -> Value {
    let properties: Map<_, _> =
        takes.iter().map(|member| (member.name.to_owned(), schema(member.kind))).collect();
    let required: Vec<_> =
        takes.iter().filter(|member| member.is_required).map(|member| member.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn prices() -> Value {
    let properties: Map<_, _> =
        PriceName::ALL.iter().map(|name| (name.text().to_owned(), schema(IntegerOrNull))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn schema(kind: Kind) -> Value {
    match kind {
        Text => json!({"type": "string"}),
        TextOrNull => json!({"type": ["string", "null"]}),
        Integer => json!({"type": "integer"}),
        IntegerOrNull => json!({"type": ["integer", "null"]}),
        Boolean => json!({"type": "boolean"}),
        Texts => json!({"type": "array", "items": {"type": "string"}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method and path of every route, as `mod.rs` lists them.
    fn routes() -> Vec<String> {
        let entries = include_str!("mod.rs").split(".route(\"").skip(1);
        let mut routes = Vec::new();
        for entry in entries {
            let (path, handlers) = entry.split_once("\",").unwrap();
            let handlers = handlers.lines().next().unwrap();
            let calls = ["get", "post", "patch"]
                .into_iter()
                .filter(|method| handlers.contains(&format!("{method}(")));
            routes.extend(calls.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        routes
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let mut routes = routes();
        let mut described: Vec<_> =
            CALLS.iter().map(|call| format!("{} {}", call.method, call.path)).collect();
        assert!(routes.len() > 20, "{routes:?}");
        routes.sort();
        described.sort();
        assert_eq!(described, routes);
    }

    #[test]
    fn the_document_for_people_has_every_path() {
        let text = include_str!("../../../../docs/admin.md");
        for call in CALLS {
            let path = call.path.replace("{order}", "{serial}");
            let end = path.rsplit('/').next().unwrap();
            assert!(text.contains(&format!("/{end}`")), "docs/admin.md lacks {path}");
        }
        for scope in AdminScope::ALL {
            assert!(text.contains(&format!("| `{}` |", scope.name())), "{}", scope.name());
        }
    }
}
