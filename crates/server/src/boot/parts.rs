//! The parts that a configuration names: database, keys, nodes, the client for callbacks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use app::Settings;
use app::ports::Clock;
use app::records::Database;
use node::{
    CacheSettings, Cached, Endpoint, Failover, FailoverSettings, HttpLimits, HttpTransport,
    JsonNode, LossRule, Member, NodeSettings, RequestLimit, TronNode,
};
use store::SqlStore;

use crate::callback_client::{CallbackClient, CallbackSettings, Lookup, TargetPolicy};
use crate::config::Config;
use crate::keystore::{Keystore, PASSPHRASE_VARIABLE, Passphrase};
use crate::secret::{MASTER_KEY_VARIABLE, MasterKey, Sealer};
use crate::system::SystemClock;
use crate::worker::Pace;

/// Connections that read from PostgreSQL: a question waits for the network, not for a processor.
const POSTGRES_READERS: usize = 4;

/// What a lease has to last beyond a proof of loss: for reading the rows before it and the commit behind it.
const LEASE_SPARE: Duration = Duration::from_secs(1);

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

pub(super) fn keystore(config: &Config) -> Keystore {
    Keystore::new(config.pool.wallets_dir.clone())
}

pub(super) fn passphrase(config: &Config) -> anyhow::Result<Passphrase> {
    let variable = std::env::var(PASSPHRASE_VARIABLE).ok();
    Ok(Passphrase::load(variable.as_deref(), config.pool.passphrase_file.as_deref())?)
}

pub(super) fn sealer(config: &Config) -> anyhow::Result<Sealer> {
    let variable = std::env::var(MASTER_KEY_VARIABLE).ok();
    let key = MasterKey::load(variable.as_deref(), config.secrets.master_key_file.as_deref())?;
    Ok(Sealer::new(&key))
}

pub(super) fn callback_client(
    config: &Config,
    lookup: Arc<dyn Lookup>,
) -> anyhow::Result<CallbackClient> {
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
pub(super) type Nodes = (Arc<Failover>, Arc<Cached<dyn TronNode>>);

pub(super) fn connect(config: &Config) -> anyhow::Result<Nodes> {
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
        let unlimited = HttpLimits { requests: RequestLimit::default(), ..limits };
        let settings = NodeSettings {
            call_timeout,
            loss_rule: match config.node.is_provider {
                true => LossRule::POOL,
                false => LossRule::SINGLE,
            },
            // The totals come with any existing account's resources; the token surely exists.
            totals_addresses: vec![config.token.contract, node::black_hole()],
        };
        // Whoever fills our own queue of requests must not make the node look silent.
        let probe = HttpTransport::new(endpoint.clone(), unlimited)?;
        let probe = Arc::new(JsonNode::new(probe, settings.clone()));
        let node = JsonNode::new(HttpTransport::new(endpoint, limits)?, settings);
        members.push(Member::new(name, Arc::new(node)).probed_by(probe));
    }
    let failover = FailoverSettings {
        request_deadline,
        proof_deadline: proof_deadline(config, call_timeout),
        ..FailoverSettings::default()
    };
    let nodes = Arc::new(Failover::new(members, failover));
    let behind: Arc<dyn TronNode> = nodes.clone();
    Ok((nodes, Arc::new(Cached::new(behind, CacheSettings::default()))))
}

/// How long a proof of loss may take: as long as its requests, but not as long as the lease of whoever waits
/// for it. What comes later is refused, and the next claim would begin again.
fn proof_deadline(config: &Config, call_timeout: Duration) -> Duration {
    let lease = Duration::from_secs(config.worker.lease_secs.unsigned_abs());
    node::proof_deadline(call_timeout).min(lease.saturating_sub(LEASE_SPARE))
}

pub(super) fn pace(config: &Config) -> Pace {
    Pace {
        idle: Duration::from_millis(config.worker.idle_ms),
        poll: Duration::from_millis(config.node.poll_ms),
        orders_at_once: config.worker.orders_at_once,
        callbacks_at_once: config.worker.callbacks_at_once,
        policies_at_once: config.worker.policies_at_once,
        batches_at_once: config.worker.batches_at_once,
    }
}

pub(super) fn settings(config: &Config) -> Settings {
    config.settings(format!("{}-{}", std::process::id(), SystemClock.now().get()))
}

#[cfg(test)]
mod tests {
    use devnet::{Devnet, DevnetConfig};
    use futures::future::join_all;

    use super::*;

    /// What waits for its turn, and what finds none any more, says nothing about the node.
    #[tokio::test]
    async fn a_full_queue_of_requests_makes_no_node_silent() {
        let chain = Devnet::new(DevnetConfig::default()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(devnet::serve(listener, chain, std::future::pending()));
        let mut config = Config::for_devnet(&url, Path::new("data"), 3_000).unwrap();
        config.node.requests_per_second = 1;
        let (nodes, _) = connect(&config).unwrap();
        let now_ms = nodes.head().await.unwrap().timestamp_ms;
        let mut waiting = join_all((0..60).map(|_| nodes.head()));
        assert!(futures::poll!(&mut waiting).is_pending());
        nodes.check(now_ms).await;
        assert!(nodes.is_usable(), "{:?}", nodes.members()[0].health());
    }

    #[test]
    fn a_proof_of_loss_may_take_as_long_as_its_requests_within_a_lease() {
        let mut config = Config::for_devnet("http://node", Path::new("data"), 3_000).unwrap();
        let of = |config: &Config| proof_deadline(config, Duration::from_millis(2_500));
        assert_eq!(of(&config), Duration::from_secs(12), "the lease is for 13");
        config.worker.lease_secs = 3_600;
        assert_eq!(of(&config), Duration::from_millis(13 * 2_500));
    }
}
