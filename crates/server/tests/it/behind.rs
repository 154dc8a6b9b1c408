//! Nodes that are behind: what they do not show has happened all the same.

use app::ports::{Clock, Store};
use app::rows::WatchedBlock;
use devnet::{Fault, When};
use domain::{OrderId, WholeOrder};
use serde_json::{Value, json};
use tron::Address;

use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, plain};

const HEAD: &str = "wallet/getblock";
const SOLID_HEAD: &str = "walletsolidity/getblock";

/// A world in which an order was used two blocks ago, and another process starts just now.
async fn used_and_restarted() -> (World, Address, Value) {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    world.chain.mine(100);
    world.follow_chain_time();
    world.settle().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(1).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(3).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.restart().await;
    (world, payer, order)
}

async fn whole(world: &World, order: &Value) -> WholeOrder {
    let id = OrderId::parse(order["serial"].as_str().unwrap()).unwrap();
    world.store.whole(id).await.unwrap().unwrap().0
}

/// The newest block is asked of a node that is so far behind, and everything else of one that is not.
fn first_asks_a_node_behind(world: &World, blocks: u64) {
    for path in [HEAD, SOLID_HEAD] {
        world.fault(path, When::Next(1), Fault::Lag { blocks });
    }
}

/// Then so many blocks come that they are not gone through.
#[tokio::test]
async fn a_head_from_long_ago_undoes_nothing() {
    let (mut world, payer, order) = used_and_restarted().await;
    let before = whole(&world, &order).await;
    assert!(before.order.used_by.is_some());
    first_asks_a_node_behind(&world, 60);
    world.watch().await;
    assert_eq!(whole(&world, &order).await, before);
    let failures = std::mem::take(&mut world.failures);
    assert!(failures.len() == 1 && failures[0].contains("gone through already"), "{failures:?}");
    world.expect_log("blocks are skipped");
    world.chain.mine(1_300);
    world.follow_chain_time();
    world.mine(1).await;
    assert_eq!(world.status(&order).await, 40);
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    assert_eq!(world.balances().await, (100_000_000 - 3_857_100, 0));
    world.finish().await;
}

/// As behind a load balancer all the time; the turn to follow the chain stays.
#[tokio::test]
async fn a_head_from_some_blocks_ago_changes_nothing() {
    for is_restarted in [true, false] {
        let (mut world, payer, order) = used_and_restarted().await;
        if !is_restarted {
            world.watch().await;
        }
        let before = whole(&world, &order).await;
        first_asks_a_node_behind(&world, 3);
        world.watch().await;
        assert_eq!(whole(&world, &order).await, before);
        world.mine(30).await;
        assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
        world.finish().await;
    }
}

/// The block that was gone through last is another one from now on, as on another chain.
async fn was_seen(world: &mut World, block: WatchedBlock) {
    world.watcher.give_back().await;
    let now = world.clock.now();
    let turn = world.store.take_turn("a test", now, now.after_secs(1)).await.unwrap().unwrap();
    world.store.set_watched(block, turn).await.unwrap();
    world.store.release(turn, now).await.unwrap();
    world.chain.mine(1);
    world.follow_chain_time();
}

/// Whichever node says what is solid: here it is one that is behind.
#[tokio::test]
async fn nothing_that_was_known_to_be_solid_is_gone_back_over() {
    let (mut world, payer, _) = used_and_restarted().await;
    world.expect_log("a fork dropped a block");
    world.watch().await;
    let last = world.store.watched().await.unwrap().unwrap();
    was_seen(&mut world, WatchedBlock { id: [7; 32], ..last }).await;
    world.chain.control("clear_calls", &json!({})).unwrap();
    world.fault(SOLID_HEAD, When::Next(1), Fault::Lag { blocks: 40 });
    world.watch().await;
    let read = world.chain.calls("wallet/getblockbynum");
    assert!((18..=25).contains(&read), "{read} blocks");

    let solid = WatchedBlock { number: last.number - 18, id: [7; 32] };
    was_seen(&mut world, solid).await;
    world.watch().await;
    assert_eq!(world.store.watched().await.unwrap(), Some(solid));
    let failures = std::mem::take(&mut world.failures);
    assert!(failures.len() == 1 && failures[0].contains("cannot be undone"), "{failures:?}");

    was_seen(&mut world, last).await;
    world.mine(30).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}

/// A head that is far ahead is gone to only if the chain holds it and becomes solid below it.
#[tokio::test]
async fn a_head_far_ahead_that_the_chain_does_not_show_is_not_gone_to() {
    let (mut world, payer, _) = used_and_restarted().await;
    world.expect_log("blocks are skipped");
    world.watch().await;
    let last = world.store.watched().await.unwrap().unwrap();
    world.chain.mine(1_300);
    world.follow_chain_time();
    for (path, blocks) in [("wallet/getblockbynum", 5), (SOLID_HEAD, 60)] {
        world.fault(path, When::Next(1), Fault::Lag { blocks });
        world.watch().await;
        assert_eq!(world.store.watched().await.unwrap(), Some(last), "{path}");
        let failures = std::mem::take(&mut world.failures);
        assert!(failures.len() == 1 && failures[0].contains("does not show"), "{failures:?}");
    }
    world.mine(30).await;
    assert!(world.store.watched().await.unwrap().unwrap().number > last.number + 1_300);
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}

/// Nobody has to write into the database; what happened meanwhile is looked up.
#[tokio::test]
async fn a_height_that_never_was_is_left_again() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    world.expect_log("blocks are skipped");
    // Nobody follows the chain for as long, so what was signed expires unseen.
    world.expect_log("sending went unanswered");
    world.chain.mine(100);
    world.follow_chain_time();
    world.settle().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    let last = world.store.watched().await.unwrap().unwrap();
    let wrong = WatchedBlock { number: last.number + 5_000, id: [7; 32] };
    was_seen(&mut world, wrong).await;
    world.work_on_orders().await;
    for _ in 0..98 {
        world.watch().await;
        assert_eq!(world.store.watched().await.unwrap(), Some(wrong));
        world.chain.mine(1);
        world.follow_chain_time();
    }
    assert!(world.failures.iter().all(|failure| failure.contains("gone through already")));
    world.failures.clear();
    world.mine(5).await;
    world.failures.clear();
    assert!(world.store.watched().await.unwrap().unwrap().number < wrong.number);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(30).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}

/// Nothing lent is what a node says that does not have the block of the way out yet.
#[tokio::test]
async fn stake_that_a_node_does_not_show_yet_is_taken_back_all_the_same() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(21).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 0));
    assert!(world.sweeps(payer, recipient_with()));
    world.fault("wallet/getdelegatedresourcev2", When::Next(1), Fault::Lag { blocks: 40 });
    world.mine(4).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}

/// The same when its head shows that it is behind: it is asked again.
#[tokio::test]
async fn a_node_that_is_behind_proves_nothing_about_stake() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(21).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.chain.mine(1);
    world.follow_chain_time();
    world.watch().await;
    world.fault("wallet/getdelegatedresourcev2", When::Next(2), Fault::Lag { blocks: 40 });
    world.fault(HEAD, When::Next(1), Fault::Lag { blocks: 40 });
    world.work_on_orders().await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 0));
    world.mine(30).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}
