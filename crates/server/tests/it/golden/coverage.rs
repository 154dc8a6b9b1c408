//! Every route has a case.

use std::fs;

use wire::names;

use super::case;

/// The file in which routes are listed.
const ROUTES: &str = include_str!("../../../src/route.rs");

/// Method and path of every route.
fn routes() -> Vec<String> {
    let entries = ROUTES.split(".route(").skip(1);
    entries
        .map(|entry| {
            let (path, rest) = entry.split_once(',').unwrap();
            let path = match path.trim() {
                "names::PATH_COLLECT_MANUAL" => names::PATH_COLLECT_MANUAL,
                "names::PATH_ORDER" => names::PATH_ORDER,
                "names::PATH_ORDER_RECLAIM" => names::PATH_ORDER_RECLAIM,
                "names::PATH_ORDER_PRICE" => names::PATH_ORDER_PRICE,
                "names::PATH_ORDER_PRICE_ALIAS" => names::PATH_ORDER_PRICE_ALIAS,
                "names::PATH_ORDER_QUERY" => names::PATH_ORDER_QUERY,
                "names::PATH_ORDER_QUERY_ALIAS" => names::PATH_ORDER_QUERY_ALIAS,
                literal => literal.trim_matches('"'),
            };
            assert!(path.starts_with('/'), "{path}: say in this test what it stands for");
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

#[test]
fn every_route_has_a_case() {
    let cases: Vec<_> = case::all().iter().map(asked).collect();
    let routes = routes();
    assert!(routes.len() >= 9, "{routes:?}");
    let uncovered: Vec<_> = routes.into_iter().filter(|route| !cases.contains(route)).collect();
    let listed = fs::read_to_string(case::top().join("UNCOVERED.txt")).unwrap();
    assert_eq!(uncovered.join("\n"), listed.trim_end(), "UNCOVERED.txt tells another story");
    assert_eq!(listed, "", "a route has no golden case");
}
