//! Lines of a key file that say something.

/// A line with its number.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// Without blanks around it.
    pub(super) text: &'a str,
}

/// Every line that is not empty and no `#` comment; a byte-order mark before the first is ignored.
pub(super) fn content_lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .zip(1..)
        .map(|(line, number)| Line { number, text: line.trim() })
        .filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
}
