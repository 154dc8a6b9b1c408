//! Every key: what its values are and what is checked about one alone.

use std::net::SocketAddr;

use toml::Value;
use tron::Address;
use url::Url;

use crate::callback_client::TargetPolicy;
use crate::logging;

/// The longest text that a key takes, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 4096;
/// The most items that a list takes.
pub(super) const MAX_ITEMS: usize = 32;

/// One key.
pub(super) struct Key {
    /// Section and name: `server.listen`.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
}

/// What the values of a key are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// A list of whole numbers within bounds.
    Integers(i64, i64),
    Boolean,
    Text(Text),
    /// A list of texts.
    Texts(Text),
}

/// What a text stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    SocketAddress,
    /// Empty, or an http or https URL.
    OptionalHttpUrl,
    HttpUrl,
    DatabaseUrl,
    TronAddress,
    /// A host name or address, without port.
    Host,
    Path,
    /// Empty, or a path.
    OptionalPath,
    LogFilter,
    LogFormat,
}

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind }
}

use Kind::{Boolean, Integer, Integers};

/// All keys, in the order of `config.default.toml`.
pub(super) const KEYS: &[Key] = &[
    key("server.listen", Kind::Text(Text::SocketAddress)),
    key("server.base_url", Kind::Text(Text::OptionalHttpUrl)),
    key("server.max_connections", Integer(1, 100_000)),
    key("server.header_read_timeout_secs", Integer(1, 300)),
    key("server.request_deadline_ms", Integer(100, 120_000)),
    key("server.write_timeout_secs", Integer(1, 300)),
    key("server.body_limit_bytes", Integer(1024, 1024 * 1024)),
    key("server.drain_secs", Integer(0, 300)),
    key("database.url", Kind::Text(Text::DatabaseUrl)),
    key("node.urls", Kind::Texts(Text::HttpUrl)),
    key("node.api_key_file", Kind::Text(Text::OptionalPath)),
    key("node.requests_per_second", Integer(1, 100_000)),
    key("node.request_timeout_ms", Integer(50, 60_000)),
    key("node.block_time_ms", Integer(10, 60_000)),
    key("node.solid_margin_ms", Integer(0, 600_000)),
    key("token.contract", Kind::Text(Text::TronAddress)),
    key("token.energy_to_holder", Integer(1_000, 10_000_000)),
    key("token.energy_to_empty", Integer(1_000, 10_000_000)),
    key("price.energy_price_sun", Integer(0, 100_000)),
    key("price.activation_price_sun", Integer(0, 1_000_000_000)),
    key("price.bandwidth_price_sun", Integer(0, 1_000_000)),
    key("pool.energy_margin_ppm", Integer(0, 5_000)),
    key("pool.min_wallet_bandwidth", Integer(0, 1_000_000)),
    key("pool.wallets_dir", Kind::Text(Text::Path)),
    key("pool.permission_id", Integer(0, 9)),
    key("order.max_hold_secs", Integer(60, 3_600)),
    key("order.fill_deadline_secs", Integer(5, 3_600)),
    key("order.tx_expiration_ms", Integer(1_000, 86_000_000)),
    key("order.timestamp_window_secs", Integer(10, 3_600)),
    key("order.idempotency_hours", Integer(1, 720)),
    key("callback.timeout_secs", Integer(1, 60)),
    key("callback.schedule_secs", Integers(1, 86_400)),
    key("callback.tail_hours", Integer(0, 720)),
    key("callback.per_host_concurrency", Integer(1, 256)),
    key("callback.allow_hosts", Kind::Texts(Text::Host)),
    key("callback.allow_private", Boolean),
    key("worker.lease_secs", Integer(5, 3_600)),
    key("worker.poll_interval_ms", Integer(10, 60_000)),
    key("worker.fill_batch", Integer(1, 10_000)),
    key("worker.watch_batch", Integer(1, 10_000)),
    key("worker.reclaim_batch", Integer(1, 10_000)),
    key("worker.callback_batch", Integer(1, 10_000)),
    key("secrets.master_key_file", Kind::Text(Text::OptionalPath)),
    key("secrets.wallet_passphrase_file", Kind::Text(Text::OptionalPath)),
    key("log.filter", Kind::Text(Text::LogFilter)),
    key("log.format", Kind::Text(Text::LogFormat)),
];

impl Key {
    /// The key of this path.
    pub(super) fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// Whether the key's URLs can hold a password or a provider's key, so that they are never
    /// printed as they are.
    pub(super) fn is_masked(&self) -> bool {
        matches!(self.path, "database.url" | "node.urls")
    }

    /// Whether a value is one that the key takes.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        // The one key whose values have a gap: permission 1 is the witness permission.
        if self.path == "pool.permission_id" && value.as_integer() == Some(1) {
            return false;
        }
        match self.kind {
            Integer(min, max) => is_within(value, min, max),
            Boolean => value.is_bool(),
            Kind::Text(text) => text.accepts_value(value),
            Integers(min, max) => {
                is_list_of(value, |item| is_within(item, min, max)) && has_items(value)
            }
            Kind::Texts(Text::Host) => is_list_of(value, |item| Text::Host.accepts_value(item)),
            Kind::Texts(text) => {
                is_list_of(value, |item| text.accepts_value(item)) && has_items(value)
            }
        }
    }

    /// What the key takes, to complete "must be …".
    pub(super) fn expectation(&self) -> String {
        if self.path == "pool.permission_id" {
            return "0 or a whole number from 2 to 9".to_owned();
        }
        match self.kind {
            Integer(min, max) => format!("a whole number from {min} to {max}"),
            Boolean => "true or false".to_owned(),
            Kind::Text(text) => text.expectation().to_owned(),
            Integers(min, max) => {
                format!("a list of 1 to {MAX_ITEMS} whole numbers from {min} to {max}")
            }
            Kind::Texts(text) => {
                let fewest = if text == Text::Host { 0 } else { 1 };
                format!("a list of {fewest} to {MAX_ITEMS} items, each {}", text.expectation())
            }
        }
    }

    /// The value that a text from the environment or the command line stands for; a text that is
    /// none of the right kind stays a text, to be complained about.
    pub(super) fn value_of(&self, text: &str) -> Value {
        let as_text = || Value::String(text.to_owned());
        let number = |text: &str| text.trim().parse().map(Value::Integer).ok();
        let items = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
        match self.kind {
            Integer(..) => number(text).unwrap_or_else(as_text),
            Boolean => text.trim().parse().map_or_else(|_| as_text(), Value::Boolean),
            Kind::Text(_) => as_text(),
            Integers(..) => {
                items().map(number).collect::<Option<_>>().map_or_else(as_text, Value::Array)
            }
            Kind::Texts(_) => Value::Array(items().map(|item| item.into()).collect()),
        }
    }
}

impl Text {
    fn accepts_value(self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| text.len() <= MAX_TEXT_BYTES && self.accepts(text))
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::SocketAddress => text.parse::<SocketAddr>().is_ok(),
            Self::HttpUrl => is_http_url(text),
            Self::OptionalHttpUrl => text.is_empty() || is_http_url(text),
            Self::DatabaseUrl => is_database_url(text),
            Self::TronAddress => text.parse::<Address>().is_ok(),
            Self::Host => TargetPolicy::public_only().allowing_host(text).is_ok(),
            Self::Path => !text.is_empty() && !text.contains('\0'),
            Self::OptionalPath => !text.contains('\0'),
            Self::LogFilter => logging::check_filter(text).is_ok(),
            Self::LogFormat => matches!(text, "text" | "json"),
        }
    }

    const fn expectation(self) -> &'static str {
        match self {
            Self::SocketAddress => "an address and port such as 127.0.0.1:8080",
            Self::HttpUrl => "an http or https URL",
            Self::OptionalHttpUrl => "empty or an http or https URL",
            Self::DatabaseUrl => "sqlite:<path> or postgres://<user>@<host>/<database>",
            Self::TronAddress => "a TRON address (T…, 34 characters)",
            Self::Host => "a host name or address without scheme and port",
            Self::Path => "a path",
            Self::OptionalPath => "empty or a path",
            Self::LogFilter => "log levels such as info or warn,sunsweep=debug",
            Self::LogFormat => "text or json",
        }
    }
}

fn is_within(value: &Value, min: i64, max: i64) -> bool {
    value.as_integer().is_some_and(|number| (min..=max).contains(&number))
}

fn is_list_of(value: &Value, accepts: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.len() <= MAX_ITEMS && items.iter().all(accepts))
}

fn has_items(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty())
}

fn is_http_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_database_url(text: &str) -> bool {
    match text.strip_prefix("sqlite:") {
        Some(path) => Text::Path.accepts(path),
        None => Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql") && url.has_host()),
    }
}
