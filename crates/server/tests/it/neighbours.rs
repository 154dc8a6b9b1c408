//! Several servers on one database.

use std::net::SocketAddr;
use std::sync::Arc;

use app::ports::{Clock, Store};
use app::records::Records;
use app::rows::OutboxKind;
use domain::UnixMillis;
use serde_json::json;
use sunsweep::boot::{Listening, Product, Stop};
use sunsweep::config::Config;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::cable::Cable;
use crate::support::chain::recipient_with;
use crate::support::http::{exchange, request};
use crate::support::merchant::wanted;
use crate::support::world::{Storage, connect};
use crate::support::{Answer, Setup, World, plain};

/// What an order for a plain address costs, in sun.
const PRICE: i64 = 3_857_100;
/// The longest that anything may wait for a server that died, in milliseconds.
const TAKE_OVER_MAX_MS: i64 = 15_000;

#[tokio::test]
async fn who_only_looks_takes_nothing_for_final_before_the_other_knows_of_the_fork() {
    let mut world = World::new().await;
    world.expect_log("a fork dropped a block");
    let neighbour = world.product();
    let mut looking = neighbour.watcher();
    assert!(looking.look().await.unwrap());
    let before = neighbour.app.view.get().unwrap();
    assert_eq!(before.settled.map(|settled| settled.id), Some(before.solid.id));
    world.chain.reorg(1, true).unwrap();
    assert!(looking.look().await.unwrap());
    let seen = neighbour.app.view.get().unwrap();
    assert_ne!(seen.solid.id, before.solid.id);
    assert_eq!(seen.settled.map(|settled| settled.id), Some(before.solid.id));
    world.watch().await;
    assert!(!looking.look().await.unwrap(), "there is no new block");
    let seen = neighbour.app.view.get().unwrap();
    assert_eq!(seen.settled.map(|settled| settled.id), Some(seen.solid.id));
    world.finish().await;
}

#[tokio::test]
async fn who_looks_for_work_in_vain_takes_no_turn_to_write() {
    let mut world = World::new().await;
    world.watch().await;
    let neighbour = world.product();
    let mut looking = neighbour.watcher();
    let commits = || world.store.commit_counts().commits;
    let before = commits();
    let kinds = [OutboxKind::Order, OutboxKind::Callback, OutboxKind::Transfer, OutboxKind::Batch];
    for kind in kinds {
        assert_eq!(neighbour.app.claim_due(kind, 9).await.unwrap(), [], "{kind:?}");
    }
    assert!(neighbour.app.claim_due_policies(9).await.unwrap().is_empty());
    assert!(looking.watch().await.unwrap(), "it sees the newest block, and does not follow");
    assert_eq!(commits(), before);
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    let claimed = neighbour.app.claim_due(OutboxKind::Order, 9).await.unwrap();
    assert_eq!(claimed.len(), 1, "what is due is found");
    world.store.release(claimed[0], world.clock.now()).await.unwrap();
    world.finish().await;
}

#[test]
fn a_dead_server_is_waited_for_no_longer_than_15_s() {
    let config = Config::from_layers(None, []).unwrap();
    let lease_ms = config.worker.lease_secs * 1_000;
    let look_ms = config.worker.idle_ms.max(config.node.poll_ms);
    assert!(lease_ms + i64::try_from(look_ms).unwrap() <= TAKE_OVER_MAX_MS);
}

#[tokio::test]
async fn what_a_dead_server_held_is_taken_over_when_its_leases_end() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    is_taken_over(&mut world).await;
    world.finish().await;
    let Some(mut world) = World::shared().await else { return };
    is_taken_over(&mut world).await;
    world.finish().await;
}

/// A server dies with everything in its hands; the next one waits for its leases and for nothing else.
async fn is_taken_over(world: &mut World) {
    let payers: Vec<_> = (0..3).map(|_| world.payer(plain)).collect();
    for payer in &payers {
        assert_eq!(world.ask(&wanted(*payer, recipient_with())).await.status(), 200);
    }
    world.watch().await;
    let (held_at, lease_ms) = (world.clock.now().get(), world.app.settings.lease_ms);
    let claim = async |world: &World, now_ms: i64| {
        let (now, until) = (UnixMillis(now_ms), UnixMillis(now_ms + 1));
        let rows = world.store.claim(OutboxKind::Order, "next", now, until, 10).await.unwrap();
        let turn = world.store.take_turn("next", now, now.after_ms(lease_ms)).await.unwrap();
        (rows.len(), turn)
    };
    let until = UnixMillis(held_at + lease_ms);
    let held = world.store.claim(OutboxKind::Order, "dead", UnixMillis(held_at), until, 10).await;
    assert_eq!(held.unwrap().len(), payers.len());
    world.die().await;
    assert_eq!(claim(world, held_at + lease_ms - 1).await, (0, None), "it might be alive");
    let (rows, turn) = claim(world, held_at + lease_ms).await;
    assert_eq!(rows, payers.len());
    let turn = turn.expect("the chain is anybody's to follow");
    world.store.release(turn, UnixMillis(held_at)).await.unwrap();
    world.pass_secs(lease_ms / 1_000 + 1).await;
    world.mine(4).await;
    for payer in &payers {
        assert!(world.sweeps(*payer, recipient_with()));
    }
    world.run_out().await;
    let spent = world.setup.balance_sun - PRICE * i64::try_from(payers.len()).unwrap();
    assert_eq!(world.balances().await, (spent, 0), "each is charged once");
    for payer in &payers {
        assert_eq!((world.delegations(*payer), world.returns(*payer)), (1, 1));
    }
}

#[tokio::test]
async fn a_server_that_was_frozen_past_its_turn_changes_nothing() {
    let Some(mut world) = World::shared().await else { return };
    world.expect_log("a fork dropped a block");
    let payer = world.payer(plain);
    assert_eq!(world.ask(&wanted(payer, recipient_with())).await.status(), 200);
    let frozen = world.neighbour();
    let mut watcher = frozen.watcher();
    world.watcher.give_back().await;
    assert!(watcher.watch().await.unwrap());
    let froze_at = world.clock.now();
    // It follows the chain, and stands still for as long as its turn lasts.
    let before = frozen.app.store.watched().await.unwrap().unwrap();
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.mine(3).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(1).await;
    let followed = world.store.watched().await.unwrap().unwrap();
    assert!(followed.number > before.number, "the other one went on");
    world.chain.reorg(2, false).unwrap();
    let included = world.store.included_since(0).await.unwrap();
    assert!(!included.is_empty());
    // Its clock stood still as well: for all that it knows it is still its turn.
    let now = world.clock.now();
    world.clock.set(froze_at.get());
    let lost = watcher.watch().await.unwrap_err();
    assert!(format!("{lost:?}").contains("LeaseLost"), "{lost:?}");
    assert_eq!(world.store.watched().await.unwrap(), Some(followed));
    assert_eq!(world.store.included_since(0).await.unwrap(), included, "the fork changed nothing");
    world.clock.set(now.get());
    world.mine(2).await;
    world.finish().await;
}

/// A server that was not told yet reads an address on which the node shows what another order lent.
#[tokio::test]
async fn what_another_order_lent_and_nobody_was_told_of_is_not_given_away() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.chain.mine(1);
    world.restart().await;
    assert!(world.watcher.look().await.unwrap());
    assert!(world.usable_energy(payer) >= 64_285, "the node shows it");
    let mut body = wanted(payer, recipient_with());
    body["out_trade_no"] = json!("the second");
    let second = world.order(&body).await;
    assert_eq!(second["energy_amount"], 64_285);
    world.follow_chain_time();
    world.mine(3).await;
    assert_eq!(world.status(&second).await, 40);
    assert_eq!(world.delegations(payer), 3, "energy for each, and bandwidth for one");
    let spent = PRICE + second["amount"].as_i64().unwrap();
    assert_eq!(world.balances().await, (world.setup.balance_sun - spent, 0));
    world.finish().await;
}

/// A server that runs as `sunsweep serve` does.
struct Running {
    address: SocketAddr,
    stop: Stop,
    ended: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts it once it has seen the chain.
    async fn start(product: Product) -> Self {
        assert!(product.watcher().look().await.unwrap());
        let (told, listening) = oneshot::channel();
        let stop = Stop::default();
        let tell = |listening: Listening| told.send(listening.server).unwrap();
        let ended = tokio::spawn(product.run(([127, 0, 0, 1], 0).into(), stop.clone(), tell));
        Self { address: listening.await.unwrap(), stop, ended }
    }

    async fn is_ready(&self) -> bool {
        readiness(self.address).await.status() == 200
    }

    async fn end(self) {
        self.stop.end.cancel();
        self.ended.await.unwrap().unwrap();
    }
}

async fn readiness(address: SocketAddr) -> Answer {
    exchange(address, &request("GET /readyz HTTP/1.1", &[], b"")).await.expect("an answer")
}

#[tokio::test]
async fn no_request_is_refused_while_servers_are_replaced_one_by_one() {
    let Some(mut world) = World::shared().await else { return };
    let mut placed = 0;
    let order_at = async |world: &mut World, address: SocketAddr| {
        let payer = world.payer(plain);
        let bytes = world.signed(&wanted(payer, recipient_with()));
        exchange(address, &bytes).await.map(|answer| answer.status())
    };
    let mut servers =
        vec![Running::start(world.neighbour()).await, Running::start(world.neighbour()).await];
    for _ in 0..2 {
        let old = servers.remove(0);
        assert!(old.is_ready().await && servers[0].is_ready().await);
        assert_eq!(order_at(&mut world, old.address).await, Some(200));
        old.stop.notice.cancel();
        let answer = readiness(old.address).await;
        assert_eq!((answer.status(), &answer.json()["draining"]), (503, &json!(true)));
        // A balancer that has not asked yet still sends requests here.
        assert_eq!(order_at(&mut world, old.address).await, Some(200));
        assert_eq!(order_at(&mut world, servers[0].address).await, Some(200));
        placed += 3;
        let address = old.address;
        old.end().await;
        assert!(TcpStream::connect(address).await.is_err(), "it has ended");
        servers.push(Running::start(world.neighbour()).await);
    }
    for server in servers {
        server.end().await;
    }
    assert_eq!(world.store.audit().await.unwrap().orders, placed);
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.finish().await;
}

#[tokio::test]
async fn a_server_without_its_database_says_so_in_time_and_goes_on_later() {
    let Some(mut world) = World::shared().await else { return };
    world.expect_log("the database");
    let cable = Cable::to_database().await;
    let mut config = world.config.clone();
    config.database.url = cable.url_instead_of(&world.config.database.url);
    let options = store::Options { answer_max_ms: 300, ..store::Options::default() };
    let cut_off = world.product_on(Arc::new(
        tokio::task::spawn_blocking(move || connect(&config, options)).await.unwrap(),
    ));
    let server = Running::start(cut_off).await;
    assert!(server.is_ready().await);
    let payer = world.payer(plain);
    let bytes = world.signed(&wanted(payer, recipient_with()));
    cable.fall_silent();
    let answer = exchange(server.address, &bytes).await.expect("an answer");
    assert_eq!(answer.status(), 503, "{answer:?}");
    let answer = readiness(server.address).await;
    assert_eq!((answer.status(), &answer.json()["database"]), (503, &json!(false)));
    cable.heal();
    // What it could not say before is not lost: the same request is a first one, or finds its order.
    let mut status = 503;
    while status == 503 {
        status = exchange(server.address, &bytes).await.expect("an answer").status();
    }
    assert_eq!(status, 200);
    server.end().await;
    assert_eq!(world.store.audit().await.unwrap().orders, 1);
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.finish().await;
}
