//! The built-in token: two prices, who pays, and the ways to fail.

use serde_json::{Value, json};
use tron::{Address, Contract, RawTx, Resource, Sun, TokenUnits, trc20};

use crate::world::{TRX, World, addr, transfer, world};

fn holders() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.fund(2, 1_000);
    w.net.mint(addr(1), TokenUnits(1_000_000_000));
    w.net.mint(addr(2), TokenUnits(5));
    w.net.mine(1);
    w
}

fn mined(w: &World, raw: &RawTx, number: u64) -> Value {
    let id = w.does_raw(raw, number);
    w.net.mine(1);
    w.info(&id)
}

fn constant(w: &World, from: u64, selector: &str, parameter: String) -> Value {
    w.post(
        "wallet/triggerconstantcontract",
        json!({
            "owner_address": addr(from).to_hex(), "contract_address": w.net.usdt().to_hex(),
            "function_selector": selector, "parameter": parameter,
        }),
    )
}

fn transfer_parameter(to: u64, units: u128) -> String {
    hex::encode(&trc20::transfer_data(addr(to), TokenUnits(units))[4..])
}

#[test]
fn the_recipients_balance_decides_the_price() {
    let w = holders();
    for (to, units, energy, penalty) in [
        (2, 1, 64_285, 49_635),
        (3, 1, 130_285, 100_635),
        (3, 1, 64_285, 49_635),
        (4, 0, 64_285, 49_635),
    ] {
        let parameter = transfer_parameter(to, units);
        let answer = constant(&w, 1, "transfer(address,uint256)", parameter);
        assert_eq!(answer["energy_used"], energy);
        assert_eq!(answer["energy_penalty"], penalty);
        assert_eq!(answer["constant_result"], json!(["0".repeat(64)]));
        let info = mined(&w, &w.usdt(1, to, units, 100), 1);
        assert_eq!(info["receipt"]["energy_usage_total"], energy);
        assert_eq!(info["receipt"]["energy_penalty_total"], penalty);
        assert_eq!(info["receipt"]["energy_fee"], energy * 100);
    }
    // An address that emptied itself is expensive again.
    w.fund(3, 100);
    mined(&w, &w.usdt(3, 1, 2, 100), 3);
    let again = constant(&w, 1, "transfer(address,uint256)", transfer_parameter(3, 1));
    assert_eq!(again["energy_used"], 130_285);
}

#[test]
fn the_log_is_the_proof() {
    let w = holders();
    let info = mined(&w, &w.usdt(1, 2, 1_234, 100), 1);
    let log = &info["log"][0];
    assert_eq!(log["address"], "a614f803b6fd780986a42c78ec9c7f77e6ded13c");
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let topics: Vec<_> = log["topics"].as_array().unwrap().iter().map(bytes).collect();
    let read = trc20::decode_transfer_log(&topics, &bytes(&log["data"])).unwrap();
    assert_eq!((read.from, read.to, read.amount), (addr(1), addr(2), TokenUnits(1_234)));
    assert_eq!(info["contract_address"], w.net.usdt().to_hex());
    let shown =
        w.post("wallet/gettransactioninfobyid", json!({ "value": info["id"], "visible": true }));
    assert_eq!(shown["log"][0]["address"], "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
}

#[test]
fn stake_pays_first_and_trx_the_rest() {
    let w = holders();
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(3_373));
    w.net.mine(1);
    let had = w.resources(1)["EnergyLimit"].as_i64().unwrap();
    let info = mined(&w, &w.usdt(1, 2, 1, 100), 1);
    assert_eq!(info["receipt"]["energy_usage"], had);
    assert_eq!(info["receipt"]["energy_fee"], (64_285 - had) * 100);
    assert_eq!(info["fee"], info["receipt"]["energy_fee"]);
    assert_eq!(w.resources(1)["EnergyUsed"], had - 2, "one slot has passed");
}

#[test]
fn the_fee_limit_counts_staked_energy_too() {
    let w = holders();
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(10_000));
    w.net.mine(1);
    let raw = |sun| RawTx { fee_limit: Sun::new(sun), ..w.usdt(1, 2, 1, 0) };
    let info = mined(&w, &raw(6_428_499), 1);
    assert_eq!(info["receipt"]["result"], "OUT_OF_ENERGY");
    assert_eq!(info["receipt"]["energy_usage"], 64_284);
    assert_eq!(info["result"], "FAILED");
    let text = hex::decode(info["resMessage"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("Not enough energy for 'SSTORE' operation executing: "), "{text}");
    assert!(text.contains("curInvokeEnergyLimit[64284], curOpEnergy[5000]"), "{text}");
    assert_eq!(w.net.token_balance(addr(2)), TokenUnits(5), "rolled back");
    w.pass_slots(28_800);
    assert_eq!(mined(&w, &raw(6_428_500), 1)["receipt"]["result"], "SUCCESS");
    let none = mined(&w, &raw(0), 1);
    assert_eq!(none["receipt"]["result"], "OUT_OF_ENERGY");
    assert!(none["receipt"].get("energy_usage_total").is_none());
}

#[test]
fn too_little_energy_and_no_trx_burns_what_was_lent() {
    let w = holders();
    w.net.mint(addr(5), TokenUnits(100));
    w.mined(transfer(1, 5, 1), 1);
    w.control(
        "delegate",
        json!({ "from": addr(9), "to": addr(5), "resource": "ENERGY", "sun": 6_000 * TRX }),
    );
    w.net.mine(1);
    let had = w.resources(5)["EnergyLimit"].as_i64().unwrap();
    let info = mined(&w, &w.usdt(5, 2, 100, 100), 5);
    assert_eq!(info["receipt"]["result"], "OUT_OF_ENERGY");
    assert_eq!(info["receipt"]["energy_usage"], had);
    assert_eq!(w.resources(5)["EnergyUsed"], had - 2, "one slot has passed");
    let block = w.post("wallet/getnowblock", json!({}));
    assert_eq!(block["transactions"][0]["ret"], json!([{ "contractRet": "OUT_OF_ENERGY" }]));
    assert_eq!(w.net.token_balance(addr(5)), TokenUnits(100));
}

#[test]
fn no_tokens_a_black_list_a_pause_or_trx_along_revert() {
    let w = holders();
    let reverts = |raw: &RawTx, number| {
        let info = mined(&w, raw, number);
        assert_eq!(info["receipt"]["result"], "REVERT", "{info}");
        assert_eq!(info["resMessage"], hex::encode("REVERT opcode executed"));
        assert!(info["receipt"]["energy_usage_total"].as_i64().unwrap() < 20_000);
        assert!(info.get("log").is_none());
    };
    reverts(&w.usdt(2, 1, 6, 100), 2);
    for (address, sender) in [(addr(1), 1), (addr(2), 1)] {
        w.control("blacklist", json!({ "address": address, "blacklisted": true }));
        reverts(&w.usdt(sender, 2, 1, 100), sender);
        w.control("blacklist", json!({ "address": address, "blacklisted": false }));
    }
    w.control("pause", json!({ "paused": true }));
    reverts(&w.usdt(1, 2, 1, 100), 1);
    w.control("pause", json!({ "paused": false }));
    let call = |data: Vec<u8>, sun| {
        let call_value = Sun::new(sun);
        let contract =
            Contract::Trigger { owner: addr(1), contract: w.net.usdt(), data, call_value };
        RawTx { fee_limit: Sun::from_trx(100), ..w.raw(contract) }
    };
    let data = trc20::transfer_data(addr(2), TokenUnits(1));
    reverts(&call(data.clone(), 1), 1);
    reverts(&call(vec![1, 2, 3, 4], 0), 1);
    reverts(&call(data[..30].to_vec(), 0), 1);
    assert_eq!(mined(&w, &call(data, 0), 1)["receipt"]["result"], "SUCCESS");
}

#[test]
fn a_simulated_revert_still_says_true() {
    let w = holders();
    let answer = constant(&w, 3, "transfer(address,uint256)", transfer_parameter(2, 1));
    assert_eq!(answer["result"]["result"], true);
    assert_eq!(answer["result"]["message"], hex::encode("REVERT opcode executed"));
    assert_eq!(answer["transaction"]["ret"], json!([{ "ret": "FAILED" }]));
    let works = constant(&w, 1, "transfer(address,uint256)", transfer_parameter(2, 1));
    assert_eq!(works["transaction"]["ret"], json!([{}]));
    assert_eq!(works["logs"][0]["topics"].as_array().unwrap().len(), 3);
    let missing = w.post(
        "wallet/triggerconstantcontract",
        json!({ "owner_address": addr(1).to_hex(), "contract_address": addr(2).to_hex(), "data": "00" }),
    );
    assert_eq!(missing["result"]["code"], "CONTRACT_VALIDATE_ERROR");
    assert_eq!(missing["result"]["message"], hex::encode("Smart contract is not exist."));
    let nobody = w.post(
        "wallet/triggerconstantcontract",
        json!({ "contract_address": w.net.usdt().to_hex(), "data": "00" }),
    );
    assert_eq!(
        nobody["result"]["message"],
        hex::encode("class java.security.InvalidParameterException : owner_address isn't set.")
    );
}

#[test]
fn reads_and_estimates() {
    let w = holders();
    let word = |number: u128| hex::encode(trc20::uint256_word(TokenUnits(number)));
    let of = |address: Address| hex::encode(trc20::address_word(address));
    for (selector, parameter, answer) in [
        ("balanceOf(address)", of(addr(1)), word(1_000_000_000)),
        ("decimals()", String::new(), word(6)),
        ("totalSupply()", String::new(), word(1_000_000_005)),
        ("paused()", String::new(), word(0)),
        ("isBlackListed(address)", of(addr(1)), word(0)),
        ("allowance(address,address)", of(addr(1)) + &of(addr(2)), word(0)),
        ("basisPointsRate()", String::new(), word(0)),
        ("symbol()", String::new(), word(32) + &word(4) + &hex::encode(b"USDT") + &"0".repeat(56)),
    ] {
        let got = constant(&w, 1, selector, parameter);
        assert_eq!(got["constant_result"], json!([answer]), "{selector}");
    }
    assert_eq!(constant(&w, 1, "balanceOf(address)", of(addr(1)))["energy_used"], 4_062);
    let estimate = |to, units| {
        let body = json!({
            "owner_address": addr(1).to_hex(), "contract_address": w.net.usdt().to_hex(),
            "function_selector": "transfer(address,uint256)", "parameter": transfer_parameter(to, units),
        });
        w.post("wallet/estimateenergy", body)
    };
    assert_eq!(estimate(2, 1), json!({ "result": { "result": true }, "energy_required": 72_321 }));
    assert_eq!(estimate(3, 1)["energy_required"], 138_428);
    assert_eq!(estimate(3, u128::MAX)["result"]["code"], "CONTRACT_EXE_ERROR");
    w.control("factor", json!({ "energy_factor": 0 }));
    assert_eq!(estimate(2, 1)["energy_required"], 21_975);
    let info = w.post("wallet/getcontractinfo", json!({ "value": w.net.usdt().to_hex() }));
    assert!(info["contract_state"].get("energy_factor").is_none());
    assert_eq!(info["smart_contract"]["name"], "TetherToken");
    assert_eq!(w.post("wallet/getcontract", json!({ "value": addr(1).to_hex() })), json!({}));
    let account = w.post("wallet/getaccount", json!({ "address": w.net.usdt().to_hex() }));
    assert_eq!(account["type"], "Contract");
}

#[test]
fn allowances_move_tokens_for_others() {
    let w = holders();
    let call = |number: u64, selector: &str, words: &[[u8; 32]]| {
        let mut data = trc20::selector(selector).to_vec();
        words.iter().for_each(|word| data.extend(word));
        let (owner, contract) = (addr(number), w.net.usdt());
        let contract = Contract::Trigger { owner, contract, data, call_value: Sun::ZERO };
        let raw = RawTx { fee_limit: Sun::from_trx(100), ..w.raw(contract) };
        mined(&w, &raw, number)["receipt"]["result"].as_str().unwrap().to_owned()
    };
    let (one, two) = (trc20::address_word(addr(1)), trc20::address_word(addr(2)));
    let units = |number| trc20::uint256_word(TokenUnits(number));
    let from = "transferFrom(address,address,uint256)";
    assert_eq!(call(2, from, &[one, two, units(1)]), "REVERT");
    assert_eq!(call(1, "approve(address,uint256)", &[two, units(10)]), "SUCCESS");
    assert_eq!(call(1, "approve(address,uint256)", &[two, units(11)]), "REVERT", "first to zero");
    assert_eq!(call(2, from, &[one, two, units(7)]), "SUCCESS");
    assert_eq!(call(2, from, &[one, two, units(4)]), "REVERT");
    assert_eq!(w.net.token_balance(addr(2)), TokenUnits(12));
    assert!(w.net.invariants().holds);
}

#[test]
fn a_deployer_with_stake_pays_its_share() {
    let w = holders();
    let origin: Address = "THPvaUhoh2Qn2y9THCZML3H815hhFhn5YC".parse().unwrap();
    w.net.set_stake(origin, Resource::Energy, Sun::from_trx(100_000));
    w.net.mine(1);
    let receipt = mined(&w, &w.usdt(1, 2, 1, 100), 1)["receipt"].clone();
    assert_eq!(receipt["origin_energy_usage"], 64_285 * 70 / 100);
    assert_eq!(receipt["energy_fee"], (64_285 - 64_285 * 70 / 100) * 100);
}

#[test]
fn json_rpc_reads_many_balances_at_once() {
    let w = holders();
    let usdt = hex::encode(w.net.usdt().evm_bytes());
    let call = |id: u64, data: Vec<u8>, tag: &str| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "eth_call",
                "params": [{ "to": format!("0x{usdt}"), "data": hex::encode(data) }, tag] })
    };
    let answers = w.post(
        "jsonrpc",
        json!([
            call(1, trc20::balance_of_data(addr(1)), "latest"),
            call(2, trc20::balance_of_data(addr(2)), "latest"),
            call(3, trc20::balance_of_data(addr(2)), "0x1"),
            call(4, vec![1, 2, 3, 4], "latest"),
            { "id": 5, "method": "eth_getBalance", "params": [hex::encode(addr(1).evm_bytes()), "latest"] },
            { "id": 6, "method": "eth_blockNumber", "params": [] },
            { "id": 7, "method": "eth_gasPrice" },
            { "id": 8, "method": "eth_mining" },
        ]),
    );
    let result = |index: usize| answers[index]["result"].as_str().unwrap().to_owned();
    assert!(result(0).ends_with(&format!("{:x}", 1_000_000_000)));
    assert!(result(1).ends_with("05"));
    assert_eq!(
        answers[2]["error"]["message"],
        "QUANTITY not supported, just support TAG as latest"
    );
    assert_eq!(answers[3]["error"]["code"], -32_000);
    assert_eq!(result(4), format!("{:#x}", 1_000 * TRX));
    assert_eq!(result(5), format!("{:#x}", w.net.head().number));
    assert_eq!(result(6), "0x64");
    assert_eq!(answers[7]["error"]["code"], -32_601);
    let many = vec![json!({ "id": 1, "method": "eth_chainId" }); 101];
    assert_eq!(w.post("jsonrpc", json!(many))["error"]["code"], -32_005);
}
