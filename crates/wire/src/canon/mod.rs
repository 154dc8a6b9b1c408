//! JSON as this platform needs it: strict to read, and rendered in the forms that clients sign.
//!
//! Why not serde: a signature is checked over a re-serialised copy of the body, so the copy must
//! keep what a data model would lose: number tokens (`1.0`, `1e3`, integers past 2^53) and duplicate
//! keys (which must be refused, or two readers of one signed body could see two orders).
//!
//! | form | keys | `/` | non-ASCII | `<` `>` `&` U+2028 U+2029 | who writes it |
//! |---|---|---|---|---|---|
//! | X0 | as sent | as sent | as sent | as sent | the raw bytes; not made here |
//! | X1 | sorted | plain | `\uxxxx` | plain | Python |
//! | X2 | sorted | plain | UTF-8 | plain | JavaScript, Java, Rust, jq |
//! | X3 | sorted | `\/` | `\uxxxx` | plain | PHP without flags |
//! | X4 | sorted | plain | UTF-8 | `\uxxxx` | Go |
//!
//! Limits: [`MAX_BODY_BYTES`], [`MAX_DEPTH`]; both refuse, neither truncates.
//! Source: api-contract 3.4.

mod parse;
mod render;

pub use parse::ParseError;

use tron::Sun;

/// The longest body that is read, bytes. The HTTP edge refuses earlier, while reading.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// How deep objects and lists may nest, the outermost object included.
///
/// Every documented body is flat; this leaves room and bounds the recursion.
pub const MAX_DEPTH: usize = 16;

/// How a signed copy is written; see the table of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanonicalForm {
    /// X1, the form that the documents describe and that we sign ourselves.
    SortedAscii,
    /// X2.
    SortedUtf8,
    /// X3.
    SortedAsciiSlashes,
    /// X4.
    SortedUtf8Html,
}

impl CanonicalForm {
    /// Every form, in the order in which they are tried.
    pub const ALL: [Self; 4] =
        [Self::SortedAscii, Self::SortedUtf8, Self::SortedAsciiSlashes, Self::SortedUtf8Html];
}

/// A JSON object whose members keep their order and whose keys are distinct.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    members: Vec<(String, Value)>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// A string, escapes resolved.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

/// A number token, kept as text: `1.0`, `1e3` and `18446744073709551616` stay what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(String);

impl Object {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// Parses a JSON text that is an object.
    ///
    /// Shape: one pass and one sort of the keys per object; no more memory than a few times the text.
    /// Errors: [`ParseError`]; over [`MAX_BODY_BYTES`] nothing is read.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        parse::object(text)
    }

    /// Parses the body of a POST: as [`Object::parse`], but no body at all is an object without
    /// members, so that the answer names the fields that are missing.
    ///
    /// Errors: [`ParseError`].
    pub fn parse_body(body: &[u8]) -> Result<Self, ParseError> {
        if body.is_empty() { Ok(Self::new()) } else { Self::parse(body) }
    }

    /// The value of that member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The members, in the order in which they were written.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are no members.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The object with that member last, or with that member's value replaced.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.members.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.members.push((key.to_owned(), value)),
        }
        self
    }

    /// The object as clients sign it.
    #[must_use]
    pub fn render(&self, form: CanonicalForm) -> String {
        render::canonical(self, form)
    }

    /// The object as we answer it: compact, UTF-8, members in the order in which they were added.
    #[must_use]
    pub fn to_json(&self) -> String {
        render::in_order(self)
    }
}

impl Value {
    /// The text, if this is a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer, if this is a number without fraction or exponent that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.as_i64() } else { None }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(is_true) = self { Some(*is_true) } else { None }
    }

    /// The members, if this is an object.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The value as compact JSON, members in their order.
    #[must_use]
    pub fn to_json(&self) -> String {
        render::value_in_order(self)
    }
}

impl Number {
    /// An amount in TRX, with as many decimals as it needs and at least one: `0.6`, `3.0`.
    #[must_use]
    pub fn trx(amount: Sun) -> Self {
        let sun = amount.get();
        let sign = if sun < 0 { "-" } else { "" };
        let (whole, rest) = (sun.unsigned_abs() / 1_000_000, sun.unsigned_abs() % 1_000_000);
        let decimals = format!("{rest:06}");
        let shown = decimals.trim_end_matches('0');
        Self(format!("{sign}{whole}.{}", if shown.is_empty() { "0" } else { shown }))
    }

    /// The token as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the token has neither fraction nor exponent.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        !self.0.contains(['.', 'e', 'E'])
    }

    /// The integer, if it is one and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Number(number.to_string()))
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(is_true: bool) -> Self {
        Self::Bool(is_true)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    /// `None` is `null`.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trx_has_the_decimals_that_it_needs() {
        for (sun, shown) in [
            (600_000, "0.6"),
            (3_000_000, "3.0"),
            (0, "0.0"),
            (1, "0.000001"),
            (-1_500_000, "-1.5"),
            (i64::MAX, "9223372036854.775807"),
        ] {
            assert_eq!(Number::trx(Sun::new(sun)).as_str(), shown);
        }
    }
}
