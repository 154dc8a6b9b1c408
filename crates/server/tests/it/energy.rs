//! Energy for a period: what is lent, what it costs, what is told, and what is refused.

use app::ports::Store;
use devnet::{Fault, When};
use serde_json::{Value, json};
use tron::{Resource, Sun};

use crate::support::chain::wallets;
use crate::support::merchant::rented;
use crate::support::{KEY, Receiver, Setup, World, has_energy, never_activated, plain};

const BALANCE: i64 = 100_000_000;
/// An hour of 65 000 energy.
const HOUR: i64 = 3_900_000;

#[tokio::test]
async fn energy_is_lent_beside_what_the_address_has() {
    for (kind, had) in [(plain as crate::support::chain::Kind, false), (has_energy, true)] {
        let mut world = World::new().await;
        let receiver = Receiver::start().await;
        let payer = world.payer(kind);
        let before = world.usable_energy(payer);
        assert_eq!(before > 0, had);
        let lent_before = world.delegations(payer);
        let more = json!({"callback_url": receiver.url(), "out_trade_no": "S1"});
        let order = world.rent_with(payer, 65_000, "1H", more).await;
        let members: Vec<_> = order.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["amount", "balance", "errno", "serial"]);
        assert_eq!((&order["amount"], &order["balance"]), (&json!(HOUR), &json!(BALANCE - HOUR)));
        assert_eq!(world.balances().await, (BALANCE - HOUR, HOUR), "held");
        world.settle().await;
        assert_ne!(world.status(&order).await, 40, "not before it was read back");
        world.mine(1).await;
        assert_eq!(world.status(&order).await, 40);
        assert_eq!(world.balances().await, (BALANCE - HOUR, 0), "settled");
        let lent = world.usable_energy(payer) - before;
        assert!((65_000..=65_325).contains(&lent), "{lent}");
        assert_eq!(world.delegations(payer) - lent_before, 1);
        assert_told(&world, &receiver, &order).await;
        world.finish().await;
        assert_eq!(receiver.posts().len(), 1, "one callback");
    }
}

async fn assert_told(world: &World, receiver: &Receiver, order: &Value) {
    let shown = world.shown(order).await;
    assert_eq!((&shown["energy_amount"], &shown["period"]), (&json!(65_000), &json!(0)));
    assert_eq!((&shown["serial"], &shown["order_no"]), (&order["serial"], &order["serial"]));
    assert_eq!(shown["out_trade_no"], "S1");
    let posts = receiver.posts();
    let told = posts[0].json();
    assert!(posts[0].is_genuine);
    assert_eq!((&told["period"], &told["source"]), (&json!("1H"), &json!("api")));
    assert_eq!((&told["status"], &told["amount"]), (&json!(40), &order["amount"]));
    for member in ["serial", "txid", "pay_amount", "energy_amount", "receive_address"] {
        assert_eq!(told[member], shown[member], "{member}");
    }
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_refused_unless_it_is_to_be_activated() {
    let mut world = World::new().await;
    let payer = world.payer(never_activated);
    for active in [json!({}), json!({"active": 0})] {
        let mut body = rented(payer, 65_000, "1H");
        body.as_object_mut().unwrap().extend(active.as_object().unwrap().clone());
        let answer = world.post("/order", &body).await;
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.json(), json!({"detail": format!("{payer} is the inactive address.")}));
    }
    assert_eq!(world.balances().await, (BALANCE, 0));
    let order = world.rent_with(payer, 65_000, "1H", json!({"active": 1})).await;
    assert_eq!(order["amount"], HOUR + 1_500_000);
    world.settle().await;
    world.mine(2).await;
    assert_eq!(world.status(&order).await, 40);
    assert_eq!(world.on_chain(payer, "AccountCreateContract"), 1);
    assert_ne!(world.shown(&order).await["active_hash"], "");
    assert!(world.usable_energy(payer) >= 65_000);
    let exists = world.rent_with(payer, 65_000, "1H", json!({"active": 1})).await;
    assert_eq!(exists["amount"], HOUR, "an address is activated once");
    world.finish().await;
}

#[tokio::test]
async fn a_large_order_is_split_and_each_delegation_is_shown() {
    // A wallet lends about 47 000 energy.
    let setup = Setup { lender_stake_trx: vec![5_000, 5_000, 5_000], ..Setup::default() };
    let mut world = World::with(setup).await;
    let payer = world.payer(plain);
    let order = world.rent(payer, 120_000, "1H").await;
    // The first that is sent gets lost on its way.
    world.fault("wallet/broadcast*", When::Next(1), Fault::NeverInclude);
    world.settle().await;
    assert_eq!(world.shown(&order).await["details"], json!([]));
    world.mine(1).await;
    let partly = world.shown(&order).await;
    assert_eq!(partly["status"], 31);
    assert_eq!(partly["details"].as_array().unwrap().len(), 2, "one row a delegation on chain");
    world.mine(45).await;
    let shown = world.shown(&order).await;
    assert_eq!(shown["status"], 40);
    let details = shown["details"].as_array().unwrap();
    assert_eq!(details.len(), 3);
    assert!(details.iter().all(|one| one["status"] == 20 && one["delegate_hash"] != ""));
    assert!(world.usable_energy(payer) >= 120_000);
    assert_eq!(world.delegations(payer), 3, "nothing was lent twice");
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_cannot_be_filled_is_refunded() {
    let mut world = World::new().await;
    world.expect_log("the chain refused");
    let receiver = Receiver::start().await;
    let payer = world.payer(plain);
    let more = json!({"callback_url": receiver.url()});
    let order = world.rent_with(payer, 65_000, "3D", more).await;
    for (wallet, ..) in wallets(world.setup.lender_stake_trx.len()) {
        world.chain.set_stake(wallet, Resource::Energy, Sun::ZERO);
    }
    world.settle().await;
    world.pass_secs(185).await;
    world.mine(2).await;
    let shown = world.shown(&order).await;
    assert_eq!((&shown["status"], &shown["refund_amount"]), (&json!(41), &order["amount"]));
    assert_eq!((&shown["details"], &shown["period"]), (&json!([]), &json!(3)));
    assert_eq!(world.balances().await, (BALANCE, 0));
    world.finish().await;
    let told = receiver.posts()[0].json();
    assert_eq!((&told["status"], &told["period"]), (&json!(41), &json!("3D")));
}

#[tokio::test]
async fn the_bounds_are_the_operators() {
    let tune = |config: &mut sunsweep::config::Config| {
        (config.order.min_energy, config.order.max_energy) = (32_000, 500_000);
    };
    let mut world = World::with(Setup { tune, ..Setup::default() }).await;
    let payer = world.payer(plain);
    for (energy, text) in [
        (31_999, "Ensure this value is greater than or equal to 32000."),
        (500_001, "Ensure this value is less than or equal to 500000."),
    ] {
        let answer = world.post("/order", &rented(payer, energy, "1H")).await;
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.json(), json!({"energy_amount": [text]}));
        let answer = world.get(&format!("/order/price?period=1H&energy_amount={energy}")).await;
        assert_eq!((answer.status(), answer.json()), (400, json!({"energy_amount": [text]})));
    }
    world.leave(0, 0).await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_path_none() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let bytes = world.signed_post(KEY, "/order", &rented(payer, 65_000, "1H"));
    let first = world.send(&bytes).await;
    assert_eq!(first.status(), 200);
    assert_eq!(world.send(&bytes).await.body, first.body);
    let body = json!({
        "energy_amount": 65_000, "period": "1H", "receive_address": payer, "scene": 0,
    });
    let bytes = world.signed_post(KEY, "/order", &body);
    assert_eq!(world.send(&bytes).await.status(), 200);
    let elsewhere = world.ask(&body).await;
    assert_eq!(elsewhere.status(), 400);
    assert!(elsewhere.body.contains("already used for another path"), "{}", elsewhere.body);
    assert_eq!(world.store.audit().await.unwrap().orders, 2);
    world.finish().await;
}
