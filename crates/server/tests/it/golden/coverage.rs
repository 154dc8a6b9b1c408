//! Every route has a case.

use std::fs;

use super::case;

/// The file in which routes are listed.
const ROUTES: &str = include_str!("../../../src/route.rs");
/// The file in which their paths are spelled.
const NAMES: &str = include_str!("../../../../wire/src/names.rs");

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
