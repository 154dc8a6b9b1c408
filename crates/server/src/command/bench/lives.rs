//! Lives of orders with the workers on: what one asks the node, how soon it is accepted at a steady
//! rate, and how many blocks pass until it is ready and until what was lent is back.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use app::ports::Clock;
use domain::collect::Scene;
use domain::{OrderId, OrderState, WholeOrder};
use futures::future::try_join_all;
use sweep::{ApiClient, ApiKey, Transfer};
use tron::{Address, Sun};
use wire::CollectRequest;

use super::Plan;
use super::figures::{Figures, Unit, percentile};
use super::load::{Pace, run};
use super::observed::Exchanges;
use super::workload::{self, address_of, reference, signed_orders};
use crate::command::output::say;
use crate::system::SystemClock;
use crate::world::{World, WorldOptions};

/// Time between two orders at the steady rate: 200 a second, more than all token transfers of the
/// network.
const STEADY_DISTANCE: Duration = Duration::from_millis(5);
/// Connections at the steady rate: more than it can keep busy.
const STEADY_CONNECTIONS: usize = 64;
/// Single orders in the time of a block, so that they begin at different moments of it.
const SINGLES_A_BLOCK: u32 = 3;
/// Blocks to wait for anything before giving up.
const PATIENCE_BLOCKS: i64 = 60;
/// Wait between two looks at an order.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Most that a sweep may burn; its energy counts at the chain's price although it is lent.
const FEE_LIMIT: Sun = Sun::from_trx(30);

/// A world with its workers on, and what its node is asked for new orders.
struct Lives {
    world: World,
    server: SocketAddr,
    exchanges: Exchanges,
    api: ApiClient,
    block_time_ms: i64,
    patience: Duration,
}

/// Measures the lives of orders.
pub(super) async fn measure(
    plan: &Plan,
    directory: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let lives = Lives::start(plan, &directory.join("lives")).await?;
    say("One cold order, then a steady 200 orders a second.");
    lives.cold(figures).await?;
    let steady = (COLD_RECEIVERS, plan.steady);
    lives.steady(steady, figures).await?;
    say(&format!("{} orders one after another, swept and given back.", plan.singles));
    lives.singles(plan.singles, figures).await?;
    say(&format!("{} orders at once.", plan.burst));
    lives.burst((COLD_RECEIVERS + plan.steady, plan.burst), plan.connections, figures).await?;
    lives.world.stop().await
}

/// Receivers that single cold orders are for.
const COLD_RECEIVERS: usize = 1;

impl Lives {
    async fn start(plan: &Plan, data: &Path) -> anyhow::Result<Self> {
        let options = super::options(data, plan.singles);
        let options = WorldOptions { block_time_ms: plan.block_time_ms, ..options };
        let exchanges = Exchanges::default();
        let mut observed = Ok(());
        let world = World::start_with(&options, |product| {
            observed = exchanges.observe(product);
        })
        .await?;
        observed?;
        workload::enrich(&world).await?;
        let receivers: Vec<Address> =
            (0..COLD_RECEIVERS + plan.steady + plan.burst).map(workload::receiver).collect();
        workload::give_tokens(&world, &receivers)?;
        let key =
            ApiKey { text: world.shop.api_key.clone(), secret: world.shop.api_secret.clone() };
        let patience_ms = plan.block_time_ms.saturating_mul(PATIENCE_BLOCKS).max(20_000);
        Ok(Self {
            server: address_of(&world.api_url)?,
            api: ApiClient::new(&world.api_url, key)?,
            exchanges,
            block_time_ms: plan.block_time_ms,
            patience: Duration::from_millis(u64::try_from(patience_ms)?),
            world,
        })
    }

    /// What one order asks when nothing was asked before.
    async fn cold(&self, figures: &mut Figures) -> anyhow::Result<()> {
        self.exchanges.forget();
        self.order(workload::receiver(0)).await?;
        let (calls, depth) = self.exchanges.count_and_depth();
        let (calls, depth) = (u64::try_from(calls)?, u64::try_from(depth)?);
        let name = ("cold_node_calls", "node calls for one cold order", Unit::Count);
        figures.add(name, calls, "at most 4");
        let name = ("cold_node_depth", "of them one after another", Unit::Count);
        figures.add(name, depth, "at most 2");
        Ok(())
    }

    /// Orders that begin at a fixed distance, each for a receiver that nobody has asked about.
    async fn steady(
        &self,
        (first, count): (usize, usize),
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        let receivers: Vec<Address> = (first..first + count).map(workload::receiver).collect();
        let requests = signed_orders(&self.world, self.server, &receivers, (first, count), None)?;
        self.exchanges.forget();
        let tally =
            run(self.server, requests, STEADY_CONNECTIONS, Pace::Open(STEADY_DISTANCE)).await?;
        let spans = self.exchanges.spans(&receivers);
        let node_us = |index: usize| u64::try_from(spans[index].as_micros()).unwrap_or(u64::MAX);
        let whole: Vec<u64> = tally.latencies_us.iter().map(|(_, us)| *us).collect();
        let nodes: Vec<u64> = tally.latencies_us.iter().map(|(index, _)| node_us(*index)).collect();
        let ours: Vec<u64> =
            whole.iter().zip(&nodes).map(|(whole, node)| whole.saturating_sub(*node)).collect();
        let micros = |key, label| (key, label, Unit::Micros);
        for (name, value, aim) in [
            (micros("accept_p50_us", "accepting at 200/s, half"), percentile(&whole, 50), ""),
            (micros("accept_p99_us", "accepting at 200/s, 99 %"), percentile(&whole, 99), ""),
            (micros("node_p50_us", "of it the node, half"), percentile(&nodes, 50), ""),
            (micros("node_p99_us", "of it the node, 99 %"), percentile(&nodes, 99), ""),
            (micros("beyond_node_p50_us", "beyond the node, half"), percentile(&ours, 50), ""),
            (
                micros("beyond_node_p99_us", "beyond the node, 99 %"),
                percentile(&ours, 99),
                "at most 10 ms",
            ),
        ] {
            figures.add(name, value, aim);
        }
        let steady = self.all_ready(first, count).await?;
        let ready: Vec<u64> = steady.iter().map(|whole| self.blocks_to_ready(whole)).collect();
        let name = ("steady_ready_p95_block_percent", "ready at 200/s, 95 %", Unit::BlockPercent);
        figures.add(name, percentile(&ready, 95), "");
        Ok(())
    }

    /// Orders one after another, each swept as soon as it is ready.
    async fn singles(&self, count: usize, figures: &mut Figures) -> anyhow::Result<()> {
        let block_time = Duration::from_millis(u64::try_from(self.block_time_ms)?);
        let distance = block_time / SINGLES_A_BLOCK;
        let lives = (0..count).map(|index| async move {
            tokio::time::sleep(distance * u32::try_from(index)?).await;
            self.single(index).await
        });
        let lives: Vec<(u64, u64)> = try_join_all(lives).await?;
        let (ready, back): (Vec<u64>, Vec<u64>) = lives.into_iter().unzip();
        let blocks = |key, label| (key, label, Unit::BlockPercent);
        let name = blocks("ready_p50_block_percent", "accepted to ready, half");
        figures.add(name, percentile(&ready, 50), "at most 1.5");
        let name = blocks("ready_p95_block_percent", "accepted to ready, 95 %");
        figures.add(name, percentile(&ready, 95), "at most 2.5");
        let name = blocks("reclaimed_p50_block_percent", "used to given back, half");
        figures.add(name, percentile(&back, 50), "");
        let name = blocks("reclaimed_max_block_percent", "used to given back, longest");
        figures.add(name, percentile(&back, 100), "at most 2");
        Ok(())
    }

    /// One address from order to return: blocks until ready, and blocks from use to return.
    async fn single(&self, index: usize) -> anyhow::Result<(u64, u64)> {
        let payment = &self.world.payment_addresses[index];
        let id = self.order(payment.address).await?;
        let ready = self.wait(id, |whole| whole.order.ready.is_some()).await?;
        let transfer = Transfer {
            token: self.world.usdt,
            to: self.world.recipient_with_usdt,
            amount: payment.usdt,
            fee_limit: FEE_LIMIT,
        };
        let node = self.world.node()?;
        sweep::send(&*node, &self.world.payment_key(index), &transfer).await?;
        let is_back = |whole: &WholeOrder| whole.order.used.is_some() && whole.is_back();
        let back = self.wait(id, is_back).await?;
        let used = back.order.used.ok_or_else(|| anyhow::anyhow!("order {id} was not used"))?;
        // An address that lacked nothing has nothing to give back.
        let returned = back.legs.iter().filter_map(|leg| leg.returned_at).max().unwrap_or(used);
        Ok((self.blocks_to_ready(&ready), self.blocks(returned.since(used))))
    }

    /// Orders that all begin together, until the last of them is ready.
    async fn burst(
        &self,
        (first, count): (usize, usize),
        connections: usize,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        let receivers: Vec<Address> = (first..first + count).map(workload::receiver).collect();
        let requests = signed_orders(&self.world, self.server, &receivers, (first, count), None)?;
        let tally =
            run(self.server, requests, connections.min(count), Pace::Closed(self.patience)).await?;
        anyhow::ensure!(tally.answered == count, "only {} were accepted", tally.answered);
        let orders = self.all_ready(first, count).await?;
        let began = orders.iter().map(|whole| whole.order.created).min();
        let ended = orders.iter().filter_map(|whole| whole.order.ready).max();
        let (Some(began), Some(ended)) = (began, ended) else { return Ok(()) };
        let accepting_ms = u64::try_from(tally.took.as_millis())?;
        let name = ("burst_accepted_ms", "a burst accepted after", Unit::Millis);
        figures.add(name, accepting_ms, "");
        let name = ("burst_ready_block_percent", "a burst ready after", Unit::BlockPercent);
        figures.add(name, self.blocks(ended.since(began)), "at most 4");
        Ok(())
    }

    async fn order(&self, receiver: Address) -> anyhow::Result<OrderId> {
        let request = CollectRequest {
            scene: Scene::Automatic,
            receiver,
            recipient: Some(self.world.recipient_with_usdt),
            callback_url: None,
            reference: None,
        };
        let secs = SystemClock.now().get() / 1_000;
        Ok(self.api.collect(&request, &format!("bench-{receiver}"), secs).await?.order_id)
    }

    /// Every order with these labels, once it is ready.
    async fn all_ready(&self, first: usize, count: usize) -> anyhow::Result<Vec<WholeOrder>> {
        let (store, merchant) = (&self.world.app.store, self.world.shop.merchant);
        let mut orders = Vec::with_capacity(count);
        for number in first..first + count {
            let id = store.newest_by_reference(merchant, &reference(number)).await?;
            let id = id.ok_or_else(|| anyhow::anyhow!("order {number} is not there"))?;
            orders.push(self.wait(id, |whole| whole.order.ready.is_some()).await?);
        }
        Ok(orders)
    }

    async fn wait(
        &self,
        id: OrderId,
        is_done: impl Fn(&WholeOrder) -> bool,
    ) -> anyhow::Result<WholeOrder> {
        let began = Instant::now();
        while began.elapsed() < self.patience {
            match self.world.app.store.order_view(id).await? {
                Some(view) if is_done(&view.whole) => return Ok(view.whole),
                Some(view) if view.whole.order.state == OrderState::Refunded => {
                    anyhow::bail!("order {id} was refunded")
                }
                Some(_) | None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        anyhow::bail!("order {id} took longer than {:?}", self.patience)
    }

    fn blocks_to_ready(&self, whole: &WholeOrder) -> u64 {
        let ready = whole.order.ready.unwrap_or(whole.order.created);
        self.blocks(ready.since(whole.order.created))
    }

    /// Milliseconds as hundredths of a block's time.
    fn blocks(&self, ms: i64) -> u64 {
        u64::try_from(ms.max(0).saturating_mul(100) / self.block_time_ms).unwrap_or(0)
    }
}
