//! What opens what is sealed, and what signs.

use super::parts::{keystore, passphrase, sealer};
use crate::config::Config;
use crate::keystore::Keyring;
use crate::secret::Sealer;

/// What a product needs besides its configuration.
pub struct Secrets {
    /// Opens what is sealed in the database.
    pub sealer: Sealer,
    /// Signs for the pool.
    pub keyring: Keyring,
}

impl Secrets {
    /// Reads the master key and opens every wallet.
    ///
    /// Errors: in words for the operator.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        let keystore = keystore(config);
        let keyring = match keystore.list()?.is_empty() {
            true => Keyring::default(),
            false => keystore.open_all(&passphrase(config)?)?,
        };
        Ok(Self { sealer: sealer(config)?, keyring })
    }
}
