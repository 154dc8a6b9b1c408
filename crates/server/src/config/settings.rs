//! A configuration as the rooms take it.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use app::Settings;
use app::settings::{BatchSettings, DepositSettings};
use domain::callback::Schedule;
use domain::key::AllowList;
use domain::limits::{EnergyBounds, OrderLimits};
use domain::person::SessionLimits;
use domain::pricing::PriceList;
use store::PostgresUrl;
use tron::{Bandwidth, Energy, Sun};
use url::Url;

use super::{Config, ConfigError};
use crate::console::{self, ConsoleSettings};
use crate::deposit_keys::{AccountXpub, XpubRefused};
use crate::http_server::HttpLimits;
use crate::limit::{LimitSettings, Rate};
use crate::logging::LogFormat;
use crate::private_file;

/// How a database URL of the embedded database begins.
pub(super) const SQLITE_SCHEME: &str = "sqlite:";
/// How one of a PostgreSQL database begins.
pub(super) const POSTGRES_SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// How long replays are remembered, in seconds: twice the window in which a signature is valid, so
/// that clocks may be off in either direction.
const REPLAYS_KEPT_SECS: i64 = 2 * wire::sign::WINDOW_SECS + 60;
/// Blocks between two sends of the same bytes.
const RESEND_BLOCKS: i64 = 2;
/// Requests a second that no client on this machine makes.
const UNREACHED_RATE: u32 = 1_000_000;
/// Longest time that a client may take no byte of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

impl Config {
    /// A configuration for a devnet in the same process, kept below `data`.
    pub fn for_devnet(
        node_url: &str,
        data: &Path,
        block_time_ms: i64,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::from_layers(None, [])?;
        let poll_ms = u64::try_from(block_time_ms / 10).unwrap_or(1).clamp(10, 300);
        config.database.url = format!("{SQLITE_SCHEME}{}", data.join("sunsweep.sqlite").display());
        config.pool.wallets_dir = data.join("wallets");
        config.pool.passphrase_file = Some(data.join("wallet-passphrase"));
        config.node.urls = vec![node_url.to_owned()];
        config.node.is_provider = false;
        config.node.requests_per_second = 0;
        config.node.poll_ms = poll_ms;
        config.node.block_time_ms = block_time_ms;
        config.worker.idle_ms = poll_ms;
        config.callback.allow_private = true;
        // Everybody is on this machine, and a benchmark asks as fast as it can.
        config.limit.key_requests_per_second = UNREACHED_RATE;
        config.limit.key_burst = UNREACHED_RATE;
        config.limit.peer_requests_per_second = UNREACHED_RATE;
        config.limit.peer_burst = UNREACHED_RATE;
        Ok(config)
    }

    /// What the use cases need; `owner` names this process in leases.
    #[must_use]
    pub fn settings(&self, owner: String) -> Settings {
        let (order, token) = (&self.order, &self.token);
        Settings {
            token: token.contract,
            energy_to_holder: Energy::new(token.energy_to_holder),
            energy_to_empty: Energy::new(token.energy_to_empty),
            prices: self.price_list(),
            energy_bounds: EnergyBounds { min: order.min_energy, max: order.max_energy },
            policy_balance_min: Sun::new(self.policy.balance_min_sun),
            payer_low: Sun::new(self.transfer.payer_low_sun),
            deposits: DepositSettings {
                minimum: Sun::new(self.deposits.minimum_sun),
                blocks_per_read: self.deposits.blocks_per_read,
            },
            batch: BatchSettings {
                in_flight_max: self.batch.in_flight_max,
                rows_at_once: self.batch.rows_at_once,
            },
            limits: OrderLimits {
                hold_secs: order.hold_secs,
                fill_deadline_secs: order.fill_deadline_secs,
                resend_ms: self.node.block_time_ms.saturating_mul(RESEND_BLOCKS),
                reread_ms: self.node.block_time_ms,
                energy_margin_ppm: self.pool.energy_margin_ppm,
            },
            schedule: Schedule {
                delays_secs: self.callback.schedule_secs.clone(),
                tail_secs: self.callback.tail_hours * 3_600,
            },
            tx_expiration_ms: order.tx_expiration_ms,
            lease_ms: self.worker.lease_secs * 1_000,
            owner,
            callbacks_per_host: self.callback.per_host,
            wallet_bandwidth_kept: Bandwidth::new(self.pool.wallet_bandwidth_kept),
            replays_kept_secs: REPLAYS_KEPT_SECS,
            resends_kept_secs: order.idempotency_hours * 3_600,
            catch_up_blocks: self.node.catch_up_blocks,
        }
    }

    /// What everything costs.
    #[must_use]
    pub fn price_list(&self) -> PriceList {
        let price = &self.price;
        PriceList {
            energy_price_sun: price.energy_price_sun,
            energy_price_1d_sun: price.energy_price_1d_sun,
            energy_price_3d_sun: price.energy_price_3d_sun,
            energy_price_30d_sun: price.energy_price_30d_sun,
            small_energy: price.small_energy,
            small_surcharge_sun: price.small_surcharge_sun,
            bandwidth_price_sun: price.bandwidth_price_sun,
            activation_price_sun: price.activation_price_sun,
            transfer_fee_sun: price.transfer_fee_sun,
        }
    }

    /// The networks of the proxies in front of the server.
    #[must_use]
    pub fn trusted_proxies(&self) -> AllowList {
        AllowList::of(&self.server.trusted_proxies).unwrap_or_default()
    }

    /// How often keys and peers may ask.
    #[must_use]
    pub fn limit_settings(&self) -> LimitSettings {
        let limit = &self.limit;
        LimitSettings {
            key: Rate { per_second: limit.key_requests_per_second, burst: limit.key_burst },
            peer: Rate { per_second: limit.peer_requests_per_second, burst: limit.peer_burst },
        }
    }

    /// What the HTTP server allows.
    #[must_use]
    pub fn http_limits(&self) -> HttpLimits {
        let server = &self.server;
        HttpLimits {
            max_connections: server.max_connections,
            header_read_timeout: Duration::from_secs(server.header_read_timeout_secs),
            request_deadline: Duration::from_millis(server.request_deadline_ms),
            write_timeout: WRITE_TIMEOUT,
            body_limit_bytes: server.body_limit_bytes,
            larger_bodies: Some((console::PREFIX, self.console.body_limit_bytes)),
            drain_deadline: Duration::from_secs(server.drain_secs),
        }
    }

    /// What is set for the console; `None`: it is not served.
    #[must_use]
    pub fn console_settings(&self) -> Option<ConsoleSettings> {
        let console = &self.console;
        console.enabled.then_some(ConsoleSettings {
            sessions: SessionLimits {
                idle_secs: console.idle_minutes * 60,
                whole_secs: console.session_hours * 3_600,
            },
            invitation_secs: console.invitation_hours * 3_600,
            body_limit_bytes: console.body_limit_bytes,
            live_every: Duration::from_millis(console.live_ms),
            live_max: console.live_connections,
        })
    }

    /// How clients reach this server, if it is set.
    #[must_use]
    pub fn public_url(&self) -> Option<Url> {
        Url::parse(&self.server.public_url).ok()
    }

    /// The key that deposit addresses come from; `None` when none is set.
    ///
    /// Errors: in words for the operator.
    pub fn deposit_keys(&self) -> Result<Option<AccountXpub>, XpubRefused> {
        let xpub = self.deposits.xpub.trim();
        (!xpub.is_empty()).then(|| AccountXpub::parse(xpub)).transpose()
    }

    /// The sun that one transfer may move.
    #[must_use]
    pub const fn transfer_amounts(&self) -> RangeInclusive<i64> {
        self.transfer.amount_min_sun..=self.transfer.amount_max_sun
    }

    /// The file of the embedded database.
    #[must_use]
    pub fn sqlite_path(&self) -> PathBuf {
        let url = &self.database.url;
        PathBuf::from(url.strip_prefix(SQLITE_SCHEME).unwrap_or(url))
    }

    /// Whether other servers may be on the same database.
    #[must_use]
    pub fn is_database_shared(&self) -> bool {
        POSTGRES_SCHEMES.iter().any(|scheme| self.database.url.starts_with(scheme))
    }

    /// How long requests are still taken after the order to stop, while `/readyz` says no: where nobody
    /// else could take them, not at all.
    #[must_use]
    pub fn notice(&self) -> Duration {
        match self.is_database_shared() {
            true => Duration::from_secs(self.server.notice_secs),
            false => Duration::ZERO,
        }
    }

    /// A PostgreSQL database, with the password and the authorities whose files are named.
    ///
    /// Errors: a file cannot be read, or the password is not text.
    pub fn postgres_url<'a>(&self, url: &'a str) -> anyhow::Result<PostgresUrl<'a>> {
        let database = &self.database;
        let authorities = database.ca_file.as_deref().map(|path| {
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
        });
        Ok(PostgresUrl {
            url,
            password: database.password_file.as_deref().map(one_line).transpose()?,
            authorities: authorities.transpose()?,
        })
    }

    /// The node provider's key, if a file is named.
    ///
    /// Errors: the file cannot be read or is not text.
    pub fn node_api_key(&self) -> anyhow::Result<Option<String>> {
        self.node.api_key_file.as_deref().map(one_line).transpose()
    }

    /// How log lines look.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        log_format(&self.log.format).unwrap_or(LogFormat::Text)
    }
}

/// A secret that a file holds as text.
fn one_line(path: &Path) -> anyhow::Result<String> {
    let bytes =
        private_file::read(path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| anyhow::anyhow!("{} is not text", path.display()))?;
    Ok(text.trim().to_owned())
}
