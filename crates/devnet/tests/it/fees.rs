//! What a transaction's bytes cost, and from which source.

use serde_json::{Value, json};
use tron::{Contract, RawTx, Resource, Sun};

use crate::world::{TRX, World, addr, transfer, world};

fn rich() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.fund(2, 1);
    w.net.mine(1);
    w
}

fn receipt(w: &World, contract: Contract) -> (Value, i64) {
    let info = w.mined(contract, 1);
    (info["receipt"].clone(), info["fee"].as_i64().unwrap_or(0))
}

#[test]
fn free_bandwidth_then_trx_and_never_a_mix() {
    let w = rich();
    for _ in 0..2 {
        assert_eq!(receipt(&w, transfer(1, 2, TRX)), (json!({ "net_usage": 267 }), 0));
    }
    let (bill, fee) = receipt(&w, transfer(1, 2, TRX));
    assert_eq!((bill, fee), (json!({ "net_fee": 267_000 }), 267_000));
    let net = w.post("wallet/getaccountnet", json!({ "address": addr(1).to_hex() }));
    // 2 x 267, and one slot later one of them has recovered.
    assert_eq!((&net["freeNetUsed"], &net["freeNetLimit"]), (&json!(533), &json!(600)));
    w.pass_slots(28_800);
    assert!(w.account(1).get("free_net_usage").is_none());
}

#[test]
fn staked_bandwidth_comes_first() {
    let w = rich();
    w.net.set_stake(addr(1), Resource::Bandwidth, Sun::from_trx(400));
    w.net.mine(1);
    assert_eq!(w.resources(1)["NetLimit"], 643);
    for _ in 0..2 {
        assert_eq!(receipt(&w, transfer(1, 2, TRX)).0, json!({ "net_usage": 267 }));
    }
    let resources = w.resources(1);
    assert_eq!((&resources["NetUsed"], resources.get("freeNetUsed")), (&json!(533), None));
    assert_eq!(receipt(&w, transfer(1, 2, TRX)).0, json!({ "net_usage": 267 }));
    assert_eq!(w.resources(1)["freeNetUsed"], 267);
}

#[test]
fn activation_never_uses_free_bandwidth() {
    let w = rich();
    let create = |number| Contract::CreateAccount { owner: addr(1), account: addr(number) };
    assert_eq!(receipt(&w, create(10)), (json!({ "net_fee": 100_000 }), 1_100_000));
    assert_eq!(receipt(&w, transfer(1, 11, 1)), (json!({ "net_fee": 100_000 }), 1_100_000));
    assert_eq!(
        w.account(10)["create_time"],
        w.account(11)["create_time"].as_i64().unwrap() - 3_000
    );
    assert!(w.account(10).get("balance").is_none());
    w.net.set_stake(addr(1), Resource::Bandwidth, Sun::from_trx(400));
    assert_eq!(receipt(&w, transfer(1, 12, TRX)), (json!({ "net_usage": 267 }), TRX));
    assert_eq!(receipt(&w, create(13)), (json!({ "net_usage": 266 }), TRX));
}

#[test]
fn a_memo_costs_one_trx() {
    let w = rich();
    let raw = RawTx { memo: b"order 1".to_vec(), ..w.raw(transfer(1, 2, TRX)) };
    let id = w.does_raw(&raw, 1);
    w.net.mine(1);
    assert_eq!(w.info(&id)["fee"], TRX);
    let shown = w.post("wallet/gettransactionbyid", json!({ "value": id }));
    assert_eq!(shown["raw_data"]["data"], hex::encode("order 1"));
    let shown = w.post("wallet/gettransactionbyid", json!({ "value": id, "visible": true }));
    assert_eq!(shown["raw_data"]["data"], "order 1");
    let before = w.post("wallet/getburntrx", json!({}))["burnTrxAmount"].as_i64().unwrap();
    assert_eq!(before, TRX);
    assert!(w.net.invariants().holds);
}

#[test]
fn a_memo_that_cannot_be_paid_is_a_bandwidth_error() {
    let w = rich();
    let raw = RawTx { memo: vec![1], ..w.raw(transfer(2, 1, 1)) };
    w.mined(transfer(2, 1, 1), 2);
    assert_eq!(w.tell(&raw, 2).0, "BANDWITH_ERROR");
}

#[test]
fn changed_prices_are_charged_and_listed() {
    let w = rich();
    w.control("use", json!({ "address": addr(1), "resource": "FREE", "units": 600 }));
    w.control("parameter", json!({ "key": "getTransactionFee", "value": 2_000 }));
    assert_eq!(receipt(&w, transfer(1, 2, TRX)).1, 534_000);
    let prices = w.post("wallet/getbandwidthprices", json!({}));
    let last = prices["prices"].as_str().unwrap().rsplit(',').next().unwrap().to_owned();
    assert!(last.ends_with(":2000"), "{last}");
    let listed = w.post("wallet/getchainparameters", json!({}));
    let listed = listed["chainParameter"].as_array().unwrap();
    assert_eq!(listed.len(), 73);
    assert!(listed.contains(&json!({ "key": "getTransactionFee", "value": 2_000 })));
    assert!(listed.contains(&json!({ "key": "getAllowPBFT" })), "zero is left out");
    assert!(w.net.control("parameter", &json!({ "key": "getNothing", "value": 1 })).is_err());
}
