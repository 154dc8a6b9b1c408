//! The platform's words are spelled in `crates/wire` only; elsewhere they go by `wire::names`.

use crate::literals::{before_tests, literals};
use crate::tree::{File, files};

/// Where the words are defined.
const DEFINED_IN: &str = "crates/wire/src/names.rs";

/// Words of the table that are not the platform's alone.
const SHARED: [(&str, &str); 4] = [
    ("Content-Type", "a word of HTTP"),
    ("activation_price", "our own word too: a column"),
    ("callback_url", "our own word too: a column, and the merchant's default in listings"),
    ("max_energy", "our own word too: a setting, the largest order"),
];

/// What may spell them: the room itself, and the two rooms that speak the chain's JSON, which has
/// some of the same words.
const FREE: [&str; 3] = ["crates/wire/", "crates/node/", "crates/devnet/"];

#[test]
fn the_platforms_words_are_spelled_in_one_room() {
    let sources = files(&[".rs"]);
    let definitions = sources.iter().find(|file| file.path == DEFINED_IN).unwrap();
    let words = words(&definitions.text);
    assert!(words.len() > 15, "the table was read: {words:?}");
    assert_eq!(spelled(&words, &sources), Vec::<String>::new());
}

/// Words that cannot be everyday words: those with an underscore or a hyphen.
fn words(definitions: &str) -> Vec<String> {
    literals(definitions)
        .into_iter()
        .map(|literal| literal.text)
        .filter(|text| text.contains(['_', '-']))
        .filter(|text| SHARED.iter().all(|(shared, _)| shared != text))
        .collect()
}

/// `path:line: word` for each string literal that spells one, alone or inside a longer text.
fn spelled(words: &[String], sources: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in sources.iter().filter(|file| is_bound(&file.path)) {
        for literal in literals(before_tests(&file.text)) {
            for word in words.iter().filter(|word| holds(&literal.text, word)) {
                found.push(format!("{}:{}: {word}", file.path, literal.line));
            }
        }
    }
    found
}

/// Whether a file has to go by the table. Tests may say what they expect in the platform's words.
fn is_bound(path: &str) -> bool {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    path.starts_with("crates/") && !is_test && !FREE.iter().any(|room| path.starts_with(room))
}

/// Whether the text holds the word with nothing of a longer word around it, in whatever case.
fn holds(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(&word).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_platform_elsewhere_is_noticed() {
        let words =
            words("pub const A: &str = \"pay_amount\"; const B: &str = \"API-KEY\"; \"errno\"");
        assert_eq!(words, ["pay_amount", "API-KEY"]);
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let sources = [
            file("crates/app/src/a.rs", "// pay_amount\nlet a = \"pay_amount\";"),
            file(
                "crates/server/src/b.rs",
                "say(\"curl -H 'api-key: {key}'\"); \"TRON-PRO-API-KEY\"",
            ),
            file("crates/wire/src/c.rs", "\"pay_amount\""),
            file("crates/devnet/src/d.rs", "\"pay_amount\""),
            file("crates/server/tests/it/e.rs", "\"pay_amount\""),
            file("crates/app/src/f.rs", "#[cfg(test)]\nmod tests {\n\"pay_amount\"}"),
        ];
        let expected = ["crates/app/src/a.rs:2: pay_amount", "crates/server/src/b.rs:1: API-KEY"];
        assert_eq!(spelled(&words, &sources), expected);
    }
}
