//! From values to JSON text.

use super::{CanonicalForm, Object, Value};

/// What distinguishes one form from another.
struct Style {
    is_sorted: bool,
    /// Everything outside space to tilde becomes `\uxxxx`, DEL included, as Python does it.
    is_ascii: bool,
    escapes_slash: bool,
    /// Go's encoder: safe to paste into HTML and JavaScript.
    escapes_html: bool,
}

const IN_ORDER: Style =
    Style { is_sorted: false, is_ascii: false, escapes_slash: false, escapes_html: false };

impl Style {
    const fn of(form: CanonicalForm) -> Self {
        let sorted = Self { is_sorted: true, ..IN_ORDER };
        match form {
            CanonicalForm::SortedAscii => Self { is_ascii: true, ..sorted },
            CanonicalForm::SortedUtf8 => sorted,
            CanonicalForm::SortedAsciiSlashes => {
                Self { is_ascii: true, escapes_slash: true, ..sorted }
            }
            CanonicalForm::SortedUtf8Html => Self { escapes_html: true, ..sorted },
        }
    }
}

pub(super) fn canonical(object: &Object, form: CanonicalForm) -> String {
    let mut out = String::new();
    write_object(&mut out, object, &Style::of(form));
    out
}

pub(super) fn in_order(object: &Object) -> String {
    let mut out = String::new();
    write_object(&mut out, object, &IN_ORDER);
    out
}

pub(super) fn value_in_order(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, &IN_ORDER);
    out
}

fn write_value(out: &mut String, value: &Value, style: &Style) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::Text(text) => write_text(out, text, style),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item, style);
            }
            out.push(']');
        }
        Value::Object(object) => write_object(out, object, style),
    }
}

fn write_object(out: &mut String, object: &Object, style: &Style) {
    let mut members: Vec<_> = object.members().collect();
    if style.is_sorted {
        // UTF-8 bytes sort like code points, which is what "dictionary order" means to Python, PHP,
        // Go and Java for every key of the platform.
        members.sort_unstable_by_key(|(name, _)| *name);
    }
    out.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(out, name, style);
        out.push(':');
        write_value(out, value, style);
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str, style: &Style) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '/' if style.escapes_slash => out.push_str("\\/"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if style.escapes_html => {
                write_escape(out, character);
            }
            '\0'..='\u{1f}' => write_escape(out, character),
            ' '..='~' => out.push(character),
            _ if style.is_ascii => write_escape(out, character),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn write_escape(out: &mut String, character: char) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            out.push(DIGITS[usize::from((*unit >> shift) & 0xf)]);
        }
    }
}
