//! What is put together for commands that need no running server.

use std::path::Path;
use std::sync::Arc;

use app::administer::Administrator;
use app::ports::{Clock, Signer, Store};
use app::records::{Database, Records};
use domain::pricing::PriceList;
use node::TronNode;

use super::parts;
use crate::callback_client::SystemLookup;
use crate::config::Config;
use crate::deposit_keys::AccountXpub;
use crate::keystore::{Keystore, Passphrase};
use crate::secret::Sealer;
use crate::system::SystemClock;
use crate::wallet_desk::PoolSigner;

/// Whose keys of manual entries those of the command line are, whoever is logged in: the next shift repeats a
/// command as well.
pub const COMMAND_LINE: &str = "cli";

/// What commands that only touch the database use.
pub struct Offline {
    /// The rows.
    pub store: Arc<dyn Store>,
    /// What lists are read from.
    pub records: Arc<dyn Records>,
    /// Both of them.
    pub database: Arc<dyn Database>,
    config: Config,
    runtime: tokio::runtime::Runtime,
}

impl Offline {
    /// Opens the configured database.
    ///
    /// Errors: in words for the operator.
    pub fn open(config: Option<&Path>) -> anyhow::Result<Self> {
        let config = Config::load(config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let database = parts::open_store(&config)?;
        let (store, records) = (database.clone(), database.clone());
        Ok(Self { store, records, database, config, runtime })
    }

    /// Waits for something.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Who makes changes from the command line, for the log.
    #[must_use]
    pub fn administrator(&self) -> Administrator {
        let user = ["SUDO_USER", "USER"].into_iter().find_map(|name| std::env::var(name).ok());
        Administrator {
            store: self.store.clone(),
            actor: user
                .map_or_else(|| COMMAND_LINE.to_owned(), |user| format!("{COMMAND_LINE} {user}")),
            now: SystemClock.now(),
        }
    }

    /// The prices of the configuration: what holds where nothing is set.
    #[must_use]
    pub fn configured_prices(&self) -> PriceList {
        self.config.price_list()
    }

    /// How long an invitation to the console works, in seconds.
    #[must_use]
    pub const fn invitation_secs(&self) -> i64 {
        self.config.console.invitation_hours * 3_600
    }

    /// How browsers reach the server: `server.public_url`, else the address that it listens on.
    #[must_use]
    pub fn origin(&self) -> String {
        let public = self.config.public_url().map(|url| url.to_string());
        public.unwrap_or_else(|| format!("http://{}", self.config.server.listen))
    }

    /// The directory of encrypted wallets.
    #[must_use]
    pub fn keystore(&self) -> Keystore {
        parts::keystore(&self.config)
    }

    /// The passphrase of the wallets.
    pub fn passphrase(&self) -> anyhow::Result<Passphrase> {
        parts::passphrase(&self.config)
    }

    /// What signs for the pool: every wallet's key is opened.
    pub fn signer(&self) -> anyhow::Result<Arc<dyn Signer>> {
        let keyring = parts::keystore(&self.config).open_all(&parts::passphrase(&self.config)?)?;
        Ok(Arc::new(PoolSigner::new(keyring)))
    }

    /// What seals secrets.
    pub fn sealer(&self) -> anyhow::Result<Sealer> {
        parts::sealer(&self.config)
    }

    /// The configured nodes.
    pub fn node(&self) -> anyhow::Result<Arc<dyn TronNode>> {
        Ok(parts::connect(&self.config)?.0)
    }

    /// The key that deposit addresses come from, if one is configured.
    pub fn deposit_keys(&self) -> anyhow::Result<Option<AccountXpub>> {
        Ok(self.config.deposit_keys()?)
    }

    /// Refuses an address that callbacks would never be posted to.
    pub fn check_callback_url(&self, url: &str) -> anyhow::Result<()> {
        Ok(parts::callback_client(&self.config, Arc::new(SystemLookup))?.check_url(url)?)
    }
}
