//! Delegation records, locks, the index, unfreezing, and resource figures.

use serde_json::{Value, json};
use tron::{Contract, LockPeriodBlocks, Resource, Sun};

use crate::world::{TRX, World, addr, delegate, undelegate, world};

const DAY_MS: i64 = 86_400_000;

fn pool() -> World {
    let w = world();
    w.fund(1, 1_000);
    for number in [2, 3, 4] {
        w.fund(number, 10);
    }
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(10_000));
    w.net.mine(1);
    w
}

fn lock(to: u64, trx: i64, blocks: u32) -> Contract {
    Contract::Delegate {
        owner: addr(1),
        receiver: addr(to),
        resource: Resource::Energy,
        balance: Sun::from_trx(trx),
        lock: Some(LockPeriodBlocks::new(blocks)),
    }
}

fn records(w: &World, from: u64, to: u64) -> Value {
    let body = json!({ "fromAddress": addr(from).to_hex(), "toAddress": addr(to).to_hex() });
    w.post("wallet/getdelegatedresourcev2", body)["delegatedResource"].clone()
}

#[test]
fn a_pair_has_an_unlocked_and_a_locked_record() {
    let w = pool();
    w.mined(delegate(1, 2, 5 * TRX), 1);
    let before = w.net.head().timestamp_ms;
    w.mined(lock(2, 7, 100), 1);
    w.mined(lock(2, 1, 0), 1);
    let records = records(&w, 1, 2);
    assert_eq!(records.as_array().unwrap().len(), 2);
    assert_eq!(records[0]["frozen_balance_for_energy"], 5 * TRX);
    assert!(records[0].get("expire_time_for_energy").is_none());
    assert_eq!(records[1]["frozen_balance_for_energy"], 8 * TRX);
    // A lock without a period is three days, and moves the end of everything locked before.
    assert_eq!(records[1]["expire_time_for_energy"], before + 3_000 + 86_400 * 3_000);
    let account = w.account(1);
    assert_eq!(account["account_resource"]["delegated_frozenV2_balance_for_energy"], 13 * TRX);
    assert_eq!(account["frozenV2"][1], json!({ "type": "ENERGY", "amount": 9_987 * TRX }));
    let acquired = &w.account(2)["account_resource"];
    assert_eq!(acquired["acquired_delegated_frozenV2_balance_for_energy"], 13 * TRX);
}

#[test]
fn an_expired_lock_stays_a_locked_record_until_it_is_touched() {
    let w = pool();
    w.mined(lock(2, 7, 10), 1);
    let end = records(&w, 1, 2)[0]["expire_time_for_energy"].as_i64().unwrap();
    while w.net.head().timestamp_ms < end {
        w.net.mine(1);
    }
    let short = "insufficient delegateFrozenBalance(Energy), request=1000000, unlock_balance=0";
    assert_eq!(w.refused(undelegate(1, 2, TRX), 1), short, "the end itself is still locked");
    w.net.mine(1);
    assert_eq!(records(&w, 1, 2)[0]["expire_time_for_energy"], end);
    w.mined(undelegate(1, 2, TRX), 1);
    assert_eq!(
        records(&w, 1, 2),
        json!([{ "from": addr(1).to_hex(), "to": addr(2).to_hex(), "frozen_balance_for_energy": 6 * TRX }])
    );
    w.mined(undelegate(1, 2, 6 * TRX), 1);
    assert_eq!(records(&w, 1, 2), Value::Null);
    assert!(w.net.invariants().holds);
}

#[test]
fn the_index_is_ordered_by_the_last_delegation() {
    let w = pool();
    let index = |number: u64| {
        w.post(
            "wallet/getdelegatedresourceaccountindexv2",
            json!({ "value": addr(number).to_hex() }),
        )
    };
    assert_eq!(index(1), json!({ "account": addr(1).to_hex() }));
    for to in [2, 3, 4, 2] {
        w.mined(delegate(1, to, TRX), 1);
    }
    let hex =
        |numbers: &[u64]| -> Vec<_> { numbers.iter().map(|one| addr(*one).to_hex()).collect() };
    assert_eq!(index(1)["toAccounts"], json!(hex(&[3, 4, 2])));
    assert_eq!(index(2)["fromAccounts"], json!(hex(&[1])));
    w.mined(undelegate(1, 4, TRX), 1);
    assert_eq!(index(1)["toAccounts"], json!(hex(&[3, 2])));
    assert_eq!(index(4), json!({ "account": addr(4).to_hex() }));
}

#[test]
fn reclaiming_used_energy_ties_the_pool_up_for_the_rest_of_the_day() {
    let w = pool();
    w.mined(delegate(1, 2, 6_900 * TRX), 1);
    w.control("use", json!({ "address": addr(2), "resource": "ENERGY", "units": 64_285 }));
    w.net.mine(1);
    w.pass_slots(1_179);
    // The block with the use, the jump, and the block with the reclaim: 1 180 slots in all.
    w.mined(undelegate(1, 2, 6_900 * TRX), 1);
    let pool = &w.account(1)["account_resource"];
    let used = pool["energy_usage"].as_i64().unwrap();
    assert!((61_645..=61_655).contains(&used), "{used}");
    assert!(w.account(2)["account_resource"].get("energy_usage").is_none());
    let most = w.post(
        "wallet/getcandelegatedmaxsize",
        json!({ "owner_address": addr(1).to_hex(), "type": 1 }),
    );
    let most = most["max_size"].as_i64().unwrap();
    assert!(most < 10_000 * TRX - 6_400 * TRX && most > 10_000 * TRX - 6_600 * TRX, "{most}");
    assert_eq!(
        w.refused(delegate(1, 2, most + TRX), 1),
        "delegateBalance must be less than or equal to available FreezeEnergyV2 balance"
    );
    w.mined(delegate(1, 2, most), 1);
    assert!(w.net.invariants().holds);
}

#[test]
fn the_delegatable_maximum_counts_the_delegate_itself_for_bandwidth() {
    let w = pool();
    let size = |number: u64, kind: i64| {
        let body = json!({ "owner_address": addr(number).to_hex(), "type": kind });
        w.post("wallet/getcandelegatedmaxsize", body)
    };
    assert_eq!(size(1, 1), json!({ "max_size": 10_000 * TRX }));
    assert_eq!((size(1, 0), size(9, 1)), (json!({}), json!({})));
    w.net.set_stake(addr(1), Resource::Bandwidth, Sun::from_trx(1_000));
    w.net.mine(1);
    // 283 bytes at 26 860 001 000 TRX of weight for 43 200 000 000 bytes.
    assert_eq!(size(1, 0)["max_size"], 1_000 * TRX - 175_957_876);
    w.net.set_stake(addr(2), Resource::Energy, Sun::new(TRX - 1));
    assert_eq!(size(2, 1), json!({}), "less than 1 TRX is nothing");
}

#[test]
fn a_receiver_with_other_stake_can_delegate_more_than_its_use_suggests() {
    let w = pool();
    w.control(
        "delegate",
        json!({ "from": addr(9), "to": addr(1), "resource": "ENERGY", "sun": 5_000 * TRX }),
    );
    w.control("use", json!({ "address": addr(1), "resource": "ENERGY", "units": 40_000 }));
    w.net.mine(1);
    let body = json!({ "owner_address": addr(1).to_hex(), "type": 1 });
    assert_eq!(w.post("wallet/getcandelegatedmaxsize", body)["max_size"], 10_000 * TRX);
    assert!(w.net.invariants().holds);
}

#[test]
fn stake_leaves_after_fourteen_days_or_comes_back() {
    let w = pool();
    let unfreeze = |trx| Contract::Unfreeze {
        owner: addr(1),
        balance: Sun::from_trx(trx),
        resource: Resource::Energy,
    };
    let weight = w.resources(1)["TotalEnergyWeight"].as_i64().unwrap();
    let now = w.net.head().timestamp_ms;
    w.mined(unfreeze(100), 1);
    w.mined(unfreeze(50), 1);
    assert_eq!(w.resources(1)["TotalEnergyWeight"], weight - 150);
    let pending = w.account(1)["unfrozenV2"].clone();
    assert_eq!(
        pending[0],
        json!({ "type": "ENERGY", "unfreeze_amount": 100 * TRX, "unfreeze_expire_time": now + 14 * DAY_MS })
    );
    let body = json!({ "owner_address": addr(1).to_hex(), "timestamp": now + 14 * DAY_MS });
    let amount = w.post("wallet/getcanwithdrawunfreezeamount", body);
    assert_eq!(amount, json!({ "amount": 100 * TRX }));
    w.net.advance_ms(now + 14 * DAY_MS - w.net.head().timestamp_ms);
    w.net.mine(1);
    let info = w.mined(Contract::WithdrawExpireUnfreeze { owner: addr(1) }, 1);
    assert_eq!(info["withdraw_expire_amount"], 100 * TRX);
    assert_eq!(w.account(1)["unfrozenV2"].as_array().unwrap().len(), 1);
    w.mined(unfreeze(30), 1);
    let balance = w.balance(1);
    let info = w.mined(Contract::CancelAllUnfreeze { owner: addr(1) }, 1);
    assert_eq!(
        info["cancel_unfreezeV2_amount"],
        json!([
            { "key": "BANDWIDTH", "value": 0 },
            { "key": "ENERGY", "value": 30 * TRX },
            { "key": "TRON_POWER", "value": 0 },
        ])
    );
    assert_eq!(info["withdraw_expire_amount"], Value::Null, "the 50 TRX went with the unfreeze");
    assert!(balance >= 1_000 * TRX + 149 * TRX - TRX, "{balance}");
    assert_eq!(w.account(1)["frozenV2"][1]["amount"], 9_850 * TRX);
    assert!(w.net.invariants().holds);
}

#[test]
fn a_receiver_that_vanished_can_still_be_reclaimed_from() {
    let w = pool();
    w.mined(delegate(1, 2, 10 * TRX), 1);
    w.control("remove", json!({ "address": addr(2) }));
    w.net.mine(1);
    assert_eq!(w.account(2), json!({}));
    w.mined(undelegate(1, 2, 10 * TRX), 1);
    assert_eq!(w.account(1)["frozenV2"][1]["amount"], 10_000 * TRX);
    assert!(w.net.invariants().holds);
}

#[test]
fn weight_drift_shrinks_everybody() {
    let w = pool();
    let limit = || w.resources(1)["EnergyLimit"].as_i64().unwrap();
    let before = limit();
    w.control("drift", json!({ "energy_trx": 18_971_780, "net_trx": 0 }));
    w.net.mine(10);
    assert!(limit() < before - before / 110 && limit() > before - before / 90);
    w.control("weights", json!({ "energy_trx": 18_971_780_957_i64 }));
    w.control("drift", json!({ "energy_trx": 0, "net_trx": 0 }));
    w.net.mine(1);
    assert_eq!(w.resources(1)["TotalEnergyWeight"], 18_971_780_957_i64);
}
