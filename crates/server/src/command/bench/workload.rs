//! The workload: receivers that hold tokens, and signed requests for them.

use std::net::SocketAddr;

use app::App;
use app::ports::Clock;
use domain::collect::Scene;
use domain::ledger::facts::merchant_credited;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tron::{Address, Resource, Sun};
use wire::{CollectRequest, Timestamp, names};

use super::load::Requests;
use crate::system::SystemClock;
use crate::world::World;

/// Tokens of each receiver.
const USDT_UNITS: u64 = 25_000_000;
/// Stake of each lender for energy: more than any run can reserve.
const ENERGY_STAKE: Sun = Sun::from_trx(500_000_000);
/// Stake of each lender for bandwidth: a transaction of its own for every order.
const BANDWIDTH_STAKE: Sun = Sun::from_trx(200_000_000);
/// What the merchant may spend.
const CREDIT: Sun = Sun::from_trx(100_000_000);
/// Changes of the chain in one request.
const CHANGES_AT_ONCE: usize = 500;
/// Where callbacks would go; nothing listens there.
pub(super) const CALLBACK_URL: &str = "http://127.0.0.1:9/callback";

/// A receiver that nobody has the key of.
pub(super) fn receiver(number: usize) -> Address {
    let digest = Sha256::digest(format!("receiver {number}"));
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&digest[..20]);
    Address::from_evm(bytes)
}

/// The merchant's label of an order.
pub(super) fn reference(number: usize) -> String {
    format!("bench-{number}")
}

/// Gives tokens and an account to receivers, so that each lacks nothing but energy.
pub(super) fn give_tokens(world: &World, receivers: &[Address]) -> anyhow::Result<()> {
    let changes: Vec<Value> = receivers
        .iter()
        .flat_map(|address| {
            [
                json!({"mint": {"address": address, "units": USDT_UNITS}}),
                json!({"activate": {"address": address}}),
            ]
        })
        .collect();
    for changes in changes.chunks(CHANGES_AT_ONCE) {
        world.devnet.control("batch", &json!({"changes": changes}))?;
    }
    Ok(())
}

/// Gives the pool and the merchant so much that no order is refused, and waits until the server
/// has seen it.
pub(super) async fn enrich(world: &World) -> anyhow::Result<()> {
    for wallet in &world.pool_wallets {
        world.devnet.set_stake(*wallet, Resource::Energy, ENERGY_STAKE);
        world.devnet.set_stake(*wallet, Resource::Bandwidth, BANDWIDTH_STAKE);
    }
    let credit =
        merchant_credited([1; 16], world.shop.merchant, CREDIT, "bench", SystemClock.now());
    world.app.store.post(credit).await?;
    for _ in 0..LOOKS_MAX {
        let (pool, _) = world.app.store.pool().await?;
        let is_rich = |address: &Address| {
            let wallet = pool.wallets.iter().find(|wallet| wallet.address == *address);
            // A part of it may stay with the wallet for its own transactions.
            wallet.is_some_and(|wallet| wallet.energy_capacity.get() > ENERGY_STAKE.get() / 2)
        };
        if world.pool_wallets.iter().all(is_rich) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    anyhow::bail!("the pool's stake was not seen within {LOOKS_MAX} looks")
}

/// Looks at the pool before giving up; together two minutes, twice the longest block.
const LOOKS_MAX: u32 = 2_400;
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

/// Collect orders, signed now: the first for `receivers[0]` with label `first`, and so on around.
pub(super) fn signed_orders(
    world: &World,
    server: SocketAddr,
    receivers: &[Address],
    (first, count): (usize, usize),
    callback_url: Option<&str>,
) -> anyhow::Result<Requests> {
    let secs = SystemClock.now().get() / 1_000;
    let orders = receivers.iter().cycle().take(count).zip(first..);
    let requests = orders.map(|(receiver, number)| {
        let body = CollectRequest {
            scene: Scene::Automatic,
            receiver: *receiver,
            recipient: Some(world.recipient_with_usdt),
            callback_url: callback_url.map(str::to_owned),
            reference: Some(reference(number)),
        }
        .to_body();
        signed_post(world, server, names::PATH_COLLECT_MANUAL, secs, &body)
    });
    Ok(requests.collect::<anyhow::Result<Vec<_>>>()?.into())
}

/// A request of this body, signed at this time, as it goes out.
pub(super) fn signed_post(
    world: &World,
    server: SocketAddr,
    path: &str,
    secs: i64,
    body: &str,
) -> anyhow::Result<Vec<u8>> {
    let timestamp = Timestamp::from_secs(secs)?.to_string();
    let signature = wire::sign(world.shop.api_secret.as_bytes(), &timestamp, body.as_bytes());
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {server}\r\n{key_name}: {key}\r\n\
         {timestamp_name}: {timestamp}\r\n{signature_name}: {signature}\r\n\
         {type_name}: {json}\r\ncontent-length: {length}\r\n\r\n{body}",
        key_name = names::API_KEY,
        key = world.shop.api_key,
        timestamp_name = names::TIMESTAMP,
        signature_name = names::SIGNATURE,
        type_name = names::CONTENT_TYPE,
        json = names::APPLICATION_JSON,
        length = body.len(),
    );
    Ok(request.into_bytes())
}

/// A question for the order with this label.
pub(super) fn question(world: &World, server: SocketAddr, number: usize) -> Vec<u8> {
    format!(
        "GET {path}?{name}={reference} HTTP/1.1\r\nhost: {server}\r\n{key_name}: {key}\r\n\r\n",
        path = names::PATH_ORDER_QUERY,
        name = names::OUT_TRADE_NO,
        reference = reference(number),
        key_name = names::API_KEY,
        key = world.shop.api_key,
    )
    .into_bytes()
}

/// Where a world's server listens.
pub(super) fn address_of(url: &str) -> anyhow::Result<SocketAddr> {
    Ok(url.trim_start_matches("http://").parse()?)
}

/// Reads every receiver as an order would, so that the next reads find it kept.
pub(super) async fn warm(app: &App, world: &World, receivers: &[Address]) -> anyhow::Result<()> {
    use futures::{StreamExt, TryStreamExt, stream};
    let view = app.view.get().ok_or_else(|| anyhow::anyhow!("no block was read yet"))?;
    stream::iter(receivers)
        .map(|receiver| {
            let target = (*receiver, Some(world.recipient_with_usdt), Scene::Automatic);
            app::read_receiver::read_receiver(&*app.cached_node, &app.settings, &view, target)
        })
        .buffer_unordered(READS_AT_ONCE)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(())
}

const READS_AT_ONCE: usize = 32;
