//! Whatever a node sends, nothing panics.

use node::{LossRule, TronNode};
use proptest::prelude::*;
use serde_json::{Value, json};
use tron::{Resource, Sun};

use crate::support::{
    ALICE, BOB, Fake, TXID, account, address, head, node_with, parameters, receipt, resources,
    txid, word,
};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[0-9a-f]{0,68}".prop_map(Value::from),
        Just(json!("é".repeat(40))),
        Just(json!(ALICE)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("result".to_owned()),
            Just("receipt".to_owned()),
            Just("type".to_owned()),
            Just("value".to_owned()),
            ".{0,4}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

/// A good answer to each question.
fn samples() -> Vec<Value> {
    let mut block = head(5, 15_000);
    block["transactions"] = json!([{"txID": TXID, "ret": [{"contractRet": "SUCCESS"}],
        "raw_data": {"contract": [{"type": "DelegateResourceContract", "parameter": {"value":
            {"owner_address": ALICE, "receiver_address": BOB, "resource": "ENERGY",
             "balance": 1_000_000}}}]}}]);
    let mut rich = account(ALICE, 5);
    rich["account_resource"] = json!({"energy_usage": 5,
        "frozen_balance_for_energy": {"frozen_balance": 1}});
    rich["owner_permission"] = json!({"threshold": 1, "keys": [{"address": ALICE, "weight": 1}]});
    rich["active_permission"] = json!([{"id": 2, "operations": "00".repeat(32), "keys": []}]);
    rich["frozen"] = json!([{"frozen_balance": 1}]);
    let mut call = receipt(5);
    call["log"] = json!([{"address": &BOB[2..], "topics": ["00".repeat(32)], "data": "00"}]);
    call["resMessage"] = json!("5245");
    vec![
        block,
        rich,
        call,
        resources(),
        parameters(),
        word(5),
        json!({"max_size": 5}),
        json!({"delegatedResource": [{"from": ALICE, "to": BOB, "frozen_balance_for_energy": 1,
            "expire_time_for_energy": 5}]}),
        json!({"account": ALICE, "toAccounts": [BOB]}),
        json!({"result": true, "code": "SUCCESS", "txid": TXID, "message": ""}),
        json!({"Error": "class java.lang.NullPointerException : null"}),
    ]
}

/// Number of values in a document, itself included.
fn size(value: &Value) -> usize {
    let inner: usize = match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    inner + 1
}

/// Replaces the value at this position, counted depth first.
fn replace(value: &mut Value, position: &mut usize, with: &Value) {
    if *position == 0 {
        value.clone_from(with);
        *position = usize::MAX;
        return;
    }
    if *position == usize::MAX {
        return;
    }
    *position -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, position, with)),
        Value::Object(map) => map.values_mut().for_each(|item| replace(item, position, with)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn ask_everything(answer: Value) {
    let fake = Fake::new(move |_, _| Ok(answer.clone()));
    let node = node_with(&fake, LossRule { margin_ms: 0, rounds: 1 });
    let (alice, bob) = (address(ALICE), address(BOB));
    let totals = node.totals().await;
    let _ = node.head().await;
    let _ = node.solid_head().await;
    let _ = node.block(5).await;
    if let (Ok(Some(view)), Ok(totals)) = (node.account(alice).await, totals) {
        let _ = view.energy_available(&totals);
        let _ = view.staked_bandwidth_available(&totals);
        let _ = view.lendable(Resource::Energy, &totals);
        let _ = view.lendable(Resource::Bandwidth, &totals);
    }
    if let Ok(Some(view)) = node.resources(alice).await {
        let _ = view.energy_available();
    }
    let _ = node.constant_call(alice, bob, &[1], Sun::ZERO).await;
    let _ = node.token_balance(alice, bob).await;
    let _ = node.chain_parameters().await;
    let _ = node.max_delegatable(alice, Resource::Energy).await;
    let _ = node.delegated(alice, bob).await;
    let _ = node.delegation_index(alice).await;
    let _ = node.broadcast(txid(), &[1]).await;
    let _ = node.lookup(txid()).await;
    let _ = node.provably_lost(txid(), 5).await;
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_json_never_panics(answer in any_json()) {
        run(ask_everything(answer));
    }

    #[test]
    fn a_good_answer_with_one_odd_value_never_panics(
        which in 0..samples().len(),
        position in any::<prop::sample::Index>(),
        with in any_json(),
    ) {
        let mut answer = samples().swap_remove(which);
        let mut position = position.index(size(&answer));
        replace(&mut answer, &mut position, &with);
        run(ask_everything(answer));
    }
}
