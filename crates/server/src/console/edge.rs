//! What the handlers of the console share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use app::App;
use app::records::{Database, Records, Sessions};
use domain::key::AllowList;
use domain::person::SessionLimits;
use node::Failover;
use tokio::sync::Semaphore;
use url::Url;

use super::address_lock::AddressLock;
use super::audit_desk::AuditDesk;
use super::password::Hasher;
use crate::callback_client::CallbackClient;
use crate::deposit_keys::AccountXpub;
use crate::limit::Limits;
use crate::secret::Sealer;
use crate::wallet_desk::WalletDesk;

/// What is set for the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// How long an invitation's link works, in seconds.
    pub invitation_secs: i64,
    /// Largest body of a request, in bytes.
    pub body_limit_bytes: usize,
    /// Time between two looks for what changed, for each live page.
    pub live_every: Duration,
    /// Live pages at the same time.
    pub live_max: usize,
}

/// What handlers share.
pub struct ConsoleEdge {
    /// The use cases.
    pub app: App,
    /// What lists are read from.
    pub records: Arc<dyn Records>,
    /// Who is signed in.
    pub sessions: Arc<dyn Sessions>,
    /// Seals the secrets of new keys and of people.
    pub sealer: Arc<Sealer>,
    /// Judges callback addresses, and posts test callbacks.
    pub callbacks: Arc<CallbackClient>,
    /// What deposit addresses come from, if it is set.
    pub deposit_keys: Option<AccountXpub>,
    /// The networks of the proxies in front of it.
    pub trusted_proxies: AllowList,
    /// How browsers reach it, if it is set.
    pub public_url: Option<Url>,
    /// How often somebody who is not signed in may ask.
    pub limits: Arc<Limits>,
    /// What is set.
    pub settings: ConsoleSettings,
    /// The nodes, for how they are.
    pub nodes: Arc<Failover>,
    /// Whether this process serves; false while it drains.
    pub is_ready: Arc<AtomicBool>,
    /// Places of live pages.
    pub live_places: Arc<Semaphore>,
    /// Checks passwords, a few at a time.
    pub hasher: Hasher,
    /// Addresses that have to wait.
    pub address_lock: AddressLock,
    /// Rows and lists together, for audits.
    pub database: Arc<dyn Database>,
    /// Takes in keys of wallets.
    pub wallets: WalletDesk,
    /// Audits that run, and what the last one found.
    pub audits: AuditDesk,
}
