//! The string literals of a Rust source, so that comments and names do not count.

/// A string literal as it is written, without its quotes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Line on which it begins, from 1.
    pub(crate) line: usize,
    /// Escapes are kept as written.
    pub(crate) text: String,
}

/// The part of a source before its test module, which may say whatever it likes.
pub(crate) fn before_tests(source: &str) -> &str {
    source.split("#[cfg(test)]\nmod tests {").next().unwrap_or(source)
}

/// Every string literal: plain, byte and raw.
pub(crate) fn literals(source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let (mut at, mut is_in_word) = (0, false);
    while at < source.len() {
        let rest = &source[at..];
        let (skip, text) = match rest.as_bytes()[0] {
            b'/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
            b'/' if rest.starts_with("/*") => (block_comment(rest), None),
            b'"' => {
                let end = quoted(rest);
                (end, Some(rest.get(1..end - 1).unwrap_or_default()))
            }
            b'r' if !is_in_word && raw_hashes(rest).is_some() => {
                let hashes = raw_hashes(rest).unwrap_or_default();
                let close = format!("\"{}", "#".repeat(hashes));
                let begin = hashes + 2;
                let length = rest[begin..].find(&close).unwrap_or(rest.len() - begin);
                (begin + length + close.len(), Some(&rest[begin..begin + length]))
            }
            b'\'' => (character(rest), None),
            _ => (rest.chars().next().map_or(1, char::len_utf8), None),
        };
        if let Some(text) = text {
            let line = 1 + source[..at].matches('\n').count();
            found.push(Literal { line, text: text.to_owned() });
        }
        // The `r` of `br"..."` begins a raw string, the last letter of `number` does not.
        let first = rest.chars().next().unwrap_or(' ');
        is_in_word = (first.is_alphanumeric() || first == '_') && first != 'b';
        at += skip.clamp(1, rest.len());
    }
    found
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    loop {
        let Some(next) = rest[at..].find(['/', '*']) else { return rest.len() };
        at += next;
        match rest.get(at..at + 2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") if depth == 1 => return at + 2,
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
}

/// The length of a quoted string, quotes included.
fn quoted(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// How many `#` a raw string begins with; `None` if this is none.
fn raw_hashes(rest: &str) -> Option<usize> {
    let after = &rest[1..];
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    (after.as_bytes().get(hashes) == Some(&b'"')).then_some(hashes)
}

/// The length of a character literal, or of the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut inside = rest.char_indices().skip(1);
    match (inside.next(), inside.next(), inside.next()) {
        (Some((_, '\\')), Some(_), _) => {
            rest.char_indices().skip(3).find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1)
        }
        (Some(_), Some((at, '\'')), _) => at + 1,
        _ => 1,
    }
}

#[test]
fn literals_are_found_and_nothing_else() {
    let source = r##"
// "a comment"
/* "one /* inside */ another" */
fn f<'a>(number: &'a str) -> [char; 3] { ['"', '\'', 'x'] }
const A: &str = "first \" quote";
const B: &[u8] = b"bytes";
const C: &str = r#"raw "inside""#; const D: &str = "last";
"##;
    let texts: Vec<_> =
        literals(source).into_iter().map(|found| (found.line, found.text)).collect();
    let expected = [(5, r#"first \" quote"#), (6, "bytes"), (7, r#"raw "inside""#), (7, "last")];
    assert_eq!(texts, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn what_stands_in_the_test_module_does_not_count() {
    let source = "const A: &str = \"kept\";\n#[cfg(test)]\nmod tests {\n\"dropped\"}";
    assert_eq!(literals(before_tests(source)).len(), 1);
}
