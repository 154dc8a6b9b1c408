//! Put the product together: from a configuration to use cases, edge and workers.

mod offline;
mod parts;
mod secrets;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use app::App;
use app::chain_view::ChainView;
use app::pool_figures::FiguresKept;
use app::ports::{Clock, Ids, Store};
use app::records::{Database, Records, Sessions};
use app::watch_chain::Watcher;
use axum::Router;
use node::{Cached, Failover, TronNode};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

pub use self::offline::{COMMAND_LINE, Offline};
use self::parts::{callback_client, connect, keystore, pace, settings};
pub use self::parts::{open_store, sqlite_path};
pub use self::secrets::Secrets;
use crate::admin::{self, AdminEdge};
use crate::callback_client::{CallbackClient, Lookup, SystemLookup};
use crate::config::Config;
use crate::console::{self, ConsoleEdge};
use crate::http_server::HttpServer;
use crate::key_finder::KeyFinder;
use crate::keys::Keys;
use crate::limit::Limits;
use crate::poster::SigningPoster;
use crate::route::{Edge, routes};
use crate::secret::Sealer;
use crate::system::{SystemClock, SystemIds};
use crate::wallet_desk::{PoolSigner, WalletDesk};
use crate::worker::{self, Pace};

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
            batch_places: Arc::default(),
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
            wallets: self.wallet_desk(),
            audits: console::AuditDesk::default(),
        })
    }

    fn wallet_desk(&self) -> WalletDesk {
        let passphrase_file = self.config.pool.passphrase_file.clone();
        WalletDesk::new(keystore(&self.config), passphrase_file, self.signer.clone())
    }

    /// What finds the keys of wallets that are added beside the running server.
    #[must_use]
    pub fn key_finder(&self) -> KeyFinder {
        KeyFinder::new(self.wallet_desk())
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

    /// Looks once at which nodes are good to act on. One that does not answer in time is not, until it does.
    ///
    /// Shape: two requests a node, all at once, for at most `node.request_timeout_ms`.
    pub async fn check_nodes(&self) {
        self.nodes.check(self.app.clock.now().get()).await;
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
        // What a node that is far behind shows must not be believed because nobody has looked yet.
        tokio::select! {
            () = self.check_nodes() => {}
            () = stop.cancelled() => {}
        }
        let workers_stop = CancellationToken::new();
        let workers = worker::start(&self.app, self.pace, self.watcher(), &workers_stop);
        workers.reopen();
        let clock = self.app.clock.clone();
        workers.spawn(watch_health(self.nodes.clone(), clock, workers_stop.clone()));
        workers.spawn(self.key_finder().run(workers_stop.clone()));
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

async fn watch_health(nodes: Arc<Failover>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        nodes.check(clock.now().get()).await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(HEALTH_EVERY) => {}
        }
    }
}
