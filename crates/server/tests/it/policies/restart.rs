//! The power is cut at every commit of a policy's life: each use is counted, refilled and charged once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::PolicyKind;
use serde_json::{Value, json};
use store::CommitMoment;
use tron::Address;

use super::REFILL;
use crate::restart::dies_at;
use crate::support::http::exchange;
use crate::support::policy::{AUTO, COUNT, how};
use crate::support::world::Storage;
use crate::support::{KEY, Receiver, Setup, World, plain};

/// More cuts than a policy's life has moments; the test ends when a life was not cut.
const CUTS_MAX: usize = 400;

#[tokio::test]
async fn a_power_cut_before_any_commit_refills_once() {
    cut_at_every(PolicyKind::Count, CommitMoment::BeforeCommit).await;
}

#[tokio::test]
async fn a_power_cut_after_any_commit_refills_once() {
    cut_at_every(PolicyKind::Count, CommitMoment::AfterCommit).await;
}

#[tokio::test]
async fn a_power_cut_before_any_commit_tops_up_once() {
    cut_at_every(PolicyKind::Auto, CommitMoment::BeforeCommit).await;
}

#[tokio::test]
async fn a_power_cut_after_any_commit_tops_up_once() {
    cut_at_every(PolicyKind::Auto, CommitMoment::AfterCommit).await;
}

async fn cut_at_every(what: PolicyKind, kind: CommitMoment) {
    let receiver = Receiver::start().await;
    let mut world = World::with(Setup {
        storage: Storage::File,
        balance_sun: 1_000_000_000_000,
        callback_url: Some(receiver.url()),
        ..Setup::default()
    })
    .await;
    let mut lives = 0;
    for cut in 0..CUTS_MAX {
        lives += 1;
        if !is_cut(&mut world, &receiver, what, cut, kind).await {
            break;
        }
    }
    assert!((20..CUTS_MAX).contains(&lives), "{lives} lives");
    world.finish().await;
}

/// Bought, refilled, used once, refilled again; as far as the database lets it.
async fn first_life(world: &mut World, bytes: &[u8], payer: Address) {
    let _maybe_lost = exchange(world.address, bytes).await;
    world.settle().await;
    world.mine(4).await;
    if world.usable_energy(payer) >= 64_285 {
        world.pays_and_sweeps(payer);
    }
    world.mine(5).await;
}

/// Lets one policy live with a cut in it; whether its life was long enough to be cut.
async fn is_cut(
    world: &mut World,
    receiver: &Receiver,
    what: PolicyKind,
    cut: usize,
    kind: CommitMoment,
) -> bool {
    let payer = world.payer(plain);
    let bytes = match what {
        PolicyKind::Count => {
            world.signed_post(KEY, COUNT, &json!({"receive_address": payer, "times": 5}))
        }
        PolicyKind::Auto => {
            let body = json!({"receive_address": payer, "max_energy": 65_000, "period": 2});
            world.signed_post(KEY, AUTO, &body)
        }
    };
    let before = world.balances().await.0;
    let passed = Arc::new(AtomicUsize::new(0));
    assert!(world.store.set_fail_point(Some(dies_at(cut, kind, passed.clone()))));
    first_life(world, &bytes, payer).await;
    world.forget_what_the_dying_said();
    world.restart().await;
    world.settle().await;
    // The same request again, then the leases of the dead process run out.
    let answer = world.send(&bytes).await;
    assert_eq!(answer.status(), 200, "cut {cut}: {}", answer.body);
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.mine(6).await;
    if world.delegations(payer) < 2 {
        if world.chain.token_balance(payer) != tron::TokenUnits(0) {
            world.pays_and_sweeps(payer);
        }
        world.mine(8).await;
    }
    let chain = (world.delegations(payer), world.returns(payer));
    let paid = before - world.balances().await.0;
    assert_eq!(world.balances().await.1, 0, "cut {cut}: held");
    match what {
        PolicyKind::Count => {
            assert_eq!(chain, (2, 1), "cut {cut}: lent twice, taken back once");
            assert_eq!(paid, 2 * REFILL, "cut {cut}: charged twice");
            end_with_the_last_transfer(world, payer, cut).await;
        }
        PolicyKind::Auto => {
            assert_eq!(chain, (2, 0), "cut {cut}: lent twice, and both stay for their day");
            let row = world.auto_shown(payer).await;
            assert_eq!((&row["status"], &row["last_step"]), (&json!(1), &json!(1)), "cut {cut}");
            world.switch_policy(row["id"].as_i64().unwrap(), 0).await;
        }
    }
    let mine = json!(payer);
    let posts = receiver.posts().into_iter().map(|post| post.json());
    let told: Vec<_> = posts.filter(|post| post["receive_address"] == mine).collect();
    // Between a post and its commit the outcome is told again.
    assert!((2..=3).contains(&told.len()), "cut {cut}: {told:?}");
    let of = |post: &Value| (post["serial"].to_string(), post["amount"].as_i64().unwrap());
    let refills: BTreeMap<_, _> = told.iter().map(of).collect();
    assert_eq!(refills.len(), 2, "cut {cut}: one serial for each refill");
    assert_eq!(refills.values().sum::<i64>(), paid, "cut {cut}: what was told is what was charged");
    passed.load(Ordering::Relaxed) > cut
}

/// A used transfer of a count policy that has one left.
async fn end_with_the_last_transfer(world: &mut World, payer: Address, cut: usize) {
    assert_eq!(how(&world.count_shown(payer).await), (1, 4, 0, false), "cut {cut}");
    world.edit_policy(payer, &json!({"count_limit_dynamic": -3})).await;
    world.pays_and_sweeps(payer);
    world.mine(5).await;
    assert_eq!(world.count_shown(payer).await["status"], 0, "cut {cut}");
}
