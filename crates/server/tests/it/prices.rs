//! What energy costs, asked beforehand.

use domain::admin::AdminScope;
use serde_json::{Value, json};
use tron::TokenUnits;

use crate::admin::Office;
use crate::support::chain::{recipient_with, recipient_without};
use crate::support::http::request;
use crate::support::merchant::wanted;
use crate::support::{Setup, World, never_activated, no_bandwidth, plain};

async fn price(world: &World, query: &str) -> Value {
    let answer = world.get(&format!("/order/price?{query}")).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn the_total_is_what_the_order_placed_next_costs() {
    let setup = Setup { balance_sun: 1_000_000_000_000, ..Setup::default() };
    let mut world = World::with(setup).await;
    for (energy, period, unit, addition) in [
        (65_000, "1H", 60, 0),
        (10_000, "1H", 60, 600_000),
        (49_999, "1D", 90, 600_000),
        (50_000, "2D", 90, 0),
        (32_000, "3D", 80, 600_000),
        (1_000_000, "29D", 80, 0),
        (65_000, "30D", 70, 0),
    ] {
        let query = format!("period={period}&energy_amount={energy}&to_address=nobody");
        let shown = price(&world, &query).await;
        assert_eq!((&shown["period"], &shown["energy_amount"]), (&json!(period), &json!(energy)));
        assert_eq!((&shown["price"], &shown["addition"]), (&json!(unit), &json!(addition)));
        assert_eq!(shown.as_object().unwrap().len(), 5, "no errno: {shown}");
        let payer = world.payer(plain);
        let order = world.rent(payer, energy, period).await;
        assert_eq!(order["amount"], shown["total_price"], "{energy} for {period}");
    }
    world.finish().await;
}

#[tokio::test]
async fn without_an_amount_a_transfer_to_the_address_is_simulated() {
    let mut world = World::new().await;
    let to = |address| format!("period=1H&to_address={address}");
    let shown = price(&world, &to(recipient_with())).await;
    assert_eq!(shown["energy_amount"], 64_285);
    let payer = world.payer(plain);
    let order = world.rent(payer, shown["energy_amount"].as_i64().unwrap(), "1H").await;
    assert_eq!(order["amount"], shown["total_price"]);
    // Nobody is known who holds the token: the configured amount.
    let shown = price(&world, &to(recipient_without())).await;
    assert_eq!(shown["energy_amount"], 131_000);
    // On mainnet tokens lie with their own contract, sent there by mistake.
    world.chain.mint(world.chain.usdt(), TokenUnits(1_000));
    world.mine(1).await;
    let shown = price(&world, &to(recipient_without())).await;
    assert_eq!(
        (&shown["energy_amount"], &shown["total_price"]),
        (&json!(130_285), &json!(7_817_100))
    );
    world.finish().await;
}

#[tokio::test]
async fn a_chain_that_cannot_be_read_gives_no_price_for_a_transfer() {
    let mut world = World::new().await;
    world.node_stop.cancel();
    world.expect_log("the chain could not be read");
    let answer =
        world.get(&format!("/order/price?period=1H&to_address={}", recipient_with())).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.body.contains("Nothing was charged"), "{}", answer.body);
    let shown = price(&world, "period=1H&energy_amount=65000").await;
    assert_eq!(shown["total_price"], 3_900_000);
    world.leave_without_chain(0, 0).await;
}

#[tokio::test]
async fn whoever_names_a_key_reads_what_an_activation_and_bandwidth_will_cost_it() {
    let mut world = World::new().await;
    let office = Office::open(&world, &[AdminScope::Prices]).await;
    let own = json!({"activation_price_sun": 1_300_000, "bandwidth_price_sun": 900});
    assert_eq!(office.change("PATCH /merchants/1/prices", &own).await.0, 200);
    let shown = world.get("/index-data").await.json();
    let prices =
        |shown: &Value| (shown["activation_price"].clone(), shown["bandwidth_price"].clone());
    assert_eq!(prices(&shown), (json!(1_300_000), json!(900)));
    let line = "GET /api/v1/frontend/index-data HTTP/1.1";
    let listed = world.send(&request(line, &[], b"")).await.json();
    assert_eq!(prices(&listed), (json!(1_500_000), json!(1_000)));

    let price = |name: &str| shown[name].as_i64().unwrap();
    for kind in [never_activated, no_bandwidth] {
        let payer = world.payer(kind);
        let order = world.order(&wanted(payer, recipient_with())).await;
        let bought = |name: &str| order[name].as_i64().unwrap();
        let activation = if order["active_needed"] == true { price("activation_price") } else { 0 };
        let energy = bought("energy_amount") * price("default_price");
        let bandwidth = bought("bandwidth_needed") * price("bandwidth_price");
        assert!(activation + bandwidth > 0, "{order}");
        assert_eq!(order["amount"], activation + bandwidth + energy);
    }
    world.finish().await;
}
