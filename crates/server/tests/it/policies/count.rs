//! Count policies as their merchants live with them.

use std::collections::BTreeSet;

use serde_json::json;

use super::{REFILL, world};
use crate::support::chain::recipient_with;
use crate::support::policy::how;
use crate::support::{Receiver, Setup, World, never_activated, no_bandwidth, plain};

#[tokio::test]
async fn each_transfer_is_refilled_counted_and_told_until_none_is_left() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    world.count_policy(payer, 5).await;
    assert_eq!(world.balances().await, (100_000_000, 0), "nothing is charged for the policy");
    for left in (0..5).rev() {
        world.settle().await;
        world.mine(4).await;
        assert_eq!(how(&world.count_shown(payer).await), (1, left + 1, 0, false));
        assert!(world.usable_energy(payer) >= 64_285);
        world.pays_and_sweeps(payer);
        world.mine(1).await;
        assert_eq!(world.count_shown(payer).await["count_limit"], left);
    }
    world.mine(4).await;
    let row = world.count_shown(payer).await;
    assert_eq!((row["status"].as_i64(), how(&row)), (Some(0), (2, 0, 0, false)));
    assert_eq!((world.delegations(payer), world.returns(payer)), (5, 5));
    assert_eq!(world.balances().await, (100_000_000 - 5 * REFILL, 0));
    receiver.wait_for(5).await;
    let posts = receiver.posts();
    let serials: BTreeSet<String> =
        posts.iter().map(|post| post.json()["serial"].to_string()).collect();
    assert_eq!((posts.len(), serials.len()), (5, 5));
    for post in posts {
        let told = post.json();
        assert!(post.is_genuine);
        assert_eq!(told["source"], "count_delegate");
        assert_eq!(told["out_trade_no"], json!(null));
        assert_eq!((&told["status"], &told["amount"]), (&json!(40), &json!(REFILL)));
        assert_eq!((&told["period"], &told["energy_amount"]), (&json!("1D"), &json!(65_000)));
        assert_eq!(told["receive_address"], json!(payer));
    }
    world.finish().await;
}

#[tokio::test]
async fn an_idle_address_pauses_its_policy_and_an_edit_resumes_it() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    world.count_policy(payer, 0).await;
    for idle in 1..=2 {
        world.settle().await;
        world.mine(4).await;
        assert_eq!(how(&world.count_shown(payer).await), (1, 0, idle - 1, false));
        world.pass_secs(86_400).await;
        world.mine(4).await;
    }
    let row = world.count_shown(payer).await;
    assert_eq!((row["status"].as_i64(), how(&row)), (Some(1), (2, 0, 2, true)));
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 2));
    world.pass_secs(86_400).await;
    assert_eq!(world.delegations(payer), 2, "a paused policy buys nothing");
    let resume = json!({"count_bandwidth_limit": false, "count_limit_dynamic": 0,
        "is_always": false, "pause": false});
    let row = world.edit_policy(payer, &resume).await;
    assert_eq!((row["is_always"].as_bool(), how(&row).3), (Some(true), false));
    world.settle().await;
    world.mine(4).await;
    assert_eq!(how(&world.count_shown(payer).await), (1, 0, 0, false));
    assert_eq!(world.balances().await.0, 100_000_000 - 3 * REFILL);
    world.edit_policy(payer, &json!({"pause": true})).await;
    // What was paid for stays for its day and still counts.
    world.pays_and_sweeps(payer);
    world.mine(4).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (3, 3));
    world.finish().await;
}

#[tokio::test]
async fn a_balance_that_runs_out_and_comes_back() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 2 * REFILL + 1_000).await;
    let payer = world.payer(plain);
    world.count_policy(payer, 0).await;
    for _ in 0..2 {
        world.settle().await;
        world.mine(4).await;
        world.pays_and_sweeps(payer);
        world.mine(4).await;
    }
    assert_eq!(how(&world.count_shown(payer).await).0, 10, "balance too low");
    assert_eq!(world.balances().await, (1_000, 0));
    world.pass_secs(3_600).await;
    assert_eq!(how(&world.count_shown(payer).await).0, 10);
    world.credit(REFILL).await;
    // The longest wait between two tries.
    world.pass_secs(600).await;
    world.mine(4).await;
    assert_eq!(how(&world.count_shown(payer).await).0, 1);
    assert_eq!((world.delegations(payer), world.balances().await), (3, (1_000, 0)));
    world.edit_policy(payer, &json!({"pause": true})).await;
    world.finish().await;
    assert_eq!(receiver.posts().len(), 3);
}

#[tokio::test]
async fn a_pool_without_energy_is_said_and_tried_again() {
    let mut world = World::with(Setup { lender_stake_trx: vec![], ..Setup::default() }).await;
    let payer = world.payer(plain);
    world.count_policy(payer, 5).await;
    world.settle().await;
    assert_eq!(how(&world.count_shown(payer).await), (20, 5, 0, false));
    world.pass_secs(86_400).await;
    assert_eq!(how(&world.count_shown(payer).await), (20, 5, 0, false));
    assert_eq!(world.balances().await, (100_000_000, 0));
    world.edit_policy(payer, &json!({"pause": true})).await;
    world.finish().await;
}

#[tokio::test]
async fn an_address_that_has_enough_of_its_own_buys_nothing() {
    let mut world = World::new().await;
    let payer = world.payer(crate::support::has_energy);
    world.count_policy(payer, 5).await;
    world.mine(3).await;
    assert_eq!(how(&world.count_shown(payer).await), (30, 5, 0, false));
    // 200 000 of a stranger's: three transfers leave less than one more takes.
    for _ in 0..3 {
        world.pays_and_sweeps(payer);
        world.mine(4).await;
    }
    assert_eq!(how(&world.count_shown(payer).await), (1, 2, 0, false));
    assert_eq!(world.delegations(payer), 1, "one refill");
    world.edit_policy(payer, &json!({"count_limit_dynamic": -2})).await;
    world.mine(1).await;
    assert_eq!(world.count_shown(payer).await["status"], 0);
    world.pass_secs(86_400).await;
    world.finish().await;
}

#[tokio::test]
async fn bandwidth_is_bought_for_an_address_that_lacks_it_and_trx() {
    let mut world = World::new().await;
    let payer = world.payer(no_bandwidth);
    let body = json!({"receive_address": payer, "times": 5, "bandwidth": 1});
    assert_eq!(world.try_count_policy(&body).await.status(), 200);
    world.settle().await;
    world.mine(4).await;
    let row = world.count_shown(payer).await;
    assert_eq!((row["auto_type"].as_i64(), how(&row)), (Some(2), (1, 5, 0, false)));
    assert!(world.sweeps(payer, recipient_with()), "with bandwidth that was lent");
    world.mine(4).await;
    assert_eq!(world.count_shown(payer).await["count_limit"], 4);
    world.edit_policy(payer, &json!({"pause": true})).await;
    world.finish().await;
}

#[tokio::test]
async fn a_policy_is_refused_for_what_cannot_be_served() {
    let mut world = World::with(Setup { balance_sun: 10_000_000, ..Setup::default() }).await;
    let (payer, absent) = (world.payer(plain), world.payer(never_activated));
    let refused = async |receiver| {
        let body = json!({"receive_address": receiver, "times": 0, "unused_times_threshold": "",
            "count_bandwidth_limit": false});
        let answer = world.try_count_policy(&body).await;
        assert_eq!(answer.status(), 400);
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(payer).await, "Insufficient funds", "exactly 10 TRX are not more than 10");
    assert_eq!(refused(absent).await, format!("{absent} is the inactive address."));
    world.leave(0, 0).await;
}

#[tokio::test]
async fn buying_again_adds_to_what_is_left() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    world.count_policy(payer, 5).await;
    world.clock.set(world.now_secs() * 1_000 + 2_000);
    world.count_policy(payer, 7).await;
    let row = world.count_shown(payer).await;
    assert_eq!((row["id"].as_i64(), how(&row).1), (Some(1), 12));
    // The same signed request again buys nothing.
    world.count_policy(payer, 7).await;
    assert_eq!(how(&world.count_shown(payer).await).1, 12);
    world.edit_policy(payer, &json!({"count_limit_dynamic": -12})).await;
    world.settle().await;
    assert_eq!(world.count_shown(payer).await["status"], 0);
    world.finish().await;
}
