//! The power is cut at every commit of an order's life, before and after it becomes durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::ports::Store;
use serde_json::{Value, json};
use store::{CommitMoment, FailPoint};
use tron::Address;

use crate::support::chain::{never_activated, recipient_with};
use crate::support::http::exchange;
use crate::support::merchant::{rented, wanted};
use crate::support::world::Storage;
use crate::support::{KEY, Receiver, Setup, World, plain};

const ACTIVATION: i64 = 1_500_000;
/// More cuts than an order's life has moments; the test ends when a life was not cut.
const CUTS_MAX: usize = 400;

/// What is ordered.
#[derive(Clone, Copy)]
enum Ordered {
    Collection,
    Energy,
}

impl Ordered {
    /// The signed request, and what it costs.
    fn request(self, world: &World, payer: Address, callback_url: &str) -> (Vec<u8>, i64) {
        match self {
            Self::Collection => {
                let mut body = wanted(payer, recipient_with());
                body["callback_url"] = json!(callback_url);
                (world.signed(&body), 3_857_100 + ACTIVATION)
            }
            Self::Energy => {
                let mut body = rented(payer, 65_000, "1H");
                body["callback_url"] = json!(callback_url);
                body["active"] = json!(1);
                (world.signed_post(KEY, "/order", &body), 3_900_000 + ACTIVATION)
            }
        }
    }
}

/// From the so manieth of these moments on the database does nothing more: the process is as good as
/// dead.
pub(crate) fn dies_at(cut: usize, kind: CommitMoment, passed: Arc<AtomicUsize>) -> FailPoint {
    Box::new(move |moment| {
        if moment == kind && passed.load(Ordering::Relaxed) <= cut {
            passed.fetch_add(1, Ordering::Relaxed);
        }
        passed.load(Ordering::Relaxed) > cut
    })
}

/// The first life: everything that happens to one order, as far as the database lets it.
async fn first_life(world: &mut World, bytes: &[u8], payer: Address) {
    let _maybe_lost = exchange(world.address, bytes).await;
    world.settle().await;
    world.mine(3).await;
    if world.usable_energy(payer) >= 64_285 {
        assert!(world.sweeps(payer, recipient_with()));
    }
    world.mine(3).await;
    // Only a life that got this far has time to close its order: the request is to be sent again
    // while what was sent can still be included.
    if world.returns(payer) == 1 {
        world.chain.solidify();
        world.pass_secs(61).await;
    }
}

/// The second life: the same request again, then everything to the end.
async fn second_life(world: &mut World, bytes: &[u8], payer: Address) -> Value {
    let answer = world.send(bytes).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    // The dead process's leases run out.
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.mine(6).await;
    if world.chain.token_balance(payer) != tron::TokenUnits(0) {
        assert!(world.sweeps(payer, recipient_with()));
    }
    world.run_out().await;
    answer.json()
}

#[tokio::test]
async fn a_power_cut_before_any_commit_costs_nothing() {
    cut_at_every(Ordered::Collection, CommitMoment::BeforeCommit).await;
}

#[tokio::test]
async fn a_power_cut_after_any_commit_costs_nothing() {
    cut_at_every(Ordered::Collection, CommitMoment::AfterCommit).await;
}

#[tokio::test]
async fn a_power_cut_before_any_commit_costs_nothing_of_an_hour() {
    cut_at_every(Ordered::Energy, CommitMoment::BeforeCommit).await;
}

#[tokio::test]
async fn a_power_cut_after_any_commit_costs_nothing_of_an_hour() {
    cut_at_every(Ordered::Energy, CommitMoment::AfterCommit).await;
}

/// One order after the other, each cut at a later commit, until one was not cut at all.
async fn cut_at_every(what: Ordered, kind: CommitMoment) {
    let balance_sun = 1_000_000_000_000;
    let mut world =
        World::with(Setup { storage: Storage::File, balance_sun, ..Setup::default() }).await;
    let receiver = Receiver::start().await;
    let mut orders = 0;
    for cut in 0..CUTS_MAX {
        orders += 1;
        if !is_cut(&mut world, &receiver, what, cut, kind).await {
            break;
        }
    }
    assert!((20..CUTS_MAX).contains(&orders), "{orders} orders");
    let placed = world.store.audit().await.unwrap().orders;
    assert_eq!(usize::try_from(placed).unwrap(), orders, "one order for each payer");
    world.finish().await;
}

/// Lets one order live with a cut in it; whether its life was long enough to be cut.
async fn is_cut(
    world: &mut World,
    receiver: &Receiver,
    what: Ordered,
    cut: usize,
    kind: CommitMoment,
) -> bool {
    let payer = world.payer(never_activated);
    let (bytes, price) = what.request(world, payer, &receiver.url());
    let before = world.balances().await.0;
    let passed = Arc::new(AtomicUsize::new(0));
    assert!(world.store.set_fail_point(Some(dies_at(cut, kind, passed.clone()))));
    first_life(world, &bytes, payer).await;
    world.forget_what_the_dying_said();
    world.restart().await;
    world.settle().await;
    let order = second_life(world, &bytes, payer).await;
    let posts = receiver.posts().into_iter();
    let told: Vec<_> = posts.filter(|post| post.json()["serial"] == order["serial"]).collect();
    assert_eq!(world.status(&order).await, 40, "cut {cut}");
    assert_eq!(world.balances().await, (before - price, 0), "cut {cut}: charged once");
    assert_eq!(world.delegations(payer), 1, "cut {cut}: lent once");
    assert_eq!(world.returns(payer), 1, "cut {cut}: taken back once");
    // Between the post and its commit the outcome is told again.
    assert!((1..=2).contains(&told.len()), "cut {cut}: told {} times", told.len());
    assert!(told.iter().all(|post| post.body == told[0].body && post.is_genuine));
    passed.load(Ordering::Relaxed) > cut
}

/// The process ends between the block that holds what was lent and the reading; the merchant goes by the
/// chain and makes its transfer. Who starts too late finds the order filled, and refunds nothing.
#[tokio::test]
async fn an_order_that_was_filled_and_used_before_an_outage_is_charged() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.chain.mine(1);
    world.watch().await;
    assert!(world.sweeps(payer, recipient_with()));
    world.chain.mine(1);
    world.chain.advance_ms(200_000);
    world.chain.mine(1);
    world.follow_chain_time();
    world.restart().await;
    // Its workers are faster than its follower.
    assert!(world.watcher.look().await.unwrap());
    world.work_on_orders().await;
    assert_ne!(world.status(&order).await, 41);
    world.pass_secs(10).await;
    assert_eq!(world.status(&order).await, 40);
    world.run_out().await;
    let spent = order["amount"].as_i64().unwrap();
    assert_eq!(world.balances().await, (world.setup.balance_sun - spent, 0));
    world.finish().await;
}
