//! Identical reads within a block are one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use node::{CacheSettings, Cached, JsonNode, NodeError, TronNode};
use serde_json::json;
use tokio::sync::Semaphore;
use tron::{BlockId, Sun, TokenUnits};

use crate::support::{
    ALICE, BOB, Fake, USDT, account, address, broken, head, node, parameters, receipt, resources,
    txid, word,
};

type CachedFake = Arc<Cached<JsonNode<Arc<Fake>>>>;

/// Long enough that no answer grows old in a test that is not about age.
const SETTINGS: CacheSettings =
    CacheSettings { age_max: Duration::from_secs(3_600), entries_max: 100 };

fn cached(fake: &Arc<Fake>, settings: CacheSettings) -> CachedFake {
    Arc::new(Cached::new(Arc::new(node(fake)), settings))
}

fn block(number: u8) -> BlockId {
    BlockId::from_bytes([number; 32])
}

/// Answers balances 1, 2, 3, ... but each only when the gate opens for it.
fn gated(gate: &Arc<Semaphore>) -> Arc<Fake> {
    let (gate, count) = (Arc::clone(gate), AtomicI64::new(0));
    Fake::later(move |_, _| {
        let (gate, number) = (Arc::clone(&gate), count.fetch_add(1, Ordering::Relaxed) + 1);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(account(ALICE, number))
        }
        .boxed()
    })
}

/// Answers balances 1, 2, 3, ... at once.
fn counting() -> Arc<Fake> {
    gated(&Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)))
}

async fn balance(cached: &CachedFake) -> i64 {
    cached.account(address(ALICE)).await.unwrap().unwrap().balance.get()
}

#[tokio::test]
async fn a_hundred_identical_reads_at_once_are_one_request() {
    let gate = Arc::new(Semaphore::new(0));
    let fake = gated(&gate);
    let cached = cached(&fake, SETTINGS);
    // Polled last, when everybody is waiting.
    let open = async { gate.add_permits(1) };
    let (balances, ()) =
        futures::future::join(join_all((0..100).map(|_| balance(&cached))), open).await;
    assert_eq!(balances, [1; 100]);
    assert_eq!(fake.asked().len(), 1);
    assert_eq!(cached.shared_reads(), 99);
}

#[tokio::test]
async fn reads_from_many_tasks_share_too() {
    let gate = Arc::new(Semaphore::new(0));
    let fake = gated(&gate);
    let cached = cached(&fake, SETTINGS);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let cached = Arc::clone(&cached);
            tokio::spawn(async move { balance(&cached).await })
        })
        .collect();
    gate.add_permits(1);
    for task in tasks {
        assert_eq!(task.await.unwrap(), 1);
    }
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn each_kind_is_kept_for_the_block_and_different_questions_are_not_mixed() {
    let fake = Fake::new(|path, body| {
        Ok(match path {
            "wallet/getaccount" => account(body["address"].as_str().unwrap(), 5),
            "wallet/getaccountresource" => resources(),
            "wallet/triggerconstantcontract" => {
                word(body["data"].as_str().unwrap().len().try_into().unwrap())
            }
            _ => parameters(),
        })
    });
    let cached = cached(&fake, SETTINGS);
    let (alice, bob, usdt) = (address(ALICE), address(BOB), address(USDT));
    for _ in 0..3 {
        cached.account(alice).await.unwrap();
        cached.account(bob).await.unwrap();
        cached.resources(alice).await.unwrap();
        cached.totals().await.unwrap();
        cached.chain_parameters().await.unwrap();
        assert_eq!(cached.token_balance(usdt, alice).await.unwrap(), TokenUnits(72));
        cached.token_balance(usdt, bob).await.unwrap();
        for (owner, data, value) in
            [(alice, [1], 0), (alice, [2], 0), (bob, [1], 0), (alice, [1], 9)]
        {
            cached.constant_call(owner, usdt, &data, Sun::new(value)).await.unwrap();
        }
    }
    assert_eq!(fake.asked().len(), 11);
    assert_eq!(cached.shared_reads(), 22);
}

#[tokio::test]
async fn a_new_block_or_a_reorganisation_ends_it_and_the_same_block_does_not() {
    let cached = cached(&counting(), SETTINGS);
    for (newest, expected) in [(1, 1), (1, 1), (2, 2), (2, 2), (1, 3)] {
        cached.advance_to(block(newest));
        assert_eq!(balance(&cached).await, expected);
    }
    cached.clear();
    assert_eq!(balance(&cached).await, 4);
}

#[tokio::test]
async fn an_answer_from_before_the_block_is_not_kept_for_it() {
    let gate = Arc::new(Semaphore::new(0));
    let fake = gated(&gate);
    let cached = cached(&fake, SETTINGS);
    let mut early = Box::pin(balance(&cached));
    assert!(futures::poll!(&mut early).is_pending());
    cached.advance_to(block(2));

    let mut late = Box::pin(balance(&cached));
    assert!(futures::poll!(&mut late).is_pending());
    assert_eq!(fake.asked().len(), 2, "who comes after the block does not join the old flight");
    gate.add_permits(2);
    assert_eq!(early.await, 1);
    assert_eq!(late.await, 2);
    assert_eq!(balance(&cached).await, 2);
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn an_error_is_shared_by_those_who_wait_and_not_kept() {
    let gate = Arc::new(Semaphore::new(0));
    let failures = AtomicUsize::new(1);
    let inner_gate = Arc::clone(&gate);
    let fake = Fake::later(move |_, _| {
        let fails =
            failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let gate = Arc::clone(&inner_gate);
        async move {
            gate.acquire().await.unwrap().forget();
            if fails.is_ok() { Err(broken()) } else { Ok(account(ALICE, 5)) }
        }
        .boxed()
    });
    let cached = cached(&fake, SETTINGS);
    let waiting = join_all((0..10).map(|_| cached.account(address(ALICE))));
    let open = async { gate.add_permits(1) };
    for result in futures::future::join(waiting, open).await.0 {
        assert!(matches!(result, Err(NodeError::Unreachable { .. })));
    }
    assert_eq!(fake.asked().len(), 1);
    gate.add_permits(1);
    assert_eq!(balance(&cached).await, 5);
}

#[tokio::test]
async fn who_gives_up_does_not_harm_those_who_wait() {
    let gate = Arc::new(Semaphore::new(0));
    let fake = gated(&gate);
    let cached = cached(&fake, SETTINGS);
    let mut impatient = Box::pin(balance(&cached));
    assert!(futures::poll!(&mut impatient).is_pending());
    let mut patient = Box::pin(balance(&cached));
    assert!(futures::poll!(&mut patient).is_pending());
    drop(impatient);
    gate.add_permits(1);
    assert_eq!(patient.await, 1);

    // When everybody gave up, the request is gone with them and the next reader asks anew.
    cached.clear();
    let mut alone = Box::pin(balance(&cached));
    assert!(futures::poll!(&mut alone).is_pending());
    drop(alone);
    gate.add_permits(1);
    assert_eq!(balance(&cached).await, 3);
}

#[tokio::test]
async fn age_ends_it_where_nobody_watches() {
    let none = CacheSettings { age_max: Duration::ZERO, ..SETTINGS };
    let cached = cached(&counting(), none);
    assert_eq!(balance(&cached).await, 1);
    assert_eq!(balance(&cached).await, 2);
}

#[tokio::test]
async fn the_number_of_answers_is_bounded() {
    let fake = Fake::new(|_, _| Ok(word(1)));
    let cached = cached(&fake, CacheSettings { entries_max: 2, ..SETTINGS });
    let ask = |data: u8| {
        let cached = Arc::clone(&cached);
        async move {
            let (alice, usdt) = (address(ALICE), address(USDT));
            cached.constant_call(alice, usdt, &[data], Sun::ZERO).await.unwrap();
        }
    };
    ask(1).await;
    ask(2).await;
    ask(1).await;
    assert_eq!(fake.asked().len(), 2);
    ask(3).await;
    ask(3).await;
    assert_eq!(fake.asked().len(), 3, "the full shelf was emptied for the newest");
    ask(1).await;
    assert_eq!(fake.asked().len(), 4);
}

#[tokio::test]
async fn questions_under_way_are_never_forgotten_for_room() {
    let gate = Arc::new(Semaphore::new(0));
    let inner_gate = Arc::clone(&gate);
    let fake = Fake::later(move |_, _| {
        let gate = Arc::clone(&inner_gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(word(1))
        }
        .boxed()
    });
    let cached = cached(&fake, CacheSettings { entries_max: 1, ..SETTINGS });
    let (alice, usdt) = (address(ALICE), address(USDT));
    let ask = |data: &'static [u8]| cached.constant_call(alice, usdt, data, Sun::ZERO);
    let all = futures::future::join4(ask(&[1]), ask(&[2]), ask(&[1]), ask(&[2]));
    let open = async { gate.add_permits(3) };
    let ((first, second, third, fourth), ()) = futures::future::join(all, open).await;
    assert!([first, second, third, fourth].iter().all(Result::is_ok));
    assert_eq!(fake.asked().len(), 3, "one shared, two without a place on the shelf");
}

#[tokio::test]
async fn fresh_reads_and_everything_about_sending_pass_by() {
    let fake = Fake::new(|path, _| {
        Ok(match path {
            "wallet/getaccount" => account(ALICE, 5),
            "wallet/getblock" | "walletsolidity/getblock" => head(5, 15_000),
            "wallet/broadcasthex" => json!({"result": true}),
            _ => receipt(5),
        })
    });
    let cached = cached(&fake, SETTINGS);
    for _ in 0..2 {
        cached.fresh().account(address(ALICE)).await.unwrap();
        cached.head().await.unwrap();
        cached.solid_head().await.unwrap();
        cached.lookup(txid()).await.unwrap();
        cached.lookup_solid(txid()).await.unwrap();
        assert!(cached.broadcast(txid(), &[1]).await.is_taken());
    }
    assert_eq!(fake.asked().len(), 12);
    assert_eq!(cached.shared_reads(), 0);
}
