//! What `verify` accepts and refuses, with bodies as other languages write and sign them.
//!
//! The signatures of the table were made with those languages' own libraries, not with this crate.

use proptest::prelude::*;
use wire::sign::SignatureError;
use wire::{CanonicalForm, Form, sign, verify};

const SECRET: &[u8] = b"0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8";
const TIMESTAMP: &str = "1686796826";

const SORTED: &str = r#"{"a":"x","b":1}"#;

#[test]
fn blanks_around_the_headers_and_upper_case_hex_are_accepted() {
    let signature = sign(SECRET, TIMESTAMP, SORTED.as_bytes());
    for written in [signature.clone(), signature.to_uppercase(), format!("  {signature}\t")] {
        assert_eq!(verify(SECRET, " 1686796826 ", SORTED.as_bytes(), &written), Ok(Form::Raw));
    }
}

#[test]
fn anything_else_than_64_hex_digits_is_malformed() {
    let signature = sign(SECRET, TIMESTAMP, SORTED.as_bytes());
    for bad in ["", &signature[..60], &format!("{signature}00"), &"g".repeat(64), &"é".repeat(32)]
    {
        assert_eq!(
            verify(SECRET, TIMESTAMP, SORTED.as_bytes(), bad),
            Err(SignatureError::Malformed),
            "{bad:?}"
        );
    }
}

#[test]
fn another_secret_time_or_value_does_not_match() {
    let signature = sign(SECRET, TIMESTAMP, SORTED.as_bytes());
    let mismatch = Err(SignatureError::Mismatch);
    assert_eq!(verify(b"other", TIMESTAMP, SORTED.as_bytes(), &signature), mismatch);
    assert_eq!(verify(SECRET, "1686796827", SORTED.as_bytes(), &signature), mismatch);
    assert_eq!(verify(SECRET, TIMESTAMP, br#"{"a":"x","b":2}"#, &signature), mismatch);
    assert_eq!(verify(SECRET, TIMESTAMP, br#"{"a":"x","b":1.0}"#, &signature), mismatch);
    assert_eq!(verify(SECRET, TIMESTAMP, b"not json", &signature), mismatch);
}

#[test]
fn a_duplicate_key_is_never_reordered_into_a_match() {
    let signature = sign(SECRET, TIMESTAMP, SORTED.as_bytes());
    let doubled = br#"{"b":2,"a":"x","b":1}"#;
    assert_eq!(verify(SECRET, TIMESTAMP, doubled, &signature), Err(SignatureError::Mismatch));
}

#[test]
fn no_body_may_be_signed_as_nothing_or_as_an_empty_object() {
    let of_nothing = sign(SECRET, TIMESTAMP, b"");
    let of_object = sign(SECRET, TIMESTAMP, b"{}");
    assert_eq!(verify(SECRET, TIMESTAMP, b"", &of_nothing), Ok(Form::Raw));
    assert_eq!(
        verify(SECRET, TIMESTAMP, b"", &of_object),
        Ok(Form::Canonical(CanonicalForm::SortedAscii))
    );
}

/// The same object, sent pretty-printed and unsorted, signed as each language serialises its sorted
/// copy.
#[test]
fn copies_made_by_other_languages_are_accepted() {
    let sent = "{\n  \"t\": \"</订单&\\u2028😀\",\n  \"n\": 1e3,\n  \"k\": {\"z\": null, \"a\": [true, 1.0]}\n}";
    for (language, signature, form) in [
        ("python json.dumps", PYTHON, CanonicalForm::SortedAscii),
        ("python ensure_ascii=False", PYTHON_UTF8, CanonicalForm::SortedUtf8),
        ("php json_encode without flags", PHP, CanonicalForm::SortedAsciiSlashes),
        ("go encoding/json", GO, CanonicalForm::SortedUtf8Html),
    ] {
        assert_eq!(
            verify(SECRET, TIMESTAMP, sent.as_bytes(), signature),
            Ok(Form::Canonical(form)),
            "{language}"
        );
    }
}

const PYTHON: &str = "2d88e3ab7649de4b771ed95a5fcd89347358db1e9e962ed2bebdabf21723c600";
const PYTHON_UTF8: &str = "d5b089f9d32fe5723c23618f6c9c10fb43a580543fdee13a2a39820c7030709d";
const PHP: &str = "e555846c0f0e6ef2c6396e709f3b26fbf1b652fc5b83f3263a86b0ff0bc458a4";
const GO: &str = "0315c8eacf6141a2cfac5eb0192f1425b67d93021c3acdb9804666101cd15b8b";

proptest! {
    #[test]
    fn nothing_panics_on_arbitrary_input(
        secret in proptest::collection::vec(any::<u8>(), 0..200),
        timestamp in ".{0,20}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
        signature in ".{0,80}",
    ) {
        prop_assert!(verify(&secret, &timestamp, &body, &signature).is_err());
        let _parsed = wire::Timestamp::parse(&timestamp);
    }

    #[test]
    fn what_was_signed_verifies_and_what_was_changed_does_not(
        body in proptest::collection::vec(any::<u8>(), 1..200),
        flipped in any::<proptest::sample::Index>(),
    ) {
        let signature = sign(SECRET, TIMESTAMP, &body);
        prop_assert_eq!(verify(SECRET, TIMESTAMP, &body, &signature), Ok(Form::Raw));
        let mut changed = body.clone();
        let at = flipped.index(body.len());
        changed[at] ^= 1;
        prop_assert!(verify(SECRET, TIMESTAMP, &changed, &signature).is_err());
    }
}
