//! What holds for every page and every phrase, read from their sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::phrase::{Tongue, keys};

/// Name and text of every file of the console with this ending.
fn sources(ending: &str) -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut directories = vec![top.join("src/console"), top.join("templates")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.file_name().unwrap().to_string_lossy().into_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no file ends in {ending}");
    found
}

/// The gaps of a phrase, in the order of their names.
fn gaps(phrase: &str) -> Vec<&str> {
    let mut gaps: Vec<&str> =
        phrase.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect();
    gaps.sort_unstable();
    gaps
}

#[test]
fn both_languages_say_the_same_things() {
    let [english, chinese] = Tongue::ALL.map(keys);
    assert!(english.len() > 60, "{} phrases", english.len());
    assert_eq!(english, chinese);
    for key in &english {
        let [one, other] = Tongue::ALL.map(|tongue| gaps(tongue.say(key)));
        assert_eq!(one, other, "{key} has other gaps in the other language");
    }
}

/// Literals that look like keys of phrases, wherever they stand.
fn named(text: &str, sections: &BTreeSet<&str>) -> BTreeSet<String> {
    let parts = text.split('"').skip(1);
    let keys = parts.filter(|part| {
        let Some((section, key)) = part.split_once('.') else { return false };
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        sections.contains(section) && !key.is_empty() && key.chars().all(is_plain)
    });
    keys.map(str::to_owned).collect()
}

#[test]
fn every_phrase_that_is_named_is_there_and_every_one_is_named() {
    let known: BTreeSet<String> = keys(Tongue::English).into_iter().collect();
    let sections: BTreeSet<&str> =
        known.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| section).collect();
    let mut all = BTreeSet::new();
    let sources: Vec<_> = sources(".html").into_iter().chain(sources(".rs")).collect();
    for (name, text) in sources.iter().filter(|(name, _)| name != "tests.rs") {
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for key in named(text, &sections) {
            let is_file = [".html", ".js", ".css", ".svg"].iter().any(|end| key.ends_with(end));
            let is_action = text.contains(&format!("note(\"{key}\""));
            assert!(is_file || is_action || known.contains(&key), "{name} names {key}");
            all.insert(key);
        }
    }
    // What was done is named by the part after the dot.
    let is_done = |key: &str| {
        key.strip_prefix("done.").is_some_and(|name| {
            let named = [format!("\"{name}\""), format!("done={name}\"")];
            sources.iter().any(|(_, text)| named.iter().any(|name| text.contains(name)))
        })
    };
    let unused: Vec<_> = known.difference(&all).filter(|key| !is_done(key)).collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
}

/// A template without what is not shown: its expressions, its tags, its attributes.
fn bare(text: &str) -> String {
    let mut rest = text;
    let mut shown = String::new();
    while let Some(at) = rest.find(['{', '<']) {
        shown.push_str(&rest[..at]);
        let (open, close) = match &rest[at..] {
            tail if tail.starts_with("{{") => ("{{", "}}"),
            tail if tail.starts_with("{%") => ("{%", "%}"),
            tail if tail.starts_with("{#") => ("{#", "#}"),
            tail if tail.starts_with('<') => ("<", ">"),
            _ => ("{", "}"),
        };
        let tail = &rest[at + open.len()..];
        // An expression inside a tag may hold its end.
        let end = match open {
            "<" => end_of_tag(tail),
            _ => tail.find(close).map(|end| end + close.len()),
        };
        rest = &tail[end.unwrap_or(tail.len())..];
    }
    shown.push_str(rest);
    shown
}

fn end_of_tag(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let next = at + text[at..].find(['>', '{'])?;
        if text[next..].starts_with('>') {
            return Some(next + 1);
        }
        let close = if text[next..].starts_with("{%") { "%}" } else { "}" };
        at = next + text[next..].find(close)? + close.len();
    }
}

/// Words that no language translates.
const NAMES: [&str; 3] = ["sunsweep", "POST", "UTC"];

#[test]
fn no_template_has_text_of_its_own() {
    for (name, text) in sources(".html") {
        let mut shown = bare(&text);
        for known in NAMES {
            shown = shown.replace(known, "");
        }
        let letters: String = shown.chars().filter(|c| c.is_alphabetic()).collect();
        assert_eq!(letters, "", "{name}");
        for attribute in ["title", "alt", "placeholder", "aria-label"] {
            for value in text.split(&format!(" {attribute}=\"")).skip(1) {
                assert!(value.starts_with("{{") || value.starts_with('"'), "{name}: {value:.40}");
            }
        }
    }
}

#[test]
fn nothing_inline_runs_and_every_form_is_proven() {
    for (name, text) in sources(".html") {
        for forbidden in
            [" style=", "<style", " onclick", " onchange", "javascript:", "hx-on", "|safe"]
        {
            assert!(!text.contains(forbidden), "{name} has {forbidden}");
        }
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src="), "{name} has a script inside");
        }
        for form in text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let is_proven =
                form.contains("name=\"form_token\"") || !form.contains("method=\"post\"");
            assert!(is_proven, "{name}: {form:.60}");
        }
    }
}

/// What answers a POST takes one of the three kinds of form, which are proven.
#[test]
fn every_handler_of_a_change_takes_a_proven_form() {
    let sources = sources(".rs");
    let text = |file: &str| {
        let found = sources.iter().find(|(name, _)| name == file);
        &found.unwrap_or_else(|| panic!("no {file}")).1
    };
    let routes = text("mod.rs").split("post(").skip(1).filter_map(|rest| rest.split(')').next());
    let mut count = 0;
    for handler in routes {
        let (module, function) = handler.split_once("::").unwrap();
        let source = text(&format!("{module}.rs"));
        let begin = format!("async fn {function}(");
        let signature =
            source.split(&begin).nth(1).and_then(|rest| rest.split('{').next()).unwrap();
        let takes = ["Change", "OwnChange", "GuestForm"]
            .iter()
            .any(|kind| signature.contains(&format!(": {kind}")));
        assert!(takes, "{handler} takes no form that is proven");
        count += 1;
    }
    assert!(count >= 7, "{count} changes");
}
