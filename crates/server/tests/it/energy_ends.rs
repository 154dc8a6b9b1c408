//! How rented energy goes back: used up, after days, early, and what was left behind before.

use app::ports::Store;
use serde_json::{Value, json};
use tron::{Address, Resource, Sun};

use crate::support::chain::{recipient_with, wallets};
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{KEY, Receiver, Setup, World, plain};

const DAY_SECS: i64 = 86_400;

async fn delivered(world: &mut World, payer: Address, energy: i64, period: &str) -> Value {
    let order = world.rent(payer, energy, period).await;
    world.settle().await;
    world.mine(1).await;
    assert_eq!(world.status(&order).await, 40);
    order
}

/// Everything that was done is solid; a minute later, so that the payer's next transfer differs.
async fn solidify(world: &mut World) {
    world.chain.solidify();
    world.mine(1).await;
}

#[tokio::test]
async fn an_hour_is_back_as_soon_as_it_is_used_up() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = delivered(&mut world, payer, 65_000, "1H").await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(1).await;
    assert_eq!(world.returns(payer), 0, "the call was seen in this block");
    world.mine(1).await;
    assert_eq!(world.returns(payer), 1, "and the energy is back in the next");
    let shown = world.shown(&order).await;
    assert_eq!((&shown["status"], &shown["details"][0]["status"]), (&json!(40), &json!(30)));
    assert_ne!(shown["reclaim_hash"], "");
    world.finish().await;
}

#[tokio::test]
async fn an_hour_that_was_half_used_stays_until_its_end() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    // Bandwidth for more than one transfer a day.
    world.chain.set_stake(payer, Resource::Bandwidth, Sun::from_trx(1_000));
    delivered(&mut world, payer, 131_000, "1H").await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(3).await;
    assert_eq!(world.returns(payer), 0, "there is enough left for another transfer");
    world.chain.mint(payer, tron::TokenUnits(1_000));
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(2).await;
    assert_eq!(world.returns(payer), 1, "the second one used it up");
    let other = world.payer(plain);
    delivered(&mut world, other, 131_000, "1H").await;
    assert!(world.sweeps(other, recipient_with()));
    world.mine(2).await;
    world.pass_secs(3_600).await;
    world.mine(1).await;
    assert_eq!(world.returns(other), 1, "the hour is over");
    world.finish().await;
}

#[tokio::test]
async fn days_last_through_use_and_restarts() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let order = delivered(&mut world, payer, 65_000, "3D").await;
    assert_eq!(order["amount"], 65_000 * 80 * 3);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(2).await;
    for _ in 0..3 {
        assert_eq!(world.returns(payer), 0, "it is the merchant's for three days");
        assert_eq!(world.shown(&order).await["period"], 3);
        world.restart().await;
        world.settle().await;
        world.pass_secs(DAY_SECS - 60).await;
    }
    assert_eq!(world.returns(payer), 0);
    world.pass_secs(200).await;
    world.mine(1).await;
    assert_eq!(world.returns(payer), 1, "three days after it was ready");
    let due = world.shown(&order).await["details"][0]["reclaim_time"].clone();
    assert!(due.as_str().unwrap().starts_with("2023-06-18T02:40:"), "{due}");
    world.finish().await;
}

#[tokio::test]
async fn an_early_end_takes_its_own_share_of_the_record_and_no_other() {
    // One lender: both orders share one record on chain.
    let setup = Setup { lender_stake_trx: vec![10_000_000], ..Setup::default() };
    let mut world = World::with(setup).await;
    let receiver = Receiver::start().await;
    let payer = world.payer(plain);
    let first = delivered(&mut world, payer, 65_000, "1H").await;
    let more = json!({"callback_url": receiver.url()});
    let second = world.rent_with(payer, 70_000, "1H", more).await;
    world.settle().await;
    world.mine(1).await;
    let balances = world.balances().await;
    let end = json!({"serial": first["serial"]});
    for _ in 0..2 {
        let answer = world.post("/order/reclaim", &end).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.body, r#"{"errno":0,"message":"request accept"}"#);
        world.settle().await;
        world.mine(2).await;
        assert_eq!(world.returns(payer), 1);
        let left = world.usable_energy(payer);
        assert!((70_000..=70_350).contains(&left), "the other's share: {left}");
    }
    assert_eq!(world.shown(&first).await["details"][0]["status"], 30);
    assert_eq!(world.shown(&second).await["details"][0]["status"], 20);
    assert_eq!(world.balances().await, balances, "nothing is refunded");
    let answer = world.post("/order/reclaim", &end).await;
    assert_eq!(answer.status(), 200, "an order that is over can be ended again");
    world.finish().await;
    assert_eq!(receiver.posts().len(), 1, "ending early tells nothing more");
}

#[tokio::test]
async fn an_unknown_or_foreign_order_is_not_ended() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = delivered(&mut world, payer, 65_000, "1H").await;
    let not_found = json!({"errno": 404, "message": "Order not found"});
    let other = world.add_merchant_with_key("00000000000000000000000000000002").await;
    let own = json!({"serial": order["serial"]});
    for (key, body) in [
        (other.as_str(), own),
        (KEY, json!({"serial": "7297a8a2a9e39b86fc5bad0d2e9edda2"})),
        (KEY, json!({"serial": "none of ours"})),
    ] {
        let answer = world.send(&world.signed_post(key, "/order/reclaim", &body)).await;
        assert_eq!((answer.status(), answer.json()), (200, not_found.clone()), "{body}");
    }
    world.settle().await;
    world.mine(2).await;
    assert_eq!(world.returns(payer), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_collection_can_be_ended_early_too() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    let end = json!({"serial": order["serial"]});
    assert_eq!(world.post("/order/reclaim", &end).await.status(), 200);
    world.settle().await;
    world.mine(3).await;
    assert_eq!(world.status(&order).await, 40, "it was paid for: filled first, then ended");
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}

/// A wallet of the pool lends to an address what no row knows of.
fn stray(world: &World, payer: Address, trx: i64) {
    let from = wallets(1)[0].0;
    let sun = trx * 1_000_000;
    let body = json!({"from": from, "to": payer, "resource": "ENERGY", "sun": sun});
    world.chain.control("delegate", &body).unwrap();
}

#[tokio::test]
async fn an_exclusive_order_takes_back_what_nobody_counts_on() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    stray(&world, payer, 1_000);
    let before = world.usable_energy(payer);
    assert!(before > 9_000, "{before}");
    let order = world.rent_with(payer, 65_000, "1H", json!({"exclusive": 1})).await;
    assert_eq!(order["amount"], 3_900_000, "taking back costs nothing");
    world.settle().await;
    world.mine(1).await;
    assert_eq!(world.returns(payer), 1, "the stray stake is back");
    assert_eq!(world.delegations(payer), 0, "and nothing was lent before that");
    world.mine(1).await;
    assert_eq!(world.delegations(payer), 1);
    assert_eq!(world.status(&order).await, 40);
    let shown = world.shown(&order).await;
    assert_eq!(shown["details"].as_array().unwrap().len(), 1, "only what fills the order");
    assert!((65_000..=65_325).contains(&world.usable_energy(payer)));
    world.finish().await;
}

#[tokio::test]
async fn an_exclusive_order_leaves_the_shares_of_others() {
    let setup = Setup { lender_stake_trx: vec![10_000_000], ..Setup::default() };
    let mut world = World::with(setup).await;
    let payer = world.payer(plain);
    let first = delivered(&mut world, payer, 65_000, "1D").await;
    solidify(&mut world).await;
    stray(&world, payer, 1_000);
    let second = world.rent_with(payer, 70_000, "1D", json!({"exclusive": 1})).await;
    world.settle().await;
    world.mine(2).await;
    assert_eq!((world.status(&first).await, world.status(&second).await), (40, 40));
    assert_eq!(world.returns(payer), 1, "the stray stake alone");
    let limit = world.chain.allowed(payer, Resource::Energy).limit;
    assert!((135_000..=135_700).contains(&limit), "both shares are there: {limit}");
    let audit = world.store.audit().await.unwrap();
    assert_eq!(audit.differences, Vec::<String>::new());
    world.finish().await;
}
