//! What the console says, in two languages: one file each, the same keys in both.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A language of the console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tongue {
    /// English.
    English,
    /// 简体中文.
    Chinese,
}

type Phrases = BTreeMap<String, String>;

static ENGLISH: LazyLock<Phrases> = LazyLock::new(|| read(include_str!("phrases/en.toml")));
static CHINESE: LazyLock<Phrases> = LazyLock::new(|| read(include_str!("phrases/zh.toml")));

impl Tongue {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// What a cookie and a form say.
    #[must_use]
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// What `lang` says.
    #[must_use]
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// Its own name, which no language translates.
    #[must_use]
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    /// The language of a code.
    #[must_use]
    pub(super) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tongue| tongue.code() == code)
    }

    /// The first language of an `Accept-Language` that is one of ours; weights are in falling order in
    /// every browser.
    #[must_use]
    pub(super) fn of_header(accepted: &str) -> Option<Self> {
        let mut codes = accepted.split(',').map(|one| one.trim().get(..2).unwrap_or_default());
        codes.find_map(|code| Self::of_code(&code.to_ascii_lowercase()))
    }

    /// A phrase by its key. A key that is not there is shown as it is; a test finds those.
    #[must_use]
    pub(super) fn say(self, key: &str) -> &str {
        self.known(key).unwrap_or(key)
    }

    /// A phrase by its key, if there is one.
    #[must_use]
    pub(super) fn known(self, key: &str) -> Option<&'static str> {
        let phrases: &'static Phrases = match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        };
        phrases.get(key).map(String::as_str)
    }

    /// A phrase with its gaps, as `{name}`, filled.
    #[must_use]
    pub(super) fn fill(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.say(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// Sections and keys, joined by a dot.
fn read(text: &str) -> Phrases {
    let table: toml::Table = text.parse().expect("the phrases are TOML, which a test reads");
    let mut phrases = Phrases::new();
    for (section, keys) in table {
        let toml::Value::Table(keys) = keys else { continue };
        for (key, phrase) in keys {
            if let toml::Value::String(phrase) = phrase {
                phrases.insert(format!("{section}.{key}"), phrase);
            }
        }
    }
    phrases
}

#[cfg(test)]
pub(super) fn keys(tongue: Tongue) -> Vec<String> {
    let phrases: &'static Phrases = match tongue {
        Tongue::English => &ENGLISH,
        Tongue::Chinese => &CHINESE,
    };
    phrases.keys().cloned().collect()
}
