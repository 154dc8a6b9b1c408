//! One value for every key, with where it came from.

use std::collections::BTreeMap;
use std::fmt;

use toml::{Table, Value};

use super::keys::{KEYS, Key};
use super::{Complaints, DEFAULT_TOML, ENVIRONMENT_PREFIX, Sources};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File(String),
    Variable(String),
    Flag,
}

/// A value for every key; each is one that its key takes.
pub(super) struct Values(BTreeMap<&'static str, (Value, Origin)>);

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

impl Values {
    /// Puts the sources over the defaults.
    ///
    /// Errors: everything that is wrong with any single key.
    pub(super) fn collect(sources: &Sources) -> Result<Self, Complaints> {
        let mut layers = Layers { values: BTreeMap::new(), complaints: Vec::new() };
        layers.add_toml(DEFAULT_TOML, &Origin::Default);
        if let Some((path, text)) = &sources.file {
            layers.add_toml(text, &Origin::File(path.display().to_string()));
        }
        for (name, text) in &sources.variables {
            let path = name.strip_prefix(ENVIRONMENT_PREFIX).unwrap_or(name);
            let path = path.to_ascii_lowercase().replacen("__", ".", 1);
            layers.add_text(&path, text, &Origin::Variable(name.clone()));
        }
        for (path, text) in &sources.flags {
            layers.add_text(path, text, &Origin::Flag);
        }
        layers.into_values()
    }

    /// The value of a key and where it came from.
    pub(super) fn get(&self, path: &str) -> (&Value, &Origin) {
        let (value, origin) = self.0.get(path).expect("every key has a default");
        (value, origin)
    }

    /// A whole number. The bounds of its key fit the type it is read as; a test reads them all.
    pub(super) fn integer<T: TryFrom<i64>>(&self, path: &str) -> T {
        self.get(path).0.as_integer().and_then(to_type).expect("the value was checked")
    }

    /// A list of whole numbers, as [`Self::integer`].
    pub(super) fn integers<T: TryFrom<i64>>(&self, path: &str) -> Vec<T> {
        let items = self.get(path).0.as_array().expect("the value was checked").iter();
        items.map(|item| item.as_integer().and_then(to_type).expect("it was checked")).collect()
    }

    /// A text.
    pub(super) fn text(&self, path: &str) -> &str {
        self.get(path).0.as_str().expect("the value was checked")
    }

    /// A list of texts.
    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        let items = self.get(path).0.as_array().expect("the value was checked").iter();
        items.map(|item| item.as_str().expect("it was checked").to_owned()).collect()
    }

    /// Yes or no.
    pub(super) fn boolean(&self, path: &str) -> bool {
        self.get(path).0.as_bool().expect("the value was checked")
    }
}

fn to_type<T: TryFrom<i64>>(number: i64) -> Option<T> {
    T::try_from(number).ok()
}

/// Values while they are put together: later sources win, and complaints add up.
struct Layers {
    values: BTreeMap<&'static str, (Value, Origin)>,
    complaints: Vec<String>,
}

impl Layers {
    fn add_toml(&mut self, text: &str, origin: &Origin) {
        let table: Table = match toml::from_str(text) {
            Ok(table) => table,
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
                let message = error.message();
                self.complaints.push(format!("{origin}, line {line}: {message}"));
                return;
            }
        };
        for (section, value) in table {
            let Value::Table(keys) = value else {
                self.add(&section, value, origin);
                continue;
            };
            for (name, value) in keys {
                self.add(&format!("{section}.{name}"), value, origin);
            }
        }
    }

    fn add_text(&mut self, path: &str, text: &str, origin: &Origin) {
        match Key::find(path) {
            Some(key) => self.add(path, key.value_of(text), origin),
            None => self.complain_of_unknown(path, origin),
        }
    }

    fn add(&mut self, path: &str, value: Value, origin: &Origin) {
        let Some(key) = Key::find(path) else {
            return self.complain_of_unknown(path, origin);
        };
        if key.accepts(&value) {
            self.values.insert(key.path, (value, origin.clone()));
        } else {
            let shown = if key.is_masked() { "***".to_owned() } else { value.to_string() };
            let expected = key.expectation();
            self.complaints.push(format!("{path} = {shown} ({origin}): must be {expected}"));
        }
    }

    fn complain_of_unknown(&mut self, path: &str, origin: &Origin) {
        let section = path.split_once('.').map_or(path, |(section, _)| section);
        let known: Vec<&str> = KEYS
            .iter()
            .filter_map(|key| key.path.split_once('.'))
            .filter_map(|(known_section, name)| (known_section == section).then_some(name))
            .collect();
        let hint = if known.is_empty() {
            "there is no such section".to_owned()
        } else {
            format!("[{section}] has {}", known.join(", "))
        };
        self.complaints.push(format!("{path} ({origin}): unknown key; {hint}"));
    }

    fn into_values(self) -> Result<Values, Complaints> {
        if self.complaints.is_empty() {
            Ok(Values(self.values))
        } else {
            Err(Complaints(self.complaints))
        }
    }
}
