//! The sections as the rest of the server reads them. A field is named after its key and holds what
//! `config.default.toml` says about it.
#![expect(missing_docs, reason = "each field is explained once, in config.default.toml")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tron::{Address, Bandwidth, Energy, Sun};

use super::value::Values;
use crate::callback_client::{CallbackSettings, TargetPolicy};
use crate::http_server::HttpLimits;
use crate::logging::LogFormat;

#[derive(Debug, Clone)]
pub struct ServerSection {
    pub listen: SocketAddr,
    pub base_url: String,
    pub max_connections: usize,
    pub header_read_timeout_secs: u64,
    pub request_deadline_ms: u64,
    pub write_timeout_secs: u64,
    pub body_limit_bytes: usize,
    pub drain_secs: u64,
}

#[derive(Debug, Clone)]
pub struct DatabaseSection {
    pub url: String,
}

#[derive(Debug, Clone)]
pub struct NodeSection {
    pub urls: Vec<String>,
    pub api_key_file: Option<PathBuf>,
    pub requests_per_second: u32,
    pub request_timeout_ms: u64,
    pub block_time_ms: u64,
    pub solid_margin_ms: u64,
}

#[derive(Debug, Clone)]
pub struct TokenSection {
    pub contract: Address,
    pub energy_to_holder: Energy,
    pub energy_to_empty: Energy,
}

#[derive(Debug, Clone)]
pub struct PriceSection {
    pub energy_price_sun: Sun,
    pub activation_price_sun: Sun,
    pub bandwidth_price_sun: Sun,
}

#[derive(Debug, Clone)]
pub struct PoolSection {
    pub energy_margin_ppm: u32,
    pub min_wallet_bandwidth: Bandwidth,
    pub wallets_dir: PathBuf,
    pub permission_id: i32,
}

#[derive(Debug, Clone)]
pub struct OrderSection {
    pub max_hold_secs: u64,
    pub fill_deadline_secs: u64,
    pub tx_expiration_ms: u64,
    pub timestamp_window_secs: u64,
    pub idempotency_hours: u64,
}

#[derive(Debug, Clone)]
pub struct CallbackSection {
    pub timeout_secs: u64,
    pub schedule_secs: Vec<u64>,
    pub tail_hours: u64,
    pub per_host_concurrency: usize,
    pub allow_hosts: Vec<String>,
    pub allow_private: bool,
}

#[derive(Debug, Clone)]
pub struct WorkerSection {
    pub lease_secs: u64,
    pub poll_interval_ms: u64,
    pub fill_batch: usize,
    pub watch_batch: usize,
    pub reclaim_batch: usize,
    pub callback_batch: usize,
}

#[derive(Debug, Clone)]
pub struct SecretsSection {
    pub master_key_file: Option<PathBuf>,
    pub wallet_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct LogSection {
    pub filter: String,
    pub format: LogFormat,
}

impl ServerSection {
    pub(super) fn of(values: &Values) -> Self {
        let listen = values.text("server.listen").parse().expect("the value was checked");
        let base_url = match values.text("server.base_url") {
            "" => format!("http://{listen}"),
            url => url.trim_end_matches('/').to_owned(),
        };
        Self {
            listen,
            base_url,
            max_connections: values.integer("server.max_connections"),
            header_read_timeout_secs: values.integer("server.header_read_timeout_secs"),
            request_deadline_ms: values.integer("server.request_deadline_ms"),
            write_timeout_secs: values.integer("server.write_timeout_secs"),
            body_limit_bytes: values.integer("server.body_limit_bytes"),
            drain_secs: values.integer("server.drain_secs"),
        }
    }

    /// The limits of the HTTP server.
    #[must_use]
    pub fn http_limits(&self) -> HttpLimits {
        HttpLimits {
            max_connections: self.max_connections,
            header_read_timeout: Duration::from_secs(self.header_read_timeout_secs),
            request_deadline: Duration::from_millis(self.request_deadline_ms),
            write_timeout: Duration::from_secs(self.write_timeout_secs),
            body_limit_bytes: self.body_limit_bytes,
            drain_deadline: Duration::from_secs(self.drain_secs),
        }
    }
}

impl DatabaseSection {
    pub(super) fn of(values: &Values) -> Self {
        Self { url: values.text("database.url").to_owned() }
    }
}

impl NodeSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            urls: values.texts("node.urls"),
            api_key_file: optional_path(values, "node.api_key_file"),
            requests_per_second: values.integer("node.requests_per_second"),
            request_timeout_ms: values.integer("node.request_timeout_ms"),
            block_time_ms: values.integer("node.block_time_ms"),
            solid_margin_ms: values.integer("node.solid_margin_ms"),
        }
    }
}

impl TokenSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            contract: values.text("token.contract").parse().expect("the value was checked"),
            energy_to_holder: Energy::new(values.integer("token.energy_to_holder")),
            energy_to_empty: Energy::new(values.integer("token.energy_to_empty")),
        }
    }
}

impl PriceSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            energy_price_sun: Sun::new(values.integer("price.energy_price_sun")),
            activation_price_sun: Sun::new(values.integer("price.activation_price_sun")),
            bandwidth_price_sun: Sun::new(values.integer("price.bandwidth_price_sun")),
        }
    }
}

impl PoolSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            energy_margin_ppm: values.integer("pool.energy_margin_ppm"),
            min_wallet_bandwidth: Bandwidth::new(values.integer("pool.min_wallet_bandwidth")),
            wallets_dir: values.text("pool.wallets_dir").into(),
            permission_id: values.integer("pool.permission_id"),
        }
    }
}

impl OrderSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            max_hold_secs: values.integer("order.max_hold_secs"),
            fill_deadline_secs: values.integer("order.fill_deadline_secs"),
            tx_expiration_ms: values.integer("order.tx_expiration_ms"),
            timestamp_window_secs: values.integer("order.timestamp_window_secs"),
            idempotency_hours: values.integer("order.idempotency_hours"),
        }
    }
}

impl CallbackSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            timeout_secs: values.integer("callback.timeout_secs"),
            schedule_secs: values.integers("callback.schedule_secs"),
            tail_hours: values.integer("callback.tail_hours"),
            per_host_concurrency: values.integer("callback.per_host_concurrency"),
            allow_hosts: values.texts("callback.allow_hosts"),
            allow_private: values.boolean("callback.allow_private"),
        }
    }

    /// The settings of the callback client.
    #[must_use]
    pub fn client_settings(&self) -> CallbackSettings {
        let targets = if self.allow_private {
            TargetPolicy::everything()
        } else {
            self.allow_hosts.iter().fold(TargetPolicy::public_only(), |policy, host| {
                policy.allowing_host(host).expect("the value was checked")
            })
        };
        CallbackSettings { timeout: Duration::from_secs(self.timeout_secs), targets }
    }
}

impl WorkerSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            lease_secs: values.integer("worker.lease_secs"),
            poll_interval_ms: values.integer("worker.poll_interval_ms"),
            fill_batch: values.integer("worker.fill_batch"),
            watch_batch: values.integer("worker.watch_batch"),
            reclaim_batch: values.integer("worker.reclaim_batch"),
            callback_batch: values.integer("worker.callback_batch"),
        }
    }
}

impl SecretsSection {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            master_key_file: optional_path(values, "secrets.master_key_file"),
            wallet_passphrase_file: optional_path(values, "secrets.wallet_passphrase_file"),
        }
    }
}

impl LogSection {
    pub(super) fn of(values: &Values) -> Self {
        let format = match values.text("log.format") {
            "json" => LogFormat::Json,
            _ => LogFormat::Text,
        };
        Self { filter: values.text("log.filter").to_owned(), format }
    }
}

/// A path; empty means none.
fn optional_path(values: &Values, path: &str) -> Option<PathBuf> {
    Some(values.text(path)).filter(|text| !text.is_empty()).map(PathBuf::from)
}
