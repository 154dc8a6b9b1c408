//! Forks, lagging nodes, failed transfers: each use is counted once and refilled once.

use devnet::{Fault, When};
use serde_json::json;

use super::world;
use crate::support::policy::how;
use crate::support::{Receiver, World, plain};

#[tokio::test]
async fn a_fork_that_drops_a_transfer_uncounts_it() {
    for requeues in [false, true] {
        let receiver = Receiver::start().await;
        let mut world = world(&receiver, 100_000_000).await;
        world.expect_log("a fork dropped a block");
        let payer = world.payer(plain);
        world.count_policy(payer, 5).await;
        world.settle().await;
        world.mine(4).await;
        world.pays_and_sweeps(payer);
        world.chain.mine(1);
        world.watch().await;
        assert_eq!(how(&world.count_shown(payer).await).1, 4);
        world.chain.reorg(1, requeues).unwrap();
        world.mine(2).await;
        let left = if requeues { 4 } else { 5 };
        assert_eq!(how(&world.count_shown(payer).await).1, left, "requeued: {requeues}");
        world.chain.solidify();
        world.mine(3).await;
        assert_eq!(how(&world.count_shown(payer).await).1, left, "requeued: {requeues}");
        world.edit_policy(payer, &json!({"pause": true})).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_fork_that_drops_the_last_transfer_brings_the_policy_back() {
    let mut world = World::new().await;
    world.expect_log("a fork dropped a block");
    let payer = world.payer(plain);
    world.count_policy(payer, 5).await;
    world.edit_policy(payer, &json!({"count_limit_dynamic": -4})).await;
    world.settle().await;
    world.mine(4).await;
    world.pays_and_sweeps(payer);
    world.chain.mine(1);
    world.watch().await;
    assert_eq!(world.count_shown(payer).await["status"], 0);
    world.chain.reorg(1, false).unwrap();
    world.mine(5).await;
    let row = world.count_shown(payer).await;
    assert_eq!((row["status"].as_i64(), how(&row)), (Some(1), (1, 1, 0, false)));
    world.edit_policy(payer, &json!({"pause": true})).await;
    world.finish().await;
}

#[tokio::test]
async fn a_node_that_lags_makes_nothing_be_bought_twice() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    world.count_policy(payer, 5).await;
    world.settle().await;
    world.mine(4).await;
    world.fault("wallet/getaccount", When::Always, Fault::Lag { blocks: 2 });
    world.pays_and_sweeps(payer);
    world.mine(3).await;
    world.chain.clear_faults();
    world.mine(8).await;
    world.pass_secs(60).await;
    world.mine(4).await;
    assert_eq!(how(&world.count_shown(payer).await), (1, 4, 0, false));
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 1));
    world.edit_policy(payer, &json!({"pause": true})).await;
    world.finish().await;
}

#[tokio::test]
async fn an_auto_policy_is_not_fooled_by_a_node_that_lags() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    let payer = world.payer(plain);
    // So that the pool was there two blocks ago.
    world.mine(3).await;
    world.auto_policy(payer, 65_000, 1).await;
    world.fault("wallet/getaccount", When::Always, Fault::Lag { blocks: 2 });
    world.settle().await;
    world.mine(6).await;
    world.chain.clear_faults();
    world.mine(6).await;
    assert_eq!(world.delegations(payer), 1);
    let id = world.auto_shown(payer).await["id"].as_i64().unwrap();
    world.switch_policy(id, 0).await;
    world.finish().await;
}
