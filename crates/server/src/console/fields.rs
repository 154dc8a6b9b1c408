//! The fields of a form, as a browser sends them.

use zeroize::Zeroize;

use super::refused::Refused;

/// Most fields of a form.
pub(super) const FIELDS_MAX: usize = 200;

/// Fields by name, in the order of the form. Passwords and keys are among them, so they are wiped when
/// dropped.
pub(super) struct Fields(Vec<(String, String)>);

impl Drop for Fields {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl Fields {
    /// Reads a body of `application/x-www-form-urlencoded`.
    ///
    /// Errors: more than [`FIELDS_MAX`].
    pub(super) fn read(body: &[u8]) -> Result<Self, Refused> {
        let fields: Vec<_> =
            url::form_urlencoded::parse(body).take(FIELDS_MAX + 1).map(owned).collect();
        if fields.len() > FIELDS_MAX {
            return Err(Refused::Form);
        }
        Ok(Self(fields))
    }

    /// The text of a field, without blanks around it; empty if it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The text of a field as it was typed; empty if it is not there.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Every value of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every name with its value, in the order of the form.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The text of a field, or nothing if it is empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
}

fn owned(
    (name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>),
) -> (String, String) {
    (name.into_owned(), value.into_owned())
}
