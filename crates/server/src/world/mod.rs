//! A whole world in one process: a devnet, the server, a pool, a merchant and payment addresses.
//!
//! `dev` keeps it running, `demo` sweeps it. Both talk to the devnet and to the server over real HTTP,
//! with the same client and the same signatures as on mainnet.

mod chain;
mod office;
mod people;
mod seed;
mod shop;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use app::App;
use app::records::Records;
use devnet::Devnet;
use node::{Endpoint, HttpLimits, HttpTransport, JsonNode, LossRule, NodeSettings, TronNode};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tron::{Address, SecretKey, TokenUnits};
use zeroize::Zeroizing;

pub use people::WorldPerson;
pub use seed::Seed;
pub use shop::Shop;

use crate::boot::{Listening, Product, Secrets};
use crate::config::Config;
use crate::keys::Keys;
use crate::keystore::{Keyring, Keystore, Passphrase};
use crate::private_file;

/// Most payment addresses that a world is made with.
pub const ADDRESSES_MAX: usize = 10_000;

/// How a world is made.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Where the server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the devnet listens.
    pub node_listen: SocketAddr,
    /// Where the admin interface listens; `None`: there is none.
    pub admin_listen: Option<SocketAddr>,
    /// Where everything is kept; an existing world there is resumed.
    pub data: PathBuf,
    /// The PostgreSQL database; `None` is SQLite among the rest.
    pub database_url: Option<String>,
    /// Time between two blocks, in milliseconds.
    pub block_time_ms: i64,
    /// How many payment addresses hold tokens.
    pub addresses: usize,
}

/// What a payment address starts with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressKind {
    /// Activated, with its free bandwidth.
    Plain,
    /// It holds tokens and has never been activated.
    NeverActivated,
    /// Activated; its free bandwidth of the day is gone.
    NoBandwidth,
    /// Somebody else lends it enough energy already.
    HasEnergy,
}

/// One address that a payer paid to.
pub struct PaymentAddress {
    /// The address.
    pub address: Address,
    /// What it starts with.
    pub kind: AddressKind,
    /// Tokens on it.
    pub usdt: TokenUnits,
}

/// A world that runs.
pub struct World {
    /// The server.
    pub api_url: String,
    /// The devnet.
    pub node_url: String,
    /// The admin interface, if there is one.
    pub admin_url: Option<String>,
    /// The built-in token.
    pub usdt: Address,
    /// The merchant with its key.
    pub shop: Shop,
    /// Wallets that lend.
    pub pool_wallets: Vec<Address>,
    /// Addresses to sweep.
    pub payment_addresses: Vec<PaymentAddress>,
    /// Where to sweep to: it holds the token.
    pub recipient_with_usdt: Address,
    /// Where to sweep to: it never held any.
    pub recipient_without_usdt: Address,
    /// The use cases, for looking at what the outside cannot see.
    pub app: App,
    /// The chain, for changing what the outside cannot change.
    pub devnet: Devnet,
    records: Arc<dyn Records>,
    seed: Seed,
    stop: CancellationToken,
    servers: Vec<JoinHandle<anyhow::Result<()>>>,
    chain: Chain,
}

/// The devnet's part of what runs. It is told to stop after the servers, as a node outlives who asks it.
struct Chain {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl World {
    /// Makes or resumes a world and waits until it takes orders.
    pub async fn start(options: &WorldOptions) -> anyhow::Result<Self> {
        Self::start_with(options, |_| {}).await
    }

    /// The same with a product that is changed before it runs, for measuring parts of it.
    pub async fn start_with(
        options: &WorldOptions,
        change: impl FnOnce(&mut Product),
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.data)?;
        let seed = Seed::load_or_create(&options.data.join("seed"))?;
        let (stop, chain_stop) = (CancellationToken::new(), CancellationToken::new());
        // A start that fails half-way leaves nothing running: the devnet's thread would keep the process.
        let unfinished = [stop.clone().drop_guard(), chain_stop.clone().drop_guard()];
        let plan = chain::Plan::new(&seed, options.addresses);
        let (devnet, node_address, chain_task) =
            chain::start(options, &plan, &seed, &chain_stop).await?;
        let node_url = format!("http://{node_address}");
        let mut product = product(options, &node_url, &seed)?;
        change(&mut product);
        let shop = shop::open(&product, &seed, &plan).await?;
        let (app, records) = (product.app.clone(), product.records.clone());
        let (listening, server) = serve(product, options.listen, &stop).await?;
        let world = Self {
            api_url: format!("http://{}", listening.server),
            node_url,
            admin_url: listening.admin.map(|address| format!("http://{address}")),
            usdt: devnet.usdt(),
            shop,
            pool_wallets: plan.lenders.clone(),
            payment_addresses: plan.addresses,
            recipient_with_usdt: plan.recipient_with_usdt,
            recipient_without_usdt: plan.recipient_without_usdt,
            app,
            devnet,
            records,
            seed,
            stop,
            servers: vec![server],
            chain: Chain { stop: chain_stop, task: chain_task },
        };
        wait_ready(&world.api_url, &world.app).await?;
        for guard in unfinished {
            guard.disarm();
        }
        Ok(world)
    }

    /// Starts another server of the same shop, on its own connections to the shared database, and waits
    /// until it takes orders; with its use cases.
    pub async fn add_server(
        &mut self,
        options: &WorldOptions,
        change: impl FnOnce(&mut Product),
    ) -> anyhow::Result<(SocketAddr, App)> {
        let mut product = product(options, &self.node_url, &self.seed)?;
        change(&mut product);
        let app = product.app.clone();
        let (listening, server) = serve(product, options.listen, &self.stop).await?;
        self.servers.push(server);
        wait_ready(&format!("http://{}", listening.server), &app).await?;
        Ok((listening.server, app))
    }

    /// The private key of a payment address, by its position.
    #[must_use]
    pub fn payment_key(&self, index: usize) -> SecretKey {
        self.seed.key(&chain::payment_label(index))
    }

    /// The private key of a payment address as 64 hex digits; the devnet's money is worth nothing.
    #[must_use]
    pub fn payment_key_hex(&self, index: usize) -> String {
        hex::encode(self.seed.derive(&chain::payment_label(index)))
    }

    /// The keys of this world's merchants, read and opened as the server does.
    #[must_use]
    pub fn keys(&self) -> Keys {
        let sealer = Arc::new(self.seed.sealer());
        Keys::new(self.app.store.clone(), sealer, self.app.clock.clone())
    }

    /// What every secret of this world is made from.
    #[must_use]
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The private keys that work for the pool, for a keystore.
    #[must_use]
    pub fn hot_keys(&self) -> Vec<Zeroizing<[u8; 32]>> {
        chain::hot_labels().map(|label| Zeroizing::new(self.seed.derive(&label))).collect()
    }

    /// A client of the devnet of its own, as a merchant's wallet would have.
    pub fn node(&self) -> anyhow::Result<Arc<dyn TronNode>> {
        let transport = HttpTransport::new(Endpoint::new(&self.node_url)?, HttpLimits::default())?;
        let settings = NodeSettings {
            loss_rule: LossRule::SINGLE,
            totals_addresses: vec![self.usdt],
            ..NodeSettings::default()
        };
        Ok(Arc::new(JsonNode::new(transport, settings)))
    }

    /// Stops the servers, then the devnet, and waits for them. The devnet is stopped even if a server
    /// ended badly, which is then the answer.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        let mut ended = Ok(());
        for server in self.servers {
            ended = ended.and(server.await.map_err(anyhow::Error::from).flatten());
        }
        self.chain.stop.cancel();
        ended.and(self.chain.task.await?)
    }
}

/// A server of a world, not yet running.
fn product(options: &WorldOptions, node_url: &str, seed: &Seed) -> anyhow::Result<Product> {
    let mut config = Config::for_devnet(node_url, &options.data, options.block_time_ms)?;
    if let Some(url) = &options.database_url {
        config.database.url.clone_from(url);
    }
    config.admin.listen = options.admin_listen;
    let keyring = keyring(&config, seed)?;
    let secrets = Secrets { sealer: seed.sealer(), keyring };
    Product::new(config, secrets)
}

/// The hot keys of this world, and those that came in through the console.
fn keyring(config: &Config, seed: &Seed) -> anyhow::Result<Keyring> {
    let mut keyring = chain::hot_keys(seed);
    let Some(file) = config.pool.passphrase_file.as_deref() else { return Ok(keyring) };
    if !file.exists() {
        let text = hex::encode(seed.derive("passphrase of the wallets"));
        private_file::write_new(file, text.as_bytes())?;
    }
    let keystore = Keystore::new(config.pool.wallets_dir.clone());
    for address in keystore.list()? {
        keyring.add(keystore.open(address, &Passphrase::load(None, Some(file))?)?);
    }
    Ok(keyring)
}

/// Runs a server until it is told to stop; where it listens.
async fn serve(
    product: Product,
    listen: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<(Listening, JoinHandle<anyhow::Result<()>>)> {
    let (told, listening) = oneshot::channel();
    let stop = stop.clone();
    let server = tokio::spawn(async move {
        // Nobody listens any more if the start was given up.
        let tell = |listening| {
            let _given_up = told.send(listening);
        };
        product.run(listen, stop.into(), tell).await
    });
    match listening.await {
        Ok(listening) => Ok((listening, server)),
        Err(_) => Err(match server.await? {
            Ok(()) => anyhow::anyhow!("the server ended before it listened"),
            Err(error) => error,
        }),
    }
}

/// Waits until a server says that it is ready: the pool was read from the chain.
async fn wait_ready(api_url: &str, app: &App) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    for _ in 0..READY_LOOKS_MAX {
        let answer = http.get(format!("{api_url}/readyz")).send().await;
        let is_ready = answer.is_ok_and(|answer| answer.status().is_success());
        let (pool, _) = app.store.pool().await?;
        let has_capacity = pool.wallets.iter().any(|wallet| wallet.energy_capacity.get() > 0);
        if is_ready && has_capacity {
            return Ok(());
        }
        tokio::time::sleep(READY_LOOK_EVERY).await;
    }
    anyhow::bail!("the server did not get ready within {} looks", READY_LOOKS_MAX)
}

/// Looks for readiness before giving up; together 30 s.
const READY_LOOKS_MAX: u32 = 600;
const READY_LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);
