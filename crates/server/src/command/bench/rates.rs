//! How many orders a second are accepted, beside what the machine allows: rounds of the three and of
//! the other requests, so that all of them meet the same neighbours on it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::ports::Clock;
use app::rows::Key;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use domain::{KeyId, MerchantId};
use node::{CacheSettings, Cached};
use tokio_util::sync::CancellationToken;
use tron::Address;
use wire::{FieldErrors, Object, names};

use super::Plan;
use super::cpu::CpuTime;
use super::energy::Rounds;
use super::figures::{Figures, Unit, per_second};
use super::load::{Pace, Requests, run};
use super::raw_commit::RawCommit;
use super::workload::{self, CALLBACK_URL, address_of, signed_orders};
use crate::auth::signed_caller;
use crate::client_address::ClientAddress;
use crate::command::output::say;
use crate::config::Config;
use crate::http_server::HttpServer;
use crate::keys::Keys;
use crate::refusal::{Refusal, json};
use crate::system::SystemClock;
use crate::world::{World, WorldOptions};

/// Requests prepared for each second of a round; a round that runs out of them ends earlier.
const PREPARED_PER_SEC: usize = 30_000;
/// Answers kept by the node's cache while rates are measured: all that the rounds ask for.
pub(super) const WARM: CacheSettings =
    CacheSettings { age_max: Duration::from_secs(3_600), entries_max: 4_000_000 };

/// The name of the thread that commits.
const WRITER: &str = "store-writer";

/// Who works besides the edge while orders are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workers {
    /// Orders are accepted and nothing else: what the edge can do.
    Rest,
    /// They are filled on the devnet at the same time, on the same machine.
    Fill,
}

/// Measures the ceilings and the rates.
#[expect(clippy::too_many_lines, reason = "one call for each figure, read from top to bottom")]
pub(super) async fn measure(
    plan: &Plan,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let world = start(&directory.join("rates"), Workers::Rest).await?;
    let server = address_of(&world.api_url)?;
    let mut raw = open_raw(&world, directory).await?;
    let (mut raws, mut bares, mut accepteds) = (Vec::new(), Vec::new(), Vec::new());
    let mut energy = Rounds::default();
    let (mut raw_cpus, mut cpus, mut writers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let requests = prepare(&world, plan, round).await?;
        let (rate, cpu_us) = tokio::task::block_in_place(|| raw.rate(plan.lasts))?;
        raws.push(rate);
        raw_cpus.push(cpu_us);
        bares.push(bare_rate(&world, plan, requests.clone()).await?);
        let before = CpuTime::of_process(WRITER);
        let tally = run(server, requests, plan.connections, Pace::Closed(plan.lasts)).await?;
        let (all_us, writer_us) = CpuTime::of_process(WRITER).each_us(&before, tally.answered);
        cpus.push(all_us);
        writers.push(writer_us);
        accepteds.push(per_second(tally.answered, tally.took));
        let first = round * prepared(plan)?;
        let asked = first..first + tally.answered.max(1);
        energy.measure(&world, plan, &receivers(plan, round), asked).await?;
        say(&format!(
            "round {}: raw commit {}, bare HTTP {}, accepted {} a second",
            round + 1,
            raws[round],
            bares[round],
            accepteds[round]
        ));
    }
    world.stop().await?;
    let of = |ceilings: &[u64]| -> Vec<u64> {
        accepteds.iter().zip(ceilings).map(|(rate, ceiling)| rate * 100 / ceiling.max(&1)).collect()
    };
    let (of_raw, of_bare) = (of(&raws), of(&bares));
    figures.add_rounds(
        ("raw_commits_per_sec", "ceiling: raw group commit of the same rows", Unit::PerSecond),
        raws,
        "",
    );
    figures.add_rounds(
        ("bare_requests_per_sec", "ceiling: bare HTTP and HMAC", Unit::PerSecond),
        bares,
        "",
    );
    figures.add_rounds(
        ("accepted_per_sec", "collect orders accepted, durable", Unit::PerSecond),
        accepteds,
        "",
    );
    figures.add_rounds(
        ("accepted_of_raw_percent", "of raw group commit", Unit::Percent),
        of_raw,
        "at least 50 %",
    );
    figures.add_rounds(
        ("accepted_of_bare_percent", "of bare HTTP and HMAC", Unit::Percent),
        of_bare,
        "",
    );
    figures.add_rounds(
        ("raw_commit_cpu_us", "processor time: a raw commit's share", Unit::Micros),
        raw_cpus,
        "",
    );
    figures.add_rounds(
        ("writer_cpu_us", "processor time: the committer, an order", Unit::Micros),
        writers,
        "",
    );
    figures.add_rounds(
        ("accepted_cpu_us", "processor time: an order in all, its client included", Unit::Micros),
        cpus,
        "",
    );
    energy.add_to(figures);
    let filling = filling_rate(plan, directory).await?;
    figures.add(
        ("accepted_while_filling_per_sec", "accepted while they are filled too", Unit::PerSecond),
        filling,
        "",
    );
    Ok(())
}

/// The same with workers that fill the orders, and the devnet that they fill them on.
async fn filling_rate(plan: &Plan, directory: &Path) -> anyhow::Result<u64> {
    let world = start(&directory.join("filling"), Workers::Fill).await?;
    let server = address_of(&world.api_url)?;
    let requests = prepare(&world, plan, 0).await?;
    let tally = run(server, requests, plan.connections, Pace::Closed(plan.lasts)).await?;
    world.stop().await?;
    Ok(per_second(tally.answered, tally.took))
}

pub(super) async fn start(data: &Path, workers: Workers) -> anyhow::Result<World> {
    let options = WorldOptions { block_time_ms: 3_000, ..super::options(data, 1) };
    let world = World::start_with(&options, |product| {
        product.app.cached_node = Arc::new(Cached::new(product.app.node.clone(), WARM));
        if workers == Workers::Rest {
            product.pace.orders_at_once = 0;
        }
    })
    .await?;
    workload::enrich(&world).await?;
    Ok(world)
}

/// Fresh receivers for a round, read once, and their signed orders.
async fn prepare(world: &World, plan: &Plan, round: usize) -> anyhow::Result<Requests> {
    let receivers = receivers(plan, round);
    workload::give_tokens(world, &receivers)?;
    workload::warm(&world.app, world, &receivers).await?;
    let count = prepared(plan)?;
    let server = address_of(&world.api_url)?;
    signed_orders(world, server, &receivers, (round * count, count), Some(CALLBACK_URL))
}

/// How many orders are prepared for a round.
pub(super) fn prepared(plan: &Plan) -> anyhow::Result<usize> {
    Ok(usize::try_from(plan.lasts.as_millis().div_ceil(1_000))? * PREPARED_PER_SEC)
}

/// The receivers of a round.
pub(super) fn receivers(plan: &Plan, round: usize) -> Vec<Address> {
    let first = round * plan.receivers;
    (first..first + plan.receivers).map(workload::receiver).collect()
}

async fn open_raw(world: &World, directory: &Path) -> anyhow::Result<RawCommit> {
    let store = &world.app.store;
    let (pool, _) = store.pool().await?;
    let wallets = store.wallets().await?;
    let view = world.app.view.get().ok_or_else(|| anyhow::anyhow!("no block was read yet"))?;
    let settings = (*world.app.settings).clone();
    RawCommit::open(directory, (settings, view.totals), (pool, wallets), unused_key()).await
}

/// A key that signs nothing.
pub(super) fn unused_key() -> Key {
    Key {
        id: KeyId(0),
        merchant: MerchantId(0),
        text: "0".repeat(32),
        name: "bench".to_owned(),
        sealed_secret: vec![0; 64],
        is_reference_strict: false,
        limits: domain::key::KeyLimits::default(),
        created: SystemClock.now(),
        revoked: None,
    }
}

/// The edge with a handler that checks the signature and answers.
async fn bare_rate(world: &World, plan: &Plan, requests: Requests) -> anyhow::Result<u64> {
    let keys = Arc::new(world.keys());
    let router =
        Router::new().route(names::PATH_COLLECT_MANUAL, post(answer_bare)).with_state(keys);
    let limits = Config::from_layers(None, [])?.http_limits();
    let server = HttpServer::bind(([127, 0, 0, 1], 0).into(), limits).await?;
    let address = server.local_address();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.run(router, stop.clone()));
    let tally = run(address, requests, plan.connections, Pace::Closed(plan.lasts)).await;
    stop.cancel();
    serving.await?;
    let tally = tally?;
    Ok(per_second(tally.answered, tally.took))
}

async fn answer_bare(
    State(keys): State<Arc<Keys>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let from = ClientAddress(std::net::Ipv4Addr::LOCALHOST.into());
    let object = Object::parse_body(&body)
        .map_err(|error| Refusal::fields(FieldErrors::unreadable(&error)))?;
    signed_caller(&keys, &headers, from, &body, &object, SystemClock.now()).await?;
    Ok(json(StatusCode::OK, r#"{"errno":0}"#.to_owned()))
}
