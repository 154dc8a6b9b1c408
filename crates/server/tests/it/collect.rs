//! What each kind of address gets, judged by the chain, the ledger and the receiver's log.

use serde_json::{Value, json};
use tron::{Address, Resource};

use crate::support::chain::{Kind, has_some_energy, recipient_with, recipient_without};
use crate::support::merchant::wanted;
use crate::support::{Receiver, World, has_energy, never_activated, no_bandwidth, plain};

const TO_HOLDER: i64 = 64_285;
const TO_EMPTY: i64 = 130_285;
const TRANSFER_BANDWIDTH: i64 = 346;

/// An order and what it is expected to be.
struct Expected {
    name: &'static str,
    kind: Kind,
    recipient: fn() -> Address,
    scene: i64,
    energy: i64,
    bandwidth: i64,
    has_activation: bool,
}

const EXPECTED: [Expected; 6] = [
    Expected {
        name: "plain, to a holder",
        kind: plain,
        recipient: recipient_with,
        scene: 1,
        energy: TO_HOLDER,
        bandwidth: 0,
        has_activation: false,
    },
    Expected {
        name: "plain, to an empty address",
        kind: plain,
        recipient: recipient_without,
        scene: 2,
        energy: TO_EMPTY,
        bandwidth: 0,
        has_activation: false,
    },
    Expected {
        name: "never activated",
        kind: never_activated,
        recipient: recipient_with,
        scene: 1,
        energy: TO_HOLDER,
        bandwidth: 0,
        has_activation: true,
    },
    Expected {
        name: "without bandwidth",
        kind: no_bandwidth,
        recipient: recipient_with,
        scene: 1,
        energy: TO_HOLDER,
        bandwidth: TRANSFER_BANDWIDTH,
        has_activation: false,
    },
    Expected {
        name: "with some energy",
        kind: has_some_energy,
        recipient: recipient_with,
        scene: 1,
        energy: -1,
        bandwidth: 0,
        has_activation: false,
    },
    Expected {
        name: "with enough energy",
        kind: has_energy,
        recipient: recipient_with,
        scene: 1,
        energy: 0,
        bandwidth: 0,
        has_activation: false,
    },
];

#[tokio::test]
async fn every_kind_of_address_gets_what_it_lacks_and_no_more() {
    for expected in EXPECTED {
        let mut world = World::new().await;
        let receiver = Receiver::start().await;
        let payer = world.payer(expected.kind);
        serve(&mut world, &receiver, payer, &expected).await;
        world.finish().await;
        assert_eq!(receiver.posts().len(), 1, "{}: one callback", expected.name);
    }
}

async fn serve(world: &mut World, receiver: &Receiver, payer: Address, expected: &Expected) {
    let name = expected.name;
    let had = world.usable_energy(payer);
    let needed = if expected.scene == 1 { TO_HOLDER } else { TO_EMPTY };
    let missing = if expected.energy < 0 { needed - had } else { expected.energy };
    let mut body = wanted(payer, (expected.recipient)());
    body["callback_url"] = json!(receiver.url());
    let before = world.balances().await.0;
    let order = world.order(&body).await;
    assert_eq!(order["scene"], expected.scene, "{name}");
    assert_eq!(order["energy_amount"], missing, "{name}");
    assert_eq!(order["bandwidth_needed"], expected.bandwidth, "{name}");
    assert_eq!(order["active_needed"], expected.has_activation, "{name}");
    let activation = if expected.has_activation { 1_500_000 } else { 0 };
    let price = missing * 60 + expected.bandwidth * 1_000 + activation;
    assert_eq!(order["amount"], price, "{name}");
    assert_eq!(world.balances().await, (before - price, price), "{name}: held");

    // An activation takes a block before anything can be lent to the address.
    world.settle().await;
    world.mine(2).await;
    assert_eq!(world.status(&order).await, 40, "{name}");
    assert_eq!(world.balances().await, (before - price, 0), "{name}: settled");
    assert_energy(world, payer, had, missing, name);
    let bandwidth = world.chain.allowed(payer, Resource::Bandwidth).limit;
    assert!(bandwidth >= expected.bandwidth, "{name}: {bandwidth}");
    let delegations = usize::from(missing > 0) + usize::from(expected.bandwidth > 0);
    assert_eq!(world.delegations(payer), delegations, "{name}");
    assert_callback(world, receiver, &order, name).await;
    assert!(world.sweeps(payer, (expected.recipient)()), "{name}: the transfer burned or failed");
    world.mine(2).await;
    assert_eq!(world.returns(payer), delegations, "{name}: taken back within two blocks");
}

/// The transfer is covered, and what was lent is at most 0.5 % more than what was missing.
fn assert_energy(world: &World, payer: Address, had: i64, missing: i64, name: &str) {
    let has = world.usable_energy(payer);
    assert!(has >= had + missing, "{name}: {has} of {}", had + missing);
    let lent = has - had;
    assert!(lent * 1_000 <= missing * 1_005, "{name}: {lent} lent for {missing}");
}

/// One genuine callback with what the query says too.
async fn assert_callback(world: &World, receiver: &Receiver, order: &Value, name: &str) {
    let posts = receiver.posts();
    assert_eq!(posts.len(), 1, "{name}");
    assert!(posts[0].is_genuine, "{name}");
    let told = posts[0].json();
    let serial = order["serial"].as_str().unwrap();
    let shown = world.query(&format!("serial={serial}")).await;
    assert_eq!(told["serial"], serial);
    assert_eq!((&told["status"], &told["amount"]), (&json!(40), &order["amount"]), "{name}");
    for member in ["pay_amount", "energy_amount", "txid", "active_hash", "bandwidth_hash"] {
        assert_eq!(told[member], shown[member], "{name}: {member}");
    }
    let has = |member: &str| told[member] != "";
    assert_eq!(has("txid"), order["energy_amount"] != 0, "{name}");
    assert_eq!(has("active_hash"), order["active_needed"] == true, "{name}");
    assert_eq!(has("bandwidth_hash"), order["bandwidth_needed"] != 0, "{name}");
}

#[tokio::test]
async fn nothing_missing_costs_nothing_and_sends_nothing() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let payer = world.payer(has_energy);
    let delegations = world.delegations(payer);
    let mut body = wanted(payer, recipient_with());
    body["callback_url"] = json!(receiver.url());
    let order = world.order(&body).await;
    assert_eq!((&order["amount"], &order["balance"]), (&json!(0), &json!(100_000_000)));
    world.settle().await;
    assert_eq!(world.status(&order).await, 40);
    assert_eq!(receiver.posts()[0].json()["status"], 40);
    assert_eq!(world.chain.calls("wallet/broadcast"), 0);
    assert_eq!(world.delegations(payer), delegations);
    world.finish().await;
}

#[tokio::test]
async fn an_explicit_scene_is_a_minimum() {
    let (with, without) = (recipient_with(), recipient_without());
    let rows = [
        (0, with, 1, TO_HOLDER),
        (1, with, 1, TO_HOLDER),
        (2, with, 2, TO_EMPTY),
        (1, without, 2, TO_EMPTY),
        (0, without, 2, TO_EMPTY),
    ];
    let mut world = World::new().await;
    for (asked, recipient, executed, energy) in rows {
        let payer = world.payer(plain);
        let mut body = wanted(payer, recipient);
        body["scene"] = json!(asked);
        let order = world.order(&body).await;
        assert_eq!(order["scene"], executed, "{asked}");
        assert_eq!(order["energy_amount"], energy, "{asked}");
        world.settle().await;
        world.mine(1).await;
        assert!(world.usable_energy(payer) >= energy, "{asked}");
    }
    world.finish().await;
}

/// The network's stake moves between acceptance and inclusion: what is short is lent free of charge.
#[tokio::test]
async fn a_shortfall_by_drift_is_lent_free_of_charge() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    let heavier = json!({"energy_trx": 19_400_000_000_i64});
    world.chain.control("weights", &heavier).unwrap();
    world.mine(1).await;
    assert_ne!(world.status(&order).await, 40, "not ready while the energy is short");
    world.mine(1).await;
    assert_eq!(world.status(&order).await, 40);
    assert!(world.usable_energy(payer) >= TO_HOLDER);
    assert_eq!(world.delegations(payer), 2);
    assert_eq!(world.balances().await, (100_000_000 - order["amount"].as_i64().unwrap(), 0));
    assert!(world.sweeps(payer, recipient_with()));
    world.finish().await;
}

/// The receiver's own calls are in the blocks of the delegations and eat them: that is made up for once.
#[tokio::test]
async fn energy_that_its_receiver_uses_for_something_else_is_lent_once_more_and_charged() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    for delegations in 1..=2 {
        world.settle().await;
        world.chain.mine(1);
        assert!(world.usable_energy(payer) >= TO_HOLDER);
        let wasted = json!({"address": payer, "resource": "ENERGY", "units": TO_HOLDER});
        world.chain.control("use", &wasted).unwrap();
        world.follow_chain_time();
        world.settle().await;
        assert_eq!(world.delegations(payer), delegations);
    }
    world.mine(5).await;
    assert_eq!(world.status(&order).await, 40);
    assert_eq!(world.delegations(payer), 2, "the pool has lent once more");
    assert_eq!(world.balances().await, (100_000_000 - order["amount"].as_i64().unwrap(), 0));
    world.finish().await;
}
