//! Who may sign: permissions, weights, and what more than one signature costs.

use serde_json::{Value, json};
use tron::permission::PermissionKey;
use tron::{Contract, Operations, Permission, RawTx, Resource, Sun};

use crate::world::{TRX, World, addr, delegate, key, transfer, world};

fn pool() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.fund(2, 1);
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(100));
    w.net.mine(1);
    w
}

/// Owner 1; key 7 may lend; keys 5 and 6 together may do the same.
fn protect(w: &World) {
    let hot = Permission::active(2, "hot", Operations::DELEGATE_AND_UNDELEGATE, addr(7));
    let weigh = |number| PermissionKey { address: addr(number), weight: 1 };
    let both = Permission {
        threshold: 2,
        keys: vec![weigh(5), weigh(6)],
        ..Permission::active(3, "both", Operations::DELEGATE_AND_UNDELEGATE, addr(5))
    };
    let update = Contract::PermissionUpdate {
        owner: addr(1),
        owner_permission: Permission::owner(addr(1)),
        witness_permission: None,
        active_permissions: vec![hot, both],
    };
    let info = w.mined(update, 1);
    assert_eq!(info["fee"], 100 * TRX);
}

fn say(w: &World, raw: &RawTx, keys: &[u64]) -> String {
    let answer = w.send(&w.sign(raw, keys));
    match answer["code"].as_str().unwrap() {
        "SUCCESS" => String::new(),
        "SIGERROR" => {
            let text = answer["message"].as_str().unwrap();
            text.strip_prefix("Validate signature error: ").unwrap().to_owned()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_hot_key_lends_and_can_do_nothing_else() {
    let w = pool();
    protect(&w);
    let hot = |contract| RawTx { permission_id: 2, ..w.raw(contract) };
    assert_eq!(say(&w, &hot(delegate(1, 2, TRX)), &[7]), "");
    assert_eq!(say(&w, &hot(transfer(1, 7, TRX)), &[7]), "Permission denied");
    let raw = w.raw(transfer(1, 7, TRX));
    let signature = hex::encode(key(7).sign(&raw.txid()).as_bytes());
    assert_eq!(
        say(&w, &raw, &[7]),
        format!("{signature} is signed by {} but it is not contained of permission.", addr(7))
    );
    assert_eq!(say(&w, &RawTx { permission_id: 9, ..raw }, &[7]), "permission isn't exit");
}

#[test]
fn two_keys_reach_the_threshold_together_and_cost_a_fee() {
    let w = pool();
    protect(&w);
    let both = || RawTx { permission_id: 3, ..w.raw(delegate(1, 2, TRX)) };
    assert_eq!(say(&w, &both(), &[5]), "sig error");
    assert_eq!(say(&w, &both(), &[5, 5]), format!("{} has signed twice!", addr(5)));
    assert_eq!(
        say(&w, &both(), &[5, 6, 7]),
        "Signature count is 3 more than key counts of permission : 2"
    );
    assert_eq!(say(&w, &both(), &[5; 6]), "too many signatures");
    assert_eq!(say(&w, &both(), &[]), "miss sig or contract");
    let raw = both();
    assert_eq!(say(&w, &raw, &[5, 6]), "");
    w.net.mine(1);
    let info = w.info(&raw.txid().to_string());
    let bytes = w.sign(&raw, &[5, 6]).bandwidth().get();
    assert_eq!(info["fee"], TRX + info["receipt"]["net_fee"].as_i64().unwrap_or(0));
    assert!(info["receipt"]["net_usage"] == bytes || info["receipt"]["net_fee"] == bytes * 1_000);
}

#[test]
fn short_long_and_foreign_signatures_are_refused() {
    let w = pool();
    let raw = w.raw(transfer(1, 2, 1));
    let send = |signature: Vec<u8>| {
        let bytes = prost::Message::encode_to_vec(&tron::proto::Transaction {
            raw_data: raw.encode(),
            signature: vec![signature],
            ret: vec![],
        });
        let answer = w.post("wallet/broadcasthex", json!({ "transaction": hex::encode(bytes) }));
        answer["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(send(vec![1; 64]), "Validate signature error: Signature size is 64");
    assert_eq!(send(vec![1; 69]), "Validate signature error: Signature size is 69");
    let mut low_header = key(1).sign(&raw.txid()).as_bytes().to_vec();
    low_header[64] -= 27;
    low_header.extend([0; 3]);
    assert_eq!(send(low_header), "");
}

#[test]
fn an_old_account_lacks_the_lending_bits() {
    let w = pool();
    let spec = |name: &str, operations: Option<&str>| {
        json!({ "name": name, "threshold": 1, "operations": operations,
                "keys": [{ "address": addr(1), "weight": 1 }] })
    };
    let old = "7fff1fc0033e0100000000000000000000000000000000000000000000000000";
    w.control(
        "permissions",
        json!({ "address": addr(1), "owner": spec("owner", None),
                "actives": [spec("active", Some(old))] }),
    );
    let active = |contract| RawTx { permission_id: 2, ..w.raw(contract) };
    assert_eq!(say(&w, &active(delegate(1, 2, TRX)), &[1]), "Permission denied");
    assert_eq!(say(&w, &active(transfer(1, 2, 1)), &[1]), "");
    assert_eq!(say(&w, &w.raw(delegate(1, 2, TRX)), &[1]), "");
}

#[test]
fn permission_updates_are_checked() {
    let w = pool();
    let one = |number: u64| json!({ "address": addr(number).to_hex(), "weight": 1 });
    let owner = json!({ "type": 0, "permission_name": "owner", "threshold": 1, "keys": [one(1)] });
    let active = json!({ "type": 2, "permission_name": "a", "threshold": 1, "keys": [one(1)],
        "operations": "0000000000000006000000000000000000000000000000000000000000000000" });
    let body = |owner: &Value, actives: Vec<Value>| json!({ "owner_address": addr(1).to_hex(), "owner": owner, "actives": actives });
    let changed = |base: &Value, key: &str, value: Value| {
        let mut copy = base.clone();
        copy[key] = value;
        copy
    };
    let say = |body: Value| {
        let answer = w.post("wallet/accountpermissionupdate", body);
        let text = answer["Error"].as_str().unwrap().to_owned();
        text.rsplit(" : ").next().unwrap().to_owned()
    };
    for (body, text) in [
        (body(&Value::Null, vec![active.clone()]), "owner permission is missed"),
        (body(&owner, vec![]), "active permission is missed"),
        (body(&owner, vec![active.clone(); 9]), "active permission is too many"),
        (body(&active, vec![active.clone()]), "owner permission type is error"),
        (body(&owner, vec![owner.clone()]), "active permission type is error"),
        (
            body(&changed(&owner, "keys", json!([])), vec![active.clone()]),
            "key's count should be greater than 0",
        ),
        (
            body(&changed(&owner, "threshold", json!(0)), vec![active.clone()]),
            "permission's threshold should be greater than 0",
        ),
        (
            body(&changed(&owner, "threshold", json!(2)), vec![active.clone()]),
            "sum of all key's weight should not be less than threshold in permission Owner",
        ),
        (
            body(&changed(&owner, "keys", json!([one(1), one(1)])), vec![active.clone()]),
            "address should be distinct in permission Owner",
        ),
        (
            body(&owner, vec![changed(&active, "operations", json!("00"))]),
            "operations size must 32",
        ),
        (
            body(&owner, vec![changed(&active, "operations", json!("ff".repeat(32)))]),
            "7 isn't a validate ContractType",
        ),
    ] {
        assert_eq!(say(body), text);
    }
}

#[test]
fn nothing_else_of_the_same_owner_rides_in_the_block_of_a_permission_change() {
    let w = pool();
    let update = Contract::PermissionUpdate {
        owner: addr(1),
        owner_permission: Permission::owner(addr(1)),
        witness_permission: None,
        active_permissions: vec![Permission::active(2, "a", Operations::NONE, addr(1))],
    };
    let changed = w.does(update, 1);
    let later = w.does(transfer(1, 2, 1), 1);
    w.net.mine(1);
    assert!(w.info(&changed)["blockNumber"].is_u64());
    assert_eq!(w.info(&later), json!({}));
    w.net.mine(1);
    assert!(w.info(&later)["blockNumber"].is_u64());
}

#[test]
fn sign_weight_names_the_permission_and_counts() {
    let w = pool();
    let built = w.post(
        "wallet/createtransaction",
        json!({ "owner_address": addr(1).to_hex(), "to_address": addr(2).to_hex(), "amount": 5 }),
    );
    let weight = w.post("wallet/getsignweight", built.clone());
    assert_eq!(weight["result"], json!({ "code": "NOT_ENOUGH_PERMISSION" }));
    assert_eq!(weight["permission"]["keys"][0]["address"], addr(1).to_hex());
    assert_eq!(weight["transaction"]["transaction"]["txID"], built["txID"]);
    let mut signed = built.clone();
    let id = built["txID"].as_str().unwrap().parse().unwrap();
    signed["signature"] = json!([hex::encode(key(1).sign(&id).as_bytes())]);
    let weight = w.post("wallet/getsignweight", signed);
    assert_eq!((&weight["result"], &weight["current_weight"]), (&json!({}), &json!(1)));
    assert_eq!(weight["approved_list"], json!([addr(1).to_hex()]));
}

#[test]
fn a_permission_change_that_cannot_be_paid_fails_in_execution() {
    let w = pool();
    w.fund(3, 50);
    w.net.mine(1);
    let update = Contract::PermissionUpdate {
        owner: addr(3),
        owner_permission: Permission::owner(addr(3)),
        witness_permission: None,
        active_permissions: vec![Permission::active(2, "a", Operations::NONE, addr(3))],
    };
    let (code, text) = w.tell(&w.raw(update), 3);
    assert_eq!(code, "CONTRACT_EXE_ERROR");
    let hex = addr(3).to_hex();
    let why = "insufficient balance, balance: 50000000, amount: 100000000";
    assert_eq!(text, format!("Contract execute error : {hex} {why}"));
    assert_eq!(w.balance(3), 50 * TRX, "nothing is kept of it");
}

#[test]
fn permissions_can_be_given_for_free() {
    let w = pool();
    let hot = Permission::active(2, "hot", Operations::DELEGATE_AND_UNDELEGATE, addr(7));
    w.net.set_permissions(addr(1), &Permission::owner(addr(6)), &[hot]);
    assert_eq!(say(&w, &RawTx { permission_id: 2, ..w.raw(delegate(1, 2, TRX)) }, &[7]), "");
    assert_eq!(say(&w, &w.raw(transfer(1, 2, 1)), &[6]), "");
}
