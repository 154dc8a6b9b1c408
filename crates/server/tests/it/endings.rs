//! How orders end: used, not used, refunded. Nothing is stranded, nothing is kept.

use devnet::{Fault, When};
use serde_json::{Value, json};
use tron::{Resource, Sun};

use crate::support::chain::{recipient_with, wallets};
use crate::support::merchant::wanted;
use crate::support::{Receiver, Setup, World, plain};

const PRICE: i64 = 3_857_100;
const BALANCE: i64 = 100_000_000;

async fn ordered(world: &mut World, receiver: &Receiver) -> (tron::Address, Value) {
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    body["callback_url"] = json!(receiver.url());
    let order = world.order(&body).await;
    (payer, order)
}

#[tokio::test]
async fn used_energy_is_back_within_two_blocks() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.settle().await;
    world.mine(1).await;
    assert_eq!(world.status(&order).await, 40);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(1).await;
    assert_eq!(world.returns(payer), 0, "the transfer was seen in this block");
    world.mine(1).await;
    assert_eq!(world.returns(payer), 1, "and the energy is back in the next");
    assert_eq!(world.usable_energy(payer), 0);
    let serial = order["serial"].as_str().unwrap();
    let shown = world.query(&format!("serial={serial}")).await;
    assert_eq!(shown["details"][0]["status"], 30);
    assert_ne!(shown["details"][0]["reclaim_hash"], "");
    world.finish().await;
}

#[tokio::test]
async fn unused_energy_is_back_at_the_end_of_the_rent() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.settle().await;
    world.mine(1).await;
    world.pass_secs(3_590).await;
    assert_eq!(world.returns(payer), 0, "it is the merchant's for an hour");
    world.pass_secs(15).await;
    world.mine(1).await;
    assert_eq!(world.returns(payer), 1);
    assert_eq!(world.status(&order).await, 40, "it was delivered all the same");
    assert_eq!(world.balances().await, (BALANCE - PRICE, 0));
    world.finish().await;
    assert_eq!(receiver.posts().len(), 1);
}

async fn assert_refunded(world: World, receiver: &Receiver, order: &Value) {
    assert_eq!(world.status(order).await, 41);
    assert_eq!(world.balances().await, (BALANCE, 0), "everything is given back");
    let serial = order["serial"].as_str().unwrap();
    let shown = world.query(&format!("serial={serial}")).await;
    assert_eq!(shown["refund_amount"], PRICE);
    world.finish().await;
    let posts = receiver.posts();
    assert_eq!(posts.len(), 1);
    let told = posts[0].json();
    assert_eq!((&told["status"], &told["amount"]), (&json!(41), &json!(0)));
    assert!(posts[0].is_genuine);
    assert_eq!(told["serial"], serial);
}

/// The stake was withdrawn after the order was accepted: every delegation is refused.
#[tokio::test]
async fn a_pool_that_lost_its_stake_refunds_at_the_deadline() {
    let mut world = World::new().await;
    world.expect_log("the chain refused");
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    for (wallet, ..) in wallets(world.setup.lender_stake_trx.len()) {
        world.chain.set_stake(wallet, Resource::Energy, Sun::ZERO);
    }
    world.settle().await;
    world.mine(3).await;
    let status = world.status(&order).await;
    assert!([20, 30, 32].contains(&status), "it is still being tried: {status}");
    world.pass_secs(170).await;
    world.mine(2).await;
    assert_eq!(world.delegations(payer), 0);
    assert_refunded(world, &receiver, &order).await;
}

/// One wallet lost its stake and the other did not: the order is filled from the other.
#[tokio::test]
async fn another_wallet_steps_in_for_one_that_is_refused() {
    let setup = Setup { lender_stake_trx: vec![10_000_000, 9_000_000], ..Setup::default() };
    let mut world = World::with(setup).await;
    world.expect_log("the chain refused");
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.chain.set_stake(wallets(2)[0].0, Resource::Energy, Sun::ZERO);
    world.settle().await;
    world.mine(3).await;
    assert_eq!(world.status(&order).await, 40);
    assert_eq!(world.delegations(payer), 1);
    assert!(world.sweeps(payer, recipient_with()));
    world.finish().await;
}

/// No node takes anything until the deadline. What was sent is in doubt until it has provably
/// expired; only then is the money given back.
#[tokio::test]
async fn a_chain_that_takes_nothing_refunds_when_nothing_is_in_doubt() {
    let mut world = World::new().await;
    world.expect_log("sending went unanswered");
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.fault("wallet/broadcast*", When::Always, Fault::Busy);
    world.settle().await;
    for _ in 0..14 {
        world.pass_secs(15).await;
    }
    let in_doubt = world.status(&order).await;
    assert!(in_doubt != 40 && in_doubt != 41, "the last one sent may still be included");
    assert_eq!(world.balances().await, (BALANCE - PRICE, PRICE));
    world.chain.clear_faults();
    world.mine(30).await;
    assert_eq!(world.delegations(payer), 0);
    assert_refunded(world, &receiver, &order).await;
}

/// Taken, announced, and never included: a second one is made only after the first has provably
/// expired, so there is one delegation in the end.
#[tokio::test]
async fn a_delegation_that_was_never_included_is_made_again() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.fault("wallet/broadcast*", When::Next(1), Fault::NeverInclude);
    world.settle().await;
    world.mine(45).await;
    assert_eq!(world.status(&order).await, 40);
    assert_eq!(world.delegations(payer), 1);
    assert!(world.sweeps(payer, recipient_with()));
    world.finish().await;
    assert_eq!(receiver.posts().len(), 1);
}

/// The token does not answer about this receiver any more: an hour after the deadline nobody can count on what
/// was lent.
#[tokio::test]
async fn an_order_whose_receiver_cannot_be_read_is_refunded_in_the_end() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.work_on_orders().await;
    let mut settings = (*world.app.settings).clone();
    settings.token = payer;
    world.app.settings = std::sync::Arc::new(settings);
    world.pass_secs(200).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 0));
    assert_ne!(world.status(&order).await, 41);
    world.pass_secs(3_600).await;
    world.pass_secs(10).await;
    assert_eq!(world.status(&order).await, 41);
    world.mine(30).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    assert_eq!(world.balances().await, (world.setup.balance_sun, 0));
    let failures = std::mem::take(&mut world.failures);
    assert!(failures.iter().all(|failure| failure.contains("could not be read")), "{failures:?}");
    world.finish().await;
}
