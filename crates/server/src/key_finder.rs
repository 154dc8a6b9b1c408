//! Keys of wallets whose files come while the server runs: from `wallet add` on the command line, or copied
//! here from another server of the shop.
//!
//! Invariant: a file that cannot be opened changes nothing for the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tron::Address;

use crate::keystore::KeystoreError;
use crate::wallet_desk::{KeyRefused, WalletDesk};

/// Between two looks for new files. An order that was given a wallet without its key looks again as often.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// A file that could not be opened is left alone for so long: it may have been half written, and each try costs
/// 160 ms of a processor.
const REFUSED_FOR: Duration = Duration::from_secs(15);

/// A new file, and what became of it.
type Opened = (Address, Result<(), KeyRefused>);

/// Looks for files whose keys do not sign yet.
#[derive(Clone)]
pub struct KeyFinder {
    desk: WalletDesk,
    refused: Arc<Mutex<BTreeMap<Address, Instant>>>,
}

impl KeyFinder {
    /// Looks where this desk keeps its keys.
    #[must_use]
    pub fn new(desk: WalletDesk) -> Self {
        Self { desk, refused: Arc::default() }
    }

    /// Opens what is new, and signs with it from now on.
    ///
    /// Shape: one reading of the directory; 160 ms and 64 MiB for each new file, on a thread that may block.
    /// What cannot be opened is in the log.
    pub async fn look(&self) {
        let finder = self.clone();
        let Ok(opened) = tokio::task::spawn_blocking(move || finder.open_new()).await else {
            return tracing::warn!("the look for new wallet files was cut off");
        };
        match opened {
            Ok(opened) => opened.into_iter().for_each(|(address, opened)| tell(address, opened)),
            Err(error) => tracing::warn!("new wallet files cannot be looked for: {error}"),
        }
    }

    fn open_new(&self) -> Result<Vec<Opened>, KeystoreError> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, since| since.elapsed() < REFUSED_FOR);
        let mut unopened = self.desk.unopened()?;
        unopened.retain(|address| !refused.contains_key(address));
        let opened = unopened.into_iter().map(|address| (address, self.desk.open(address)));
        let opened: Vec<_> = opened.collect();
        let failed = opened.iter().filter(|(_, opened)| opened.is_err());
        refused.extend(failed.map(|(address, _)| (*address, Instant::now())));
        Ok(opened)
    }

    /// Looks again and again until it is stopped.
    pub(crate) async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            self.look().await;
        }
    }
}

fn tell(address: Address, opened: Result<(), KeyRefused>) {
    match opened.map_err(anyhow::Error::from) {
        Ok(()) => tracing::info!(%address, "the key of a new wallet file signs from now on"),
        Err(error) => tracing::warn!(%address, "a new wallet file was not opened: {error:#}"),
    }
}
