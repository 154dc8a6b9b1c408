//! The proof of loss: its order, its margin, and that nothing else passes for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use node::{Loss, LossRule, NodeError, TronNode};
use serde_json::{Value, json};

use crate::support::{
    Fake, OTHER, broken, head, node_with, old_block, other_receipt, receipt, txid,
};

const EXPIRATION_MS: i64 = 300_000;
const HEAD: &str = "walletsolidity/getblock";
const BLOCKS: &str = "walletsolidity/getblockbylimitnext";
const LOOKUP: &str = "walletsolidity/gettransactioninfobyid";

/// A node with this solid time that keeps receipts and has none of the transaction.
fn keeping(solid_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Arc<Fake> {
    Fake::new(move |path, body| {
        Ok(match path {
            HEAD => head(100, solid_ms()),
            BLOCKS => old_block(body, &[OTHER]),
            _ => other_receipt(body),
        })
    })
}

#[tokio::test]
async fn solid_head_first_then_lookup_on_the_solid_chain() {
    let rule = LossRule { margin_ms: 0, rounds: 1 };
    let fake = keeping(|| EXPIRATION_MS);
    let node = node_with(&fake, rule);
    let lost = node.provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(lost, Loss::Lost);
    assert_eq!(fake.paths(), [HEAD, LOOKUP, BLOCKS, LOOKUP]);
    node.provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(fake.paths()[4..], [HEAD, LOOKUP, LOOKUP], "the block is not read again");
}

#[tokio::test]
async fn a_solid_head_short_of_expiration_and_margin_decides_nothing() {
    let rule = LossRule { margin_ms: 3_000, rounds: 1 };
    for (solid_timestamp_ms, lost) in [(302_999, false), (303_000, true)] {
        let fake = keeping(move || solid_timestamp_ms);
        let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
        let expected = if lost { Loss::Lost } else { Loss::Undecided { solid_timestamp_ms } };
        assert_eq!(found, expected);
        assert_eq!(fake.paths().len(), if lost { 4 } else { 1 });
    }
}

#[tokio::test]
async fn a_pool_is_asked_in_rounds_and_every_round_must_agree() {
    let rule = LossRule { margin_ms: 0, rounds: 3 };
    let fake = keeping(|| EXPIRATION_MS);
    let lost = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(lost, Loss::Lost);
    let first = [HEAD, LOOKUP, BLOCKS, LOOKUP];
    assert_eq!(fake.paths(), [&first[..], &[HEAD, LOOKUP, LOOKUP, HEAD, LOOKUP, LOOKUP]].concat());

    // The second node behind the balancer has it.
    let lookups = AtomicI64::new(0);
    let fake = Fake::new(move |path, body| {
        Ok(match path {
            HEAD => head(100, EXPIRATION_MS),
            BLOCKS => old_block(body, &[OTHER]),
            _ if body["value"] == OTHER => other_receipt(body),
            _ if lookups.fetch_add(1, Ordering::Relaxed) == 1 => receipt(90),
            _ => json!({}),
        })
    });
    let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    let Loss::Included(included) = found else { panic!("{found:?}") };
    assert_eq!(included.block_number, 90);

    // The second node behind the balancer is behind.
    let heads = AtomicI64::new(0);
    let fake = keeping(move || EXPIRATION_MS - heads.fetch_add(1, Ordering::Relaxed));
    let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(found, Loss::Undecided { solid_timestamp_ms: EXPIRATION_MS - 1 });
}

#[tokio::test]
async fn an_error_is_never_a_proof() {
    for failing in [HEAD, LOOKUP, BLOCKS] {
        let fake = Fake::new(move |path, body| match path {
            path if path == failing => Err(broken()),
            HEAD => Ok(head(100, i64::MAX)),
            BLOCKS => Ok(old_block(body, &[OTHER])),
            _ => Ok(json!({})),
        });
        let rule = LossRule { margin_ms: 0, rounds: 0 };
        assert!(node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.is_err());
    }
}

#[tokio::test]
async fn the_presets_demand_more_of_a_pool() {
    const { assert!(LossRule::POOL.margin_ms >= 60_000 && LossRule::POOL.rounds > 1) };
    let fake = keeping(|| EXPIRATION_MS + 4_000);
    for (rule, lost) in [(LossRule::SINGLE, true), (LossRule::POOL, false)] {
        let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
        assert_eq!(found == Loss::Lost, lost);
    }
    let never = node_with(&fake, LossRule::POOL).provably_lost(txid(), i64::MAX).await.unwrap();
    assert!(matches!(never, Loss::Undecided { .. }), "no overflow");
}

/// Whose answers to every txid are empty, although its blocks hold some.
#[tokio::test]
async fn a_node_that_keeps_no_receipts_proves_nothing() {
    for rule in [LossRule { margin_ms: 0, rounds: 1 }, LossRule { margin_ms: 0, rounds: 4 }] {
        let fake = Fake::new(|path, body| {
            Ok(match path {
                HEAD => head(100, EXPIRATION_MS),
                BLOCKS => old_block(body, &[OTHER]),
                _ => json!({}),
            })
        });
        let node = node_with(&fake, rule);
        for _ in 0..2 {
            let found = node.provably_lost(txid(), EXPIRATION_MS).await.unwrap();
            assert_eq!(found, Loss::Undecided { solid_timestamp_ms: EXPIRATION_MS });
        }
    }
}

/// A node whose solid blocks are `slot_ms` apart up to number 1 000 and hold what is said of each, and which
/// shows no receipts.
fn with_blocks(slot_ms: i64, holds: fn(i64) -> Option<&'static str>) -> Arc<Fake> {
    Fake::new(move |path, body| {
        let block = |number: i64| {
            let mut block = head(number, slot_ms * number);
            block["transactions"] = holds(number).iter().map(|id| json!({"txID": id})).collect();
            block
        };
        Ok(match path {
            HEAD => head(1_000, slot_ms * 1_000),
            BLOCKS => {
                let end = body["endNum"].as_i64().unwrap().min(1_001);
                let blocks: Value = (body["startNum"].as_i64().unwrap()..end).map(block).collect();
                json!({ "block": blocks })
            }
            _ => json!({}),
        })
    })
}

/// What could have held it was read whole and holds nothing: nothing is hidden there.
#[tokio::test]
async fn on_a_quiet_chain_empty_blocks_are_the_proof() {
    let rule = LossRule { margin_ms: 0, rounds: 1 };
    // As on mainnet, as of a demo, and as after hours without a block.
    for slot_ms in [3_000, 100, 100_000] {
        for expiration_ms in [slot_ms * 1_000, slot_ms * 700] {
            let fake = with_blocks(slot_ms, |_| None);
            let found = node_with(&fake, rule).provably_lost(txid(), expiration_ms).await;
            assert_eq!(found, Ok(Loss::Lost), "{slot_ms} {expiration_ms}");
            assert!(fake.asked().len() < 24, "{} requests", fake.asked().len());
        }
    }
}

/// One transaction is enough to see that receipts are not kept, wherever in that time it is.
#[tokio::test]
async fn on_a_quiet_chain_the_only_transaction_has_to_be_shown() {
    let rule = LossRule { margin_ms: 0, rounds: 1 };
    let fake = with_blocks(3_000, |number| (number == 697).then_some(OTHER));
    let found = node_with(&fake, rule).provably_lost(txid(), 3_000 * 700).await.unwrap();
    assert!(matches!(found, Loss::Undecided { .. }), "{found:?}");
    // A later one says nothing.
    let fake = with_blocks(3_000, |number| (number == 701).then_some(OTHER));
    let found = node_with(&fake, rule).provably_lost(txid(), 3_000 * 700).await.unwrap();
    assert_eq!(found, Loss::Lost);
}

/// A copy from which old blocks are missing cannot show anything of them.
#[tokio::test]
async fn a_node_without_the_blocks_of_that_time_proves_nothing() {
    let fake = Fake::new(|path, _| {
        Ok(if path == HEAD { head(100, EXPIRATION_MS + 3_000) } else { json!({}) })
    });
    let rule = LossRule { margin_ms: 0, rounds: 1 };
    let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await;
    assert!(matches!(found, Err(NodeError::NoSolidBlock { .. })), "{found:?}");
}
