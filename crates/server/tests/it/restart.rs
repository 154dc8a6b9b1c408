//! The power is cut at every commit of an order's life, before and after it becomes durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::ports::Store;
use serde_json::{Value, json};
use store::FailPoint;
use tron::Address;

use crate::support::chain::{never_activated, recipient_with};
use crate::support::http::exchange;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Receiver, Setup, World};

const PRICE: i64 = 3_857_100 + 1_500_000;
/// More cuts than an order's life has moments; the test ends when a life was not cut.
const CUTS_MAX: usize = 400;

/// From this moment on the database does nothing more: the process is as good as dead.
fn dies_at(moment: usize, passed: Arc<AtomicUsize>) -> FailPoint {
    Box::new(move |_| passed.fetch_add(1, Ordering::Relaxed) >= moment)
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
    assert!(
        world.usable_energy(payer) >= 64_285 || world.chain.token_balance(payer).0 == 0,
        "{:?} {:?}",
        world.query(&format!("serial={}", answer.json()["serial"].as_str().unwrap())).await,
        world.logs.lines()
    );
    if world.chain.token_balance(payer) != tron::TokenUnits(0) {
        assert!(world.sweeps(payer, recipient_with()));
    }
    world.run_out().await;
    answer.json()
}

#[tokio::test]
async fn a_power_cut_at_any_commit_costs_nothing() {
    let setup =
        Setup { storage: Storage::File, balance_sun: 1_000_000_000_000, ..Setup::default() };
    let mut world = World::with(setup).await;
    let receiver = Receiver::start().await;
    let mut cuts = 0;
    for moment in 0..CUTS_MAX {
        eprintln!("cut {moment}");
        let payer = world.payer(never_activated);
        let mut body = wanted(payer, recipient_with());
        body["callback_url"] = json!(receiver.url());
        let bytes = world.signed(&body);
        let before = world.balances().await.0;
        let passed = Arc::new(AtomicUsize::new(0));
        assert!(world.store.set_fail_point(Some(dies_at(moment, passed.clone()))));
        first_life(&mut world, &bytes, payer).await;
        world.forget_what_the_dying_said();
        world.restart().await;
        world.settle().await;
        let order = second_life(&mut world, &bytes, payer).await;
        let told: Vec<_> = receiver
            .posts()
            .into_iter()
            .filter(|post| post.json()["serial"] == order["serial"])
            .collect();
        assert_eq!(world.status(&order).await, 40, "cut {moment}");
        assert_eq!(world.balances().await, (before - PRICE, 0), "cut {moment}: charged once");
        assert_eq!(world.delegations(payer), 1, "cut {moment}: lent once");
        assert_eq!(world.returns(payer), 1, "cut {moment}: taken back once");
        assert!((1..=2).contains(&told.len()), "cut {moment}: told {} times", told.len());
        assert!(told.iter().all(|post| post.body == told[0].body && post.is_genuine));
        if passed.load(Ordering::Relaxed) <= moment {
            cuts = moment;
            break;
        }
    }
    assert!((20..CUTS_MAX).contains(&cuts), "{cuts} moments");
    let orders = world.store.audit().await.unwrap().orders;
    assert_eq!(usize::try_from(orders).unwrap(), cuts + 1, "one order for each payer");
    world.finish().await;
}
