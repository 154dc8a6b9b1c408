//! `sunsweep bench`: the product's speed and size, beside what the machine allows.
//!
//! Every figure is measured in one run on one machine. Rates are compared with ceilings of that run:
//! an absolute number says as much about the machine and its neighbours as about us.

mod cpu;
mod disk;
mod distance;
mod energy;
mod figures;
mod finished;
mod footprint;
mod growth;
mod lives;
mod load;
mod observed;
mod postgres;
mod rates;
mod raw_commit;
mod sweeps;
mod throwaway;
mod workload;

use std::path::Path;
use std::time::Duration;

use super::dev::Scratch;
use super::output::{Failure, print, say, table};
use crate::logging::{self, LogFormat};
use crate::world::WorldOptions;
use figures::Figures;

/// Most seconds that one rate is measured for.
const SECONDS_MAX: u64 = 60;
/// Most finished orders to start with.
const FINISHED_MAX: usize = 10_000_000;
/// Most addresses of a sweep.
const SWEPT_MAX: usize = 100_000;

/// Time between two blocks at most when sizes are tiny.
const QUICK_BLOCK_TIME_MS: i64 = 200;
/// Finished orders at most when sizes are tiny.
const QUICK_FINISHED: usize = 1_000;
/// Addresses of a sweep at most when sizes are tiny.
const QUICK_SWEPT: usize = 50;
/// Rows to which databases grow at most when sizes are tiny.
const QUICK_GROWN: i64 = 1_000;

/// Measure the product beside this machine's ceilings, on a devnet in this process.
#[derive(Debug, clap::Args)]
pub(super) struct Bench {
    /// Sizes so small that the figures say nothing: to see that it runs.
    #[arg(long)]
    quick: bool,
    /// Seconds for which each rate is measured, in each of three rounds.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
    /// Finished orders in the database whose memory and start are measured.
    #[arg(long, default_value_t = 100_000, value_parser = finished)]
    finished: usize,
    /// Addresses that a sweep finds and plans.
    #[arg(long, default_value_t = 10_000, value_parser = swept)]
    swept: usize,
    /// Merchants, pending orders and finished ones to which databases grow while the cost of an order is
    /// measured.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(1_000..=10_000_000))]
    grown: i64,
    /// Time between two blocks, in milliseconds, where an order's life is measured.
    #[arg(long, default_value_t = 3_000)]
    block_time_ms: i64,
    /// Measure only this part.
    #[arg(long)]
    only: Option<Part>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// What is logged, as RUST_LOG writes it.
    #[arg(long, default_value = "error")]
    log: String,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Orders accepted a second, and the ceilings.
    Rates,
    /// Node calls, latency, and blocks until ready and given back.
    Lives,
    /// Memory and start with finished orders.
    Footprint,
    /// Discovery, plan and memory of a sweep.
    Sweep,
    /// PostgreSQL with one and two servers beside SQLite, and the cost of an order as both grow.
    Postgres,
}

/// The sizes of a run.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Rounds of each rate.
    rounds: usize,
    /// How long each rate is measured in a round.
    lasts: Duration,
    /// Connections of the load generator.
    connections: usize,
    /// Receivers of a round.
    receivers: usize,
    /// Time between two blocks where lives are measured.
    block_time_ms: i64,
    /// Orders at the steady rate.
    steady: usize,
    /// Orders one after another, from order to return.
    singles: usize,
    /// Orders at once.
    burst: usize,
    /// Finished orders in the database whose memory and start are measured.
    finished: usize,
    /// Addresses that a sweep looks at.
    swept: usize,
    /// Rows to which databases grow.
    growth_max: i64,
    /// Orders by which their cost is measured.
    growth_orders: usize,
}

fn finished(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=FINISHED_MAX).contains(&number) => Ok(number),
        _ => Err(format!("a number from 1 to {FINISHED_MAX} is expected")),
    }
}

fn swept(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=SWEPT_MAX).contains(&number) => Ok(number),
        _ => Err(format!("a number from 1 to {SWEPT_MAX} is expected")),
    }
}

impl Bench {
    /// Measures everything and prints it. It fails only when something could not be measured.
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.log, LogFormat::Text)?;
        let scratch = Scratch::new()?;
        let plan = self.plan();
        let mut figures = Figures::default();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let measured = runtime.block_on(measure(&plan, self.only, &scratch.0, &mut figures));
        // What a failure left running must not keep its message back.
        runtime.shutdown_background();
        measured?;
        match self.json {
            true => print(&figures.to_json()),
            false => print(&table(&["", "median", "range", "aim"], figures.cells())),
        }
        Ok(())
    }

    fn plan(&self) -> Plan {
        match self.quick {
            true => Plan {
                rounds: 1,
                lasts: Duration::from_millis(300),
                connections: 16,
                receivers: 1_000,
                block_time_ms: self.block_time_ms.min(QUICK_BLOCK_TIME_MS),
                steady: 40,
                singles: 5,
                burst: 20,
                finished: self.finished.min(QUICK_FINISHED),
                swept: self.swept.min(QUICK_SWEPT),
                growth_max: self.grown.min(QUICK_GROWN),
                growth_orders: 40,
            },
            false => Plan {
                rounds: 3,
                lasts: Duration::from_secs(self.seconds),
                connections: 256,
                receivers: 10_000 * usize::try_from(self.seconds).unwrap_or(1),
                block_time_ms: self.block_time_ms,
                steady: 2_000,
                singles: 25,
                burst: 500,
                finished: self.finished,
                swept: self.swept,
                growth_max: self.grown,
                growth_orders: 1_000,
            },
        }
    }
}

async fn measure(
    plan: &Plan,
    only: Option<Part>,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let is_wanted = |part| only.is_none_or(|only| only == part);
    if is_wanted(Part::Rates) {
        say("Rates: raw group commit, bare HTTP, accepted orders.");
        rates::measure(plan, directory, figures).await?;
    }
    if is_wanted(Part::Lives) {
        disk::measure(directory, figures)?;
        lives::measure(plan, directory, figures).await?;
    }
    if is_wanted(Part::Footprint) {
        footprint::measure(plan, directory, figures).await?;
    }
    if is_wanted(Part::Sweep) {
        sweeps::measure(plan, directory, figures).await?;
    }
    match is_wanted(Part::Postgres) {
        true if only.is_none() && !throwaway::is_installed() => {
            say("PostgreSQL is not installed, and not measured.");
        }
        true => postgres::measure(plan, directory, figures).await?,
        false => {}
    }
    Ok(())
}

/// A world of its own below this directory.
fn options(data: &Path, addresses: usize) -> WorldOptions {
    let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    WorldOptions {
        listen: loopback,
        node_listen: loopback,
        admin_listen: None,
        data: data.to_owned(),
        database_url: None,
        block_time_ms: 3_000,
        addresses,
    }
}
