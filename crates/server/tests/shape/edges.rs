//! Rooms depend on each other exactly as `ARCHITECTURE.md` lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{File, files};

/// Rooms, each with those that it depends on.
type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn rooms_depend_on_each_other_as_drawn() {
    let documents = files(&["ARCHITECTURE.md"]);
    let drawn = drawn(&documents[0].text);
    let real = real(&files(&["Cargo.toml"]));
    assert_eq!(drawn, real, "left: the list in ARCHITECTURE.md, right: crates/*/Cargo.toml");
}

/// The list in the document: the block fenced as `edges`, one `room: dependency dependency` a line.
fn drawn(document: &str) -> Edges {
    let block = document.split("```edges\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.expect("the document holds a block fenced as edges");
    block
        .lines()
        .map(|line| {
            let (room, others) = line.split_once(':').expect("each line begins with a room");
            (room.to_owned(), others.split_whitespace().map(str::to_owned).collect())
        })
        .collect()
}

/// What the manifests say. A room is a directory below `crates/`.
fn real(manifests: &[File]) -> Edges {
    let rooms: BTreeMap<&str, &str> =
        manifests.iter().filter_map(|file| Some((room(&file.path)?, file.text.as_str()))).collect();
    let edges = rooms.iter().map(|(room, manifest)| {
        let all = dependencies(manifest);
        let others = all.into_iter().filter(|name| rooms.contains_key(name.as_str())).collect();
        ((*room).to_owned(), others)
    });
    edges.collect()
}

fn room(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").filter(|room| !room.contains('/'))
}

/// The names below `[dependencies]`, for whatever target; not those of tests and build scripts.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            is_inside = header == "dependencies" || header.ends_with(".dependencies");
            // `[dependencies.name]` is a table of its own.
            names.extend(header.strip_prefix("dependencies.").map(str::to_owned));
        } else if is_inside && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim();
            names.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "text\n```edges\ntron:\ndomain: tron\n```\n";

    fn manifests(domain: &str) -> Vec<File> {
        let file = |room: &str, text: &str| File {
            path: format!("crates/{room}/Cargo.toml"),
            text: text.to_owned(),
        };
        vec![
            File { path: "Cargo.toml".to_owned(), text: "[dependencies]\ndomain = 1".to_owned() },
            file("tron", "[dependencies]\nhex.workspace = true\n"),
            file("domain", domain),
        ]
    }

    #[test]
    fn an_edge_more_or_less_is_noticed() {
        let as_drawn = manifests("[dependencies]\nhex = \"1\"\ntron.workspace = true\n");
        assert_eq!(drawn(DOCUMENT), real(&as_drawn));
        assert_ne!(
            drawn(DOCUMENT),
            real(&manifests("[dependencies]\n# tron = 1\n")),
            "one is missing"
        );
        let more = DOCUMENT.replace("tron:\n", "tron: domain\n");
        assert_ne!(drawn(&more), real(&as_drawn), "one is drawn and not there");
    }

    #[test]
    fn every_way_of_writing_a_dependency_counts_and_tests_do_not() {
        let names = |manifest| dependencies(manifest).into_iter().collect::<Vec<_>>();
        assert_eq!(
            names("[dependencies]\na = { path = \"../a\" }\nb.workspace = true"),
            ["a", "b"]
        );
        assert_eq!(names("[dependencies.a]\nworkspace = true"), ["a"]);
        assert_eq!(names("[target.'cfg(unix)'.dependencies]\na = \"1\""), ["a"]);
        assert!(names("[dev-dependencies]\na = \"1\"\n[build-dependencies]\nb = \"1\"").is_empty());
    }
}
