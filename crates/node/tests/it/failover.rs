//! Several nodes behind one port.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use node::{
    Broadcast, Failover, FailoverSettings, Health, HealthRule, Loss, LossRule, Member, NodeError,
    Refusal, TransportError, TronNode, Verdict, proof_deadline,
};
use serde_json::{Value, json};

use crate::support::{
    ALICE, BOB, Fake, OTHER, account, address, broken, head, node, node_with, old_block,
    other_receipt, receipt, resources, txid,
};

const NOW_MS: i64 = 1_777_445_121_000;

fn failover(fakes: &[&Arc<Fake>], settings: FailoverSettings) -> Failover {
    let member = |(index, fake): (usize, &&Arc<Fake>)| {
        Member::new(format!("node-{index}"), Arc::new(node(fake)))
    };
    Failover::new(fakes.iter().enumerate().map(member).collect(), settings)
}

fn of(fakes: &[&Arc<Fake>]) -> Failover {
    failover(fakes, FailoverSettings::default())
}

/// A node whose head is this old, and which knows ALICE with a balance of this much.
fn fake(balance_sun: i64, head_age_ms: i64) -> Arc<Fake> {
    Fake::new(move |path, _| {
        Ok(match path {
            "wallet/getblock" => head(100, NOW_MS - head_age_ms),
            "walletsolidity/getblock" => head(82, NOW_MS - head_age_ms - 54_000),
            _ => account(ALICE, balance_sun),
        })
    })
}

fn failing() -> Arc<Fake> {
    Fake::new(|_, _| Err(broken()))
}

async fn balance(failover: &Failover) -> i64 {
    failover.account(address(ALICE)).await.unwrap().unwrap().balance.get()
}

#[tokio::test]
async fn reads_go_to_the_first_node_and_on_to_the_next_when_it_breaks() {
    let (broken_node, second, third) = (failing(), fake(2, 0), fake(3, 0));
    let failover = of(&[&broken_node, &second, &third]);
    assert_eq!(balance(&failover).await, 2);
    assert_eq!(broken_node.asked().len(), 1);
    assert_eq!(balance(&failover).await, 2);
    assert_eq!(broken_node.asked().len(), 1, "a node that just failed is asked last");
    assert_eq!(third.asked().len(), 0);
}

/// A node whose head is of this time and which shows some resources.
fn at(head_ms: i64) -> Arc<Fake> {
    Fake::new(move |path, _| match path {
        "wallet/getblock" => Ok(head(100, head_ms)),
        _ => Ok(resources()),
    })
}

#[tokio::test]
async fn resources_come_from_a_node_that_has_seen_the_chain_as_far_as_asked() {
    let (behind, there) = (at(297_000), at(300_000));
    let failover = of(&[&behind, &there]);
    let shown = failover.resources_since(address(ALICE), 300_000).await.unwrap();
    assert!(shown.is_some());
    assert_eq!(behind.asked().len(), 1, "only its head");
    assert_eq!(there.asked().len(), 2, "its head, then the resources");
    let too_far = of(&[&behind]).resources_since(address(ALICE), 300_000).await;
    assert_eq!(too_far, Err(NodeError::Behind { head_ms: 297_000, at_ms: 300_000 }));
}

/// A node whose head is of this time and which shows this much stake lent for energy.
fn lending(head_ms: i64, sun: impl Fn() -> i64 + Send + Sync + 'static) -> Arc<Fake> {
    Fake::new(move |path, _| {
        Ok(match path {
            "wallet/getblock" => head(100, head_ms),
            "walletsolidity/getblock" => head(82, head_ms - 54_000),
            _ => json!({"delegatedResource": [
                {"from": ALICE, "to": BOB, "frozen_balance_for_energy": sun()}]}),
        })
    })
}

#[tokio::test]
async fn what_is_not_lent_is_believed_only_of_checked_nodes_that_have_seen_enough() {
    let asked = |failover: Failover, is_checked: bool| async move {
        if is_checked {
            failover.check(NOW_MS).await;
        }
        let records = failover.delegated_since(address(ALICE), address(BOB), NOW_MS - 3_000).await;
        records.map(|records| records[0].energy.get())
    };
    let unchecked = asked(of(&[&lending(NOW_MS, || 5)]), false).await;
    assert_eq!(unchecked, Err(NodeError::NoHealthyNode { members: 1 }));
    assert_eq!(asked(of(&[&lending(NOW_MS, || 5)]), true).await, Ok(5));
    let (behind, stale) = (lending(NOW_MS - 6_000, || 0), lending(NOW_MS - 60_000, || 0));
    let error = NodeError::Behind { head_ms: NOW_MS - 6_000, at_ms: NOW_MS - 3_000 };
    assert_eq!(asked(of(&[&behind, &stale]), true).await, Err(error));
    let there = || lending(NOW_MS, || 5);
    assert_eq!(asked(of(&[&behind, &stale, &failing(), &there(), &there()]), true).await, Ok(5));
    let other = lending(NOW_MS, || 4);
    let failover = of(&[&there(), &behind, &other, &there()]);
    assert_eq!(asked(failover, true).await, Err(NodeError::Disagreement));
}

#[tokio::test]
async fn a_provider_must_say_the_same_in_each_round() {
    let answers = AtomicI64::new(0);
    let flickering = lending(NOW_MS, move || answers.fetch_add(1, Ordering::Relaxed) / 3);
    let provider = node_with(&flickering, LossRule::POOL);
    let records = provider.delegated_since(address(ALICE), address(BOB), NOW_MS).await;
    assert_eq!(records, Err(NodeError::Disagreement));
    let provider = node_with(&lending(NOW_MS, || 5), LossRule::POOL);
    let records = provider.delegated_since(address(ALICE), address(BOB), NOW_MS).await;
    assert_eq!(records.unwrap()[0].energy.get(), 5);
}

#[tokio::test]
async fn a_resting_node_is_still_better_than_none() {
    let works = Arc::new(AtomicBool::new(false));
    let inner = Arc::clone(&works);
    let only = Fake::new(move |_, _| {
        if inner.load(Ordering::Relaxed) { Ok(account(ALICE, 1)) } else { Err(broken()) }
    });
    let failover = of(&[&only]);
    assert!(failover.account(address(ALICE)).await.is_err());
    works.store(true, Ordering::Relaxed);
    assert_eq!(balance(&failover).await, 1);
}

#[tokio::test]
async fn the_chains_own_words_are_not_asked_twice() {
    let refusing = Fake::new(|_, _| Ok(json!({"Error": "class x.ContractValidateException : no"})));
    let second = fake(2, 0);
    let error = of(&[&refusing, &second]).account(address(ALICE)).await.unwrap_err();
    assert!(matches!(error, NodeError::Answered { .. }));
    assert_eq!(second.asked().len(), 0);
}

#[tokio::test]
async fn busy_suspended_and_unreadable_nodes_are_passed_over() {
    let retry_after = Duration::from_secs(30);
    for answer in [
        Ok(
            json!({"Error": "class java.lang.IllegalAccessException : lack of computing resources"}),
        ),
        Ok(json!("<html>")),
        Ok(json!({"address": ALICE, "balance": "5"})),
        Err(TransportError::Suspended { retry_after }),
        Err(TransportError::Status { status: 404, text: String::new() }),
        Err(TransportError::TooLarge { limit_bytes: 1 }),
    ] {
        let first = Fake::new(move |_, _| answer.clone());
        assert_eq!(balance(&of(&[&first, &fake(2, 0)])).await, 2);
    }
}

#[tokio::test]
async fn the_last_error_is_told_when_all_break() {
    let retry_after = Duration::from_secs(30);
    let second = Fake::new(move |_, _| Err(TransportError::Suspended { retry_after }));
    let error = of(&[&failing(), &second]).account(address(ALICE)).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::RetryAfter(retry_after));
    let none = of(&[]).account(address(ALICE)).await;
    assert_eq!(none, Err(NodeError::NoHealthyNode { members: 0 }));
}

#[tokio::test]
async fn a_read_ends_at_the_deadline_whatever_nodes_do() {
    let silent = || Fake::later(|_, _| futures::future::pending().boxed());
    let request_deadline = Duration::from_millis(5);
    let settings = FailoverSettings {
        request_deadline,
        proof_deadline: request_deadline,
        ..FailoverSettings::default()
    };
    let failover = failover(&[&silent(), &silent()], settings);
    let error = failover.account(address(ALICE)).await.unwrap_err();
    assert_eq!(error, NodeError::Deadline { deadline: request_deadline });
    assert!(failover.provably_lost(txid(), 0).await.is_err());
    failover.check(NOW_MS).await;
    assert!(!failover.is_usable());
}

#[tokio::test]
async fn a_stale_node_is_left_out_until_it_catches_up() {
    let stale = Arc::new(AtomicBool::new(true));
    let inner = Arc::clone(&stale);
    let first = Fake::new(move |path, _| {
        let age_ms = if inner.load(Ordering::Relaxed) { 16_000 } else { 3_000 };
        Ok(match path {
            "wallet/getblock" => head(100, NOW_MS - age_ms),
            "walletsolidity/getblock" => head(82, NOW_MS - age_ms - 54_000),
            _ => account(ALICE, 1),
        })
    });
    let failover = of(&[&first, &fake(2, 3_000)]);
    failover.check(NOW_MS).await;
    assert_eq!(failover.members()[0].health(), Health::Stale { age_ms: 16_000 });
    assert_eq!(balance(&failover).await, 2);
    stale.store(false, Ordering::Relaxed);
    failover.check(NOW_MS).await;
    assert_eq!(balance(&failover).await, 1);
}

#[tokio::test]
async fn nobody_healthy_is_an_error_at_once() {
    let (first, second) = (fake(1, 16_000), failing());
    let failover = of(&[&first, &second]);
    failover.check(NOW_MS).await;
    assert!(!failover.is_usable());
    let asked = first.asked().len();
    let error = failover.account(address(ALICE)).await.unwrap_err();
    assert_eq!(error, NodeError::NoHealthyNode { members: 2 });
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)));
    assert_eq!(first.asked().len(), asked);
}

/// A node that answers a broadcast so.
fn answering(answer: Value) -> Arc<Fake> {
    Fake::new(move |_, _| Ok(answer.clone()))
}

fn coded(code: &str) -> Arc<Fake> {
    answering(json!({"result": false, "code": code, "message": "m"}))
}

#[tokio::test]
async fn a_transaction_goes_to_all_nodes_and_one_taker_is_enough() {
    let nodes = [
        coded("CONTRACT_VALIDATE_ERROR"),
        answering(json!({"result": true})),
        coded("TAPOS_ERROR"),
        failing(),
    ];
    let nodes: Vec<&Arc<Fake>> = nodes.iter().collect();
    let sent = of(&nodes).broadcast(txid(), &[0xab]).await;
    assert_eq!(sent, Broadcast::Taken { duplicate: false });
    for fake in nodes {
        let expected = ("wallet/broadcasthex".to_owned(), json!({"transaction": "ab"}));
        assert_eq!(fake.asked(), [expected]);
    }
}

#[tokio::test]
async fn a_refusal_needs_every_node() {
    let refused = of(&[&coded("BANDWITH_ERROR"), &coded("SIGERROR")]);
    let sent = refused.broadcast(txid(), &[1]).await;
    assert!(matches!(sent, Broadcast::Refused { reason: Refusal::Bandwidth, .. }), "{sent:?}");
    for other in [failing(), coded("SERVER_BUSY"), answering(json!({}))] {
        let sent = of(&[&coded("SIGERROR"), &other]).broadcast(txid(), &[1]).await;
        assert!(matches!(sent, Broadcast::Unanswered { .. }), "{sent:?}");
    }
    assert!(matches!(of(&[]).broadcast(txid(), &[1]).await, Broadcast::Unanswered { .. }));
}

#[tokio::test]
async fn one_that_took_it_does_not_wait_for_one_that_hangs() {
    let hanging = Fake::later(|_, _| futures::future::pending().boxed());
    let settings = FailoverSettings {
        broadcast_deadline: Duration::from_secs(3_600),
        straggler_patience: Duration::from_millis(5),
        ..FailoverSettings::default()
    };
    let failover = failover(&[&hanging, &answering(json!({"result": true}))], settings);
    assert!(failover.broadcast(txid(), &[1]).await.is_taken());
    assert_eq!(hanging.asked().len(), 1, "it was sent there as well");
}

#[tokio::test]
async fn a_hanging_node_turns_a_refusal_into_doubt_at_the_deadline() {
    let hanging = Fake::later(|_, _| futures::future::pending().boxed());
    let broadcast_deadline = Duration::from_millis(5);
    let settings = FailoverSettings { broadcast_deadline, ..FailoverSettings::default() };
    let sent = failover(&[&hanging, &coded("SIGERROR")], settings).broadcast(txid(), &[1]).await;
    assert!(matches!(sent, Broadcast::Unanswered { .. }), "{sent:?}");
}

/// Stale, so never usable, and answers a broadcast so.
fn stale_and(answer: Value) -> Arc<Fake> {
    Fake::new(move |path, _| {
        Ok(match path {
            "wallet/getblock" => head(100, 0),
            "walletsolidity/getblock" => head(82, 0),
            _ => answer.clone(),
        })
    })
}

#[tokio::test]
async fn without_a_healthy_node_a_transaction_is_still_sent_but_no_refusal_believed() {
    let refusing = json!({"result": false, "code": "SIGERROR"});
    for (answer, taken) in [(json!({"result": true}), true), (refusing.clone(), false)] {
        let failover = of(&[&stale_and(answer)]);
        failover.check(NOW_MS).await;
        let sent = failover.broadcast(txid(), &[1]).await;
        assert_eq!(sent.is_taken(), taken);
        assert!(!matches!(sent, Broadcast::Refused { .. }));
    }
    let (healthy, stale) = (fake(1, 0), stale_and(refusing));
    let failover = of(&[&healthy, &stale]);
    failover.check(NOW_MS).await;
    failover.broadcast(txid(), &[1]).await;
    assert!(!stale.paths().contains(&"wallet/broadcasthex".to_owned()));
}

/// A node with this solid time, and this answer to a lookup.
fn solid(timestamp_ms: i64, lookup: Value) -> Arc<Fake> {
    Fake::new(move |path, body| {
        Ok(match path {
            "walletsolidity/getblock" => head(82, timestamp_ms),
            "walletsolidity/getblockbylimitnext" => old_block(body, &[OTHER]),
            _ if body["value"] == OTHER => other_receipt(body),
            _ => lookup.clone(),
        })
    })
}

#[tokio::test]
async fn every_node_proves_loss_by_itself_and_all_must_agree() {
    let absent = || solid(400_000, json!({}));
    let behind = || solid(300_000, json!({}));
    let has_it = || solid(400_000, receipt(50));
    let expiration_ms = 390_000;
    let lost = |failover: Failover| async move {
        failover.provably_lost(txid(), expiration_ms).await.map_err(|error| error.verdict())
    };
    assert_eq!(lost(of(&[&absent(), &absent()])).await, Ok(Loss::Lost));
    assert_eq!(lost(of(&[&failing(), &absent(), &failing()])).await, Ok(Loss::Lost));
    let undecided = Loss::Undecided { solid_timestamp_ms: 300_000 };
    assert_eq!(lost(of(&[&absent(), &behind()])).await, Ok(undecided.clone()));
    assert_eq!(lost(of(&[&behind(), &failing()])).await, Ok(undecided));
    for nodes in [[absent(), has_it()], [has_it(), behind()], [failing(), has_it()]] {
        let found = lost(of(&[&nodes[0], &nodes[1]])).await.unwrap();
        assert!(matches!(found, Loss::Included(_)), "{found:?}");
    }
    assert!(lost(of(&[&failing()])).await.is_err());
    assert!(lost(of(&[])).await.is_err());

    // Who keeps no receipts proves nothing, and is not in the way of who does.
    let unable = || {
        Fake::new(|path, body| {
            Ok(match path {
                "walletsolidity/getblock" => head(82, 400_000),
                "walletsolidity/getblockbylimitnext" => old_block(body, &[OTHER]),
                _ => json!({}),
            })
        })
    };
    let undecided = Loss::Undecided { solid_timestamp_ms: 400_000 };
    assert_eq!(lost(of(&[&unable(), &unable()])).await, Ok(undecided));
    assert_eq!(lost(of(&[&unable(), &absent()])).await, Ok(Loss::Lost));
    let undecided = Loss::Undecided { solid_timestamp_ms: 300_000 };
    for nodes in [[unable(), behind()], [behind(), unable()]] {
        assert_eq!(lost(of(&[&nodes[0], &absent(), &nodes[1]])).await, Ok(undecided.clone()));
    }

    // A proof is never put together from two nodes: each was asked for its own solid head first.
    let (first, second) = (absent(), absent());
    lost(of(&[&first, &second])).await.unwrap();
    for fake in [first, second] {
        assert_eq!(fake.paths()[0], "walletsolidity/getblock");
        assert_eq!(fake.paths().len(), 4);
    }
}

#[tokio::test]
async fn a_node_that_left_the_rule_does_not_prove_anything() {
    let stale = stale_and(json!({}));
    let failover = failover(
        &[&stale],
        FailoverSettings {
            health: HealthRule { head_age_max_ms: 1, ..HealthRule::default() },
            ..FailoverSettings::default()
        },
    );
    failover.check(NOW_MS).await;
    let asked = stale.asked().len();
    assert!(failover.provably_lost(txid(), i64::MIN).await.is_err());
    assert_eq!(stale.asked().len(), asked);
}

/// A proof is many requests, one after the other: it has a time of its own, enough for all of them.
#[tokio::test]
async fn a_proof_of_loss_has_more_time_than_one_request() {
    let proven = |settings: FailoverSettings| async move {
        let slow = Fake::later(|path, body| {
            let answer = match path {
                "walletsolidity/getblock" => head(100, 1_000_000),
                "walletsolidity/getblockbylimitnext" => old_block(body, &[OTHER]),
                _ => other_receipt(body),
            };
            // Once a deadline of no time that was set later has passed, so have all that were set before.
            let passed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>());
            passed.map(|_| Ok(answer)).boxed()
        });
        let provider: Arc<dyn TronNode> = Arc::new(node_with(&slow, LossRule::POOL));
        let nodes = Failover::new(vec![Member::new("provider", provider)], settings);
        (nodes.provably_lost(txid(), 500_000).await, slow.asked().len())
    };
    let settings =
        FailoverSettings { request_deadline: Duration::ZERO, ..FailoverSettings::default() };
    let (found, requests) = proven(settings).await;
    assert_eq!(found, Ok(Loss::Lost));
    assert_eq!(proof_deadline(Duration::from_secs(1)).as_secs(), requests as u64);
    let deadline = Duration::ZERO;
    let (found, _) = proven(FailoverSettings { proof_deadline: deadline, ..settings }).await;
    assert_eq!(found, Err(NodeError::Deadline { deadline }), "and no more than that");
}
