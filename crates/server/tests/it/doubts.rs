//! Lost answers, lagging nodes and forks: one order, one delegation.

use app::ports::{Clock, Store};
use devnet::{Fault, When};
use domain::order::Event;
use domain::{OrderId, UnixMillis};
use serde_json::{Value, json};
use store::FailPoint;
use tron::{Address, TxId};

use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::{BLOCK_MS, Storage};
use crate::support::{Receiver, Setup, World, plain};

async fn ordered(world: &mut World, receiver: &Receiver) -> (Address, Value) {
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    body["callback_url"] = json!(receiver.url());
    let order = world.order(&body).await;
    (payer, order)
}

/// Ready, lent once, swept, and told once.
async fn ends_well(mut world: World, receiver: Receiver, payer: Address, order: &Value) {
    assert_eq!(world.status(order).await, 40);
    assert_eq!(world.delegations(payer), 1);
    assert!(world.usable_energy(payer) >= 64_285);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(3).await;
    assert_eq!(world.returns(payer), 1);
    assert_eq!(world.balances().await.0, 100_000_000 - 3_857_100);
    world.finish().await;
    assert_eq!(receiver.posts().len(), 1);
}

#[tokio::test]
async fn every_way_to_lose_an_answer_leaves_one_delegation() {
    let faults = [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::Status { status: 500 },
        Fault::Busy,
        Fault::Limiter,
        // The relay failed and yet the node has it.
        Fault::RelayFailed,
    ];
    for fault in faults {
        for count in [1, 3] {
            let mut world = World::new().await;
            world.expect_log("sending went unanswered");
            let receiver = Receiver::start().await;
            let (payer, order) = ordered(&mut world, &receiver).await;
            world.fault("wallet/broadcast*", When::Next(count), fault.clone());
            world.settle().await;
            world.mine(10).await;
            world.chain.clear_faults();
            ends_well(world, receiver, payer, &order).await;
        }
    }
}

/// Whoever follows the chain has fallen behind by more than a transaction lives: what is signed now is
/// still good when it is sent.
#[tokio::test]
async fn what_is_signed_on_an_old_view_has_not_expired() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.chain.mine(BLOCKS_UNSEEN);
    world.follow_chain_time();
    world.work().await;
    world.chain.mine(1);
    assert_eq!(world.delegations(payer), 1);
    world.mine(1).await;
    ends_well(world, receiver, payer, &order).await;
}

/// At 3 s each, more than `order.tx_expiration_ms`.
const BLOCKS_UNSEEN: u64 = 25;

/// Its way to the head takes longer than blocks take to come: what others go by is no older than a block, and
/// what it was shown on the way it goes through the next time, whether a block comes by then or not.
#[tokio::test]
async fn a_follower_that_is_far_behind_sees_what_comes_meanwhile() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    world.chain.mine(40);
    world.chain.hold_solid(true);
    let (chain, clock) = (world.chain.clone(), world.clock.clone());
    let mut left = 10_u64;
    let comes_meanwhile: FailPoint = Box::new(move |_| {
        if left > 0 {
            left -= 1;
            chain.mine(1);
            clock.set(clock.now().get() + BLOCK_MS);
        }
        false
    });
    let began = i64::try_from(world.chain.head().number).unwrap();
    assert!(world.store.set_fail_point(Some(comes_meanwhile)));
    world.watch().await;
    assert!(world.store.set_fail_point(None));
    assert_eq!(world.app.view.get().unwrap().head.number, began + 10);
    let followed = world.store.watched().await.unwrap().unwrap();
    assert_eq!(followed.number, began, "the rest is for the next look");
    world.watch().await;
    let followed = world.store.watched().await.unwrap().unwrap();
    assert_eq!(followed.number, began + 10);
    world.chain.hold_solid(false);
    world.finish().await;
}

/// A node behind the head does not show what we lent: nothing is decided by it.
#[tokio::test]
async fn a_lagging_answer_does_not_make_us_lend_twice() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.settle().await;
    world.fault("wallet/getaccountresource", When::Always, Fault::Lag { blocks: 2 });
    world.mine(1).await;
    assert_ne!(world.status(&order).await, 40);
    world.chain.clear_faults();
    world.mine(2).await;
    ends_well(world, receiver, payer, &order).await;
}

/// The block with the delegation is dropped before the order was found ready.
#[tokio::test]
async fn a_fork_before_ready_is_survived() {
    for requeues in [true, false] {
        let mut world = World::new().await;
        world.expect_log("a fork dropped a block");
        let receiver = Receiver::start().await;
        let (payer, order) = ordered(&mut world, &receiver).await;
        world.settle().await;
        world.fault("wallet/getaccountresource", When::Always, Fault::Lag { blocks: 2 });
        world.mine(1).await;
        assert_eq!(world.delegations(payer), 1);
        world.chain.reorg(1, requeues).unwrap();
        world.chain.clear_faults();
        world.mine(6).await;
        ends_well(world, receiver, payer, &order).await;
    }
}

/// The block is dropped after ready: the same bytes are sent again and the order stays what it is.
#[tokio::test]
async fn a_fork_after_ready_is_survived() {
    for requeues in [true, false] {
        let mut world = World::new().await;
        world.expect_log("a fork dropped a block");
        let receiver = Receiver::start().await;
        let (payer, order) = ordered(&mut world, &receiver).await;
        world.settle().await;
        world.mine(1).await;
        assert_eq!(world.status(&order).await, 40);
        world.chain.reorg(1, requeues).unwrap();
        world.mine(6).await;
        ends_well(world, receiver, payer, &order).await;
    }
}

/// The way back is lost in a fork: it is owed still, and happens once.
#[tokio::test]
async fn a_fork_that_drops_the_way_back_is_survived() {
    let mut world = World::new().await;
    world.expect_log("a fork dropped a block");
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.settle().await;
    world.mine(1).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(2).await;
    assert_eq!(world.returns(payer), 1);
    world.chain.reorg(1, false).unwrap();
    world.mine(6).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    assert_eq!(world.status(&order).await, 40);
    world.finish().await;
    assert_eq!(receiver.posts().len(), 1);
}

/// The way back is sent and its answer is lost.
#[tokio::test]
async fn a_lost_answer_on_the_way_back_returns_once() {
    let mut world = World::new().await;
    world.expect_log("sending went unanswered");
    let receiver = Receiver::start().await;
    let (payer, _) = ordered(&mut world, &receiver).await;
    world.settle().await;
    world.mine(1).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.fault("wallet/broadcast*", When::Next(1), Fault::LoseAnswer);
    world.mine(8).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.finish().await;
}

/// Another process counted a transfer in a block that a fork had dropped, after everybody had stepped
/// back over it: nobody tells that it did not happen.
#[tokio::test]
async fn a_use_that_no_block_holds_is_found_out_before_its_order_ends() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, order) = ordered(&mut world, &receiver).await;
    world.settle().await;
    world.mine(1).await;
    assert_eq!(world.status(&order).await, 40);
    let id = OrderId::parse(order["serial"].as_str().unwrap()).unwrap();
    let at = UnixMillis(world.chain.head().timestamp_ms);
    let counted = Event::Used { txid: TxId::from_bytes([7; 32]), at };
    world.app.apply(id, counted, None).await.unwrap().unwrap();
    world.mine(2).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.mine(24).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1), "it may still come");
    world.mine(42).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 1));
    assert!(world.usable_energy(payer) >= 64_285);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(3).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 2));
    assert_eq!(world.balances().await.0, 100_000_000 - 3_857_100);
    world.finish().await;
    assert_eq!(receiver.posts().len(), 1);
}
