//! Forks that the follower of the chain told only half of when workers went on: nothing is lent for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use store::{CommitMoment, FailPoint};
use tron::Sun;

use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, plain};

/// More commits than the follower makes over a fork.
const CUTS_MAX: usize = 100;

/// What the fork drops is in the next block again, transfer and way back.
#[tokio::test]
async fn a_transfer_that_comes_again_is_not_lent_for_again() {
    stopped_at_every(Fork { restarts: false, empty_blocks: 0 }).await;
}

/// Nobody knows what the blocks before the fork held, so every use since the solid block is looked for
/// again, although no block that holds one was dropped.
#[tokio::test]
async fn a_transfer_that_is_looked_for_again_is_not_lent_for_again() {
    stopped_at_every(Fork { restarts: true, empty_blocks: 1 }).await;
}

/// What was lent is taken back again first, and the same transfer comes some blocks after that: its payer
/// has to burn TRX for it, so the order is paid back, and nothing is lent for what was done.
#[tokio::test]
async fn a_transfer_that_comes_again_later_is_waited_for() {
    let mut world = World::with(Setup::default()).await;
    world.expect_log("a fork dropped a block");
    let payer = world.payer(plain);
    world.chain.credit(payer, Sun::from_trx(100));
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(1).await;
    let transfer = world.sweep(payer, recipient_with());
    world.sends(&transfer);
    world.mine(2).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    world.chain.reorg(2, false).unwrap();
    world.mine(4).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1), "sent and taken again");
    assert_eq!(world.balances().await, (100_000_000 - 3_857_100, 0));
    world.sends(&transfer);
    world.mine(25).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    assert_eq!(world.balances().await, (100_000_000, 0));
    world.finish().await;
}

/// The fork took it for good: once it has expired, its order is filled again.
#[tokio::test]
async fn a_transfer_that_cannot_come_again_is_lent_for_again() {
    lent_for_again_when_it_expired(false).await;
}

/// The same when another process follows the chain by then: it reads again what the newest blocks held.
#[tokio::test]
async fn a_transfer_from_before_a_restart_that_cannot_come_again_is_lent_for_again() {
    lent_for_again_when_it_expired(true).await;
}

async fn lent_for_again_when_it_expired(restarts: bool) {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    world.expect_log("a fork dropped a block");
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(1).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(2).await;
    if restarts {
        world.restart().await;
        world.watch().await;
    }
    world.chain.reorg(2, false).unwrap();
    world.mine(15).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1), "it may still come");
    world.mine(6).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 1), "it expired");
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(25).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (2, 2));
    assert_eq!(world.balances().await, (100_000_000 - 3_857_100, 0));
    world.finish().await;
}

#[derive(Clone, Copy)]
struct Fork {
    /// Whether another process follows the chain when it comes.
    restarts: bool,
    /// Blocks after what it is about; they are dropped, or else the two that hold it.
    empty_blocks: usize,
}

/// One fork after the other, each with the database failing at a later commit of the follower, until it
/// did not fail at all.
async fn stopped_at_every(fork: Fork) {
    let mut cuts = 0;
    while is_stopped(fork, cuts).await {
        cuts += 1;
        assert!(cuts < CUTS_MAX);
    }
    assert!(cuts > 3, "{cuts} commits over a fork");
}

/// Whether the follower made so many commits that it was stopped at this one.
async fn is_stopped(fork: Fork, cut: usize) -> bool {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    world.expect_log("a fork dropped a block");
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(1).await;
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(2 + fork.empty_blocks).await;
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    if fork.restarts {
        world.restart().await;
    }
    let depth = if fork.empty_blocks > 0 { fork.empty_blocks } else { 2 };
    world.chain.reorg(depth as u64, true).unwrap();
    let passed = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        stop_watching_at(&mut world, cut, passed.clone()).await;
        // Workers go on with what was told.
        while world.work().await > 0 {}
        world.chain.mine(1);
        world.follow_chain_time();
    }
    world.mine(4).await;
    let (lent, returned) = (world.delegations(payer), world.returns(payer));
    assert_eq!((lent, returned), (1, 1), "stopped at commit {cut}");
    assert_eq!(world.balances().await, (100_000_000 - 3_857_100, 0));
    let was_stopped = passed.load(Ordering::Relaxed) > cut;
    if was_stopped {
        world.expect_log("failed on purpose");
    }
    world.finish().await;
    was_stopped
}

/// Looks at the chain once, with a database that fails at this commit of the follower and at no other.
async fn stop_watching_at(world: &mut World, cut: usize, passed: Arc<AtomicUsize>) {
    let fails: FailPoint = Box::new(move |moment| {
        moment == CommitMoment::BeforeCommit && passed.fetch_add(1, Ordering::Relaxed) == cut
    });
    assert!(world.store.set_fail_point(Some(fails)));
    let _maybe_stopped = world.watcher.watch().await;
    assert!(world.store.set_fail_point(None));
}
