//! Configuration: what can be set, where it comes from, whether it makes sense.
//!
//! Not here: reading secrets (`secret`, `keystore`); the configuration only names their files.
//!
//! Invariants: `config.default.toml` is the reference and holds every key; whatever is wrong is
//! said all at once, with the key, the value, where it came from, and what would be right.
//!
//! Read next: `config.default.toml`, then [`Config`].

mod keys;
mod section;
mod show;
mod source;
mod value;

use std::fmt;

pub use section::{
    CallbackSection, DatabaseSection, LogSection, NodeSection, OrderSection, PoolSection,
    PriceSection, SecretsSection, ServerSection, TokenSection, WorkerSection,
};
pub use source::{ENVIRONMENT_PREFIX, MAX_FILE_BYTES, Sources, SourcesError};

use value::Values;

/// The reference: every key with its default and its explanation.
pub const DEFAULT_TOML: &str = include_str!("config.default.toml");

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// What listens for merchants.
    pub server: ServerSection,
    /// Where orders, money and callbacks are kept.
    pub database: DatabaseSection,
    /// The TRON nodes.
    pub node: NodeSection,
    /// The token that is collected.
    pub token: TokenSection,
    /// What merchants pay.
    pub price: PriceSection,
    /// The wallets whose stake is lent.
    pub pool: PoolSection,
    /// How orders are taken and filled.
    pub order: OrderSection,
    /// The posts to merchants.
    pub callback: CallbackSection,
    /// The background work.
    pub worker: WorkerSection,
    /// Where secrets are.
    pub secrets: SecretsSection,
    /// What is written to standard error.
    pub log: LogSection,
}

/// Everything that is wrong with a configuration, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaints(pub Vec<String>);

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} mistake(s):", self.0.len())?;
        self.0.iter().try_for_each(|complaint| write!(f, "\n  {complaint}"))
    }
}

impl std::error::Error for Complaints {}

impl Config {
    /// Puts the sources over the defaults and checks the result.
    ///
    /// Errors: every unknown key, wrong type, value out of range and contradiction, all at once.
    pub fn load(sources: &Sources) -> Result<Self, Complaints> {
        let values = Values::collect(sources)?;
        let config = Self::of(&values);
        let contradictions = config.contradictions();
        if contradictions.is_empty() { Ok(config) } else { Err(Complaints(contradictions)) }
    }

    /// The defaults alone.
    ///
    /// Panics: never; a test loads them.
    #[must_use]
    pub fn defaults() -> Self {
        Self::load(&Sources::default()).expect("the defaults are checked by a test")
    }

    /// What `config check` prints: that the configuration is in order, and what is risky about it.
    ///
    /// Errors: as [`Self::load`].
    pub fn check(sources: &Sources) -> Result<String, Complaints> {
        let config = Self::load(sources)?;
        let mut text = "the configuration is in order\n".to_owned();
        for warning in config.warnings() {
            text.push_str(&format!("warning: {warning}\n"));
        }
        Ok(text)
    }

    /// What `config show` prints: every key with its value and where that came from, in the form of
    /// a configuration file; passwords and paths of URLs are masked, secrets are set or unset.
    ///
    /// Errors: as [`Self::load`].
    pub fn show(sources: &Sources) -> Result<String, Complaints> {
        Self::load(sources)?;
        Ok(show::text(&Values::collect(sources)?, sources))
    }

    /// What is allowed but risky, in the operator's words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.pool.permission_id == 0 {
            warnings.push(
                "pool.permission_id = 0: the pool keys are the owners' keys, whoever steals one \
                 can take all the TRX"
                    .to_owned(),
            );
        }
        if self.callback.allow_private {
            warnings.push(
                "callback.allow_private = true: merchants can make this server post to every \
                 machine of your network"
                    .to_owned(),
            );
        }
        warnings
    }

    fn of(values: &Values) -> Self {
        Self {
            server: ServerSection::of(values),
            database: DatabaseSection::of(values),
            node: NodeSection::of(values),
            token: TokenSection::of(values),
            price: PriceSection::of(values),
            pool: PoolSection::of(values),
            order: OrderSection::of(values),
            callback: CallbackSection::of(values),
            worker: WorkerSection::of(values),
            secrets: SecretsSection::of(values),
            log: LogSection::of(values),
        }
    }

    /// Values that are fine alone and not together.
    fn contradictions(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.token.energy_to_empty < self.token.energy_to_holder {
            complaints.push(
                "token.energy_to_empty is below token.energy_to_holder: a first transfer never \
                 costs less"
                    .to_owned(),
            );
        }
        if self.node.request_timeout_ms >= self.server.request_deadline_ms {
            complaints.push(
                "node.request_timeout_ms must be below server.request_deadline_ms: otherwise one \
                 slow node ends every order"
                    .to_owned(),
            );
        }
        if self.worker.lease_secs <= self.callback.timeout_secs {
            complaints.push(
                "worker.lease_secs must be above callback.timeout_secs: otherwise a callback is \
                 posted again while the first post is under way"
                    .to_owned(),
            );
        }
        complaints
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
