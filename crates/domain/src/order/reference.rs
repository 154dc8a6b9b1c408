//! The merchant's own label of an order.

/// The longest reference, in characters. A UUID has 36.
pub const REFERENCE_CHARS_MAX: usize = 64;

/// Whether a text is short enough for a reference.
#[must_use]
pub fn is_short(text: &str) -> bool {
    text.chars().count() <= REFERENCE_CHARS_MAX
}

/// Whether every language's JSON writes a text alike, so that every receiver can check the signature of
/// a callback that carries it: printable ASCII without `<`, `>` and `&`.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' '..='~') && !matches!(c, '<' | '>' | '&'))
}
