//! Put the product together: from a configuration to use cases, edge and workers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use app::administer::Administrator;
use app::chain_view::ChainView;
use app::pool_figures::FiguresKept;
use app::ports::{Clock, Ids, Signer, Store};
use app::records::{Database, Records, Sessions};
use app::watch_chain::Watcher;
use app::{App, Settings};
use axum::Router;
use domain::pricing::PriceList;
use node::{
    CacheSettings, Cached, Endpoint, Failover, FailoverSettings, HttpLimits, HttpTransport,
    JsonNode, LossRule, Member, NodeSettings, RequestLimit, TronNode,
};
use store::SqlStore;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::admin::{self, AdminEdge};
use crate::callback_client::{
    CallbackClient, CallbackSettings, Lookup, SystemLookup, TargetPolicy,
};
use crate::config::Config;
use crate::console::{self, ConsoleEdge};
use crate::deposit_keys::AccountXpub;
use crate::http_server::HttpServer;
use crate::keys::Keys;
use crate::keystore::{Keyring, Keystore, PASSPHRASE_VARIABLE, Passphrase};
use crate::limit::Limits;
use crate::poster::SigningPoster;
use crate::route::{Edge, routes};
use crate::secret::{MASTER_KEY_VARIABLE, MasterKey, Sealer};
use crate::system::{SystemClock, SystemIds};
use crate::wallet_desk::{PoolSigner, WalletDesk};
use crate::worker::{self, Pace};

/// Connections that read from PostgreSQL: a question waits for the network, not for a processor.
const POSTGRES_READERS: usize = 4;
/// Time between two checks of the nodes' health.
const HEALTH_EVERY: Duration = Duration::from_secs(3);

/// A product that is put together and not yet running.
pub struct Product {
    /// The use cases.
    pub app: App,
    /// The rows.
    pub store: Arc<dyn Store>,
    /// What lists are read from.
    pub records: Arc<dyn Records>,
    /// How the workers pace themselves.
    pub pace: Pace,
    database: Arc<dyn Database>,
    signer: Arc<PoolSigner>,
    sessions: Arc<dyn Sessions>,
    keys: Arc<Keys>,
    limits: Arc<Limits>,
    sealer: Arc<Sealer>,
    is_ready: Arc<AtomicBool>,
    callbacks: Arc<CallbackClient>,
    nodes: Arc<Failover>,
    cached: Arc<Cached<dyn TronNode>>,
    config: Config,
}

/// What a product meets outside itself besides the nodes: the system's, or a test's.
pub struct Ports {
    /// Keeps rows.
    pub store: Arc<dyn Database>,
    /// Reads the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identities.
    pub ids: Arc<dyn Ids>,
    /// Finds the hosts of callbacks.
    pub lookup: Arc<dyn Lookup>,
}

impl Ports {
    /// The configured database, and the system for the rest.
    ///
    /// Errors: in words for the operator.
    pub fn system(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            store: open_store(config)?,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            lookup: Arc::new(SystemLookup),
        })
    }
}

/// Where a product takes requests, with the ports that it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// Merchants, and whoever uses the console.
    pub server: SocketAddr,
    /// The admin interface, if it has an address.
    pub admin: Option<SocketAddr>,
}

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

impl Product {
    /// Opens the database, connects to the nodes and puts everything together.
    ///
    /// Errors: in words for the operator.
    pub fn new(config: Config, secrets: Secrets) -> anyhow::Result<Self> {
        let ports = Ports::system(&config)?;
        Self::with_ports(config, secrets, ports)
    }

    /// Puts everything together around these ports; the nodes are the configured ones.
    ///
    /// Errors: in words for the operator.
    pub fn with_ports(config: Config, secrets: Secrets, ports: Ports) -> anyhow::Result<Self> {
        let Ports { store: database, clock, ids, lookup } = ports;
        let rows: Arc<dyn Store> = database.clone();
        let (nodes, cached) = connect(&config)?;
        let sealer = Arc::new(secrets.sealer);
        let keys = || Keys::new(rows.clone(), sealer.clone(), clock.clone());
        let callbacks = Arc::new(callback_client(&config, lookup)?);
        let poster = SigningPoster::new(callbacks.clone(), keys(), clock.clone());
        let limits = Arc::new(Limits::new(&config.limit_settings(), clock.clone()));
        let keys = Arc::new(keys().limited_by(limits.clone()));
        let is_ready = Arc::new(AtomicBool::new(true));
        let signer = Arc::new(PoolSigner::new(secrets.keyring));
        let app = App {
            store: rows.clone(),
            batches: database.clone(),
            node: nodes.clone(),
            cached_node: cached.clone(),
            signer: signer.clone(),
            poster: Arc::new(poster),
            format: Arc::new(wire::WireFormat),
            clock: clock.clone(),
            ids,
            settings: Arc::new(settings(&config)),
            view: Arc::new(ChainView::default()),
            order_bell: Arc::new(Notify::new()),
            policy_bell: Arc::new(Notify::new()),
            batch_bell: Arc::new(Notify::new()),
            transfer_bell: Arc::new(Notify::new()),
            callback_bell: Arc::new(Notify::new()),
            last_timestamp_ms: Arc::default(),
        };
        let pace = pace(&config);
        let records: Arc<dyn Records> = database.clone();
        let sessions: Arc<dyn Sessions> = database.clone();
        Ok(Self {
            app,
            store: rows,
            records,
            database,
            signer,
            sessions,
            pace,
            keys,
            limits,
            sealer,
            callbacks,
            is_ready,
            nodes,
            cached,
            config,
        })
    }

    /// What follows the chain; each new head empties the cache of reads first.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        let cached = self.cached.clone();
        Watcher::new(self.app.clone(), Box::new(move |head| cached.advance_to(head.id)))
    }

    /// The routes.
    pub fn router(&self) -> Router {
        let merchants = routes(Arc::new(Edge {
            app: self.app.clone(),
            keys: self.keys.clone(),
            trusted_proxies: self.config.trusted_proxies(),
            callbacks: self.callbacks.clone(),
            transfer_amounts: self.config.transfer_amounts(),
            is_ready: self.is_ready.clone(),
            limits: self.limits.clone(),
            figures: FiguresKept::default(),
            public_url: self.config.public_url(),
        }));
        match self.console_edge() {
            Some(edge) => merchants.merge(console::routes(Arc::new(edge))),
            None => merchants,
        }
    }

    /// What the console's handlers share, if there is a console.
    fn console_edge(&self) -> Option<ConsoleEdge> {
        let settings = self.config.console_settings()?;
        Some(ConsoleEdge {
            settings,
            nodes: self.nodes.clone(),
            is_ready: self.is_ready.clone(),
            live_places: Arc::new(Semaphore::new(settings.live_max)),
            app: self.app.clone(),
            records: self.records.clone(),
            sessions: self.sessions.clone(),
            sealer: self.sealer.clone(),
            callbacks: self.callbacks.clone(),
            deposit_keys: self.config.deposit_keys().ok().flatten(),
            trusted_proxies: self.config.trusted_proxies(),
            public_url: self.config.public_url(),
            limits: self.limits.clone(),
            hasher: console::Hasher::default(),
            address_lock: console::AddressLock::default(),
            database: self.database.clone(),
            wallets: WalletDesk::new(
                keystore(&self.config),
                self.config.pool.passphrase_file.clone(),
                self.signer.clone(),
            ),
            audits: console::AuditDesk::default(),
        })
    }

    /// The routes of the admin interface, for a listener of their own.
    pub fn admin_router(&self) -> Router {
        admin::routes(Arc::new(AdminEdge {
            app: self.app.clone(),
            records: self.records.clone(),
            sealer: self.sealer.clone(),
            callbacks: self.callbacks.clone(),
            deposit_keys: self.config.deposit_keys().ok().flatten(),
            trusted_proxies: self.config.trusted_proxies(),
            tokens: admin::Tokens::default(),
        }))
    }

    /// The nodes that it asks.
    #[must_use]
    pub fn node_urls(&self) -> &[String] {
        &self.config.node.urls
    }

    /// Reads for new orders through this cache instead, which is emptied at each block as well.
    pub fn read_through(&mut self, cached: Arc<Cached<dyn TronNode>>) {
        self.app.cached_node = cached.clone();
        self.cached = cached;
    }

    /// Binds the admin interface's own address, if it has one.
    async fn bind_admin(&self) -> anyhow::Result<Option<HttpServer>> {
        let Some(listen) = self.config.admin.listen else { return Ok(None) };
        let server = HttpServer::bind(listen, self.config.http_limits()).await?;
        tracing::info!(address = %server.local_address(), "the admin interface listens");
        Ok(Some(server))
    }

    /// Listens, starts the workers, and runs until it is to end; then lets started requests finish.
    ///
    /// `on_listening` is told the real addresses once requests are taken.
    pub async fn run(
        self,
        listen: SocketAddr,
        Stop { notice, end: stop }: Stop,
        on_listening: impl FnOnce(Listening),
    ) -> anyhow::Result<()> {
        let server = HttpServer::bind(listen, self.config.http_limits()).await?;
        let admin = self.bind_admin().await?;
        let listening = Listening {
            server: server.local_address(),
            admin: admin.as_ref().map(HttpServer::local_address),
        };
        // The embedded database has one server, this one; a shared one may have others at work.
        if !self.config.is_database_shared() {
            let freed = self.store.free_leases().await?;
            if freed > 0 {
                tracing::info!(freed, "work of an earlier start is taken up again");
            }
        }
        let workers_stop = CancellationToken::new();
        let workers = worker::start(&self.app, self.pace, self.watcher(), &workers_stop);
        workers.reopen();
        let clock = self.app.clock.clone();
        workers.spawn(watch_health(self.nodes.clone(), clock, workers_stop.clone()));
        if let Some(console) = self.config.console_settings() {
            workers.spawn(worker::forget_sessions(
                self.sessions.clone(),
                console.sessions,
                self.app.clock.clone(),
                workers_stop.clone(),
            ));
        }
        workers.close();
        on_listening(listening);
        let (ending, is_ready) = (stop.clone(), self.is_ready.clone());
        let drain = async move {
            tokio::select! {
                () = notice.cancelled() => {}
                () = ending.cancelled() => {}
            }
            is_ready.store(false, Ordering::Relaxed);
        };
        let serve_admin = async {
            if let Some(admin) = admin {
                admin.run(self.admin_router(), stop.clone()).await;
            }
        };
        tokio::join!(server.run(self.router(), stop.clone()), serve_admin, drain);
        workers_stop.cancel();
        workers.wait().await;
        Ok(())
    }
}

/// How a server is told to end, in two steps.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// From now on `/readyz` says no, so that load balancers send requests elsewhere; those that come are
    /// answered.
    pub notice: CancellationToken,
    /// No further connection is taken.
    pub end: CancellationToken,
}

impl From<CancellationToken> for Stop {
    /// Without a notice.
    fn from(end: CancellationToken) -> Self {
        Self { notice: end.clone(), end }
    }
}

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
        let database = open_store(&config)?;
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
            actor: user.map_or_else(|| "cli".to_owned(), |user| format!("cli {user}")),
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
        keystore(&self.config)
    }

    /// The passphrase of the wallets.
    pub fn passphrase(&self) -> anyhow::Result<Passphrase> {
        passphrase(&self.config)
    }

    /// What signs for the pool: every wallet's key is opened.
    pub fn signer(&self) -> anyhow::Result<Arc<dyn Signer>> {
        let keyring = keystore(&self.config).open_all(&passphrase(&self.config)?)?;
        Ok(Arc::new(PoolSigner::new(keyring)))
    }

    /// What seals secrets.
    pub fn sealer(&self) -> anyhow::Result<Sealer> {
        sealer(&self.config)
    }

    /// The configured nodes.
    pub fn node(&self) -> anyhow::Result<Arc<dyn TronNode>> {
        Ok(connect(&self.config)?.0)
    }

    /// The key that deposit addresses come from, if one is configured.
    pub fn deposit_keys(&self) -> anyhow::Result<Option<AccountXpub>> {
        Ok(self.config.deposit_keys()?)
    }

    /// Refuses an address that callbacks would never be posted to.
    pub fn check_callback_url(&self, url: &str) -> anyhow::Result<()> {
        Ok(callback_client(&self.config, Arc::new(SystemLookup))?.check_url(url)?)
    }
}

async fn watch_health(nodes: Arc<Failover>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        nodes.check(clock.now().get()).await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(HEALTH_EVERY) => {}
        }
    }
}

/// Where the configured database is, for commands that work with the file.
///
/// Errors: in words for the operator; also when it is no file.
pub fn sqlite_path(config: Option<&Path>) -> anyhow::Result<PathBuf> {
    let config = Config::load(config)?;
    anyhow::ensure!(
        !config.is_database_shared(),
        "this is for SQLite; copy PostgreSQL with its own tools, such as pg_dump"
    );
    Ok(config.sqlite_path())
}

/// Opens the configured database and brings its schema up to date.
///
/// Errors: in words for the operator.
pub fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Database>> {
    if config.is_database_shared() {
        let url = config.postgres_url(&config.database.url)?;
        let options = store::Options { readers: POSTGRES_READERS, ..store::Options::default() };
        return Ok(Arc::new(SqlStore::connect(&url, options)?));
    }
    let path = config.sqlite_path();
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory)?;
    }
    Ok(Arc::new(SqlStore::open(&path, store::Options::default())?))
}

fn keystore(config: &Config) -> Keystore {
    Keystore::new(config.pool.wallets_dir.clone())
}

fn passphrase(config: &Config) -> anyhow::Result<Passphrase> {
    let variable = std::env::var(PASSPHRASE_VARIABLE).ok();
    Ok(Passphrase::load(variable.as_deref(), config.pool.passphrase_file.as_deref())?)
}

fn sealer(config: &Config) -> anyhow::Result<Sealer> {
    let variable = std::env::var(MASTER_KEY_VARIABLE).ok();
    let key = MasterKey::load(variable.as_deref(), config.secrets.master_key_file.as_deref())?;
    Ok(Sealer::new(&key))
}

fn callback_client(config: &Config, lookup: Arc<dyn Lookup>) -> anyhow::Result<CallbackClient> {
    let mut targets = match config.callback.allow_private {
        true => TargetPolicy::everything(),
        false => TargetPolicy::public_only(),
    };
    for host in &config.callback.allow_hosts {
        targets = targets.allowing_host(host)?;
    }
    let timeout = Duration::from_secs(config.callback.timeout_secs);
    Ok(CallbackClient::with_lookup(CallbackSettings { timeout, targets }, lookup)?)
}

/// The nodes with fail-over, and the same behind a cache that is emptied at each block.
type Nodes = (Arc<Failover>, Arc<Cached<dyn TronNode>>);

fn connect(config: &Config) -> anyhow::Result<Nodes> {
    let api_key = config.node_api_key()?;
    let request_deadline = Duration::from_millis(config.node.request_timeout_ms);
    // One silent node must leave time for the next one.
    let call_timeout = match config.node.urls.len() {
        1 => request_deadline,
        _ => request_deadline / 2,
    };
    let mut members = Vec::new();
    for url in &config.node.urls {
        let mut endpoint = Endpoint::new(url)?;
        if let Some(key) = &api_key {
            endpoint = endpoint.with_api_key(key)?;
        }
        let name = endpoint.name();
        let limits = HttpLimits {
            call_timeout,
            requests: RequestLimit::per_second(config.node.requests_per_second),
            ..HttpLimits::default()
        };
        let settings = NodeSettings {
            call_timeout,
            loss_rule: match config.node.is_provider {
                true => LossRule::POOL,
                false => LossRule::SINGLE,
            },
            // The totals come with any existing account's resources; the token surely exists.
            totals_addresses: vec![config.token.contract, node::black_hole()],
        };
        let node = JsonNode::new(HttpTransport::new(endpoint, limits)?, settings);
        members.push(Member::new(name, Arc::new(node)));
    }
    let failover = FailoverSettings { request_deadline, ..FailoverSettings::default() };
    let nodes = Arc::new(Failover::new(members, failover));
    let behind: Arc<dyn TronNode> = nodes.clone();
    Ok((nodes, Arc::new(Cached::new(behind, CacheSettings::default()))))
}

fn pace(config: &Config) -> Pace {
    Pace {
        idle: Duration::from_millis(config.worker.idle_ms),
        poll: Duration::from_millis(config.node.poll_ms),
        orders_at_once: config.worker.orders_at_once,
        callbacks_at_once: config.worker.callbacks_at_once,
        policies_at_once: config.worker.policies_at_once,
        batches_at_once: config.worker.batches_at_once,
    }
}

fn settings(config: &Config) -> Settings {
    config.settings(format!("{}-{}", std::process::id(), SystemClock.now().get()))
}
