//! Quirks of the node's JSON that clients trip over.

use devnet::Request;
use serde_json::{Value, json};

use crate::world::{TRX, World, addr, transfer, world};

fn funded() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.net.mine(1);
    w
}

#[test]
fn an_absent_thing_is_an_empty_object() {
    let w = funded();
    let hex = addr(9).to_hex();
    for (path, body) in [
        ("wallet/getaccount", json!({ "address": hex })),
        ("wallet/getaccountresource", json!({ "address": hex })),
        ("wallet/getaccountnet", json!({ "address": hex })),
        ("wallet/gettransactionbyid", json!({ "value": "00".repeat(32) })),
        ("wallet/gettransactioninfobyid", json!({ "value": "" })),
        ("wallet/getblockbynum", json!({ "num": 99_999 })),
        ("wallet/getdelegatedresourcev2", json!({ "fromAddress": hex, "toAddress": hex })),
        ("wallet/getcandelegatedmaxsize", json!({ "owner_address": hex, "type": 1 })),
        ("wallet/getavailableunfreezecount", json!({ "owner_address": hex })),
        ("wallet/getcanwithdrawunfreezeamount", json!({ "owner_address": hex, "timestamp": 1 })),
        ("wallet/getaccount", json!({})),
    ] {
        assert_eq!(w.post(path, body), json!({}), "{path}");
    }
}

#[test]
fn an_account_always_shows_three_stakes_and_its_permissions() {
    let w = funded();
    let account = w.account(1);
    assert_eq!(account["frozenV2"], json!([{}, { "type": "ENERGY" }, { "type": "TRON_POWER" }]));
    assert_eq!(account["balance"], 1_000 * TRX);
    assert_eq!(
        account["owner_permission"]["keys"],
        json!([{ "address": addr(1).to_hex(), "weight": 1 }])
    );
    let active = &account["active_permission"][0];
    assert_eq!((&active["type"], &active["id"]), (&json!("Active"), &json!(2)));
    assert_eq!(
        active["operations"],
        "7fff1fc0033efb0f000000000000000000000000000000000000000000000000"
    );
    assert_eq!(account["net_window_size"], 28_800_000);
    assert!(account.get("net_usage").is_none());
    let visible = json!({ "address": addr(1).to_string(), "visible": true });
    let visible = w.post("wallet/getaccount", visible);
    assert_eq!(visible["address"], addr(1).to_string());
    assert_eq!(visible["active_permission"][0]["keys"][0]["address"], addr(1).to_string());
}

#[test]
fn queries_are_read_like_bodies_but_builders_want_a_body() {
    let w = funded();
    let get = |path: &str, query: Value| w.net.call(&Request::get(path, query));
    let query = json!({ "address": addr(1).to_string(), "visible": "true" });
    assert_eq!(get("/wallet/getaccount", query).body["balance"], 1_000 * TRX);
    let number = w.net.head().number;
    let block = get("wallet/getblockbynum", json!({ "num": number.to_string() })).body;
    assert_eq!(block["block_header"]["raw_data"]["number"], number);
    assert_eq!(get("wallet/createtransaction", json!({})).status, 405);
    assert_eq!(get("wallet/broadcasthex", json!({})).status, 405);
    assert_eq!(get("walletsolidity/getaccountresource", json!({})).status, 404);
    assert_eq!(get("walletsolidity/broadcasthex", json!({})).status, 404);
    assert_eq!(get("wallet/nonsense", json!({})).status, 404);
}

#[test]
fn bad_input_is_an_error_in_a_good_answer() {
    let w = funded();
    let error = |path: &str, body: Value| w.post(path, body)["Error"].as_str().unwrap().to_owned();
    let null = "class java.lang.NullPointerException : null";
    let checksum = json!({ "address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", "visible": true });
    assert_eq!(error("wallet/getaccount", checksum), null);
    assert!(error("wallet/getaccount", json!({ "address": "xyz" })).contains("INVALID hex String"));
    assert!(error("wallet/getaccount", json!({ "address": 5 })).contains("ParseException"));
    assert!(error("wallet/getblockbynum", json!({ "num": "5" })).contains("ParseException"));
    assert!(error("wallet/getblockbynum", json!({ "num": 1e30 })).contains("ParseException"));
    let resource = json!({ "owner_address": "", "resource": "COFFEE" });
    assert!(error("wallet/freezebalancev2", resource).contains("ResourceCode"));
    let lost = json!({ "address": "T", "visible": "true" });
    assert_eq!(w.net.call(&Request::get("wallet/getaccount", lost)).body, json!({}));
}

#[test]
fn addresses_are_recognised_in_either_form() {
    let w = funded();
    let say = |text: String| w.post("wallet/validateaddress", json!({ "address": text }));
    assert_eq!(
        say(addr(1).to_string()),
        json!({ "result": true, "message": "Base58check format" })
    );
    assert_eq!(say(addr(1).to_hex())["result"], true);
    assert_eq!(say("T".to_owned())["result"], false);
}

#[test]
fn a_visible_build_can_be_broadcast_visibly() {
    let w = funded();
    let mut built = w.post(
        "wallet/createtransaction",
        json!({ "owner_address": addr(1).to_string(), "to_address": addr(2).to_string(),
                "amount": 5, "visible": true, "extra_data": "thanks" }),
    );
    assert_eq!(
        built["raw_data"]["contract"][0]["parameter"]["value"]["to_address"],
        addr(2).to_string()
    );
    let id = built["txID"].as_str().unwrap().parse().unwrap();
    let signature = crate::world::key(1).sign(&id);
    built["signature"] = json!([hex::encode(signature.as_bytes())]);
    let answer = w.post("wallet/broadcasttransaction", built.clone());
    assert_eq!(answer["result"], true, "{answer}");
    let again = w.post("wallet/broadcasttransaction", built);
    assert_eq!(again["message"], "Dup transaction.");
}

#[test]
fn node_and_witnesses_are_described() {
    let w = funded();
    w.mined(transfer(1, 2, 1), 1);
    let info = w.post("wallet/getnodeinfo", json!({}));
    let head = w.net.head();
    assert_eq!(info["block"], format!("Num:{},ID:{}", head.number, head.id));
    assert_eq!(
        w.post("wallet/listwitnesses", json!({}))["witnesses"].as_array().unwrap().len(),
        27
    );
    let contract = w.post("wallet/getcontract", json!({ "value": w.net.usdt().to_hex() }));
    assert_eq!(contract["consume_user_resource_percent"], 30);
    assert!(contract["abi"]["entrys"].as_array().unwrap().len() > 10);
    let prices = w.post("wallet/getenergyprices", json!({}));
    assert!(prices["prices"].as_str().unwrap().ends_with(":100"));
    assert!(
        w.post("wallet/getmemofee", json!({}))["prices"].as_str().unwrap().ends_with(":1000000")
    );
}
