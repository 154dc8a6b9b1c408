//! From JSON text to values: RFC 8259, and nothing that it does not allow.

use super::{MAX_BODY_BYTES, MAX_DEPTH, Number, Object, Value};

/// How much of a duplicate key an error repeats, characters.
const MAX_KEY_SHOWN: usize = 64;

/// Why a text is not a JSON object that we read.
///
/// Units: `at` is the byte in the text, from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Over [`MAX_BODY_BYTES`].
    #[error("the body is longer than {MAX_BODY_BYTES} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("invalid UTF-8 at byte {at}")]
    Utf8 {
        /// Where.
        at: usize,
    },
    /// Something else was expected.
    #[error("expected {expected} at byte {at}")]
    Expected {
        /// What JSON demands there.
        expected: &'static str,
        /// Where.
        at: usize,
    },
    /// Half of a surrogate pair: not a character, and no two languages agree on it.
    #[error("unpaired surrogate at byte {at}")]
    Surrogate {
        /// Where.
        at: usize,
    },
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels at byte {at}")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// One object names a key twice.
    #[error("the key \"{key}\" appears twice in the object that ends at byte {at}")]
    DuplicateKey {
        /// The key, cut to 64 characters.
        key: String,
        /// Where.
        at: usize,
    },
    /// JSON, but not an object; says what it is in the words of the platform's framework.
    #[error("not an object but {0}")]
    NotAnObject(&'static str),
}

pub(super) fn object(text: &[u8]) -> Result<Object, ParseError> {
    if text.len() > MAX_BODY_BYTES {
        return Err(ParseError::TooLong);
    }
    let text =
        std::str::from_utf8(text).map_err(|error| ParseError::Utf8 { at: error.valid_up_to() })?;
    let mut parser = Parser { text, at: 0 };
    parser.skip_space();
    let value = parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.expected("the end"));
    }
    match value {
        Value::Object(object) => Ok(object),
        Value::Null => Err(ParseError::NotAnObject("null")),
        Value::Bool(_) => Err(ParseError::NotAnObject("bool")),
        Value::Number(number) if number.is_integer() => Err(ParseError::NotAnObject("int")),
        Value::Number(_) => Err(ParseError::NotAnObject("float")),
        Value::Text(_) => Err(ParseError::NotAnObject("str")),
        Value::List(_) => Err(ParseError::NotAnObject("list")),
    }
}

/// Invariant: `at` is on a character boundary, because only ASCII bytes are stepped over one by one.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over that byte if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_while(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    const fn expected(&self, expected: &'static str) -> ParseError {
        ParseError::Expected { expected, at: self.at }
    }

    /// `depth` is the number of objects and lists around the value.
    fn value(&mut self, depth: usize) -> Result<Value, ParseError> {
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(ParseError::TooDeep { at: self.at }),
            Some(b'{') => self.object(depth + 1).map(Value::Object),
            Some(b'[') => self.list(depth + 1).map(Value::List),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, ParseError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.expected(word));
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Object, ParseError> {
        self.at += 1;
        let mut members = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Object { members });
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.expected("':'"));
            }
            self.skip_space();
            members.push((name, self.value(depth)?));
            self.skip_space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.expected("',' or '}'"));
            }
        }
        match duplicate(&members) {
            Some(key) => Err(ParseError::DuplicateKey { key, at: self.at }),
            None => Ok(Object { members }),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, ParseError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            self.skip_space();
            items.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(items);
            }
            if !self.take(b',') {
                return Err(self.expected("',' or ']'"));
            }
        }
    }

    fn number(&mut self) -> Result<Number, ParseError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _has_sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_digit());
        if self.at == start { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            self.skip_while(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            out.push_str(&self.text[start..self.at]);
            if self.take(b'"') {
                return Ok(out);
            }
            if !self.take(b'\\') {
                return Err(self.expected("a character or the closing quote"));
            }
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.expected("an escape")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let start = self.at;
        let first = self.utf16_unit()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.take(b'\\') && self.peek() == Some(b'u') {
            units.push(self.utf16_unit()?);
        }
        let decoded: Result<Vec<char>, _> = char::decode_utf16(units).collect();
        match decoded.as_deref() {
            Ok([character]) => Ok(*character),
            _ => Err(ParseError::Surrogate { at: start }),
        }
    }

    /// Reads `u` and four hex digits.
    fn utf16_unit(&mut self) -> Result<u16, ParseError> {
        self.at += 1;
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.expected("four hex digits"));
        }
        let unit = u16::from_str_radix(digits, 16).map_err(|_| self.expected("four hex digits"))?;
        self.at += 4;
        Ok(unit)
    }
}

/// The first key, in order of the alphabet, that occurs twice. Sorting keeps a body of ten thousand
/// keys from costing a hundred million comparisons.
fn duplicate(members: &[(String, Value)]) -> Option<String> {
    let mut keys: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    keys.sort_unstable();
    let pair = keys.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(pair[0].chars().take(MAX_KEY_SHOWN).collect())
}
