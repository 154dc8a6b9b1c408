//! The JSON reader and writer: strict, lossless, and never in a panic.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

use proptest::prelude::*;
use wire::canon::{MAX_BODY_BYTES, MAX_DEPTH};
use wire::{CanonicalForm, Object, ParseError, Value};

use CanonicalForm::{SortedAscii, SortedAsciiSlashes, SortedUtf8, SortedUtf8Html};

fn parse(text: &str) -> Result<Object, ParseError> {
    Object::parse(text.as_bytes())
}

fn rendered(text: &str, form: CanonicalForm) -> String {
    parse(text).unwrap().render(form)
}

#[test]
fn keys_are_sorted_by_code_point_at_every_level() {
    let text =
        r#"{"b":1,"a":{"é":1,"z":2,"Z":3,"":4,"10":5,"9":6,"😀":7,"～":8},"A":[{"d":1,"c":2}]}"#;
    assert_eq!(
        rendered(text, SortedUtf8),
        r#"{"A":[{"c":2,"d":1}],"a":{"":4,"10":5,"9":6,"Z":3,"z":2,"é":1,"～":8,"😀":7},"b":1}"#
    );
}

#[test]
fn number_tokens_are_kept_as_they_were_written() {
    let text = r#"{"a":[0,-0,1.0,1e3,1E+3,0.10,-1.5e-7,18446744073709551616,9007199254740993]}"#;
    for form in CanonicalForm::ALL {
        assert_eq!(rendered(text, form), text);
    }
}

#[test]
fn blanks_are_dropped_outside_strings_only() {
    assert_eq!(
        rendered(" {\t\"a b\" :\r\n[ 1 , {} , [ ] ] } ", SortedUtf8),
        r#"{"a b":[1,{},[]]}"#
    );
}

#[test]
fn each_form_has_its_own_escapes() {
    let text = "{\"t\":\"/<>&订😀\\u2028\\u2029\\u007f\\u0000\\u001F\\b\\f\\n\\r\\t\\\"\\\\\"}";
    let control = "\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\";
    for (form, escaped) in [
        (SortedAscii, "/<>&\\u8ba2\\ud83d\\ude00\\u2028\\u2029\\u007f"),
        (SortedAsciiSlashes, "\\/<>&\\u8ba2\\ud83d\\ude00\\u2028\\u2029\\u007f"),
        (SortedUtf8, "/<>&订😀\u{2028}\u{2029}\u{7f}"),
        (SortedUtf8Html, "/\\u003c\\u003e\\u0026订😀\\u2028\\u2029\u{7f}"),
    ] {
        assert_eq!(rendered(text, form), format!("{{\"t\":\"{escaped}{control}\"}}"), "{form:?}");
    }
}

#[test]
fn answers_keep_the_order_of_their_members() {
    let object = Object::new().with("z", 1).with("a", "é/").with("n", None::<i64>).with("z", 2);
    assert_eq!(object.to_json(), r#"{"z":2,"a":"é/","n":null}"#);
}

#[test]
fn duplicate_keys_are_refused_at_every_level_and_in_every_writing() {
    for (text, key) in [
        (r#"{"a":1,"a":1}"#, "a"),
        (r#"{"a":1,"b":2,"\u0061":3}"#, "a"),
        (r#"{"x":[{"y":{"k":1,"k":2}}]}"#, "k"),
        (r#"{"":1,"":2}"#, ""),
    ] {
        match parse(text) {
            Err(ParseError::DuplicateKey { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{text}: {other:?}"),
        }
    }
    let long = "k".repeat(1000);
    match parse(&format!(r#"{{"{long}":1,"{long}":2}}"#)) {
        Err(ParseError::DuplicateKey { key, .. }) => assert_eq!(key.len(), 64),
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_keys_do_not_cost_their_square() {
    let members: Vec<String> = (0..5_000).map(|n| format!("\"{n}\":1")).collect();
    let object = parse(&format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!(object.members().count(), 5_000);
}

#[test]
fn only_an_object_is_a_body_and_the_refusal_says_what_came_instead() {
    for (text, kind) in [
        ("[]", "list"),
        ("1", "int"),
        ("1.5", "float"),
        ("\"x\"", "str"),
        ("true", "bool"),
        ("null", "null"),
    ] {
        assert_eq!(parse(text), Err(ParseError::NotAnObject(kind)));
    }
    assert!(Object::parse_body(b"").unwrap().is_empty());
    assert_eq!(Object::parse_body(b" "), parse(" "));
}

#[test]
fn what_json_does_not_allow_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "{\"a\":[1,]}",
        "{\"a\":[,]}",
        "{\"a\":[1 2]}",
        "{\"a\" 1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":tru}",
        "{\"a\":nul}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u+123\"}",
        "{\"a\":\"\\u12é\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u{0}\"}",
        "{/**/}",
        "\u{feff}{}",
        "{\"a\":1}\u{a0}",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Object::parse(b"{\"a\":\"\xff\"}"), Err(ParseError::Utf8 { at: 6 }));
}

#[test]
fn half_a_surrogate_pair_is_refused() {
    for half in ["\\ud83d", "\\ude00", "\\ud83d\\u0041", "\\ud83dx", "\\ude00\\ud83d", "\\ud83d\\n"]
    {
        assert!(
            matches!(parse(&format!("{{\"a\":\"{half}\"}}")), Err(ParseError::Surrogate { .. })),
            "{half}"
        );
    }
    assert_eq!(parse(r#"{"a":"\ud83d\ude00"}"#).unwrap().get("a"), Some(&Value::from("😀")));
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested =
        |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert!(matches!(parse(&nested(MAX_DEPTH + 1)), Err(ParseError::TooDeep { .. })));
    assert!(matches!(parse(&"[".repeat(MAX_BODY_BYTES)), Err(ParseError::TooDeep { .. })));
    let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert!(parse(&sized(MAX_BODY_BYTES)).is_ok());
    assert_eq!(parse(&sized(MAX_BODY_BYTES + 1)), Err(ParseError::TooLong));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Object> {
    proptest::collection::vec((any::<String>(), inner), 0..5).prop_map(|members| {
        members.into_iter().fold(Object::new(), |object, (name, value)| object.with(&name, value))
    })
}

proptest! {
    #[test]
    fn every_form_reads_back_as_the_same_content(object in object(value())) {
        let sorted = object.render(SortedAscii);
        for form in CanonicalForm::ALL {
            let again = Object::parse(object.render(form).as_bytes()).unwrap();
            prop_assert_eq!(again.render(SortedAscii), sorted.as_str());
            prop_assert_eq!(again.render(form), object.render(form));
        }
        prop_assert_eq!(Object::parse(object.to_json().as_bytes()).unwrap(), object);
    }

    #[test]
    fn the_ascii_form_is_printable_ascii(object in object(value())) {
        prop_assert!(object.render(SortedAscii).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _parsed = Object::parse_body(&bytes);
    }

    #[test]
    fn text_that_looks_like_json_is_judged_as_serde_json_judges_it(
        text in r#"\{("[a-c]":(-?[0-9]{1,3}(\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?|"[a\\nu0-9"]{0,8}"|\[(1|,|true|null){0,3}\]|\{\}|tru[e]?),?){0,3}[\} ]{0,2}"#
    ) {
        let ours = parse(&text);
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match ours {
            Err(ParseError::DuplicateKey { .. } | ParseError::Surrogate { .. }) => {}
            ours => prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}", ours),
        }
    }

    #[test]
    fn what_serde_json_writes_is_read_with_the_same_content(object in object(value())) {
        let theirs: serde_json::Value = serde_json::from_str(&object.to_json()).unwrap();
        let again = Object::parse(theirs.to_string().as_bytes()).unwrap();
        prop_assert_eq!(again.render(SortedUtf8), object.render(SortedUtf8));
    }
}
