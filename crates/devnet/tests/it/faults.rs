//! Faults on demand, each as a caller meets it.

use devnet::{Fate, Fault, FaultRule, Request, When};
use serde_json::{Value, json};

use crate::world::{TRX, World, addr, transfer, world};

fn funded() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.fund(2, 1);
    w.net.mine(1);
    w
}

fn strike(w: &World, path: &str, fault: Fault) {
    let rule = FaultRule { path: path.to_owned(), when: When::Next(1), fault };
    w.net.add_fault(rule).unwrap();
}

fn broadcast(w: &World, raw: &tron::RawTx) -> devnet::Reply {
    let bytes = hex::encode(w.sign(raw, &[1]).to_bytes());
    w.net.call(&Request::post("wallet/broadcasthex", json!({ "transaction": bytes })))
}

fn known(w: &World, raw: &tron::RawTx) -> bool {
    let id = raw.txid().to_string();
    w.post("wallet/gettransactionbyid", json!({ "value": id })) != json!({})
}

#[test]
fn a_busy_node_does_not_look_at_the_transaction() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 1));
    strike(&w, "wallet/broadcasthex", Fault::Busy);
    assert_eq!(broadcast(&w, &raw).body["code"], "SERVER_BUSY");
    assert!(!known(&w, &raw));
    assert_eq!(broadcast(&w, &raw).body["code"], "SUCCESS");
}

#[test]
fn limiters_and_statuses_process_nothing() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 1));
    strike(&w, "wallet/*", Fault::Limiter);
    let text = "class java.lang.IllegalAccessException : lack of computing resources";
    assert_eq!(broadcast(&w, &raw).body, json!({ "Error": text }));
    for status in [429, 503] {
        strike(&w, "*", Fault::Status { status });
        assert_eq!(broadcast(&w, &raw).status, status);
    }
    strike(&w, "*", Fault::LoseRequest);
    assert_eq!(broadcast(&w, &raw).fate, Fate::Lost);
    assert!(!known(&w, &raw));
    let wrong = FaultRule {
        path: "*".to_owned(),
        when: When::Always,
        fault: Fault::Status { status: 200 },
    };
    assert!(w.net.add_fault(wrong).is_err());
}

#[test]
fn a_lost_or_late_answer_has_been_processed() {
    let w = funded();
    for fault in [Fault::LoseAnswer, Fault::Delay { delay_ms: 5_000 }] {
        let raw = w.raw(transfer(1, 2, 1));
        strike(&w, "wallet/broadcasthex", fault.clone());
        let reply = broadcast(&w, &raw);
        assert_ne!(reply.fate, Fate::Answered);
        assert!(known(&w, &raw), "{fault:?}");
        assert_eq!(broadcast(&w, &raw).body["code"], "DUP_TRANSACTION_ERROR");
    }
}

#[test]
fn an_accepted_transaction_may_never_be_included() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 5));
    strike(&w, "wallet/broadcasthex", Fault::NeverInclude);
    assert_eq!(broadcast(&w, &raw).body["result"], true);
    assert_eq!(w.balance(2), TRX + 5);
    w.net.mine(10);
    assert!(known(&w, &raw));
    assert_eq!(w.info(&raw.txid().to_string()), json!({}));
    w.net.mine(10);
    assert!(!known(&w, &raw));
    assert_eq!(w.balance(2), TRX);
}

#[test]
fn a_failed_relay_is_reported_although_the_transaction_is_pending() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 5));
    strike(&w, "wallet/broadcasthex", Fault::RelayFailed);
    let answer = broadcast(&w, &raw).body;
    assert_eq!(answer["code"], "NOT_ENOUGH_EFFECTIVE_CONNECTION");
    assert_eq!(answer["message"], "P2P broadcast failed.");
    w.net.mine(1);
    assert!(w.info(&raw.txid().to_string())["blockNumber"].is_u64());
}

#[test]
fn a_lagging_node_shows_an_older_chain() {
    let w = funded();
    let id = w.does(transfer(1, 2, 5), 1);
    w.net.mine(5);
    let head = w.net.head().number;
    let lagging = |path: &str, body: Value| {
        strike(&w, path, Fault::Lag { blocks: 5 });
        w.post(path, body)
    };
    let now = lagging("wallet/getnowblock", json!({}));
    assert_eq!(now["block_header"]["raw_data"]["number"], head - 5);
    let account = lagging("wallet/getaccount", json!({ "address": addr(2).to_hex() }));
    assert_eq!(account["balance"], TRX);
    assert_eq!(lagging("wallet/gettransactionbyid", json!({ "value": id })), json!({}));
    let old = lagging("walletsolidity/getnowblock", json!({}));
    assert_eq!(old["block_header"]["raw_data"]["number"], head - 23);
    let info = lagging("wallet/getnodeinfo", json!({}));
    assert!(info["block"].as_str().unwrap().starts_with(&format!("Num:{},", head - 5)));
}

#[test]
fn calls_are_counted_by_path() {
    let w = funded();
    w.control("clear_calls", json!({}));
    for path in ["wallet/getnowblock", "/wallet/getnowblock", "walletsolidity/getnowblock"] {
        w.post(path, json!({}));
    }
    w.net.call(&Request::get("wallet/nonsense", json!({})));
    let calls = w.control("calls", json!({}));
    assert_eq!(
        calls["by_path"],
        json!({ "wallet/getnowblock": 2, "walletsolidity/getnowblock": 1, "unknown": 1 })
    );
    assert_eq!((w.net.calls("wallet/"), w.net.calls("wallet")), (2, 3));
}

#[test]
fn controls_refuse_nonsense_and_do_nothing_then() {
    let w = funded();
    let before = w.balance(1);
    for (path, body) in [
        ("faucet", json!({ "address": addr(1), "sun": -1 })),
        ("faucet", json!({ "address": "T", "sun": 1 })),
        ("faucet", json!({ "address": addr(1), "sun": 1, "more": 1 })),
        ("stake", json!({ "address": addr(1), "resource": "FREE", "sun": 1 })),
        ("delegate", json!({ "from": addr(1), "to": addr(1), "resource": "ENERGY", "sun": 1 })),
        ("mine", json!({ "blocks": 100_001 })),
        ("advance", json!({ "ms": -1 })),
        (
            "fault",
            json!({ "path": "*", "when": "always", "fault": { "kind": "delay", "delay_ms": 600_001 } }),
        ),
        ("factor", json!({ "energy_factor": -1 })),
        ("nonsense", json!({})),
        (
            "batch",
            json!({ "changes": [
            { "faucet": { "address": addr(1), "sun": 5 } },
            { "faucet": { "address": addr(1), "sun": 0 } },
        ] }),
        ),
    ] {
        assert!(w.net.control(path, &body).is_err(), "{path} {body}");
    }
    assert_eq!(w.balance(1), before);
    w.control(
        "batch",
        json!({ "changes": [
        { "faucet": { "address": addr(8), "sun": 5 } },
        { "mint": { "address": addr(8), "units": 6 } },
        { "activate": { "address": addr(9) } },
    ] }),
    );
    assert_eq!((w.balance(8), w.balance(9)), (5, 0));
}

#[test]
fn history_tells_what_happened_to_an_address() {
    let w = funded();
    w.mined(transfer(1, 2, 5), 1);
    w.mined(transfer(1, 3, 5), 1);
    let history = w.control("history", json!({ "address": addr(2) }));
    assert_eq!(history["transactions"].as_array().unwrap().len(), 1);
    assert_eq!(history["transactions"][0]["type"], "TransferContract");
    let payer = w.control("history", json!({ "address": addr(1) }));
    assert_eq!(payer["transactions"].as_array().unwrap().len(), 2);
}

#[test]
fn a_node_can_refuse_everything_for_its_own_reasons() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 1));
    for (fault, code, text) in [
        (Fault::Unsolidified, "BLOCK_UNSOLIDIFIED", "Block unsolidified."),
        (Fault::NoConnection, "NO_CONNECTION", "No connection."),
        (
            Fault::FewConnections,
            "NOT_ENOUGH_EFFECTIVE_CONNECTION",
            "Effective connection:0 lt minEffectiveConnection:1",
        ),
    ] {
        strike(&w, "wallet/broadcast*", fault);
        let answer = broadcast(&w, &raw).body;
        assert_eq!((&answer["code"], &answer["message"]), (&json!(code), &json!(text)));
        assert!(!known(&w, &raw));
    }
}

#[test]
fn a_node_that_remembers_attempts_knows_even_what_it_refused() {
    let w = funded();
    w.control("remember_attempts", json!({ "remember": true }));
    let raw = w.raw(transfer(1, 2, 10_000 * TRX));
    assert_eq!(w.tell(&raw, 1).0, "CONTRACT_VALIDATE_ERROR");
    let (code, text) = w.tell(&raw, 1);
    assert_eq!((&*code, &*text), ("DUP_TRANSACTION_ERROR", "Transaction already exists."));
    w.control("remember_attempts", json!({ "remember": false }));
    assert_eq!(w.tell(&raw, 1).0, "CONTRACT_VALIDATE_ERROR");
}

#[test]
fn the_tap_runs_dry_before_anything_overflows() {
    let w = funded();
    for _ in 0..100 {
        w.control("faucet", json!({ "address": addr(5), "sun": 100_000_000_000_000_000_i64 }));
    }
    w.control("stake", json!({ "address": addr(6), "resource": "ENERGY", "sun": TRX }));
    w.control(
        "delegate",
        json!({ "from": addr(7), "to": addr(6), "resource": "ENERGY", "sun": TRX }),
    );
    w.control("skip_slots", json!({ "slots": 10_000_000 }));
    w.control("skip_slots", json!({ "slots": 10_000_000 }));
    w.control("drift", json!({ "energy_trx": 1_000_000_000_000_i64, "net_trx": -1 }));
    w.net.mine(3);
    assert!(w.net.invariants().holds);
    assert_eq!(w.net.invariants().issued_sun, 1_000_000_000_000_000_000);
    assert!(
        w.net
            .control("parameter", &json!({ "key": "getUnfreezeDelayDays", "value": 3_651 }))
            .is_err()
    );
}
