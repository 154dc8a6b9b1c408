//! Every path and every relative link that a document names exists.

use std::collections::BTreeSet;

use crate::tree::{File, files};

/// A page of the platform, kept as it is: its links lead into the platform's own site.
const KEPT_AS_IS: &str = "docs/collection-api.md";
/// This check, which has to name what is not there.
const ITSELF: &str = "crates/server/tests/shape/links.rs";

#[test]
fn what_documents_name_exists() {
    let all = files(&[]);
    assert_eq!(missing(&all), Vec::<String>::new());
}

/// `path:line: target` for each target that is not there.
fn missing(all: &[File]) -> Vec<String> {
    let there = Places::of(all);
    let mut found = Vec::new();
    for file in all.iter().filter(|file| file.path != ITSELF) {
        let is_document = file.path.ends_with(".md");
        for (line, number) in file.text.lines().zip(1..) {
            let mut targets = named_paths(line);
            if !is_document {
                // Code names documents; its other paths are the compiler's business.
                targets.retain(|path| path.starts_with("docs/") && path.ends_with(".md"));
            }
            targets.retain(|path| !there.has(path));
            if is_document && file.path != KEPT_AS_IS {
                targets.extend(links(line).into_iter().filter(|to| !there.leads(&file.path, to)));
            }
            found.extend(targets.iter().map(|to| format!("{}:{number}: {to}", file.path)));
        }
    }
    found
}

/// What is there: files, directories, and the headings of documents.
struct Places {
    paths: BTreeSet<String>,
    headings: BTreeSet<String>,
}

impl Places {
    fn of(all: &[File]) -> Self {
        let mut paths = BTreeSet::from([String::new()]);
        let mut headings = BTreeSet::new();
        for file in all {
            let ends = file.path.match_indices('/').map(|(at, _)| at).chain([file.path.len()]);
            paths.extend(ends.map(|end| file.path[..end].to_owned()));
            if file.path.ends_with(".md") {
                let lines = file.text.lines().filter(|line| line.starts_with('#'));
                headings.extend(lines.map(|line| format!("{}#{}", file.path, anchor(line))));
            }
        }
        Self { paths, headings }
    }

    fn has(&self, path: &str) -> bool {
        self.paths.contains(path.trim_end_matches('/'))
    }

    /// Whether a relative link in this document leads somewhere.
    fn leads(&self, document: &str, link: &str) -> bool {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = match path.is_empty() {
            true => document.to_owned(),
            false => joined(document, path),
        };
        self.has(&target)
            && (anchor.is_empty() || self.headings.contains(&format!("{target}#{anchor}")))
    }
}

/// A path from a document's directory, from the top.
fn joined(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

/// The targets of `[text](target)` that do not leave the repository.
fn links(line: &str) -> Vec<String> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// Paths from the top, wherever they stand: what begins with a directory of ours or is one of the
/// documents there. `a/{b,c}` names two; a path ends before the first part that stands for others.
fn named_paths(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-./{},<>*".contains(c);
    let words = line.split(|c: char| !is_part(c)).map(|word| word.trim_end_matches(['.', ',']));
    let words = words.map(|word| word.strip_prefix("./").unwrap_or(word));
    let paths = words.filter(|word| {
        TOP_DIRECTORIES.iter().any(|directory| word.starts_with(directory))
            || TOP_DOCUMENTS.contains(word)
    });
    paths.flat_map(expanded).collect()
}

const TOP_DIRECTORIES: [&str; 7] =
    ["crates/", "docs/", "ci/", "clients/", "changes/", ".ci/", ".github/"];
const TOP_DOCUMENTS: [&str; 4] =
    ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

fn expanded(path: &str) -> Vec<String> {
    if let (Some(open), Some(close)) = (path.find('{'), path.find('}'))
        && open < close
    {
        let (before, after) = (&path[..open], &path[close + 1..]);
        let each = path[open + 1..close].split(',').map(|one| format!("{before}{one}{after}"));
        return each.flat_map(|path| expanded(&path)).collect();
    }
    let fixed = path.split('/').take_while(|part| !part.contains(['*', '<', '>', '{', '}', ',']));
    vec![fixed.collect::<Vec<_>>().join("/")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn missing_in(document: &str) -> Vec<String> {
        let all = [
            file("docs/a.md", "# A heading, *here*\n"),
            file("crates/app/src/lib.rs", ""),
            file("docs/b.md", document),
        ];
        missing(&all)
    }

    #[test]
    fn a_missing_path_is_noticed() {
        let there =
            "`crates/app/src/lib.rs`, `crates/app/`, docs/a.md. crates/*/src crates/{app,app}";
        assert!(missing_in(there).is_empty());
        assert_eq!(
            missing_in("\n`crates/app/src/gone.rs`"),
            ["docs/b.md:2: crates/app/src/gone.rs"]
        );
        assert_eq!(missing_in("crates/{app,gone}/src"), ["docs/b.md:1: crates/gone/src"]);
        assert_eq!(missing_in("./ci/check.sh"), ["docs/b.md:1: ci/check.sh"]);
        assert_eq!(missing_in("see SECURITY.md"), ["docs/b.md:1: SECURITY.md"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_noticed() {
        let there =
            "[a](a.md) [h](a.md#a-heading-here) [c](../crates/app) [w](https://a.example/b)";
        assert!(missing_in(there).is_empty());
        assert_eq!(missing_in("[x](gone.md)"), ["docs/b.md:1: gone.md"]);
        assert_eq!(missing_in("[x](a.md#gone)"), ["docs/b.md:1: a.md#gone"]);
        assert_eq!(missing_in("# Here\n[x](#here) [y](#gone)"), ["docs/b.md:2: #gone"]);
    }

    #[test]
    fn code_that_names_a_missing_document_is_noticed() {
        let source = file("crates/app/src/lib.rs", "//! See docs/gone.md and docs/gone/.");
        assert_eq!(missing(&[source]), ["crates/app/src/lib.rs:1: docs/gone.md"]);
    }
}
