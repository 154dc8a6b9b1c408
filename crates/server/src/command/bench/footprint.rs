//! Memory and start of the server with many finished orders in its database: measured on a process of
//! its own, which `sunsweep serve` is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use app::ports::{Clock, Store};
use app::rows::Key;
use domain::{KeyId, MerchantId};
use store::{Options, SqlStore};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tron::Address;

use super::Plan;
use super::figures::{Figures, Unit};
use super::finished::{self, Market};
use super::load::{Client, Pace, run};
use super::raw_commit::Base;
use super::workload::{self, question, signed_orders};
use crate::command::output::say;
use crate::config::ENVIRONMENT_PREFIX;
use crate::keys::seal_context;
use crate::keystore::{Keystore, PASSPHRASE_VARIABLE, Passphrase};
use crate::secret::MASTER_KEY_VARIABLE;
use crate::system::SystemClock;
use crate::world::{World, WorldOptions};

/// Passphrase of the wallets of a world that is forgotten afterwards.
const PASSPHRASE: &str = "worth nothing";
/// Longest wait for a server to be ready.
const READY_PATIENCE: Duration = Duration::from_secs(60);
/// Wait between two looks whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Finished orders that are asked for, spread over all of them.
const QUESTIONS: usize = 5_000;

/// A server of its own, and what it works with.
struct Server {
    child: Child,
    address: SocketAddr,
    started: Duration,
}

/// Measures memory and start.
pub(super) async fn measure(
    plan: &Plan,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let data = directory.join("footprint");
    let options = WorldOptions { block_time_ms: plan.block_time_ms, ..super::options(&data, 1) };
    let world = World::start(&options).await?;
    workload::enrich(&world).await?;
    say(&format!("Writing {} finished orders.", plan.finished));
    let database = data.join("finished.sqlite");
    write_finished(&world, &database, plan.finished).await?;
    let file_kib = std::fs::metadata(&database)?.len() / 1_024;
    let wallets = data.join("wallets");
    let (keystore, passphrase) = (Keystore::new(wallets.clone()), Passphrase::new(PASSPHRASE)?);
    for key in world.hot_keys() {
        keystore.create(&key, &passphrase)?;
    }

    say("Starting a server on them, working, and starting it again.");
    let mut server = start(&world, &database, &wallets).await?;
    work(&world, server.address, plan).await?;
    let working_kib = resident_kib(&server.child)?;
    server.child.kill().await?;
    let mut server = start(&world, &database, &wallets).await?;
    let idle_kib = resident_kib(&server.child)?;
    let start_ms = u64::try_from(server.started.as_millis())?;
    server.child.kill().await?;
    world.stop().await?;

    let finished = u64::try_from(plan.finished)?;
    figures.add(("finished_orders", "finished orders in the database", Unit::Count), finished, "");
    figures.add(("database_kib", "the database", Unit::Kib), file_kib, "");
    figures.add(
        ("start_ms", "start, killed before, until it takes orders", Unit::Millis),
        start_ms,
        "at most 1 s",
    );
    figures.add(("resident_at_start_kib", "memory at the start", Unit::Kib), idle_kib, "");
    figures.add(
        ("resident_kib", "memory after orders and queries", Unit::Kib),
        working_kib,
        "at most 150 MB",
    );
    Ok(())
}

async fn write_finished(world: &World, database: &Path, count: usize) -> anyhow::Result<()> {
    let (pool, _) = world.app.store.pool().await?;
    let view = world.app.view.get().context("no block was read yet")?;
    let settings = &world.app.settings;
    let market =
        Market { prices: settings.prices, limits: settings.limits, totals: view.totals, pool };
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(database, Options::default())?);
    let (text, secret) = (&world.shop.api_key, &world.shop.api_secret);
    let key = Key {
        id: KeyId(0),
        merchant: MerchantId(0),
        text: text.clone(),
        name: "bench".to_owned(),
        sealed_secret: world.seed().sealer().seal(&seal_context(text), secret.as_bytes())?,
        is_reference_strict: false,
        limits: domain::key::KeyLimits::default(),
        created: SystemClock.now(),
        revoked: None,
    };
    let base = Base::make(&*store, key, world.app.store.wallets().await?).await?;
    finished::write(&*store, base, &market, count).await?;
    let audit = store.audit().await?;
    anyhow::ensure!(audit.differences.is_empty(), "not as lives leave it: {:?}", audit.differences);
    Ok(())
}

/// Places orders, lets them be filled, and asks for finished ones.
async fn work(world: &World, server: SocketAddr, plan: &Plan) -> anyhow::Result<()> {
    // Beyond the finished ones, whose receivers have no tokens.
    let first = plan.finished;
    let receivers: Vec<Address> = (first..first + plan.steady).map(workload::receiver).collect();
    workload::give_tokens(world, &receivers)?;
    let requests = signed_orders(world, server, &receivers, (first, plan.steady), None)?;
    run(server, requests, plan.connections, Pace::Closed(READY_PATIENCE)).await?;
    let asked = QUESTIONS.min(plan.finished);
    let step = plan.finished / asked;
    let questions = (0..asked).map(|index| question(world, server, index * step));
    let questions = Arc::new(questions.collect::<Vec<_>>());
    run(server, questions, plan.connections, Pace::Closed(READY_PATIENCE)).await?;
    // Until what was ordered is on chain and read back.
    tokio::time::sleep(Duration::from_millis(u64::try_from(plan.block_time_ms)? * 3)).await;
    Ok(())
}

/// Starts the server and waits until it says that it takes orders.
async fn start(world: &World, database: &Path, wallets: &Path) -> anyhow::Result<Server> {
    let set = |key: &str| format!("{ENVIRONMENT_PREFIX}{key}");
    let show = |path: &Path| path.display().to_string();
    let program: PathBuf = std::env::current_exe()?;
    let began = Instant::now();
    let mut child = Command::new(program)
        .arg("serve")
        .env_clear()
        .env(MASTER_KEY_VARIABLE, world.seed().master_key_hex().as_str())
        .env(PASSPHRASE_VARIABLE, PASSPHRASE)
        .env(set("SERVER__LISTEN"), "127.0.0.1:0")
        .env(set("DATABASE__URL"), format!("sqlite:{}", show(database)))
        .env(set("NODE__URLS"), &world.node_url)
        .env(set("NODE__REQUESTS_PER_SECOND"), "0")
        .env(set("NODE__BLOCK_TIME_MS"), world.devnet.block_time_ms().to_string())
        .env(set("POOL__WALLETS_DIR"), show(wallets))
        .env(set("LOG__FILTER"), "off")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stderr = child.stderr.take().context("the server has no standard error")?;
    let line = BufReader::new(stderr).lines().next_line().await?.unwrap_or_default();
    let address = line.rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
    let address: SocketAddr = address.with_context(|| format!("the server said: {line}"))?;
    let question = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\n\r\n");
    while began.elapsed() < READY_PATIENCE {
        let mut client = Client::connect(address).await?;
        if client.exchange(question.as_bytes()).await.is_ok() {
            return Ok(Server { child, address, started: began.elapsed() });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    anyhow::bail!("the server was not ready within {READY_PATIENCE:?}")
}

/// Memory of a process that is in use, in KiB.
fn resident_kib(child: &Child) -> anyhow::Result<u64> {
    let id = child.id().context("the server has ended")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).context("the system does not say")
}
