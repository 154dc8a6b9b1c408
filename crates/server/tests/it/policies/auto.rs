//! Auto policies as their merchants live with them.

use serde_json::json;

use super::{REFILL, world};
use crate::support::chain::{recipient_with, recipient_without};
use crate::support::{Receiver, Setup, World, plain};

#[tokio::test]
async fn what_a_transfer_used_is_added_at_once_and_days_end() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    world.auto_policy(payer, 65_000, 1).await;
    world.settle().await;
    world.mine(4).await;
    let row = world.auto_shown(payer).await;
    assert_eq!((row["status"].as_i64(), row["last_step"].as_i64()), (Some(1), Some(1)));
    assert_eq!((row["max_energy"].as_i64(), row["period"].as_i64()), (Some(65_000), Some(1)));
    assert_eq!(world.balances().await.0, 100_000_000 - REFILL);
    for refills in 2..=3 {
        world.pays_and_sweeps(payer);
        world.mine(4).await;
        assert!(world.usable_energy(payer) >= 64_285, "it was added");
        assert_eq!((world.delegations(payer), world.returns(payer)), (refills, 0));
    }
    world.pass_secs(86_400).await;
    world.mine(6).await;
    let row = world.auto_shown(payer).await;
    assert_eq!((row["status"].as_i64(), row["last_step"].as_i64()), (Some(0), Some(2)));
    assert_eq!((world.delegations(payer), world.returns(payer)), (3, 3));
    world.finish().await;
    let posts = receiver.posts();
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|post| post.json()["source"] == "auto_delegate" && post.is_genuine));
}

#[tokio::test]
async fn what_goes_back_after_its_day_is_renewed() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    world.auto_policy(payer, 65_000, 3).await;
    world.settle().await;
    world.mine(4).await;
    world.pass_secs(86_400).await;
    world.mine(6).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 1));
    assert!(world.usable_energy(payer) >= 65_000);
    let id = world.auto_shown(payer).await["id"].as_i64().unwrap();
    world.switch_policy(id, 0).await;
    world.pass_secs(86_400).await;
    world.mine(6).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 2));
    assert_eq!(world.auto_shown(payer).await["status"], 0);
    world.switch_policy(id, 1).await;
    world.settle().await;
    world.mine(4).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (3, 2));
    world.clock.set(world.now_secs() * 1_000 + 1_000);
    world.switch_policy(id, 0).await;
    world.finish().await;
}

#[tokio::test]
async fn without_an_amount_it_follows_what_its_transfers_take() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    world.auto_policy(payer, 0, 1).await;
    assert_eq!(
        world.auto_shown(payer).await["max_energy"],
        65_000,
        "never less than the table says"
    );
    world.settle().await;
    world.mine(4).await;
    // The owner burns TRX for what is missing: the recipient holds none of the token.
    world.chain.credit(payer, tron::Sun::from_trx(100));
    assert!(world.sweeps(payer, recipient_without()));
    world.mine(5).await;
    assert_eq!(world.auto_shown(payer).await["max_energy"], 130_285);
    assert!(world.usable_energy(payer) >= 130_285);
    let id = world.auto_shown(payer).await["id"].as_i64().unwrap();
    world.switch_policy(id, 0).await;
    world.finish().await;
}

/// The chain has no history of an address to read, but it says what a transfer would take right now.
#[tokio::test]
async fn a_new_policy_without_an_amount_knows_what_a_transfer_takes_now() {
    let tune = |config: &mut sunsweep::config::Config| config.token.energy_to_holder = 50_000;
    let mut world = World::with(Setup { tune, ..Setup::default() }).await;
    let payer = world.payer(plain);
    world.auto_policy(payer, 0, 1).await;
    assert_eq!(world.auto_shown(payer).await["max_energy"], 64_285, "what the chain simulates");
    world.settle().await;
    world.mine(4).await;
    assert!(world.usable_energy(payer) >= 64_285);
    assert!(world.sweeps(payer, recipient_with()), "the first transfer is free already");
    let id = world.auto_shown(payer).await["id"].as_i64().unwrap();
    world.switch_policy(id, 0).await;
    world.finish().await;
}

/// An address whose tokens are frozen gets a policy all the same: what it keeps comes from the table.
#[tokio::test]
async fn a_frozen_address_is_served_by_the_table() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let frozen = json!({"address": payer, "blacklisted": true});
    world.chain.control("blacklist", &frozen).unwrap();
    world.auto_policy(payer, 0, 1).await;
    assert_eq!(world.auto_shown(payer).await["max_energy"], 65_000);
    let id = world.auto_shown(payer).await["id"].as_i64().unwrap();
    world.switch_policy(id, 0).await;
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_policy_is_not_found() {
    let world = World::new().await;
    for id in ["1", "x", "99999999999999999999"] {
        let path = format!("/auto-delegate-policy/{id}/change-status");
        let answer = world.post(&path, &json!({"status": 1})).await;
        let shown = (answer.status(), answer.body.as_str());
        assert_eq!(shown, (404, r#"{"detail":"Not found."}"#), "{id}");
    }
    world.leave(0, 0).await;
}
