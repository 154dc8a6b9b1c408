//! One world: devnet, product, merchant.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use app::App;
use app::ports::{Clock, Store};
use app::rows::{Key, NewWallet};
use app::watch_chain::Watcher;
use devnet::{Devnet, DevnetConfig};
use domain::key::KeyLimits;
use domain::ledger::facts::merchant_credited;
use domain::{KeyId, MerchantId, UnixMillis};
use store::SqlStore;
use sunsweep::boot::{Ports, Product, Secrets};
use sunsweep::config::Config;
use sunsweep::http_server::HttpServer;
use sunsweep::key_finder::KeyFinder;
use sunsweep::keys::seal_context;
use sunsweep::secret::{MasterKey, Sealer};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::subscriber::DefaultGuard;
use tron::{Address, Sun};

use super::chain;
use super::logs::Logs;
use super::ports::{CountedIds, LoopbackNames, ManualClock};
use crate::cluster::cluster;

/// The merchant's key.
pub(crate) const KEY: &str = "B433BFF1CDE7450AA38A56BEAC690DD4";
/// Its secret.
pub(crate) const SECRET: &str = "0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8";
/// When every world begins.
pub(crate) const NOW_MS: i64 = 1_686_796_826_000;
/// Between two blocks.
pub(crate) const BLOCK_MS: i64 = 3_000;

/// Where the rows are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// In memory; every call is done when it returns.
    Memory,
    /// In a file that is opened again after a restart; every call is done when it returns.
    File,
    /// In a file behind the threads of production.
    Threads,
    /// In PostgreSQL behind the threads of production: see [`World::shared`].
    Shared,
}

/// What differs from world to world.
pub(crate) struct Setup {
    pub(crate) now_ms: i64,
    pub(crate) balance_sun: i64,
    /// Where the merchant is told of orders that name no address.
    pub(crate) callback_url: Option<String>,
    /// Stake of each lender for energy; empty: the pool has nothing to lend.
    pub(crate) lender_stake_trx: Vec<i64>,
    pub(crate) storage: Storage,
    pub(crate) tune: fn(&mut Config),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            now_ms: NOW_MS,
            balance_sun: 100_000_000,
            callback_url: None,
            lender_stake_trx: vec![10_000_000, 10_000_000],
            storage: Storage::Memory,
            tune: |_| {},
        }
    }
}

/// A world. It has to be ended by one of the methods in `finish.rs`.
pub(crate) struct World {
    pub(crate) chain: Devnet,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) app: App,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) config: Config,
    pub(crate) merchant: MerchantId,
    /// Where the product listens.
    pub(crate) address: SocketAddr,
    pub(crate) payers: BTreeMap<Address, u64>,
    pub(crate) watcher: Watcher,
    pub(crate) key_finder: KeyFinder,
    /// What orders, callbacks and looks at the chain failed with.
    pub(crate) failures: Vec<String>,
    pub(crate) expected_logs: Vec<&'static str>,
    pub(crate) logs: Logs,
    pub(crate) is_finished: bool,
    /// Transfers that are still open when the world is left.
    pub(crate) open_transfers: usize,
    pub(crate) setup: Setup,
    _data: TempDir,
    pub(crate) node_stop: CancellationToken,
    ids: Arc<CountedIds>,
    edge: Running,
    _node: DropGuard,
    _capturing: DefaultGuard,
}

/// The edge of one life of the product.
struct Running {
    stop: CancellationToken,
    server: JoinHandle<()>,
}

/// A world that was left in the middle takes its connections to the database with it.
impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl World {
    /// A world as it is by default.
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    /// A world that differs.
    pub(crate) async fn with(setup: Setup) -> Self {
        let (logs, capturing) = Logs::capture();
        let data = tempfile::tempdir().unwrap();
        let start_time_ms = setup.now_ms - BLOCK_MS;
        let chain = Devnet::new(DevnetConfig { start_time_ms, ..DevnetConfig::default() }).unwrap();
        chain::found(&chain, &setup.lender_stake_trx);
        chain.mine(1);
        let (node_address, node_stop) = serve_node(&chain).await;
        let clock = Arc::new(ManualClock::at(setup.now_ms));
        let ids = Arc::new(CountedIds::default());
        let mut config =
            Config::for_devnet(&format!("http://{node_address}"), data.path(), BLOCK_MS).unwrap();
        (setup.tune)(&mut config);
        if setup.storage == Storage::Shared {
            config.database.url = cluster().expect("PostgreSQL is installed").database_url();
        }
        let store = open(&setup, &config);
        let merchant = furnish(&*store, &setup).await;
        let product = product(&config, &setup, store.clone(), clock.clone(), ids.clone());
        product.check_nodes().await;
        let (address, edge) = serve_edge(&product, &config).await;
        let mut world = Self {
            chain,
            clock,
            app: product.app.clone(),
            store,
            config,
            merchant,
            address,
            payers: BTreeMap::new(),
            watcher: product.watcher(),
            key_finder: product.key_finder(),
            failures: Vec::new(),
            expected_logs: Vec::new(),
            logs,
            is_finished: false,
            open_transfers: 0,
            setup,
            _data: data,
            _node: node_stop.clone().drop_guard(),
            node_stop,
            ids,
            edge,
            _capturing: capturing,
        };
        world.watch().await;
        world
    }

    /// A world whose database several servers can share; `None` where PostgreSQL is not installed.
    pub(crate) async fn shared() -> Option<Self> {
        cluster()?;
        Some(Self::with(Setup { storage: Storage::Shared, ..Setup::default() }).await)
    }

    /// The process ends here and another one starts on the same database.
    ///
    /// What was leased stays leased, what was only in memory is gone.
    pub(crate) async fn restart(&mut self) {
        self.die().await;
        self.end_turn().await;
    }

    /// The process ends here, and another one starts on the PostgreSQL that the shop was moved to.
    pub(crate) async fn restart_at(&mut self, url: String) {
        self.config.database.url = url;
        self.setup.storage = Storage::Shared;
        self.store = open(&self.setup, &self.config);
        self.restart().await;
    }

    /// The same, and the turn to follow the chain is still the dead one's.
    pub(crate) async fn die(&mut self) {
        self.edge.stop.cancel();
        (&mut self.edge.server).await.unwrap();
        if self.setup.storage == Storage::File {
            self.store = open(&self.setup, &self.config);
        }
        let product = self.product();
        product.check_nodes().await;
        (self.address, self.edge) = serve_edge(&product, &self.config).await;
        self.app = product.app.clone();
        self.watcher = product.watcher();
        self.key_finder = product.key_finder();
    }

    /// Ends whoever's turn to follow the chain, so that the next one need not wait for it; what it costs
    /// when nobody does is tested in `neighbours.rs`.
    async fn end_turn(&self) {
        let now = self.clock.now();
        let over = now.after_secs(3_600);
        let turn = self.store.take_turn("a test", over, over.after_ms(1)).await.unwrap();
        if let Some(turn) = turn {
            self.store.release(turn, now).await.unwrap();
        }
    }

    /// Another life of the product on the same database, not yet running.
    pub(crate) fn product(&self) -> Product {
        self.product_on(self.store.clone())
    }

    /// Another server with connections of its own to the shared database, not yet running.
    pub(crate) fn neighbour(&self) -> Product {
        self.product_on(Arc::new(connect(&self.config, store::Options::default())))
    }

    /// Another server with these connections, not yet running.
    pub(crate) fn product_on(&self, store: Arc<SqlStore>) -> Product {
        product(&self.config, &self.setup, store, self.clock.clone(), self.ids.clone())
    }

    /// The merchant's balances: what it can spend, and what is held.
    pub(crate) async fn balances(&self) -> (i64, i64) {
        let merchants = self.store.merchants().await.unwrap();
        let merchant = merchants.iter().find(|one| one.id == self.merchant).unwrap();
        (merchant.available.get(), merchant.held.get())
    }

    /// Money comes in.
    pub(crate) async fn credit(&self, sun: i64) {
        let (amount, now) = (Sun::new(sun), self.clock.now());
        let tx = merchant_credited([8; 16], self.merchant, amount, "test", now);
        self.store.post(tx).await.unwrap();
    }

    /// Another merchant with a key of this text, which is given back.
    pub(crate) async fn add_merchant_with_key(&self, key: &str) -> String {
        let merchant =
            self.store.add_merchant("Another shop", None, self.clock.now()).await.unwrap();
        self.store.add_key(&key_row(merchant, key, "other"), 3).await.unwrap().unwrap();
        key.to_owned()
    }

    /// A second key of the merchant, which refuses references that it knows.
    pub(crate) async fn add_strict_key(&self, key: &str) {
        let row = Key { is_reference_strict: true, ..key_row(self.merchant, key, "strict") };
        self.store.add_key(&row, 3).await.unwrap().unwrap();
    }

    /// A second key of the merchant, with these limits.
    pub(crate) async fn add_limited_key(&self, key: &str, limits: KeyLimits) {
        let row = Key { limits, ..key_row(self.merchant, key, "limited") };
        self.store.add_key(&row, 3).await.unwrap().unwrap();
    }

    /// A process that dies may log and fail as it likes.
    pub(crate) fn forget_what_the_dying_said(&mut self) {
        self.logs.clear();
        self.failures.clear();
    }

    /// A line with this text is to be logged at least once, and lines with it are fine.
    pub(crate) fn expect_log(&mut self, text: &'static str) {
        self.expected_logs.push(text);
    }
}

/// Starts the devnet's HTTP.
async fn serve_node(chain: &Devnet) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(devnet::serve(listener, chain.clone(), stop.clone().cancelled_owned()));
    (address, stop)
}

fn open(setup: &Setup, config: &Config) -> Arc<SqlStore> {
    let path = config.sqlite_path();
    Arc::new(match setup.storage {
        Storage::Memory => on_postgres().unwrap_or_else(|| SqlStore::inline_in_memory().unwrap()),
        Storage::File => SqlStore::inline_at(&path).unwrap(),
        Storage::Threads => SqlStore::open(&path, store::Options::default()).unwrap(),
        Storage::Shared => connect(config, store::Options::default()),
    })
}

/// Connections of one server to the shared database.
pub(crate) fn connect(config: &Config, options: store::Options) -> SqlStore {
    SqlStore::connect(&config.database.url.as_str().into(), options).unwrap()
}

/// A database of its own on PostgreSQL instead of memory, if `SUNSWEEP_EDGE_ON_POSTGRES` asks for it.
fn on_postgres() -> Option<SqlStore> {
    std::env::var_os("SUNSWEEP_EDGE_ON_POSTGRES")?;
    let url = cluster().expect("PostgreSQL is installed").database();
    Some(SqlStore::connect(&url.as_str().into(), store::Options::default()).unwrap())
}

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::from_hex(&"5a".repeat(32)).unwrap())
}

/// A key row of a merchant; every key has the same secret.
pub(crate) fn key_row(merchant: MerchantId, text: &str, name: &str) -> Key {
    Key {
        id: KeyId(0),
        merchant,
        text: text.to_owned(),
        name: name.to_owned(),
        sealed_secret: sealer().seal(&seal_context(text), SECRET.as_bytes()).unwrap(),
        is_reference_strict: false,
        limits: KeyLimits::default(),
        created: UnixMillis(NOW_MS),
        revoked: None,
    }
}

/// Wallets, the merchant, its money and its key.
async fn furnish(store: &dyn Store, setup: &Setup) -> MerchantId {
    for (address, signer, role) in chain::wallets(setup.lender_stake_trx.len()) {
        store.put_wallet(NewWallet { address, signer, role, permission_id: 2 }).await.unwrap();
    }
    let now = UnixMillis(setup.now_ms);
    let merchant = store.add_merchant("Shop", setup.callback_url.as_deref(), now).await.unwrap();
    if setup.balance_sun > 0 {
        let amount = Sun::new(setup.balance_sun);
        store.post(merchant_credited([7; 16], merchant, amount, "test", now)).await.unwrap();
    }
    store.add_key(&key_row(merchant, KEY, "MY API"), 3).await.unwrap().unwrap();
    merchant
}

fn product(
    config: &Config,
    setup: &Setup,
    store: Arc<SqlStore>,
    clock: Arc<ManualClock>,
    ids: Arc<CountedIds>,
) -> Product {
    let keyring = chain::hot_keys(setup.lender_stake_trx.len());
    let secrets = Secrets { sealer: sealer(), keyring };
    let ports = Ports { store, clock, ids, lookup: Arc::new(LoopbackNames) };
    Product::with_ports(config.clone(), secrets, ports).unwrap()
}

/// Starts the product's HTTP.
async fn serve_edge(product: &Product, config: &Config) -> (SocketAddr, Running) {
    let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
    let server = HttpServer::bind(anywhere, config.http_limits()).await.unwrap();
    let (address, stop) = (server.local_address(), CancellationToken::new());
    let server = tokio::spawn(server.run(product.router(), stop.clone()));
    (address, Running { stop, server })
}
