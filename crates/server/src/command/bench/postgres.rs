//! PostgreSQL beside SQLite: orders accepted by one and by two servers, with the database beside them and far
//! away, in the same rounds, so that all of them meet the same neighbours on the machine.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use futures::future::try_join_all;
use node::Cached;
use tron::Address;

use super::Plan;
use super::distance::Distance;
use super::figures::{Figures, Unit, percentile};
use super::growth;
use super::load::{Pace, Requests, Tally, run};
use super::rates::{WARM, prepared, receivers};
use super::throwaway::{self, Throwaway};
use super::workload::{self, CALLBACK_URL, address_of, signed_orders};
use crate::boot::Product;
use crate::command::output::say;
use crate::world::{World, WorldOptions};

/// Between two orders at the steady rate: 200 a second in all.
const STEADY_DISTANCE: Duration = Duration::from_millis(5);
/// Connections to each server at the steady rate.
const STEADY_CONNECTIONS: usize = 32;

/// What is compared.
struct Compared {
    /// Of its databases and directories.
    name: &'static str,
    database: Place,
    servers: usize,
    names: Names,
}

/// Where a database is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Sqlite,
    /// PostgreSQL on this machine, by its socket.
    Beside,
    /// The same behind a relay that makes every round trip longer.
    Far,
}

const COMPARED: [Compared; 5] = [
    Compared {
        name: "sqlite",
        database: Place::Sqlite,
        servers: 1,
        names: [
            ("sqlite_accepted_per_sec", "SQLite: orders accepted, durable"),
            ("sqlite_accept_p99_us", "SQLite: accepting at 200/s, 99 %"),
        ],
    },
    Compared {
        name: "one",
        database: Place::Beside,
        servers: 1,
        names: [
            ("postgres_accepted_per_sec", "PostgreSQL, 1 server: orders accepted, durable"),
            ("postgres_accept_p99_us", "PostgreSQL, 1 server: accepting at 200/s, 99 %"),
        ],
    },
    Compared {
        name: "two",
        database: Place::Beside,
        servers: 2,
        names: [
            ("postgres_two_accepted_per_sec", "PostgreSQL, 2 servers: orders accepted, durable"),
            ("postgres_two_accept_p99_us", "PostgreSQL, 2 servers: accepting at 200/s, 99 %"),
        ],
    },
    Compared {
        name: "far_one",
        database: Place::Far,
        servers: 1,
        names: [
            ("postgres_far_accepted_per_sec", "PostgreSQL 2 ms away, 1 server: accepted, durable"),
            ("postgres_far_accept_p99_us", "PostgreSQL 2 ms away, 1 server: at 200/s, 99 %"),
        ],
    },
    Compared {
        name: "far_two",
        database: Place::Far,
        servers: 2,
        names: [
            (
                "postgres_far_two_accepted_per_sec",
                "PostgreSQL 2 ms away, 2 servers: accepted, durable",
            ),
            ("postgres_far_two_accept_p99_us", "PostgreSQL 2 ms away, 2 servers: at 200/s, 99 %"),
        ],
    },
];

/// Keys and labels of a rate and of a latency.
type Names = [(&'static str, &'static str); 2];

/// A shop with its servers, whose workers rest.
struct Site {
    world: World,
    servers: Vec<(SocketAddr, App)>,
    rates: Vec<u64>,
    latencies_us: Vec<u64>,
}

/// Measures the rates, then what an order costs as the database grows.
pub(super) async fn measure(
    plan: &Plan,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let postgres = Throwaway::start(directory)?;
    let distance = Distance::before(&postgres.socket()).await?;
    say("PostgreSQL beside SQLite: orders accepted by one and by two servers, near and far.");
    let mut sites = Vec::new();
    for one in &COMPARED {
        let url = match one.database {
            Place::Sqlite => None,
            Place::Beside => Some(postgres.database(one.name)?),
            Place::Far => {
                postgres.database(one.name)?;
                Some(throwaway::url_at(distance.address, one.name))
            }
        };
        let data = directory.join(format!("compared-{}", one.name));
        sites.push(Site::start(&data, url, one.servers).await?);
    }
    for round in 0..plan.rounds {
        for site in &mut sites {
            site.measure(plan, round).await?;
        }
        let rates: Vec<_> = sites.iter().map(|site| site.rates[round].to_string()).collect();
        say(&format!("round {}: accepted {} a second", round + 1, rates.join(", ")));
    }
    for (site, Compared { names: [rate, latency], .. }) in sites.into_iter().zip(COMPARED) {
        site.world.stop().await?;
        figures.add_rounds((rate.0, rate.1, Unit::PerSecond), site.rates, "");
        figures.add_rounds((latency.0, latency.1, Unit::Micros), site.latencies_us, "");
    }
    growth::measure(plan, &postgres, directory, figures).await
}

impl Site {
    async fn start(data: &Path, url: Option<String>, servers: usize) -> anyhow::Result<Self> {
        let options = WorldOptions { database_url: url, ..super::options(data, 1) };
        let mut world = World::start_with(&options, rest).await?;
        workload::enrich(&world).await?;
        let mut all = vec![(address_of(&world.api_url)?, world.app.clone())];
        while all.len() < servers {
            all.push(world.add_server(&options, rest).await?);
        }
        Ok(Self { world, servers: all, rates: Vec::new(), latencies_us: Vec::new() })
    }

    async fn measure(&mut self, plan: &Plan, round: usize) -> anyhow::Result<()> {
        let receivers = receivers(plan, round);
        workload::give_tokens(&self.world, &receivers)?;
        for (_, app) in &self.servers {
            workload::warm(app, &self.world, &receivers).await?;
        }
        let (count, steady) = (prepared(plan)?, plan.steady / plan.rounds);
        let first = round * (count + steady);
        let requests = self.requests(&receivers, (first, count))?;
        let connections = plan.connections / self.servers.len();
        let tallies = self.run(requests, connections, Pace::Closed(plan.lasts)).await?;
        self.rates.push(tallies.iter().map(rate).sum());
        let requests = self.requests(&receivers, (first + count, steady))?;
        let distance = STEADY_DISTANCE * u32::try_from(self.servers.len())?;
        let tallies = self.run(requests, STEADY_CONNECTIONS, Pace::Open(distance)).await?;
        let all = tallies.iter().flat_map(|tally| &tally.latencies_us);
        let latencies: Vec<u64> = all.map(|(_, us)| *us).collect();
        self.latencies_us.push(percentile(&latencies, 99));
        Ok(())
    }

    /// Each server's share of so many orders from this number on.
    fn requests(
        &self,
        receivers: &[Address],
        (first, count): (usize, usize),
    ) -> anyhow::Result<Vec<Requests>> {
        let share = count / self.servers.len();
        let shares = self.servers.iter().zip((first..).step_by(share.max(1)));
        shares
            .map(|((server, _), first)| {
                signed_orders(&self.world, *server, receivers, (first, share), Some(CALLBACK_URL))
            })
            .collect()
    }

    async fn run(
        &self,
        requests: Vec<Requests>,
        connections: usize,
        pace: Pace,
    ) -> anyhow::Result<Vec<Tally>> {
        let runs = self.servers.iter().zip(requests);
        try_join_all(runs.map(|((server, _), requests)| run(*server, requests, connections, pace)))
            .await
    }
}

/// Orders are accepted and nothing else; the chain is asked about each address once.
fn rest(product: &mut Product) {
    product.app.cached_node = Arc::new(Cached::new(product.app.node.clone(), WARM));
    product.pace.orders_at_once = 0;
}

fn rate(tally: &Tally) -> u64 {
    super::figures::per_second(tally.answered, tally.took)
}
