//! The sections, typed. Each key is explained in `config.default.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tron::Address;

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "each key is explained in config.default.toml")]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
        }
    };
}

section! {
    /// Everything.
    Config {
        server: ServerSection,
        limit: LimitSection,
        admin: AdminSection,
        console: ConsoleSection,
        database: DatabaseSection,
        node: NodeSection,
        token: TokenSection,
        price: PriceSection,
        pool: PoolSection,
        order: OrderSection,
        policy: PolicySection,
        transfer: TransferSection,
        deposits: DepositsSection,
        batch: BatchSection,
        callback: CallbackSection,
        worker: WorkerSection,
        secrets: SecretsSection,
        log: LogSection,
    }
}

section! {
    /// `[server]`
    ServerSection {
        listen: SocketAddr,
        trusted_proxies: Vec<String>,
        public_url: String,
        max_connections: usize,
        header_read_timeout_secs: u64,
        request_deadline_ms: u64,
        body_limit_bytes: usize,
        notice_secs: u64,
        drain_secs: u64,
    }
}

section! {
    /// `[limit]`
    LimitSection {
        key_requests_per_second: u32,
        key_burst: u32,
        peer_requests_per_second: u32,
        peer_burst: u32,
    }
}

section! {
    /// `[admin]`
    AdminSection {
        #[serde(deserialize_with = "socket", serialize_with = "socket_text")]
        listen: Option<SocketAddr>,
    }
}

section! {
    /// `[console]`
    ConsoleSection {
        enabled: bool,
        idle_minutes: i64,
        session_hours: i64,
        invitation_hours: i64,
        body_limit_bytes: usize,
        live_connections: usize,
        live_ms: u64,
    }
}

section! {
    /// `[database]`
    DatabaseSection {
        url: String,
        #[serde(deserialize_with = "path", serialize_with = "path_text")]
        password_file: Option<PathBuf>,
        #[serde(deserialize_with = "path", serialize_with = "path_text")]
        ca_file: Option<PathBuf>,
    }
}

section! {
    /// `[node]`
    NodeSection {
        urls: Vec<String>,
        #[serde(deserialize_with = "path", serialize_with = "path_text")]
        api_key_file: Option<PathBuf>,
        is_provider: bool,
        requests_per_second: u32,
        request_timeout_ms: u64,
        poll_ms: u64,
        block_time_ms: i64,
        catch_up_blocks: i64,
    }
}

section! {
    /// `[token]`
    TokenSection {
        #[serde(deserialize_with = "address", serialize_with = "address_text")]
        contract: Address,
        energy_to_holder: i64,
        energy_to_empty: i64,
    }
}

section! {
    /// `[price]`
    PriceSection {
        energy_price_sun: i64,
        energy_price_1d_sun: i64,
        energy_price_3d_sun: i64,
        energy_price_30d_sun: i64,
        small_energy: i64,
        small_surcharge_sun: i64,
        bandwidth_price_sun: i64,
        activation_price_sun: i64,
        transfer_fee_sun: i64,
    }
}

section! {
    /// `[pool]`
    PoolSection {
        wallets_dir: PathBuf,
        #[serde(deserialize_with = "path", serialize_with = "path_text")]
        passphrase_file: Option<PathBuf>,
        energy_margin_ppm: i64,
        wallet_bandwidth_kept: i64,
    }
}

section! {
    /// `[order]`
    OrderSection {
        min_energy: i64,
        max_energy: i64,
        hold_secs: i64,
        fill_deadline_secs: i64,
        tx_expiration_ms: i64,
        idempotency_hours: i64,
    }
}

section! {
    /// `[policy]`
    PolicySection {
        balance_min_sun: i64,
    }
}

section! {
    /// `[transfer]`
    TransferSection {
        amount_min_sun: i64,
        amount_max_sun: i64,
        payer_low_sun: i64,
    }
}

section! {
    /// `[deposits]`
    DepositsSection {
        xpub: String,
        minimum_sun: i64,
        blocks_per_read: i64,
    }
}

section! {
    /// `[batch]`
    BatchSection {
        in_flight_max: usize,
        rows_at_once: usize,
    }
}

section! {
    /// `[callback]`
    CallbackSection {
        timeout_secs: u64,
        schedule_secs: Vec<i64>,
        tail_hours: i64,
        per_host: usize,
        allow_hosts: Vec<String>,
        allow_private: bool,
    }
}

section! {
    /// `[worker]`
    WorkerSection {
        orders_at_once: usize,
        callbacks_at_once: usize,
        policies_at_once: usize,
        batches_at_once: usize,
        idle_ms: u64,
        lease_secs: i64,
    }
}

section! {
    /// `[secrets]`
    SecretsSection {
        #[serde(deserialize_with = "path", serialize_with = "path_text")]
        master_key_file: Option<PathBuf>,
    }
}

section! {
    /// `[log]`
    LogSection {
        filter: String,
        format: String,
    }
}

/// An empty text means that there is no file.
fn path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

fn path_text<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    let text = path.as_ref().map(|path| path.to_string_lossy()).unwrap_or_default();
    to.serialize_str(&text)
}

/// An empty text means that it does not listen.
fn socket<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.parse().map(Some);
    parsed.map_err(|error| serde::de::Error::custom(format!("admin.listen: {error}")))
}

fn socket_text<S: Serializer>(address: &Option<SocketAddr>, to: S) -> Result<S::Ok, S::Error> {
    let text = address.map(|address| address.to_string()).unwrap_or_default();
    to.serialize_str(&text)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|error| serde::de::Error::custom(format!("token.contract: {error}")))
}

fn address_text<S: Serializer>(address: &Address, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(address)
}
