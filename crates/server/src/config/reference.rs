//! `docs/configuration.md`, made from `config.default.toml` and the table of keys.

use std::fmt::Write;
use std::path::Path;

use super::DEFAULT_TOML;
use super::keys::{KEYS, Key};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
const HEAD: &str = "\
# Configuration

Generated from `crates/server/src/config.default.toml` by
`UPDATE_DOCS=1 cargo test -p sunsweep configuration`; a test keeps it true.

`sunsweep config check` says what is wrong with a configuration, all at once; `sunsweep config show`
prints the values in force and where each came from.
";

/// One thing that the default file explains.
enum Item {
    /// The comment at the top.
    Head(String),
    /// `[section]` with its comment.
    Section(String, String),
    /// Path, default and comment of a key.
    Key(String, String, String),
}

fn items() -> Vec<Item> {
    let mut items = Vec::new();
    let (mut comment, mut section) = (String::new(), String::new());
    for line in DEFAULT_TOML.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push_str(text.strip_prefix(' ').unwrap_or(text));
            comment.push('\n');
        } else if line.is_empty() {
            items.push(Item::Head(std::mem::take(&mut comment)));
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            items.push(Item::Section(section.clone(), std::mem::take(&mut comment)));
        } else {
            let (name, value) = line.split_once(" = ").expect("a key and its value on one line");
            let path = format!("{section}.{name}");
            items.push(Item::Key(path, value.to_owned(), std::mem::take(&mut comment)));
        }
    }
    items
}

fn document() -> String {
    let mut text = HEAD.to_owned();
    for item in items() {
        match item {
            Item::Head(comment) if comment.is_empty() => {}
            Item::Head(comment) => write!(text, "\n{comment}").unwrap(),
            Item::Section(name, comment) => {
                write!(text, "\n## `[{name}]`\n\n{comment}").unwrap();
            }
            Item::Key(path, value, comment) => {
                let expected = Key::find(&path).unwrap().expectation();
                let variable = path.to_ascii_uppercase().replace('.', "__");
                write!(
                    text,
                    "\n### `{path}`\n\n{comment}\nDefault `{value}`; {expected}. \
                     Variable `SUNSWEEP_{variable}`.\n"
                )
                .unwrap();
            }
        }
    }
    text
}

#[test]
fn the_default_file_explains_every_key_in_the_order_of_the_table() {
    let mut explained = Vec::new();
    for item in items() {
        match item {
            Item::Head(_) => {}
            Item::Section(name, comment) => assert!(!comment.is_empty(), "[{name}]"),
            Item::Key(path, _, comment) => {
                assert!(!comment.is_empty(), "{path}");
                explained.push(path);
            }
        }
    }
    let known: Vec<&str> = KEYS.iter().map(|key| key.path).collect();
    assert_eq!(explained, known);
}

#[test]
fn the_configuration_document_is_up_to_date() {
    let path = Path::new(DOCUMENT);
    let document = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == document,
        "docs/configuration.md is out of date: run UPDATE_DOCS=1 cargo test -p sunsweep configuration"
    );
}
