//! Every route has a case, and every way of saying no.

use std::fs;

use domain::key::Scope;
use wire::describe::{ALL, Caller, Endpoint};
use wire::{error, idempotency::MAX_KEY_LEN};

use super::case;

/// The file in which routes are listed.
const ROUTES: &str = include_str!("../../../src/route.rs");
/// The file in which their paths are spelled.
const NAMES: &str = include_str!("../../../../wire/src/names.rs");

/// The file in which the sentences of refusals are.
const SENTENCES: &str = include_str!("../../../../wire/src/error.rs");

/// Sentences that no exchange with a world that stands still can show, and why.
const SHOWN_ELSEWHERE: [(&str, &str); 3] = [
    ("INTERNAL", "a defect or a database that is gone"),
    ("TRANSFER_REFUSED", "a node that changes its mind: `transfers.rs`"),
    (
        "NOT_PRINTABLE_ASCII",
        "a header that these files cannot hold: `crates/wire/src/idempotency.rs`",
    ),
];

/// What a constant of the wire's names stands for.
fn defined(name: &str) -> &'static str {
    let definition = format!("pub const {name}: &str =");
    let rest = NAMES.split_once(&definition).unwrap_or_else(|| panic!("no {name}")).1;
    let rest = rest.trim_start().trim_start_matches('"');
    rest.split_once('"').unwrap().0
}

/// Method and path of every route.
pub(crate) fn routes() -> Vec<String> {
    let entries = ROUTES.split(".route(").skip(1);
    entries
        .map(|entry| {
            let (path, rest) = entry.split_once(',').unwrap();
            let path = match path.trim().strip_prefix("names::") {
                Some(name) => defined(name),
                None => path.trim().trim_matches('"'),
            };
            assert!(path.starts_with('/'), "{path}");
            let (method, _) = rest.trim().split_once('(').unwrap();
            format!("{} {path}", method.to_uppercase())
        })
        .collect()
}

/// Method and path of a case's last request.
fn asked(case: &case::Case) -> String {
    let line = &case.requests.last().unwrap().first_line;
    line.split([' ', '?']).take(2).collect::<Vec<_>>().join(" ")
}

/// Whether this was asked of that route, whose path may have a part in braces.
fn is_of(asked: &str, route: &str) -> bool {
    let (parts, pieces) = (route.split('/'), asked.split('/'));
    parts.clone().count() == pieces.clone().count()
        && parts.zip(pieces).all(|(part, piece)| part.starts_with('{') || part == piece)
}

/// Pages about the interface: they are made of descriptions, which are compared with every case.
const ABOUT_IT: [&str; 2] = ["GET /openapi.json", "GET /docs"];

#[test]
fn every_route_has_a_case() {
    let cases: Vec<_> = case::all().iter().map(asked).collect();
    let routes = routes();
    assert!(routes.len() >= 9, "{routes:?}");
    let uncovered: Vec<_> = routes
        .into_iter()
        .filter(|route| !cases.iter().any(|asked| is_of(asked, route)))
        .filter(|route| !ABOUT_IT.contains(&route.as_str()))
        .collect();
    let listed = fs::read_to_string(case::top().join("UNCOVERED.txt")).unwrap();
    assert_eq!(uncovered.join("\n"), listed.trim_end(), "UNCOVERED.txt tells another story");
    assert_eq!(listed, "", "a route has no golden case");
}

/// What every case of an endpoint, or of all of them, was answered.
fn answers(endpoint: Option<&str>) -> Vec<String> {
    let mut answers = Vec::new();
    for case in case::all() {
        if case.endpoint == "callback" || endpoint.is_some_and(|name| name != case.endpoint) {
            continue;
        }
        let numbers = 0..case.requests.len();
        answers.extend(numbers.map(|number| fs::read_to_string(case.response(number)).unwrap()));
    }
    answers
}

/// The sentences that are constants, by name.
fn sentences() -> Vec<(&'static str, &'static str)> {
    let definitions = SENTENCES.split("pub const ").skip(1);
    let sentence = |definition: &'static str| {
        let (name, rest) = definition.split_once(": &str =")?;
        let text = rest.trim_start().strip_prefix('"')?;
        Some((name, text.split_once("\";").unwrap().0))
    };
    definitions.filter_map(sentence).collect()
}

#[test]
fn every_sentence_is_shown() {
    let (answers, sentences) = (answers(None), sentences());
    assert!(sentences.len() > 30, "{sentences:?}");
    let is_shown = |text: &str| answers.iter().any(|answer| answer.contains(text));
    for (name, text) in sentences {
        let is_elsewhere = SHOWN_ELSEWHERE.iter().any(|(known, _)| *known == name);
        assert_ne!(is_shown(text), is_elsewhere, "golden cases and {name}");
    }
}

/// The endpoints, each once, whoever may call them.
fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    ALL.iter().filter(|one| !one.name.ends_with("_alias"))
}

/// Those that are signed.
fn signed() -> Vec<&'static Endpoint> {
    let signed: Vec<_> = endpoints().filter(|one| one.caller == Caller::Signature).collect();
    assert!(signed.len() >= 8, "{signed:?}");
    signed
}

/// What whoever names a key can be told, whatever the endpoint.
#[test]
fn every_endpoint_with_a_key_has_a_case_for_each_thing_wrong_with_it() {
    let mut looked_at = 0;
    for endpoint in endpoints() {
        let mut wanted = vec![error::ADDRESS_NOT_ALLOWED, "Request was throttled."];
        match endpoint.caller {
            Caller::Anybody => continue,
            // For whoever names no key, or a wrong one, it has an answer of its own.
            Caller::AnybodyOrKey => {}
            Caller::Key => wanted.push(error::KEY_NOT_FOUND),
            Caller::Signature => wanted.extend([
                error::KEY_NOT_FOUND,
                error::INVALID_SIGNATURE,
                error::INVALID_TIMESTAMP,
                " behind server time; check your clock.",
                " ahead of server time; check your clock.",
                "JSON parse error",
            ]),
        }
        let answers = answers(Some(endpoint.name));
        let is_shown = |text: &str| answers.iter().any(|answer| answer.contains(text));
        for text in wanted {
            assert!(is_shown(text), "{}: no case for {text}", endpoint.name);
        }
        let lacks = |scope: Scope| error::lacks_scope(scope).replace('"', "\\\"");
        let scopes = [Scope::Read, Scope::Order, Scope::Transfer];
        let is_refused = scopes.into_iter().any(|scope| is_shown(&lacks(scope)));
        assert!(is_refused, "{}: no case for a key without the scope", endpoint.name);
        looked_at += 1;
    }
    assert!(looked_at >= 14, "{looked_at} endpoints");
}

/// Each member of a body can be wrong, and those that have to be there can be missing.
#[test]
fn every_member_of_a_body_has_a_case_in_which_it_is_wrong() {
    for endpoint in signed() {
        let answers = answers(Some(endpoint.name));
        let is_told = |text: &str| answers.iter().any(|answer| answer.contains(text));
        for field in endpoint.takes {
            let about = format!("\"{}\":[\"", field.name);
            assert!(is_told(&about), "{}: {} is never wrong", endpoint.name, field.name);
            let missing = format!("{about}{}\"", error::REQUIRED);
            let is_missing = is_told(&missing);
            assert_eq!(is_missing, !field.is_optional, "{}: {}", endpoint.name, field.name);
        }
    }
}

/// A request that comes again, in the same bytes or with the same `Idempotency-Key`.
#[test]
fn every_signed_endpoint_has_a_case_for_each_way_of_coming_again() {
    for endpoint in signed() {
        let cases: Vec<_> =
            case::all().into_iter().filter(|case| case.endpoint == endpoint.name).collect();
        let has_twin = |case: &case::Case| {
            let last_two = case.requests.windows(2);
            last_two.into_iter().any(|pair| pair[0] == pair[1])
        };
        assert!(cases.iter().any(has_twin), "{}: nothing is sent twice", endpoint.name);
        // What changes nothing the second time remembers nothing.
        if endpoint.name == "order_reclaim" {
            continue;
        }
        let answers = answers(Some(endpoint.name));
        let too_long = format!("Idempotency-Key\":[\"{}", error::longer_than(MAX_KEY_LEN));
        for text in [error::REPLAYED_ELSEWHERE, error::IDEMPOTENCY_KEY_REUSED, &too_long] {
            let is_shown = answers.iter().any(|answer| answer.contains(text));
            assert!(is_shown, "{}: no case for {text}", endpoint.name);
        }
    }
}
