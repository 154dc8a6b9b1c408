//! The merchant's part of the demo: order, wait, sweep, check; every address side by side.

use std::time::{Duration, Instant};

use app::ports::Clock;
use domain::collect::Scene;
use domain::{OrderId, UnixMillis};
use futures::future::join_all;
use node::TronNode;
use sweep::{ApiClient, ApiKey, Receipt, Transfer};
use tron::{Address, Energy, Resource, Sun};
use wire::{CollectRequest, CollectResponse, OrderStatus};

use super::progress::{Progress, Step};
use super::report::{Report, Row};
use crate::system::SystemClock;
use crate::world::{AddressKind, PaymentAddress, World};

/// Wait between two questions for an order's status.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// Blocks to wait for anything before giving up.
const PATIENCE_BLOCKS: i64 = 80;

struct Runner<'a> {
    world: &'a World,
    api: ApiClient,
    node: std::sync::Arc<dyn TronNode>,
    energy_fee: Sun,
    patience: Duration,
    progress: Progress,
}

/// Sweeps every address of the world.
pub(super) async fn run(world: &World, block_time_ms: i64) -> anyhow::Result<Report> {
    let key = ApiKey { text: world.shop.api_key.clone(), secret: world.shop.api_secret.clone() };
    let node = world.node()?;
    let energy_fee = node.chain_parameters().await?.energy_fee;
    let patience_ms = block_time_ms.saturating_mul(PATIENCE_BLOCKS).max(20_000);
    let runner = Runner {
        world,
        api: ApiClient::new(&world.api_url, key)?,
        node,
        energy_fee,
        patience: Duration::from_millis(u64::try_from(patience_ms)?),
        progress: Progress::new(world.payment_addresses.len()),
    };
    let addresses = world.payment_addresses.iter().enumerate();
    let rows = join_all(addresses.map(|(index, payment)| runner.collect(index, payment))).await;
    runner.progress.finish();
    let store = &*world.app.store;
    let audit = app::audit::audit(store, &*runner.node).await?;
    Ok(Report { rows, energy_fee, audit })
}

impl Runner<'_> {
    /// One address from order to return; what went wrong stays in its row.
    async fn collect(&self, index: usize, payment: &PaymentAddress) -> Row {
        let mut row = Row::new(payment.address, payment.kind);
        if let Err(error) = self.steps(index, payment, &mut row).await {
            row.failure = Some(format!("{error:#}"));
        }
        row
    }

    async fn steps(
        &self,
        index: usize,
        payment: &PaymentAddress,
        row: &mut Row,
    ) -> anyhow::Result<()> {
        let recipient = self.recipient(index);
        let before = self.node.resources(payment.address).await?;
        row.energy_before = before.map_or(Energy::ZERO, |view| view.energy_available());
        let began = Instant::now();
        let order = self.order(payment.address, recipient).await?;
        row.take(&order);
        let placed = self.world.app.store.order_view(order.order_id).await?;
        row.energy_needed = placed
            .and_then(|view| view.whole.order.collection().copied())
            .map_or(Energy::ZERO, |collection| collection.transfer_energy);
        let short = payment.address.to_string();
        self.progress.reach(Step::Ordered, &format!("{short} ordered {}", order.order_id));
        self.wait_ready(order.order_id).await?;
        row.ready_ms = i64::try_from(began.elapsed().as_millis())?;
        self.progress.reach(Step::Ready, &format!("{short} is ready after {} ms", row.ready_ms));
        let receipt = self.sweep(index, payment, recipient).await?;
        row.sweep(&receipt);
        self.progress.reach(Step::Swept, &format!("{short} swept in block {}", receipt.block));
        self.wait_returned(payment, order.order_id).await?;
        row.is_returned = true;
        self.progress.reach(Step::Returned, &format!("{short} has given everything back"));
        Ok(())
    }

    /// One in seven goes to the address that never held the token, so that both scenes are shown.
    fn recipient(&self, index: usize) -> Address {
        match index % 7 {
            5 => self.world.recipient_without_usdt,
            _ => self.world.recipient_with_usdt,
        }
    }

    async fn order(&self, receiver: Address, to: Address) -> anyhow::Result<CollectResponse> {
        let request = CollectRequest {
            scene: Scene::Automatic,
            receiver,
            recipient: Some(to),
            callback_url: None,
            reference: None,
        };
        let now: UnixMillis = SystemClock.now();
        let resend = format!("demo-{receiver}");
        Ok(self.api.collect(&request, &resend, now.get() / 1_000).await?)
    }

    async fn wait_ready(&self, order: OrderId) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < self.patience {
            let status = self.api.status(order).await?;
            if status == OrderStatus::Completed {
                return Ok(());
            }
            anyhow::ensure!(!status.is_final(), "the order ended as {status:?}");
            tokio::time::sleep(ASK_EVERY).await;
        }
        anyhow::bail!("the order was not ready within {:?}", self.patience)
    }

    async fn sweep(
        &self,
        index: usize,
        payment: &PaymentAddress,
        to: Address,
    ) -> anyhow::Result<Receipt> {
        // The limit counts staked energy too, so it is what a full burn would cost, and a bit.
        let fee_limit = Sun::new(self.energy_fee.get() * ENERGY_LIMIT);
        let transfer = Transfer { token: self.world.usdt, to, amount: payment.usdt, fee_limit };
        Ok(sweep::send(&*self.node, &self.world.payment_key(index), &transfer).await?)
    }

    /// Judged from the chain: no pool wallet lends this address anything.
    async fn wait_returned(&self, payment: &PaymentAddress, order: OrderId) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < self.patience {
            let view = self.world.app.store.order_view(order).await?;
            let is_back =
                view.is_some_and(|view| view.whole.order.used.is_some() && view.whole.is_back());
            if is_back && self.lent_to(payment.address).await? == Sun::ZERO {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        anyhow::bail!("what was lent was not back within {:?}", self.patience)
    }

    async fn lent_to(&self, receiver: Address) -> anyhow::Result<Sun> {
        let mut sum = Sun::ZERO;
        for wallet in &self.world.pool_wallets {
            for record in self.node.delegated(*wallet, receiver).await? {
                sum = sum + record.amount(Resource::Energy) + record.amount(Resource::Bandwidth);
            }
        }
        Ok(sum)
    }
}

/// Energy that the fee limit of a sweep allows in all.
const ENERGY_LIMIT: i64 = 140_000;

/// In words.
pub(super) const fn kind_name(kind: AddressKind) -> &'static str {
    match kind {
        AddressKind::Plain => "activated",
        AddressKind::NeverActivated => "never activated",
        AddressKind::NoBandwidth => "no bandwidth",
        AddressKind::HasEnergy => "has energy",
    }
}
