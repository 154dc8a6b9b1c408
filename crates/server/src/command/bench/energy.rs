//! Orders of energy, queries and prices: how many a second, beside collect's.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use app::ports::Clock;
use domain::Period;
use tron::{Address, Energy};
use wire::{EnergyRequest, names};

use super::Plan;
use super::figures::{Figures, Unit, per_second};
use super::load::{Pace, Requests, run};
use super::workload::{address_of, question, reference, signed_post};
use crate::system::SystemClock;
use crate::world::World;

/// Energy of each order and of each price asked for.
const ENERGY: Energy = Energy::new(65_000);
/// Requests prepared for each second of a round; a round that runs out of them ends earlier.
const PREPARED_PER_SEC: usize = 30_000;

/// What every round gave.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    orders: Vec<u64>,
    queries: Vec<u64>,
    prices: Vec<u64>,
}

impl Rounds {
    /// Measures a round on a world whose workers rest, with receivers that were read before.
    ///
    /// `asked` are the labels of orders that the round before placed.
    pub(super) async fn measure(
        &mut self,
        world: &World,
        plan: &Plan,
        receivers: &[Address],
        asked: Range<usize>,
    ) -> Result<()> {
        let server = address_of(&world.api_url)?;
        let seconds = usize::try_from(plan.lasts.as_millis().div_ceil(1_000))?;
        let count = seconds * PREPARED_PER_SEC;
        let first = self.orders.len() * count;
        let orders = orders(world, server, receivers, first, count)?;
        self.orders.push(rate(server, orders, plan).await?);
        let labels = asked.cycle().take(count);
        let queries = labels.map(|number| question(world, server, number)).collect::<Vec<_>>();
        self.queries.push(rate(server, queries.into(), plan).await?);
        let price = price(world, server);
        let prices: Requests = Arc::new(vec![price; count]);
        self.prices.push(rate(server, prices, plan).await?);
        Ok(())
    }

    /// Adds the figures.
    pub(super) fn add_to(self, figures: &mut Figures) {
        for (key, label, rounds) in [
            ("energy_accepted_per_sec", "orders of energy accepted, durable", self.orders),
            ("queries_per_sec", "orders asked for by their label", self.queries),
            ("prices_per_sec", "prices asked for by amount", self.prices),
        ] {
            figures.add_rounds((key, label, Unit::PerSecond), rounds, "");
        }
    }
}

async fn rate(server: SocketAddr, requests: Requests, plan: &Plan) -> Result<u64> {
    let tally = run(server, requests, plan.connections, Pace::Closed(plan.lasts)).await?;
    Ok(per_second(tally.answered, tally.took))
}

/// Orders of an hour, signed now.
fn orders(
    world: &World,
    server: SocketAddr,
    receivers: &[Address],
    first: usize,
    count: usize,
) -> Result<Requests> {
    let secs = SystemClock.now().get() / 1_000;
    let orders = receivers.iter().cycle().take(count).zip(first..);
    let requests = orders.map(|(receiver, number)| {
        let body = EnergyRequest {
            energy: ENERGY,
            period: Period::HOUR,
            receiver: *receiver,
            activates: false,
            is_exclusive: false,
            callback_url: None,
            reference: Some(format!("energy-{}", reference(number))),
        };
        signed_post(world, server, names::PATH_ORDER, secs, &body.to_body())
    });
    Ok(requests.collect::<Result<Vec<_>>>()?.into())
}

/// A question for a price.
fn price(world: &World, server: SocketAddr) -> Vec<u8> {
    format!(
        "GET {path}?{period}=1H&{amount}={energy} HTTP/1.1\r\nhost: {server}\r\n\
         {key_name}: {key}\r\n\r\n",
        path = names::PATH_ORDER_PRICE,
        period = names::PERIOD,
        amount = names::ENERGY_AMOUNT,
        energy = ENERGY.get(),
        key_name = names::API_KEY,
        key = world.shop.api_key,
    )
    .into_bytes()
}
