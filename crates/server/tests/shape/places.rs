//! Nothing names somebody's machine, and nothing asks a package registry by its host: which one is
//! used is the business of whoever builds.

use crate::tree::{File, files};

/// Written in two halves, so that this file does not hold what it forbids.
const FORBIDDEN: [(&str, &str); 12] = [
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
    ("/fa", "rm/"),
    ("static.", "crates.io"),
    ("index.", "crates.io"),
    ("registry.", "npmjs.org"),
    ("files.", "pythonhosted.org"),
    ("py", "pi.org"),
    ("repo.", "maven.apache.org"),
    ("proxy.", "golang.org"),
];

#[test]
fn no_machine_and_no_registry_is_named() {
    assert_eq!(named(&files(&[])), Vec::<String>::new());
}

/// `path:line: place` for each mention.
fn named(files: &[File]) -> Vec<String> {
    let places: Vec<String> = FORBIDDEN.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut found = Vec::new();
    for file in files {
        for (line, number) in file.text.lines().zip(1..) {
            let mentions = places.iter().filter(|place| mentions(line, place));
            found.extend(mentions.map(|place| format!("{}:{number}: {place}", file.path)));
        }
    }
    found
}

/// A directory counts only where a path begins, as in `"/…`, not inside a longer one.
fn mentions(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        !place.starts_with('/') || !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_or_a_registry_is_noticed() {
        let file = |text: String| [File { path: "a".to_owned(), text }];
        let directory = FORBIDDEN[0].0.to_owned() + FORBIDDEN[0].1;
        let host = FORBIDDEN[7].0.to_owned() + FORBIDDEN[7].1;
        assert_eq!(named(&file(format!("x\nat {directory}x"))), [format!("a:2: {directory}")]);
        assert_eq!(named(&file(format!("https://{host}/x"))), [format!("a:1: {host}")]);
        assert!(named(&file(format!("docs{directory}x"))).is_empty(), "part of a longer path");
    }
}
