//! The proof of loss: its order, its margin, and that nothing else passes for it.

use std::sync::atomic::{AtomicI64, Ordering};

use node::{Loss, LossRule, TronNode};
use serde_json::json;

use crate::support::{Fake, broken, head, node_with, receipt, txid};

const EXPIRATION_MS: i64 = 300_000;
const HEAD: &str = "walletsolidity/getblock";
const LOOKUP: &str = "walletsolidity/gettransactioninfobyid";

#[tokio::test]
async fn solid_head_first_then_lookup_on_the_solid_chain() {
    let rule = LossRule { margin_ms: 0, rounds: 1 };
    let fake =
        Fake::new(|path, _| Ok(if path == HEAD { head(100, EXPIRATION_MS) } else { json!({}) }));
    let lost = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(lost, Loss::Lost);
    assert_eq!(fake.paths(), [HEAD, LOOKUP]);
}

#[tokio::test]
async fn a_solid_head_short_of_expiration_and_margin_decides_nothing() {
    let rule = LossRule { margin_ms: 3_000, rounds: 1 };
    for (solid_timestamp_ms, lost) in [(302_999, false), (303_000, true)] {
        let fake = Fake::new(move |path, _| {
            Ok(if path == HEAD { head(100, solid_timestamp_ms) } else { json!({}) })
        });
        let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
        let expected = if lost { Loss::Lost } else { Loss::Undecided { solid_timestamp_ms } };
        assert_eq!(found, expected);
        assert_eq!(fake.paths().len(), if lost { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_pool_is_asked_in_rounds_and_every_round_must_agree() {
    let rule = LossRule { margin_ms: 0, rounds: 3 };
    let fake =
        Fake::new(|path, _| Ok(if path == HEAD { head(100, EXPIRATION_MS) } else { json!({}) }));
    let lost = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(lost, Loss::Lost);
    assert_eq!(fake.paths(), [HEAD, LOOKUP, HEAD, LOOKUP, HEAD, LOOKUP]);

    // The second node behind the balancer has it.
    let lookups = AtomicI64::new(0);
    let fake = Fake::new(move |path, _| {
        if path == HEAD {
            return Ok(head(100, EXPIRATION_MS));
        }
        let before = lookups.fetch_add(1, Ordering::Relaxed);
        Ok(if before == 1 { receipt(90) } else { json!({}) })
    });
    let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    let Loss::Included(included) = found else { panic!("{found:?}") };
    assert_eq!(included.block_number, 90);

    // The second node behind the balancer is behind.
    let heads = AtomicI64::new(0);
    let fake = Fake::new(move |path, _| {
        if path != HEAD {
            return Ok(json!({}));
        }
        let before = heads.fetch_add(1, Ordering::Relaxed);
        Ok(head(100, EXPIRATION_MS - before))
    });
    let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
    assert_eq!(found, Loss::Undecided { solid_timestamp_ms: EXPIRATION_MS - 1 });
}

#[tokio::test]
async fn an_error_is_never_a_proof() {
    for failing in [HEAD, LOOKUP] {
        let fake = Fake::new(move |path, _| match path {
            path if path == failing => Err(broken()),
            HEAD => Ok(head(100, i64::MAX)),
            _ => Ok(json!({})),
        });
        let rule = LossRule { margin_ms: 0, rounds: 0 };
        assert!(node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.is_err());
    }
}

#[tokio::test]
async fn the_presets_demand_more_of_a_pool() {
    const { assert!(LossRule::POOL.margin_ms >= 60_000 && LossRule::POOL.rounds > 1) };
    let fake = Fake::new(|path, _| {
        Ok(if path == HEAD { head(100, EXPIRATION_MS + 4_000) } else { json!({}) })
    });
    for (rule, lost) in [(LossRule::SINGLE, true), (LossRule::POOL, false)] {
        let found = node_with(&fake, rule).provably_lost(txid(), EXPIRATION_MS).await.unwrap();
        assert_eq!(found == Loss::Lost, lost);
    }
    let never = node_with(&fake, LossRule::POOL).provably_lost(txid(), i64::MAX).await.unwrap();
    assert!(matches!(never, Loss::Undecided { .. }), "no overflow");
}
