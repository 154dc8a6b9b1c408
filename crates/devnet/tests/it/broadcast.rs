//! Taking transactions: codes, times, references, duplicates.

use devnet::DevnetConfig;
use prost::Message;
use serde_json::json;
use tron::{RawTx, RefBlock, SignedTx, proto};

use crate::world::{TRX, World, addr, delegate, key, transfer, world};

const DAY_MS: i64 = 86_400_000;

fn funded() -> World {
    let w = world();
    w.fund(1, 100_000);
    w.fund(2, 1);
    w.net.mine(1);
    w
}

fn code(w: &World, raw: &RawTx) -> String {
    w.tell(raw, 1).0
}

#[test]
fn a_transaction_lives_until_its_expiration_and_not_longer() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 1));
    let head = w.net.head().timestamp_ms;
    let expiring = |ms| RawTx { expiration_ms: head + ms, ..w.raw(transfer(1, 2, 1)) };
    assert_eq!(code(&w, &expiring(3_000)), "SUCCESS");
    assert_eq!(code(&w, &expiring(2_999)), "TRANSACTION_EXPIRATION_ERROR");
    assert_eq!(code(&w, &expiring(0)), "TRANSACTION_EXPIRATION_ERROR");
    assert_eq!(code(&w, &expiring(DAY_MS)), "SUCCESS");
    let (far, text) = w.tell(&expiring(DAY_MS + 1), 1);
    assert_eq!((&*far, &*text), ("TRANSACTION_EXPIRATION_ERROR", "Transaction expired"));
    w.net.mine(20);
    assert_eq!(w.net.head().timestamp_ms, head + 60_000);
    assert_eq!(code(&w, &raw), "TRANSACTION_EXPIRATION_ERROR");
}

#[test]
fn what_expires_before_the_next_block_is_dropped_from_pending() {
    let w = funded();
    let head = w.net.head().timestamp_ms;
    let raw = RawTx { expiration_ms: head + 3_000, ..w.raw(transfer(1, 2, 1)) };
    let id = w.does_raw(&raw, 1);
    w.net.advance_ms(9_000);
    w.net.mine(1);
    assert!(w.info(&id)["blockNumber"].is_u64(), "the check is against the block before");
    let head = w.net.head().timestamp_ms;
    let raw = RawTx { expiration_ms: head + 3_000, ..w.raw(transfer(1, 2, 1)) };
    w.control(
        "fault",
        json!({ "path": "wallet/broadcasthex", "when": { "next": 1 },
        "fault": { "kind": "never_include" } }),
    );
    let id = w.does_raw(&raw, 1);
    w.net.mine(1);
    assert_eq!(w.info(&id), json!({}));
    assert_eq!(w.post("wallet/getpendingsize", json!({})), json!({ "pendingSize": 0 }));
}

#[test]
fn the_reference_must_be_a_recent_block_of_this_chain() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 1));
    for change in [0, 1] {
        let mut reference = raw.ref_block;
        if change == 0 {
            reference.hash[7] ^= 1;
        } else {
            reference.bytes[1] = reference.bytes[1].wrapping_add(1);
        }
        let (code, text) = w.tell(&RawTx { ref_block: reference, ..raw.clone() }, 1);
        assert_eq!((&*code, &*text), ("TAPOS_ERROR", "Tapos check error."));
    }
    w.net.mine(70_000);
    let head = w.net.head();
    let at = |number: u64| {
        let block = w.post("wallet/getblockbynum", json!({ "num": number }));
        RefBlock::from_block_id(&block["blockID"].as_str().unwrap().parse().unwrap())
    };
    let on = |number| RawTx { ref_block: at(number), ..w.raw(transfer(1, 2, 1)) };
    assert_eq!(code(&w, &on(head.number - 65_535)), "SUCCESS");
    assert_eq!(code(&w, &on(head.number - 65_536)), "TAPOS_ERROR");
}

#[test]
fn the_same_bytes_are_one_transaction_pending_or_included() {
    let w = funded();
    w.net.set_stake(addr(1), tron::Resource::Energy, tron::Sun::from_trx(100));
    let raw = w.raw(delegate(1, 2, TRX));
    let other = RawTx { timestamp_ms: raw.timestamp_ms + 1, ..raw.clone() };
    assert_eq!(code(&w, &raw), "SUCCESS");
    let (again, text) = w.tell(&raw, 1);
    assert_eq!((&*again, &*text), ("DUP_TRANSACTION_ERROR", "Dup transaction."));
    assert_eq!(code(&w, &other), "SUCCESS");
    w.net.mine(1);
    assert_eq!(code(&w, &raw), "DUP_TRANSACTION_ERROR");
    let lent = w.post(
        "wallet/getdelegatedresourcev2",
        json!({ "fromAddress": addr(1).to_hex(), "toAddress": addr(2).to_hex() }),
    );
    assert_eq!(lent["delegatedResource"][0]["frozen_balance_for_energy"], 2 * TRX);
}

#[test]
fn the_two_broadcast_forms_answer_in_their_own_shapes() {
    let w = funded();
    let raw = w.raw(transfer(1, 2, 1));
    let signed = w.sign(&raw, &[1]);
    let id = raw.txid().to_string();
    let built = w.post(
        "wallet/createtransaction",
        json!({ "owner_address": addr(1).to_hex(), "to_address": addr(2).to_hex(), "amount": 5 }),
    );
    let built_id: tron::TxId = built["txID"].as_str().unwrap().parse().unwrap();
    let mut json_form = built.clone();
    json_form["signature"] = json!([hex::encode(key(1).sign(&built_id).as_bytes())]);
    // Ignored by a node, which rebuilds the bytes.
    json_form["raw_data_hex"] = json!("00");
    let answer = w.post("wallet/broadcasttransaction", json_form.clone());
    assert_eq!(answer, json!({ "result": true, "txid": built_id.to_string() }));
    let answer = w.post("wallet/broadcasttransaction", json_form.clone());
    assert_eq!(answer["code"], "DUP_TRANSACTION_ERROR");
    assert_eq!(answer["message"], hex::encode("Dup transaction."));
    assert!(answer.get("result").is_none());
    let answer = w.send(&signed);
    assert_eq!((&answer["result"], &answer["code"]), (&json!(true), &json!("SUCCESS")));
    assert_eq!((&answer["message"], &answer["txid"]), (&json!(""), &json!(id)));
    let shown: serde_json::Value =
        serde_json::from_str(answer["transaction"].as_str().unwrap()).unwrap();
    assert_eq!(shown["raw_data_hex"], hex::encode(&signed.raw));
    let answer = w.send(&signed);
    assert_eq!(
        (&answer["result"], &answer["message"]),
        (&json!(false), &json!("Dup transaction."))
    );
    let answer = w.post("wallet/broadcasttransaction", json!({ "txID": id }));
    assert_eq!(answer, json!({ "Error": "class java.lang.NullPointerException : null" }));
    for bad in ["zz", "0a"] {
        assert!(w.post("wallet/broadcasthex", json!({ "transaction": bad }))["Error"].is_string());
    }
}

fn tampered(w: &World, change: impl FnOnce(&mut proto::RawData)) -> (String, String) {
    let mut data = proto::RawData::decode(w.raw(transfer(1, 2, 1)).encode().as_slice()).unwrap();
    change(&mut data);
    let raw = data.encode_to_vec();
    let signature = key(1).sign(&tron::TxId::of_raw(&raw));
    let answer = w.send(&SignedTx { raw, signatures: vec![signature] });
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

#[test]
fn contracts_are_counted_and_sizes_limited() {
    let w = funded();
    let (code, text) = tampered(&w, |data| data.contract.clear());
    assert_eq!(code, "CONTRACT_VALIDATE_ERROR");
    assert_eq!(text, "Contract validate error : No contract!");
    let (code, text) = tampered(&w, |data| data.contract.push(data.contract[0].clone()));
    assert_eq!(code, "OTHER_ERROR");
    assert!(text.starts_with("Error: "), "{text}");
    let (code, text) = tampered(&w, |data| data.data = vec![0; 500 * 1_024]);
    assert_eq!(code, "TOO_BIG_TRANSACTION_ERROR");
    assert!(text.starts_with("Too big transaction"), "{text}");
    let new_account = |memo: usize| RawTx { memo: vec![1; memo], ..w.raw(transfer(1, 9, 1)) };
    assert_eq!(w.tell(&new_account(900), 1).0, "TOO_BIG_TRANSACTION_ERROR");
    assert_eq!(w.tell(&new_account(700), 1).0, "SUCCESS");
}

#[test]
fn an_unknown_owner_and_a_broke_one() {
    let w = funded();
    let (code, text) = w.tell(&w.raw(transfer(8, 2, 1)), 8);
    assert_eq!(code, "CONTRACT_VALIDATE_ERROR");
    assert_eq!(text, format!("Contract validate error : account [{}] does not exist", addr(8)));
    w.net.activate(addr(8));
    w.control("use", json!({ "address": addr(8), "resource": "FREE", "units": 600 }));
    let (code, text) = w.tell(&w.raw(transfer(8, 2, 1)), 8);
    assert_eq!(code, "BANDWITH_ERROR");
    assert_eq!(text, "Account resource insufficient error.");
}

#[test]
fn a_full_pending_set_is_busy_and_a_block_takes_them_all() {
    let w = funded();
    for _ in 0..2_000 {
        w.does(transfer(1, 2, 1), 1);
    }
    assert_eq!(w.tell(&w.raw(transfer(1, 2, 1)), 1), ("SERVER_BUSY".into(), "Server busy.".into()));
    w.net.mine(1);
    let number = w.net.head().number;
    let count = w.post("wallet/gettransactioncountbyblocknum", json!({ "num": number }));
    assert_eq!(count, json!({ "count": 2_000 }));
    assert_eq!(w.post("wallet/getpendingsize", json!({})), json!({ "pendingSize": 0 }));
    assert!(w.net.invariants().holds);
}

#[test]
fn fast_blocks_keep_real_time() {
    let config = DevnetConfig { block_time_ms: 200, ..DevnetConfig::default() };
    let w = World::with(config);
    w.fund(1, 10);
    let head = w.net.head().timestamp_ms;
    let raw = w.raw(transfer(1, 2, 1));
    w.net.mine(299);
    assert_eq!(w.net.head().timestamp_ms, head + 59_800);
    assert_eq!(code(&w, &raw), "SUCCESS");
    w.net.mine(1);
    assert!(w.info(&raw.txid().to_string())["blockNumber"].is_u64());
}
