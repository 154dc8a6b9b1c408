//! What was written down in English by workers and audits, in the reader's language.

use std::sync::LazyLock;

use serde::Deserialize;

use super::phrase::Tongue;
use crate::callback_client::{FailureKind, PostRefused};

/// What came of an attempt at a callback: what a receiver answered is its own, the rest is ours.
pub(super) fn note(tongue: Tongue, status: Option<u16>, note: String) -> String {
    if status.is_some() {
        return note;
    }
    let refused = PostRefused::ALL.iter().map(|one| (one.to_string(), refused_phrase(*one)));
    let failed = FailureKind::ALL.iter().map(|one| (one.to_string(), failed_phrase(*one)));
    let unsent = UNSENT.iter().map(|(text, phrase)| ((*text).to_owned(), *phrase));
    let found = refused.chain(failed).chain(unsent).find(|(text, _)| *text == note);
    found.map_or(note, |(_, phrase)| tongue.say(phrase).to_owned())
}

/// What the poster says of a callback that it cannot sign.
const UNSENT: [(&str, &str); 2] =
    [(crate::poster::KEY_GONE, "note.key-gone"), (crate::poster::CLOCK_UNSET, "note.clock-unset")];

const fn refused_phrase(refused: PostRefused) -> &'static str {
    match refused {
        PostRefused::TooLong => "note.too-long",
        PostRefused::NotAUrl => "note.not-a-url",
        PostRefused::Scheme => "note.scheme",
        PostRefused::PrivateAddress => "note.private",
        PostRefused::Header => "note.header",
    }
}

const fn failed_phrase(failed: FailureKind) -> &'static str {
    match failed {
        FailureKind::TimedOut => "note.timed-out",
        FailureKind::Dns => "note.no-name",
        FailureKind::Connect => "note.no-connection",
        FailureKind::Tls => "note.tls",
        FailureKind::Closed => "note.closed",
        FailureKind::BadAnswer => "note.bad-answer",
    }
}

/// Sentences in both languages.
#[derive(Deserialize)]
struct Sentences {
    /// What an audit may name.
    difference: Vec<Pattern>,
    /// Why a row of a batch cannot become an order.
    failure: Vec<Pattern>,
}

#[derive(Deserialize)]
struct Pattern {
    en: String,
    zh: String,
}

static SENTENCES: LazyLock<Sentences> = LazyLock::new(|| {
    let text = include_str!("phrases/told.toml");
    toml::from_str(text).expect("the sentences are TOML, which a test reads")
});

/// A difference that an audit named.
pub(super) fn difference(tongue: Tongue, text: &str) -> String {
    translated(tongue, &SENTENCES.difference, text)
}

/// Why a row of a batch cannot become an order.
pub(super) fn failure(tongue: Tongue, text: &str) -> String {
    translated(tongue, &SENTENCES.failure, text)
}

/// A sentence in the reader's language; one that is not known stays as it is.
fn translated(tongue: Tongue, known: &[Pattern], text: &str) -> String {
    match tongue {
        Tongue::English => text.to_owned(),
        Tongue::Chinese => {
            let mut known = known.iter();
            let found = known.find_map(|one| Some((one, values(&one.en, text)?)));
            found.map_or_else(|| text.to_owned(), |(one, values)| filled(&one.zh, &values))
        }
    }
}

/// What stands in the gaps of a pattern, if the text is one of its kind.
fn values<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let end = match is_last {
            true => rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))?,
            false => rest.find(part)?,
        };
        values.push(&rest[..end]);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(values)
}

fn filled(pattern: &str, values: &[&str]) -> String {
    let mut text = pattern.to_owned();
    for (index, value) in values.iter().enumerate() {
        text = text.replace(&format!("{{{}}}", index + 1), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use app::place_order::PlaceRefused;
    use app::read_receiver::ReceiverRefused;
    use domain::OrderId;
    use domain::order::Refused;
    use node::NodeError;

    use super::*;

    /// The first literal of every `format!` and of every text that is made an owned one.
    fn literals(source: &str) -> Vec<String> {
        let mut found = Vec::new();
        for begin in ["format!(", "push("] {
            for rest in source.split(begin).skip(1) {
                let Some(rest) = rest.trim_start().strip_prefix('"') else { continue };
                let literal = rest.split_once('"').unwrap().0;
                let mut lines = literal.split("\\\n");
                let mut joined = lines.next().unwrap().to_owned();
                lines.for_each(|line| joined.push_str(line.trim_start()));
                found.push(gaps(&joined));
            }
        }
        found
    }

    /// The same with nothing in its gaps.
    fn gaps(text: &str) -> String {
        let mut parts = text.split('{');
        let mut bare = parts.next().unwrap().to_owned();
        for part in parts {
            bare.push_str("{}");
            bare.push_str(part.split_once('}').unwrap().1);
        }
        bare
    }

    /// Texts of the sources that name a part of a difference.
    const PARTS: [&str; 2] = ["ledger tx {} fact {}", "merchant {} {}"];

    #[test]
    fn every_difference_that_an_audit_names_is_in_both_languages() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let parts = std::fs::read_dir(crates.join("store/src/audit")).unwrap();
        let parts = parts.map(|part| part.unwrap().path());
        let sources = ["store/src/audit.rs", "app/src/audit.rs"].map(|path| crates.join(path));
        let texts =
            sources.into_iter().chain(parts).map(|path| std::fs::read_to_string(path).unwrap());
        let named: BTreeSet<String> = texts.flat_map(|text| literals(&text)).collect();
        let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
        let named: BTreeSet<&str> =
            named.into_iter().filter(|text| !PARTS.contains(text)).collect();
        let known: BTreeSet<&str> =
            SENTENCES.difference.iter().map(|one| one.en.as_str()).collect();
        assert_eq!(named, known);
        assert!(known.len() > 30, "{} differences", known.len());
    }

    #[test]
    fn what_is_in_a_difference_is_in_its_translation() {
        for pattern in SENTENCES.difference.iter().chain(&SENTENCES.failure) {
            let gaps = pattern.en.matches("{}").count();
            let values: Vec<String> = (1..=gaps).map(|gap| format!("<{gap}>")).collect();
            let mut said = pattern.en.clone();
            for value in &values {
                said = said.replacen("{}", value, 1);
            }
            let all = [difference(Tongue::Chinese, &said), failure(Tongue::Chinese, &said)];
            let translated = all.iter().find(|text| **text != said).expect("a translation");
            for value in &values {
                assert_eq!(translated.matches(value.as_str()).count(), 1, "{translated}");
            }
            assert!(!translated.contains(['{', '}']), "{translated}");
            assert_eq!(difference(Tongue::English, &said), said);
        }
        assert_eq!(difference(Tongue::Chinese, "something new"), "something new");
    }

    #[test]
    fn why_a_row_fails_is_in_both_languages() {
        let (order, receiver) = (OrderId([1; 16]), node::black_hole());
        let text = String::new;
        let causes: [&dyn ToString; 12] = [
            &ReceiverRefused::IsContract,
            &ReceiverRefused::TransferReverts(text()),
            &ReceiverRefused::TransferToReverts(text()),
            &NodeError::ContractCall { text: text() },
            &Refused::TooManyOpen { open: 7 },
            &Refused::ReceiverIsPool,
            &Refused::ReceiverInactive { receiver },
            &Refused::PriceOutOfRange,
            &Refused::Unknown,
            &Refused::NoChange,
            &PlaceRefused::NoMerchant,
            &PlaceRefused::ReferenceTaken(order),
        ];
        let said: BTreeSet<String> = causes.iter().map(|cause| cause.to_string()).collect();
        for text in &said {
            let chinese = failure(Tongue::Chinese, text);
            assert!(!chinese.is_ascii(), "{text}: {chinese}");
        }
        assert_eq!(said.len(), SENTENCES.failure.len());
    }

    #[test]
    fn what_became_of_a_post_is_in_both_languages() {
        let ours = PostRefused::ALL.map(|one| one.to_string()).into_iter();
        let ours = ours.chain(FailureKind::ALL.map(|one| one.to_string()));
        let ours = ours.chain(UNSENT.map(|(text, _)| text.to_owned()));
        for text in ours {
            let chinese = note(Tongue::Chinese, None, text.clone());
            assert!(!chinese.is_ascii(), "{text}: {chinese}");
            assert_eq!(note(Tongue::Chinese, Some(500), text.clone()), text);
        }
    }
}
