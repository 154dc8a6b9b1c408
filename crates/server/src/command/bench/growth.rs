//! What accepting an order costs as merchants, pending orders and history grow: a database that grows beside
//! one that stays small, in turns, so that both meet the same neighbours on the machine.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use app::App;
use app::place_order::{PlaceOrder, Wanted};
use app::ports::{Clock, Store};
use app::rows::{RequestKeys, WalletReading};
use domain::collect::Scene;
use domain::{OrderId, Origin};
use futures::{StreamExt, TryStreamExt, stream};
use store::{Multiplier, Options, SqlStore};
use tron::{Address, Bandwidth};

use super::Plan;
use super::figures::{Figures, Unit, median};
use super::finished::{self, Market};
use super::rates::{Workers, start, unused_key};
use super::raw_commit::Base;
use super::throwaway::Throwaway;
use super::workload::{self, CALLBACK_URL, reference};
use crate::command::output::say;
use crate::system::SystemClock;
use crate::world::World;

/// Rows from which the growth begins.
const SMALLEST: i64 = 1_000;
/// Orders that are placed at the same time.
const AT_ONCE: usize = 64;
/// References of orders that are measured begin here, after those that are multiplied.
const FIRST_NUMBER: usize = 1_000_000_000;

/// What grows.
#[derive(Clone, Copy, Debug)]
enum What {
    Merchants,
    Pending,
    History,
}

/// What is measured: the database, what grows, and the figures' keys and labels: the cost with few rows,
/// with many, and the one in percent of the other.
type Measured = (bool, What, [(&'static str, &'static str); 3]);

const MEASURED: [Measured; 6] = [
    (
        false,
        What::Merchants,
        [
            ("sqlite_few_merchants_us", "SQLite: an order with few merchants"),
            ("sqlite_many_merchants_us", "with many merchants"),
            ("sqlite_merchants_growth_percent", "of the cost with few"),
        ],
    ),
    (
        false,
        What::Pending,
        [
            ("sqlite_few_pending_us", "SQLite: an order with few pending"),
            ("sqlite_many_pending_us", "with many pending"),
            ("sqlite_pending_growth_percent", "of the cost with few"),
        ],
    ),
    (
        false,
        What::History,
        [
            ("sqlite_short_history_us", "SQLite: an order with a short history"),
            ("sqlite_long_history_us", "with a long history"),
            ("sqlite_history_growth_percent", "of the cost with a short one"),
        ],
    ),
    (
        true,
        What::Merchants,
        [
            ("postgres_few_merchants_us", "PostgreSQL: an order with few merchants"),
            ("postgres_many_merchants_us", "with many merchants"),
            ("postgres_merchants_growth_percent", "of the cost with few"),
        ],
    ),
    (
        true,
        What::Pending,
        [
            ("postgres_few_pending_us", "PostgreSQL: an order with few pending"),
            ("postgres_many_pending_us", "with many pending"),
            ("postgres_pending_growth_percent", "of the cost with few"),
        ],
    ),
    (
        true,
        What::History,
        [
            ("postgres_short_history_us", "PostgreSQL: an order with a short history"),
            ("postgres_long_history_us", "with a long history"),
            ("postgres_history_growth_percent", "of the cost with a short one"),
        ],
    ),
];

/// Measures the cost of an order with few and with many rows.
pub(super) async fn measure(
    plan: &Plan,
    postgres: &Throwaway,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let world = start(&directory.join("growth"), Workers::Rest).await?;
    let receivers: Vec<Address> = (0..plan.growth_orders).map(workload::receiver).collect();
    workload::give_tokens(&world, &receivers)?;
    workload::warm(&world.app, &world, &receivers).await?;
    say(&format!("What an order costs as a database grows to {} rows.", plan.growth_max));
    for (is_postgres, what, names) in MEASURED {
        let place = |name: &str| -> anyhow::Result<Place> {
            let name = format!("{}_{name}", names[2].0.trim_end_matches("_percent"));
            Ok(match is_postgres {
                true => Place::Postgres(postgres.database(&name)?),
                false => Place::Sqlite(directory.join(format!("{name}.sqlite"))),
            })
        };
        let mut small = Shop::open(&world, place("small")?, what).await?;
        let mut grown = Shop::open(&world, place("grown")?, what).await?;
        small.grow(SMALLEST.min(plan.growth_max)).await?;
        let (mut few, mut many, mut percents) = (Vec::new(), Vec::new(), Vec::new());
        let mut size = SMALLEST.min(plan.growth_max);
        while size <= plan.growth_max {
            grown.grow(size).await?;
            (few, many, percents) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..plan.rounds {
                few.push(small.cost_us(&world, &receivers).await?);
                many.push(grown.cost_us(&world, &receivers).await?);
                percents.extend(few.last().zip(many.last()).map(|(few, many)| many * 100 / few));
            }
            let (few, many) = (median(&few), median(&many));
            say(&format!("{}: {many} µs at {size} rows, {few} µs beside it", names[1].0));
            size = size.saturating_mul(10);
        }
        let [short, long, percent] = names;
        figures.add_rounds((short.0, short.1, Unit::Micros), few, "");
        figures.add_rounds((long.0, long.1, Unit::Micros), many, "");
        figures.add_rounds((percent.0, percent.1, Unit::Percent), percents, "at most 120 %");
    }
    world.stop().await
}

/// Where a database is.
#[derive(Clone)]
enum Place {
    Sqlite(std::path::PathBuf),
    Postgres(String),
}

impl Place {
    async fn store(&self) -> anyhow::Result<SqlStore> {
        Ok(match self {
            Self::Sqlite(path) => SqlStore::open(path, Options::default())?,
            Self::Postgres(url) => SqlStore::connect(&url.as_str().into(), Options::default())?,
        })
    }

    fn multiplier(&self) -> anyhow::Result<Multiplier> {
        Ok(match self {
            Self::Sqlite(path) => Multiplier::sqlite(path)?,
            Self::Postgres(url) => Multiplier::postgres(&url.as_str().into())?,
        })
    }
}

/// A database with a merchant who orders.
struct Shop {
    place: Place,
    what: What,
    app: App,
    base: Base,
    /// The order that is multiplied.
    like: OrderId,
    rows: i64,
    placed: usize,
}

impl Shop {
    async fn open(world: &World, place: Place, what: What) -> anyhow::Result<Self> {
        let store: Arc<dyn Store> = Arc::new(place.store().await?);
        let wallets = world.app.store.wallets().await?;
        let base = Base::make(&*store, unused_key(), wallets).await?;
        fill_pool(world, &*store).await?;
        let app = App { store: store.clone(), ..world.app.clone() };
        let mut shop = Self { place, what, app, base, like: OrderId([0; 16]), rows: 0, placed: 0 };
        shop.like = match what {
            What::History => {
                let (pool, _) = store.pool().await?;
                let view = world.app.view.get().context("no block was read yet")?;
                let settings = &world.app.settings;
                let (prices, limits) = (settings.prices, settings.limits);
                let market = Market { prices, limits, totals: view.totals, pool };
                finished::write(&*store, base, &market, 1).await?;
                let found = store.newest_by_reference(base.merchant, &reference(0)).await?;
                found.context("the finished order is not there")?
            }
            What::Pending | What::Merchants => {
                let receiver = workload::receiver(0);
                shop.order(world, receiver, FIRST_NUMBER - 1).await?;
                let found =
                    store.newest_by_reference(base.merchant, &reference(FIRST_NUMBER - 1)).await?;
                found.context("the order is not there")?
            }
        };
        Ok(shop)
    }

    /// Adds rows until there are so many.
    async fn grow(&mut self, rows: i64) -> anyhow::Result<()> {
        let (what, like, merchant) = (self.what, self.like, self.base.merchant);
        let numbers = self.rows + 1..rows + 1;
        let place = self.place.clone();
        // A connection to PostgreSQL waits for itself, which a thread that runs other tasks must not do.
        tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
            let multiplier = place.multiplier()?;
            match what {
                What::Merchants => multiplier.merchants(merchant, numbers)?,
                What::Pending | What::History => multiplier.orders(like, numbers)?,
            }
            Ok(())
        })
        .await??;
        self.rows = rows;
        Ok(())
    }

    /// Places an order for each receiver; what one of them costs, in microseconds.
    async fn cost_us(&mut self, world: &World, receivers: &[Address]) -> anyhow::Result<u64> {
        let first = FIRST_NUMBER + self.placed;
        self.placed += receivers.len();
        let began = Instant::now();
        stream::iter(receivers.iter().zip(first..))
            .map(|(receiver, number)| self.order(world, *receiver, number))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|()| async { Ok(()) })
            .await?;
        let each: Duration = began.elapsed() / u32::try_from(receivers.len().max(1))?;
        Ok(u64::try_from(each.as_micros())?.max(1))
    }

    async fn order(&self, world: &World, receiver: Address, number: usize) -> anyhow::Result<()> {
        let mut signature = [0; 32];
        signature[..8].copy_from_slice(&u64::try_from(number)?.to_be_bytes());
        let place = PlaceOrder {
            merchant: self.base.merchant,
            key: self.base.key,
            origin: Origin::Api,
            receiver,
            wanted: Wanted::Collection {
                recipient: Some(world.recipient_with_usdt),
                scene: Scene::Automatic,
            },
            reference: Some(reference(number)),
            is_reference_strict: true,
            callback_url: Some(CALLBACK_URL.to_owned()),
            request: Some(RequestKeys {
                key: self.base.key,
                timestamp_secs: SystemClock.now().get() / 1_000,
                signature,
                route: [7; 32],
                idempotency: None,
            }),
            row: None,
        };
        self.app.place_order(place).await?;
        Ok(())
    }
}

/// Gives the wallets what they can lend in the world.
async fn fill_pool(world: &World, store: &dyn Store) -> anyhow::Result<()> {
    let (rich, _) = world.app.store.pool().await?;
    let readings: Vec<_> = rich
        .wallets
        .iter()
        .map(|wallet| WalletReading {
            address: wallet.address,
            energy_capacity: wallet.energy_capacity,
            bandwidth_capacity: wallet.bandwidth_capacity,
            own_bandwidth: Bandwidth::new(wallet.own_bandwidth),
            balance: wallet.balance,
            version: 0,
        })
        .collect();
    let now = SystemClock.now();
    let turn = store.take_turn("bench", now, now.after_secs(60)).await?;
    let turn = turn.context("somebody follows the chain")?;
    store.save_readings(&readings, turn).await?;
    Ok(store.release(turn, now).await?)
}
