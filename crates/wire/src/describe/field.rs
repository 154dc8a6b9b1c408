//! One member of a body or an answer, or one parameter.

use super::Kind;

/// What goes by one name.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be left out. Members of answers never are, unless they say so.
    pub is_optional: bool,
    /// What it means, in a few words.
    pub text: &'static str,
    /// How it may look, as JSON.
    pub example: &'static str,
}

impl Field {
    /// A member that is always there.
    #[must_use]
    pub const fn new(
        name: &'static str,
        kind: Kind,
        example: &'static str,
        text: &'static str,
    ) -> Self {
        Self { name, kind, is_optional: false, text, example }
    }

    /// The same, but it may be left out.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }
}
