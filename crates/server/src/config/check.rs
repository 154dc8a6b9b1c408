//! Whether a configuration can work, in the operator's words.

use domain::key::AllowList;
use domain::limits::ENERGY_MARGIN_PPM_MAX;

use super::Config;
use super::settings::{POSTGRES_SCHEMES, SQLITE_SCHEME, log_format};

/// Longest rent, in seconds: the platform's hour.
pub(super) const HOLD_SECS_MAX: i64 = 3_600;
/// Longest life of a transaction that the chain takes, in milliseconds.
///
/// Source: java-tron `Manager.validateCommon`, 24 hours.
pub(super) const TX_EXPIRATION_MS_MAX: i64 = 86_400_000;
/// Shortest life of a transaction that survives the gap after a maintenance block, in milliseconds.
pub(super) const TX_EXPIRATION_MS_MIN: i64 = 15_000;
/// Most sun for one unit of anything: a price beyond it is a slip.
pub(super) const PRICE_SUN_MAX: i64 = 1_000_000_000;
/// Most energy that an order may be for: more than the network yields in a day is a slip, and the
/// dearest price of the longest rent still fits 63 bits.
pub(super) const ORDER_ENERGY_MAX: i64 = 300_000_000;

/// Most sun that a merchant may have to have for a policy: a million TRX.
pub(super) const POLICY_BALANCE_MAX_SUN: i64 = 1_000_000_000_000;
/// Most sun of one transfer: it is for paying an address's own bytes, and what a leaked key of a payer
/// can take is what payers hold.
pub(super) const TRANSFER_SUN_MAX: i64 = 1_000_000_000;

/// Questions that an order asks the chain one after the other.
const READS_DEEP: i64 = 2;

/// Whether the public URL can be the beginning of others.
fn is_origin(config: &Config) -> bool {
    config.public_url().is_some_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// Everything that is wrong, one line each.
pub(super) fn complaints(config: &Config) -> Vec<String> {
    let mut list = Vec::new();
    numbers(config, &mut list);
    if config.node.urls.is_empty() {
        list.push("node.urls: at least one node is needed".to_owned());
    }
    if !config.server.public_url.is_empty() && !is_origin(config) {
        let found = &config.server.public_url;
        list.push(format!("server.public_url: {found} is not an http or https URL"));
    }
    for url in &config.node.urls {
        if let Err(error) = node::Endpoint::new(url) {
            list.push(format!("node.urls: {url}: {error}"));
        }
    }
    if !config.database.url.starts_with(SQLITE_SCHEME) && !config.is_database_shared() {
        let known = POSTGRES_SCHEMES.join(" or ");
        list.push(format!("database.url: must begin with {SQLITE_SCHEME} or {known}"));
    }
    if log_format(&config.log.format).is_none() {
        list.push("log.format: must be \"text\" or \"json\"".to_owned());
    }
    if let Err(error) = crate::logging::check_filter(&config.log.filter) {
        list.push(format!("log.filter: {error}"));
    }
    if config.admin.listen == Some(config.server.listen) {
        list.push("admin.listen: must not be server.listen".to_owned());
    }
    if let Err(error) = AllowList::of(&config.server.trusted_proxies) {
        list.push(format!("server.trusted_proxies: {error}"));
    }
    if let Err(error) = config.deposit_keys() {
        list.push(format!("deposits.xpub: {error}"));
    }
    if config.callback.schedule_secs.iter().any(|delay| *delay < 1) {
        list.push("callback.schedule_secs: each delay is at least 1 second".to_owned());
    }
    list
}

/// A number of the configuration: its key, its value, the least and the most that it may be.
type Range = (&'static str, i64, i64, i64);

fn size(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn span(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn edge_ranges(config: &Config) -> Vec<Range> {
    let (server, node, token) = (&config.server, &config.node, &config.token);
    let (limit, console) = (&config.limit, &config.console);
    vec![
        ("server.max_connections", size(server.max_connections), 1, 1_000_000),
        ("server.header_read_timeout_secs", span(server.header_read_timeout_secs), 1, 300),
        ("server.request_deadline_ms", span(server.request_deadline_ms), 100, 300_000),
        ("server.body_limit_bytes", size(server.body_limit_bytes), 1_024, 65_536),
        ("limit.key_requests_per_second", limit.key_requests_per_second.into(), 0, 1_000_000),
        ("limit.key_burst", limit.key_burst.into(), 1, 1_000_000),
        ("limit.peer_requests_per_second", limit.peer_requests_per_second.into(), 0, 1_000_000),
        ("limit.peer_burst", limit.peer_burst.into(), 1, 1_000_000),
        ("console.idle_minutes", console.idle_minutes, 1, 24 * 60),
        ("console.session_hours", console.session_hours, 1, 24 * 7),
        ("console.invitation_hours", console.invitation_hours, 1, 24 * 14),
        ("console.live_connections", size(console.live_connections), 0, 100_000),
        ("console.live_ms", span(console.live_ms), 100, 60_000),
        ("console.body_limit_bytes", size(console.body_limit_bytes), 65_536, 67_108_864),
        ("server.notice_secs", span(server.notice_secs), 0, 600),
        ("server.drain_secs", span(server.drain_secs), 0, 600),
        ("node.request_timeout_ms", span(node.request_timeout_ms), 100, 60_000),
        ("node.poll_ms", span(node.poll_ms), 10, 60_000),
        ("node.block_time_ms", node.block_time_ms, 10, 60_000),
        ("node.catch_up_blocks", node.catch_up_blocks, 20, 100_000),
        ("token.energy_to_holder", token.energy_to_holder, 1, 100_000_000),
        ("token.energy_to_empty", token.energy_to_empty, 1, 100_000_000),
    ]
}

fn money_ranges(config: &Config) -> Vec<Range> {
    let (price, transfer, deposits) = (&config.price, &config.transfer, &config.deposits);
    let (pool, order) = (&config.pool, &config.order);
    vec![
        ("price.energy_price_sun", price.energy_price_sun, 0, PRICE_SUN_MAX),
        ("price.energy_price_1d_sun", price.energy_price_1d_sun, 0, PRICE_SUN_MAX),
        ("price.energy_price_3d_sun", price.energy_price_3d_sun, 0, PRICE_SUN_MAX),
        ("price.energy_price_30d_sun", price.energy_price_30d_sun, 0, PRICE_SUN_MAX),
        ("price.small_energy", price.small_energy, 0, ORDER_ENERGY_MAX),
        ("price.small_surcharge_sun", price.small_surcharge_sun, 0, PRICE_SUN_MAX),
        ("price.bandwidth_price_sun", price.bandwidth_price_sun, 0, PRICE_SUN_MAX),
        ("price.activation_price_sun", price.activation_price_sun, 0, PRICE_SUN_MAX),
        ("price.transfer_fee_sun", price.transfer_fee_sun, 0, PRICE_SUN_MAX),
        ("transfer.amount_min_sun", transfer.amount_min_sun, 1, transfer.amount_max_sun),
        ("transfer.amount_max_sun", transfer.amount_max_sun, 1, TRANSFER_SUN_MAX),
        ("transfer.payer_low_sun", transfer.payer_low_sun, 0, i64::MAX),
        ("deposits.minimum_sun", deposits.minimum_sun, 1, i64::MAX),
        ("deposits.blocks_per_read", deposits.blocks_per_read, 1, node::BLOCKS_PER_READ_MAX),
        ("pool.energy_margin_ppm", pool.energy_margin_ppm, 0, ENERGY_MARGIN_PPM_MAX),
        ("pool.wallet_bandwidth_kept", pool.wallet_bandwidth_kept, 0, 1_000_000_000),
        ("order.min_energy", order.min_energy, 1, order.max_energy),
        ("order.max_energy", order.max_energy, 1, ORDER_ENERGY_MAX),
        ("order.hold_secs", order.hold_secs, 1, HOLD_SECS_MAX),
        ("order.fill_deadline_secs", order.fill_deadline_secs, 10, 3_600),
        (
            "order.tx_expiration_ms",
            order.tx_expiration_ms,
            TX_EXPIRATION_MS_MIN,
            TX_EXPIRATION_MS_MAX,
        ),
        ("order.idempotency_hours", order.idempotency_hours, 1, 24 * 90),
    ]
}

fn work_ranges(config: &Config) -> Vec<Range> {
    let (callback, worker) = (&config.callback, &config.worker);
    vec![
        ("callback.timeout_secs", span(callback.timeout_secs), 1, 60),
        ("callback.tail_hours", callback.tail_hours, 1, 24 * 30),
        ("callback.per_host", size(callback.per_host), 1, 1_000),
        ("worker.orders_at_once", size(worker.orders_at_once), 1, 10_000),
        ("policy.balance_min_sun", config.policy.balance_min_sun, 0, POLICY_BALANCE_MAX_SUN),
        ("worker.policies_at_once", size(worker.policies_at_once), 1, 10_000),
        ("worker.batches_at_once", size(worker.batches_at_once), 1, 1_000),
        ("batch.in_flight_max", size(config.batch.in_flight_max), 1, 10_000),
        ("batch.rows_at_once", size(config.batch.rows_at_once), 1, 1_000),
        ("worker.callbacks_at_once", size(worker.callbacks_at_once), 1, 10_000),
        ("worker.idle_ms", span(worker.idle_ms), 10, 60_000),
        ("worker.lease_secs", worker.lease_secs, 3, 3_600),
    ]
}

fn numbers(config: &Config, list: &mut Vec<String>) {
    let (server, node) = (&config.server, &config.node);
    let (callback, worker) = (&config.callback, &config.worker);
    // Else another worker would post a callback that is still being posted.
    if worker.lease_secs <= span(callback.timeout_secs) {
        list.push("worker.lease_secs: must be more than callback.timeout_secs".to_owned());
    }
    let reads_ms = span(node.request_timeout_ms).saturating_mul(READS_DEEP);
    if reads_ms >= span(server.request_deadline_ms) {
        list.push(format!(
            "server.request_deadline_ms: must be more than {READS_DEEP} times node.request_timeout_ms"
        ));
    }
    let ranges = [edge_ranges(config), money_ranges(config), work_ranges(config)];
    for (key, value, least, most) in ranges.into_iter().flatten() {
        if !(least..=most).contains(&value) {
            list.push(format!("{key}: {value} is not between {least} and {most}"));
        }
    }
}
