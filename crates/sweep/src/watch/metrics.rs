//! Numbers for a monitoring system, in the Prometheus text format.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::journal::Holding;
use crate::plan::Plan;
use crate::record::{Asset, Record, State};

/// Upper bounds of the times from order to ready, seconds.
const READY_BOUNDS_SECS: [f64; 9] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0, 300.0, 1_200.0];

/// What is counted.
pub struct Metrics {
    registry: Registry,
    swept: Counter,
    failed: Family<Why, Counter>,
    moved_units: Counter<u64, AtomicU64>,
    trx_moved_sun: Counter,
    charged_sun: Counter,
    burned_sun: Counter,
    burn_cost_sun: Counter,
    ready: Histogram,
    looks: Counter,
    failed_looks: Family<What, Counter>,
    last_look: Gauge,
    holding_addresses: Gauge,
    holding_units: Gauge,
    left_alone: Family<Why, Gauge>,
    unfinished: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: String,
}

/// The endpoint cannot be offered.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be offered at {address}")]
pub struct MetricsError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: std::io::Error,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("sunsweep_sweep"),
            swept: Counter::default(),
            failed: Family::default(),
            moved_units: Counter::default(),
            trx_moved_sun: Counter::default(),
            charged_sun: Counter::default(),
            burned_sun: Counter::default(),
            burn_cost_sun: Counter::default(),
            ready: Histogram::new(READY_BOUNDS_SECS),
            looks: Counter::default(),
            failed_looks: Family::default(),
            last_look: Gauge::default(),
            holding_addresses: Gauge::default(),
            holding_units: Gauge::default(),
            left_alone: Family::default(),
            unfinished: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("swept_addresses", "Addresses swept", self.swept.clone());
        registry.register("failed_addresses", "Addresses given up, by reason", self.failed.clone());
        registry.register(
            "moved_units",
            "Tokens moved, in their smallest unit",
            self.moved_units.clone(),
        );
        registry.register(
            "trx_moved_sun",
            "Leftover TRX moved, in sun",
            self.trx_moved_sun.clone(),
        );
        registry.register("charged_sun", "Charged for orders, in sun", self.charged_sun.clone());
        registry.register("burned_sun", "TRX burned by transfers, in sun", self.burned_sun.clone());
        registry.register(
            "burn_cost_sun",
            "What the same transfers would have burned without orders, in sun",
            self.burn_cost_sun.clone(),
        );
        registry.register("ready_seconds", "From order to ready", self.ready.clone());
        registry.register("looks", "Looks at all balances", self.looks.clone());
        registry.register(
            "failed_looks",
            "Looks that came to nothing, by what was out of reach",
            self.failed_looks.clone(),
        );
        registry.register(
            "last_look_timestamp_seconds",
            "When the last whole look began, Unix time",
            self.last_look.clone(),
        );
        registry.register(
            "holding_addresses",
            "Addresses that hold tokens",
            self.holding_addresses.clone(),
        );
        registry.register(
            "holding_units",
            "Tokens on all addresses, in their smallest unit",
            self.holding_units.clone(),
        );
        registry.register(
            "left_alone_addresses",
            "Addresses that were due and left alone in the last plan, by reason",
            self.left_alone.clone(),
        );
        registry.register(
            "unfinished_addresses",
            "Addresses that are under way in any run",
            self.unfinished.clone(),
        );
    }

    /// All of them, as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes whatever is written");
        text
    }

    pub(super) fn looked(&self, began_ms: i64) {
        self.looks.inc();
        self.last_look.set(began_ms / 1_000);
    }

    pub(super) fn failed_look(&self, what: &str) {
        self.failed_looks.get_or_create(&What { what: what.to_owned() }).inc();
    }

    pub(super) fn holding(&self, holdings: &[Holding]) {
        let units: u128 = holdings.iter().map(|holding| holding.held.0).sum();
        let with_tokens = holdings.iter().filter(|holding| holding.held.0 > 0).count();
        self.holding_addresses.set(i64::try_from(with_tokens).unwrap_or(i64::MAX));
        self.holding_units.set(i64::try_from(units).unwrap_or(i64::MAX));
    }

    pub(super) fn planned(&self, plan: &Plan) {
        self.left_alone.clear();
        for reason in plan.reasons() {
            let why = Why { reason: reason.code.word().to_owned() };
            self.left_alone.get_or_create(&why).inc();
        }
    }

    /// Counts what became of these in a run.
    pub(super) fn ran(&self, records: &[&Record]) {
        let natural = |sun: tron::Sun| u64::try_from(sun.get()).unwrap_or(0);
        for record in records {
            match record.state {
                State::Swept => self.count_swept(record),
                State::Failed => {
                    let reason = record.reason.as_ref().map_or("", |reason| reason.code.word());
                    self.failed.get_or_create(&Why { reason: reason.to_owned() }).inc();
                }
                State::Skipped
                | State::Planned
                | State::Ordering
                | State::Ordered
                | State::Ready
                | State::Signed
                | State::Included => continue,
            }
            // Money is counted when the address is done, so that nothing counts twice.
            self.charged_sun.inc_by(natural(record.charged));
            self.burned_sun.inc_by(natural(record.burned));
        }
    }

    pub(super) fn unfinished(&self, addresses: usize) {
        self.unfinished.set(i64::try_from(addresses).unwrap_or(i64::MAX));
    }

    fn count_swept(&self, record: &Record) {
        let moved = u64::try_from(record.moved.0).unwrap_or(u64::MAX);
        if record.asset == Asset::Trx {
            self.trx_moved_sun.inc_by(moved);
            return;
        }
        self.swept.inc();
        self.moved_units.inc_by(moved);
        self.burn_cost_sun.inc_by(u64::try_from(record.burn_cost.get()).unwrap_or(0));
        if let (Some(ordered), Some(ready)) = (record.times.ordered_ms, record.times.ready_ms) {
            let took = Duration::from_millis(u64::try_from(ready - ordered).unwrap_or(0));
            self.ready.observe(took.as_secs_f64());
        }
    }
}

/// Offers `/metrics` and `/healthz` until told to stop; the address that it listens on.
///
/// Errors: the address cannot be listened on.
pub async fn serve(
    address: SocketAddr,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> Result<SocketAddr, MetricsError> {
    let failed = |source| MetricsError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    let router = Router::new()
        .route("/metrics", get(show))
        .route("/healthz", get(|| async { (StatusCode::OK, "ok\n") }))
        .with_state(metrics);
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!("metrics are no longer offered: {error}");
        }
    });
    Ok(local)
}

async fn show(Shared(metrics): Shared<Arc<Metrics>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics.render())
}
