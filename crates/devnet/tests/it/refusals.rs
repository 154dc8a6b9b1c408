//! Every refusal of a contract, with the network's own words, in the network's own order.

use serde_json::{Value, json};
use tron::{Contract, LockPeriodBlocks, Resource, Sun};

use crate::world::{TRX, World, addr, delegate, transfer, undelegate, world};

const PREFIX: &str = "class org.tron.core.exception.ContractValidateException : ";

/// What a builder says against a body.
fn complaint(w: &World, path: &str, body: Value) -> String {
    let answer = w.post(path, body);
    let text = answer["Error"].as_str().unwrap_or_else(|| panic!("{path} built {answer}"));
    text.strip_prefix(PREFIX).unwrap_or(text).to_owned()
}

/// A body with fields replaced.
fn with(base: &Value, changes: Value) -> Value {
    let mut body = base.clone();
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn hex(number: u64) -> String {
    addr(number).to_hex()
}

/// 1 has everything, 2 is activated, 3 is not, 4 is a contract.
fn prepared() -> World {
    let w = world();
    for number in [1, 2, 4] {
        w.fund(number, 100_000);
    }
    w.net.set_stake(addr(1), Resource::Energy, Sun::from_trx(1_000));
    w.net.set_stake(addr(1), Resource::Bandwidth, Sun::from_trx(1_000));
    w.control("contract", json!({ "address": addr(4) }));
    w.net.mine(1);
    w
}

#[test]
fn delegate_rows() {
    let w = prepared();
    let good = json!({
        "owner_address": hex(1), "receiver_address": hex(2), "balance": 10 * TRX, "resource": "ENERGY",
    });
    let missing = format!("Account[{}] not exists", hex(3));
    let period =
        "The lock period of delegate resource cannot be less than 0 and cannot exceed 864000!";
    let energy = "delegateBalance must be less than or equal to available FreezeEnergyV2 balance";
    let net = "delegateBalance must be less than or equal to available FreezeBandwidthV2 balance";
    let one_trx = "delegateBalance must be greater than or equal to 1 TRX";
    let contract = "Do not allow delegate resources to contract addresses";
    for (changes, text) in [
        (json!({ "owner_address": "41" }), "Invalid address"),
        (json!({ "owner_address": hex(3) }), &*missing),
        (json!({ "balance": TRX - 1 }), one_trx),
        (json!({ "balance": TRX - 1, "receiver_address": "" }), one_trx),
        (json!({ "balance": 1_001 * TRX }), energy),
        (json!({ "balance": 1_000 * TRX, "resource": "BANDWIDTH" }), net),
        (json!({ "resource": 2 }), "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]"),
        (json!({ "receiver_address": "" }), "Invalid receiverAddress"),
        (
            json!({ "receiver_address": hex(1) }),
            "receiverAddress must not be the same as ownerAddress",
        ),
        (json!({ "receiver_address": hex(3) }), &*missing),
        (json!({ "lock": true, "lock_period": -1 }), period),
        (json!({ "lock": true, "lock_period": 864_001 }), period),
        (json!({ "receiver_address": hex(4), "lock": true, "lock_period": -1 }), period),
        (json!({ "receiver_address": hex(4) }), contract),
    ] {
        assert_eq!(complaint(&w, "wallet/delegateresource", with(&good, changes)), text);
    }
    let answer = w.post("wallet/delegateresource", with(&good, json!({ "lock_period": -1 })));
    assert!(answer["txID"].is_string(), "without a lock the period is ignored: {answer}");
}

#[test]
fn delegate_switches() {
    let w = prepared();
    let body = json!({ "owner_address": hex(1), "receiver_address": hex(2), "balance": TRX });
    w.control("parameter", json!({ "key": "getUnfreezeDelayDays", "value": 0 }));
    let opened = "need to be opened by the committee";
    assert_eq!(
        complaint(&w, "wallet/delegateresource", body.clone()),
        format!("Not support Delegate resource transaction, {opened}")
    );
    assert_eq!(
        complaint(&w, "wallet/undelegateresource", body.clone()),
        format!("Not support unDelegate resource transaction, {opened}")
    );
    w.control("parameter", json!({ "key": "getAllowDelegateResource", "value": 0 }));
    for path in ["wallet/delegateresource", "wallet/undelegateresource"] {
        assert_eq!(complaint(&w, path, body.clone()), "No support for resource delegate");
    }
}

#[test]
fn a_later_lock_must_not_be_shorter() {
    let w = prepared();
    let locked = |blocks| Contract::Delegate {
        owner: addr(1),
        receiver: addr(2),
        resource: Resource::Energy,
        balance: Sun::from_trx(10),
        lock: Some(LockPeriodBlocks::new(blocks)),
    };
    w.mined(locked(100), 1);
    w.net.mine(9);
    assert_eq!(
        w.refused(locked(89), 1),
        "The lock period for ENERGY this time cannot be less than the remaining time[270000ms] of \
         the last lock period for ENERGY!"
    );
    w.mined(locked(90), 1);
}

#[test]
fn undelegate_rows() {
    let w = prepared();
    w.mined(delegate(1, 2, 10 * TRX), 1);
    let good = json!({
        "owner_address": hex(1), "receiver_address": hex(2), "balance": TRX, "resource": "ENERGY",
    });
    let missing = format!("Account[{}] does not exist", hex(3));
    let none = "delegated Resource does not exist";
    for (changes, text) in [
        (json!({ "owner_address": "" }), "Invalid address"),
        (json!({ "owner_address": hex(3) }), &*missing),
        (json!({ "receiver_address": "41" }), "Invalid receiverAddress"),
        (
            json!({ "receiver_address": hex(1) }),
            "receiverAddress must not be the same as ownerAddress",
        ),
        (json!({ "receiver_address": hex(3) }), none),
        (json!({ "receiver_address": hex(3), "balance": 0 }), none),
        (json!({ "balance": 0 }), "unDelegateBalance must be more than 0 TRX"),
        (
            json!({ "balance": 10 * TRX + 1 }),
            "insufficient delegateFrozenBalance(Energy), request=10000001, unlock_balance=10000000",
        ),
        (
            json!({ "resource": "BANDWIDTH" }),
            "insufficient delegatedFrozenBalance(BANDWIDTH), request=1000000, unlock_balance=0",
        ),
        (json!({ "resource": 2 }), "ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]"),
    ] {
        assert_eq!(complaint(&w, "wallet/undelegateresource", with(&good, changes)), text);
    }
    w.mined(undelegate(1, 2, 1), 1);
    assert_eq!(
        w.refused(undelegate(1, 2, 10 * TRX), 1),
        "insufficient delegateFrozenBalance\
        (Energy), request=10000000, unlock_balance=9999999"
    );
}

#[test]
fn freeze_rows() {
    let w = prepared();
    let good = json!({ "owner_address": hex(1), "frozen_balance": TRX, "resource": "ENERGY" });
    let missing = format!("Account[{}] not exists", hex(3));
    for (changes, text) in [
        (json!({ "owner_address": "00" }), "Invalid address"),
        (json!({ "owner_address": hex(3) }), &*missing),
        (json!({ "frozen_balance": 0 }), "frozenBalance must be positive"),
        (
            json!({ "frozen_balance": TRX - 1 }),
            "frozenBalance must be greater than or equal to 1 TRX",
        ),
        (
            json!({ "frozen_balance": 100_001 * TRX }),
            "frozenBalance must be less than or equal to accountBalance",
        ),
        (json!({ "resource": 2 }), "ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]"),
    ] {
        assert_eq!(complaint(&w, "wallet/freezebalancev2", with(&good, changes)), text);
    }
}

#[test]
fn unfreeze_withdraw_and_cancel_rows() {
    let w = prepared();
    let good = json!({ "owner_address": hex(1), "unfreeze_balance": TRX, "resource": "ENERGY" });
    let missing = format!("Account[{}] does not exist", hex(3));
    let none = json!({ "owner_address": hex(2) });
    for (changes, text) in [
        (json!({ "owner_address": "" }), "Invalid address"),
        (json!({ "owner_address": hex(3) }), &*missing),
        (json!({ "owner_address": hex(2) }), "no frozenBalance(Energy)"),
        (json!({ "owner_address": hex(2), "resource": 0 }), "no frozenBalance(BANDWIDTH)"),
        (json!({ "unfreeze_balance": 0 }), "Invalid unfreeze_balance, [0] is error"),
        (
            json!({ "unfreeze_balance": 1_001 * TRX }),
            "Invalid unfreeze_balance, [1001000000] is error",
        ),
    ] {
        assert_eq!(complaint(&w, "wallet/unfreezebalancev2", with(&good, changes)), text);
    }
    assert_eq!(
        complaint(&w, "wallet/withdrawexpireunfreeze", none.clone()),
        "no unFreeze balance to withdraw "
    );
    assert_eq!(complaint(&w, "wallet/cancelallunfreezev2", none), "No unfreezeV2 list to cancel");
    for _ in 0..32 {
        let one = Contract::Unfreeze {
            owner: addr(1),
            balance: Sun::from_trx(1),
            resource: Resource::Energy,
        };
        w.does(one, 1);
    }
    w.net.mine(1);
    assert_eq!(
        complaint(&w, "wallet/unfreezebalancev2", good),
        "Invalid unfreeze operation, unfreezing times is over limit"
    );
    let count = w.post("wallet/getavailableunfreezecount", json!({ "owner_address": hex(1) }));
    assert_eq!(count, json!({}));
}

#[test]
fn transfer_and_create_account_rows() {
    let w = prepared();
    let good = json!({ "owner_address": hex(1), "to_address": hex(2), "amount": 1 });
    for (changes, text) in [
        (json!({ "owner_address": "" }), "Invalid ownerAddress!"),
        (json!({ "to_address": "41" }), "Invalid toAddress!"),
        (json!({ "to_address": hex(1) }), "Cannot transfer TRX to yourself."),
        (json!({ "owner_address": hex(3) }), "Validate TransferContract error, no OwnerAccount."),
        (json!({ "amount": 0 }), "Amount must be greater than 0."),
        (
            json!({ "amount": 100_001 * TRX }),
            "Validate TransferContract error, balance is not sufficient.",
        ),
        (
            json!({ "amount": 100_000 * TRX, "to_address": hex(3) }),
            "Validate TransferContract error, balance is not sufficient.",
        ),
        (
            json!({ "amount": i64::MAX }),
            "Validate TransferContract error, balance is not sufficient.",
        ),
        (json!({ "amount": i64::MAX, "to_address": hex(3) }), "long overflow"),
    ] {
        assert_eq!(complaint(&w, "wallet/createtransaction", with(&good, changes)), text);
    }
    let good = json!({ "owner_address": hex(1), "account_address": hex(3) });
    let missing = format!("Account[{}] not exists", hex(3));
    for (changes, text) in [
        (json!({ "owner_address": "" }), "Invalid ownerAddress"),
        (json!({ "owner_address": hex(3) }), &*missing),
        (json!({ "account_address": "41" }), "Invalid account address"),
        (json!({ "account_address": hex(2) }), "Account has existed"),
    ] {
        assert_eq!(complaint(&w, "wallet/createaccount", with(&good, changes)), text);
    }
    w.net.activate(addr(5));
    let poor = with(&good, json!({ "owner_address": hex(5) }));
    assert_eq!(
        complaint(&w, "wallet/createaccount", poor),
        "Validate CreateAccountActuator error, insufficient fee."
    );
    w.control("parameter", json!({ "key": "getForbidTransferToContract", "value": 1 }));
    assert_eq!(w.refused(transfer(1, 4, 1), 1), "Cannot transfer TRX to a smartContract.");
}

#[test]
fn a_contract_call_needs_a_contract_a_sane_limit_and_the_trx_it_sends() {
    let w = prepared();
    let call = |fee_limit: i64, call_value: i64| tron::RawTx {
        fee_limit: Sun::new(fee_limit),
        ..w.raw(Contract::Trigger {
            owner: addr(1),
            contract: w.net.usdt(),
            data: vec![],
            call_value: Sun::new(call_value),
        })
    };
    let limit = "Contract validate error : feeLimit must be >= 0 and <= 15000000000";
    for fee_limit in [-1, 15_000_000_001] {
        assert_eq!(w.tell(&call(fee_limit, 0), 1).1, limit);
    }
    assert_eq!(
        w.tell(&call(TRX, 200_000 * TRX), 1).1,
        "Contract validate error : Validate InternalTransfer error, balance is not sufficient."
    );
    let nowhere = Contract::Trigger {
        owner: addr(1),
        contract: addr(2),
        data: vec![],
        call_value: Sun::ZERO,
    };
    assert_eq!(w.refused(nowhere, 1), "No contract or not a smart contract");
}
