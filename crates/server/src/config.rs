//! What can be set. `config.default.toml` is compiled in and is the reference.
//!
//! Invariants: every key has a default; an unknown key is an error; all complaints come at once;
//! secrets come by file or environment and are never shown.

mod check;
mod layers;
mod sections;
mod settings;

use std::path::Path;

pub use layers::ENVIRONMENT_PREFIX;
pub use sections::{
    AdminSection, BatchSection, CallbackSection, Config, ConsoleSection, DatabaseSection,
    DepositsSection, LimitSection, LogSection, NodeSection, OrderSection, PolicySection,
    PoolSection, PriceSection, SecretsSection, ServerSection, TokenSection, TransferSection,
    WorkerSection,
};

/// The reference: every key with its default.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// Everything that is wrong with a configuration, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n  {}", .0.join("\n  "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// The defaults, then this file, then the environment.
    ///
    /// Errors: every complaint at once, in the operator's words.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            None => None,
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(|error| ConfigError(vec![format!("{}: {error}", path.display())]))?,
            ),
        };
        Self::from_layers(text.as_deref(), std::env::vars())
    }

    /// The same from given texts.
    ///
    /// Errors: every complaint at once.
    pub fn from_layers(
        file: Option<&str>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let table = layers::merge(DEFAULTS, file, environment)?;
        let config: Self = table
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError(vec![error.message().to_owned()]))?;
        let complaints = check::complaints(&config);
        if complaints.is_empty() { Ok(config) } else { Err(ConfigError(complaints)) }
    }

    /// What applies, as a file; secrets as set or unset.
    #[must_use]
    pub fn show(&self) -> String {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let word = |is_set: bool| if is_set { "set" } else { "unset" };
        let master =
            is_set(crate::secret::MASTER_KEY_VARIABLE) || self.secrets.master_key_file.is_some();
        let passphrase =
            is_set(crate::keystore::PASSPHRASE_VARIABLE) || self.pool.passphrase_file.is_some();
        let mut shown = self.clone();
        shown.database.url = without_password(&self.database.url);
        let shown = toml::to_string(&shown).unwrap_or_else(|error| format!("# {error}\n"));
        format!(
            "{shown}\n# master key: {}\n# wallet passphrase: {}\n# node key: {}\n",
            word(master),
            word(passphrase),
            word(self.node.api_key_file.is_some())
        )
    }
}

/// A database's URL as it may be shown.
fn without_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            // Refused only where there is no host to have a password for.
            let _refused = parsed.set_password(Some("hidden"));
            parsed.to_string()
        }
        Ok(_) | Err(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let environment =
            environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::from_layers(Some(file), environment).map_err(|ConfigError(complaints)| complaints)
    }

    #[test]
    fn the_defaults_can_be_used() {
        let config = load("", &[]).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.callback.schedule_secs, [15, 15, 30, 180, 600, 1200, 1800]);
        assert_eq!(config.secrets.master_key_file, None);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = "[price]\nenergy_price_sun = 70\nactivation_price_sun = 9";
        let environment = [
            ("SUNSWEEP_PRICE__ENERGY_PRICE_SUN", "80"),
            ("SUNSWEEP_NODE__URLS", "http://a:8090, http://b:8090"),
            ("SUNSWEEP_CALLBACK__ALLOW_PRIVATE", "true"),
            ("SUNSWEEP_MASTER_KEY", "is not a setting"),
        ];
        let config = load(file, &environment).unwrap();
        assert_eq!(config.price.energy_price_sun, 80);
        assert_eq!(config.price.activation_price_sun, 9);
        assert_eq!(config.price.bandwidth_price_sun, 1_000);
        assert_eq!(config.node.urls, ["http://a:8090", "http://b:8090"]);
        assert!(config.callback.allow_private);
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_named_with_their_path() {
        let file = "[price]\nenergy_prize_sun = 1\n[extra]\nx = 1\n[order]\nhold_secs = \"1h\"";
        let complaints = load(file, &[("SUNSWEEP_NODE__URL", "x")]).unwrap_err();
        for named in ["price.energy_prize_sun", "extra", "order.hold_secs", "SUNSWEEP_NODE__URL"] {
            assert!(complaints.iter().any(|line| line.contains(named)), "{named}: {complaints:?}");
        }
    }

    #[test]
    fn all_complaints_come_at_once() {
        let file = "[pool]\nenergy_margin_ppm = 5001\n[node]\nurls = []\n[database]\nurl = \"mysql:x\"\n\
             [server]\npublic_url = \"pool.example\"";
        let complaints = load(file, &[]).unwrap_err();
        assert_eq!(complaints.len(), 4, "{complaints:?}");
    }

    #[test]
    fn what_is_shown_can_be_read_back_and_holds_no_secret() {
        let config = load("[server]\nlisten = \"127.0.0.1:1\"", &[]).unwrap();
        let shown = config.show();
        assert_eq!(load(&shown, &[]).unwrap(), config);
        assert!(shown.contains("# wallet passphrase: "));
        let url = "postgres://shop:hunter2@db.example:5432/sunsweep?sslmode=require";
        let config = load(&format!("[database]\nurl = \"{url}\""), &[]).unwrap();
        assert!(config.is_database_shared());
        let shown = config.show();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("postgres://shop:hidden@db.example:5432/sunsweep?sslmode=require"));
    }

    #[test]
    fn every_default_has_a_comment_and_the_document_is_this_file() {
        let mut is_explained = false;
        for line in DEFAULTS.lines() {
            if line.starts_with('#') {
                is_explained = true;
            } else if line.is_empty() || line.starts_with('[') {
                is_explained = false;
            } else {
                let pair = line.starts_with("energy_to_empty");
                assert!(is_explained || pair, "no comment above: {line}");
            }
        }
        let document = include_str!("../../../docs/configuration.md");
        assert!(document.contains(DEFAULTS), "docs/configuration.md must hold config.default.toml");
    }
}
