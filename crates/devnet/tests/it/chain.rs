//! Blocks, the pending overlay, the solid snapshot, time, and reorganisations.

use serde_json::{Value, json};
use tron::{Resource, Sun, TokenUnits};

use crate::world::{TRX, World, addr, delegate, transfer, world};

fn funded() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.fund(2, 1);
    w.net.mine(1);
    w
}

fn solid_balance(w: &World, number: u64) -> Value {
    let body = json!({ "address": addr(number).to_hex() });
    w.post("walletsolidity/getaccount", body)["balance"].clone()
}

#[test]
fn pending_transactions_are_seen_before_they_are_included() {
    let w = funded();
    let id = w.does(transfer(1, 2, 5 * TRX), 1);
    assert_eq!(w.balance(2), 6 * TRX);
    assert_eq!(w.account(2)["balance"], 6 * TRX);
    let shown = w.post("wallet/gettransactionbyid", json!({ "value": id }));
    assert_eq!(shown["ret"], json!([{ "contractRet": "SUCCESS" }]));
    assert_eq!(w.info(&id), json!({}));
    for path in ["walletsolidity/gettransactionbyid", "walletsolidity/gettransactioninfobyid"] {
        assert_eq!(w.post(path, json!({ "value": id })), json!({}));
    }
    assert_eq!(w.post("wallet/gettransactionlistfrompending", json!({})), json!({ "txId": [id] }));
    w.net.mine(1);
    let info = w.info(&id);
    assert_eq!(info["blockNumber"], w.net.head().number);
    assert_eq!(info["contractResult"], json!([""]));
    assert_eq!(info["receipt"], json!({ "net_usage": 268 }));
    assert!(info.get("contract_address").is_none());
    assert_eq!(w.post("wallet/gettransactionfrompending", json!({ "value": id })), json!({}));
}

#[test]
fn the_solid_block_trails_by_eighteen() {
    let w = funded();
    let id = w.does(transfer(1, 2, 5 * TRX), 1);
    w.net.mine(1);
    let included = w.net.head().number;
    w.net.mine(17);
    assert_eq!(w.net.solid_number(), included - 1);
    assert_eq!(solid_balance(&w, 2), TRX);
    let solid_info = || w.post("walletsolidity/gettransactioninfobyid", json!({ "value": id }));
    assert_eq!(solid_info(), json!({}));
    w.net.mine(1);
    assert_eq!((w.net.solid_number(), solid_balance(&w, 2)), (included, json!(6 * TRX)));
    assert_eq!(solid_info()["blockNumber"], included);
    let now = w.post("walletsolidity/getnowblock", json!({}));
    assert_eq!(now["block_header"]["raw_data"]["number"], included);
    let beyond = json!({ "num": included + 1 });
    assert_eq!(w.post("walletsolidity/getblockbynum", beyond.clone()), json!({}));
    assert_eq!(w.post("walletsolidity/gettransactioninfobyblocknum", beyond), json!([]));
    w.net.hold_solid(true);
    w.net.mine(100);
    assert_eq!((w.net.solid_number(), solid_balance(&w, 2)), (included, json!(6 * TRX)));
    w.net.hold_solid(false);
    assert_eq!(w.net.solid_number(), w.net.head().number - 18);
}

#[test]
fn blocks_are_linked_hashed_and_readable_in_every_way() {
    let w = funded();
    let id = w.does(transfer(1, 2, TRX), 1);
    w.net.mine(2);
    let head = w.net.head();
    let at = |number: u64| w.post("wallet/getblockbynum", json!({ "num": number }));
    let block = at(head.number - 1);
    assert_eq!(block["transactions"][0]["txID"], id);
    assert_ne!(block["block_header"]["raw_data"]["txTrieRoot"], "0".repeat(64));
    let empty = at(head.number);
    assert!(empty.get("transactions").is_none());
    assert_eq!(empty["block_header"]["raw_data"]["txTrieRoot"], "0".repeat(64));
    assert_eq!(empty["block_header"]["raw_data"]["parentHash"], block["blockID"]);
    assert_eq!(empty["blockID"], head.id.to_string());
    let witness = w.post("wallet/getblockbynum", json!({ "num": head.number, "visible": true }));
    let witness = witness["block_header"]["raw_data"]["witness_address"].as_str().unwrap();
    assert!(witness.starts_with('T'));
    let by_id = json!({ "value": head.id.to_string() });
    assert_eq!(w.post("wallet/getblockbyid", by_id), empty);
    let get = |body| w.post("wallet/getblock", body);
    assert_eq!(get(json!({})), empty);
    assert_eq!(get(json!({ "id_or_num": head.id.to_string() })), empty);
    let number = (head.number - 1).to_string();
    assert!(get(json!({ "id_or_num": number })).get("transactions").is_none());
    assert_eq!(get(json!({ "id_or_num": number, "detail": true })), block);
    assert_eq!(get(json!({ "id_or_num": "999999" })), json!({}));
    for (bad, text) in
        [("-1", "num must be non-positive number."), ("xyz", "id must be legal block hash.")]
    {
        assert_eq!(get(json!({ "id_or_num": bad })), json!({ "Error": text }));
    }
    let genesis = at(0);
    assert!(genesis["block_header"]["raw_data"].get("number").is_none());
    assert!(genesis["block_header"]["raw_data"].get("timestamp").is_none());
}

#[test]
fn ranges_have_their_limits() {
    let w = funded();
    w.net.mine(150);
    let head = w.net.head().number;
    let range = |a: u64, b: u64| {
        let answer = w.post("wallet/getblockbylimitnext", json!({ "startNum": a, "endNum": b }));
        answer["block"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((range(1, 101), range(1, 102), range(5, 5), range(6, 5)), (100, 0, 0, 0));
    assert_eq!(range(head - 1, head + 50), 2);
    let latest = |num: i64| {
        let answer = w.post("wallet/getblockbylatestnum", json!({ "num": num }));
        answer["block"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((latest(99), latest(100), latest(0), latest(-1)), (99, 0, 0, 0));
    let infos = |num: i64| w.post("wallet/gettransactioninfobyblocknum", json!({ "num": num }));
    assert_eq!((infos(1), infos(1_000_000), infos(0)), (json!([]), json!([]), json!({})));
}

#[test]
fn a_reorganisation_undoes_blocks_and_their_transactions_wait_again() {
    let w = funded();
    let before = w.net.head();
    let id = w.does(transfer(1, 2, 5 * TRX), 1);
    w.net.mine(3);
    let undone = w.net.head();
    w.net.reorg(3, true).unwrap();
    let head = w.net.head();
    assert_eq!(head.number, undone.number + 1);
    let block = w.post("wallet/getblockbynum", json!({ "num": undone.number }));
    assert_ne!(block["blockID"], undone.id.to_string());
    let gone = json!({ "value": undone.id.to_string() });
    assert_eq!(w.post("wallet/getblockbyid", gone), json!({}));
    let kept = w.post("wallet/getblockbynum", json!({ "num": before.number }));
    assert_eq!(kept["blockID"], before.id.to_string());
    assert_eq!(w.info(&id), json!({}));
    w.net.mine(1);
    assert_eq!(w.info(&id)["blockNumber"], head.number + 1);
    assert!(w.net.invariants().holds);
}

#[test]
fn a_reorganisation_can_lose_transactions_for_good_but_not_gifts() {
    let w = funded();
    let id = w.does(transfer(1, 2, 5 * TRX), 1);
    w.net.mine(1);
    w.fund(3, 77);
    w.net.mint(addr(3), TokenUnits(9));
    w.net.mine(1);
    w.control("reorg", json!({ "depth": 2, "drop": true }));
    w.net.mine(2);
    assert_eq!(w.info(&id), json!({}));
    assert_eq!((w.balance(2), w.balance(3)), (TRX, 77 * TRX));
    assert_eq!(w.net.token_balance(addr(3)), TokenUnits(9));
    assert!(w.net.invariants().holds);
    let deepest = w.net.head().number - w.net.solid_number();
    assert_eq!(deepest, 18);
    assert!(w.net.reorg(deepest + 1, true).is_err());
    assert!(w.net.reorg(0, true).is_err());
    w.net.reorg(deepest, true).unwrap();
}

/// As a node of the network does: whoever made it has to send it again.
#[test]
fn a_reorganisation_forgets_what_waits_for_what_it_undoes() {
    let w = funded();
    let spends = w.raw(transfer(9, 1, TRX));
    let makes = w.does(transfer(1, 9, 5 * TRX), 1);
    w.net.mine(1);
    let id = w.does_raw(&spends, 9);
    w.net.reorg(1, true).unwrap();
    w.net.mine(2);
    assert_ne!(w.info(&makes), json!({}));
    assert_eq!(w.info(&id), json!({}));
    assert_eq!(w.does_raw(&spends, 9), id);
    w.net.mine(1);
    assert_ne!(w.info(&id), json!({}));
}

#[test]
fn a_transaction_on_a_lost_block_cannot_come_back() {
    let w = funded();
    w.net.mine(1);
    let raw = w.raw(transfer(1, 2, TRX));
    w.net.reorg(1, true).unwrap();
    assert_eq!(w.tell(&raw, 1).0, "TAPOS_ERROR");
}

#[test]
fn missed_slots_leave_gaps_in_time_but_not_in_numbers() {
    let w = funded();
    let before = w.net.head();
    w.control("skip_slots", json!({ "slots": 2 }));
    w.net.mine(2);
    let head = w.net.head();
    assert_eq!(head.number, before.number + 2);
    assert_eq!(head.timestamp_ms, before.timestamp_ms + 12_000);
}

#[test]
fn two_slots_are_skipped_after_a_maintenance_block() {
    let w = funded();
    let next = w.post("wallet/getnextmaintenancetime", json!({}))["num"].as_i64().unwrap();
    w.net.advance_ms(next - w.net.head().timestamp_ms);
    w.net.mine(1);
    assert_eq!(w.net.head().timestamp_ms, next);
    let short = tron::RawTx { expiration_ms: next + 8_999, ..w.raw(transfer(1, 2, 1)) };
    assert_eq!(w.tell(&short, 1).0, "TRANSACTION_EXPIRATION_ERROR");
    w.net.mine(1);
    assert_eq!(w.net.head().timestamp_ms, next + 9_000);
    w.net.mine(1);
    assert_eq!(w.net.head().timestamp_ms, next + 12_000);
    let again = w.post("wallet/getnextmaintenancetime", json!({}))["num"].as_i64().unwrap();
    assert_eq!(again, next + 21_600_000);
}

#[test]
fn built_transactions_reference_the_solid_block_and_live_a_minute() {
    let w = funded();
    let built = w.post(
        "wallet/createtransaction",
        json!({ "owner_address": addr(1).to_hex(), "to_address": addr(2).to_hex(), "amount": 5,
                "extra_data": "c0ffee", "Permission_id": 2 }),
    );
    let raw = hex::decode(built["raw_data_hex"].as_str().unwrap()).unwrap();
    let read = tron::RawTx::decode(&raw).unwrap();
    assert_eq!(read.expiration_ms, w.net.head().timestamp_ms + 60_000);
    assert_eq!((read.memo.as_slice(), read.permission_id), (&[0xc0, 0xff, 0xee][..], 2));
    assert_eq!(built["txID"], read.txid().to_string());
    let solid = json!({ "num": w.net.solid_number() });
    let solid = w.post("wallet/getblockbynum", solid)["blockID"].as_str().unwrap().to_owned();
    assert_eq!(read.ref_block, tron::RefBlock::from_block_id(&solid.parse().unwrap()));
    assert_eq!(built["raw_data"]["contract"][0]["Permission_id"], 2);
}

#[test]
fn every_account_read_decays_to_the_readers_own_head() {
    let w = funded();
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(10_000));
    w.control("use", json!({ "address": addr(1), "resource": "ENERGY", "units": 64_285 }));
    w.net.mine(1);
    w.net.mine(20);
    let read = |path: &str| {
        let account = w.post(path, json!({ "address": addr(1).to_hex() }));
        let resource = &account["account_resource"];
        (resource["energy_usage"].clone(), resource["energy_window_size"].clone())
    };
    assert_eq!(read("wallet/getaccount"), (json!(64_238), json!(28_779_000)));
    assert_eq!(read("walletsolidity/getaccount"), (json!(64_278), json!(28_797_000)));
}

#[test]
fn ten_thousand_addresses_and_a_thousand_lenders_in_one_block() {
    let w = world();
    w.fund(1, 10_000);
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(100_000));
    let receivers: Vec<_> = (0..10_000_u32)
        .map(|number| {
            let mut bytes = [7; 20];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            tron::Address::from_evm(bytes)
        })
        .collect();
    receivers.iter().for_each(|one| w.net.activate(*one));
    w.net.mine(1);
    for receiver in &receivers[..1_000] {
        let balance = Sun::from_trx(1);
        let (owner, receiver, resource) = (addr(1), *receiver, Resource::Energy);
        w.does(tron::Contract::Delegate { owner, receiver, resource, balance, lock: None }, 1);
    }
    w.net.mine(1);
    let number = w.net.head().number;
    let infos = w.post("wallet/gettransactioninfobyblocknum", json!({ "num": number }));
    assert_eq!(infos.as_array().unwrap().len(), 1_000);
    assert!(w.net.invariants().holds);
    assert_eq!(
        w.refused(delegate(1, 1, TRX), 1),
        "receiverAddress must not be the same as ownerAddress"
    );
}

#[test]
fn with_an_automatic_clock_a_reorganisation_comes_with_the_next_block() {
    let w = World::with(devnet::DevnetConfig::auto(1_000));
    w.fund(1, 10);
    w.net.mine(1);
    let undone = w.net.head();
    w.net.reorg(1, true).unwrap();
    assert_eq!(w.net.head(), undone);
    w.net.mine(1);
    let gone = json!({ "value": undone.id.to_string() });
    assert_eq!(w.post("wallet/getblockbyid", gone), json!({}));
    assert_eq!(w.net.head().number, undone.number + 1);
    assert_eq!(w.balance(1), 10 * TRX);
}
