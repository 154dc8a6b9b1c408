//! Fakes and samples shared by the tests.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use node::{JsonNode, LossRule, NodeSettings, Transport, TransportError};
use serde_json::{Value, json};
use tron::{Address, TxId};

pub(crate) const ALICE: &str = "417e5f4552091a69125d5dfcb7b8c2659029395bdf";
pub(crate) const BOB: &str = "412b5ad5c4795c026514f8317c7a215e218dccd6cf";
pub(crate) const USDT: &str = "41a614f803b6fd780986a42c78ec9c7f77e6ded13c";
pub(crate) const TXID: &str = "6303c7639f591407ef9f34a7ac8c9c9a21151f5a6af21924502515734fc267ab";

pub(crate) fn address(hex: &str) -> Address {
    Address::from_hex(hex).unwrap()
}

pub(crate) fn txid() -> TxId {
    TXID.parse().unwrap()
}

type Answer = Result<Value, TransportError>;

type Answering = dyn Fn(&str, &Value) -> BoxFuture<'static, Answer> + Send + Sync;

/// A transport that answers by a function and remembers what it was asked.
pub(crate) struct Fake {
    answer: Box<Answering>,
    asked: Mutex<Vec<(String, Value)>>,
}

impl Fake {
    pub(crate) fn new(
        answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::later(move |path, body| {
            let answer = answer(path, body);
            async move { answer }.boxed()
        })
    }

    pub(crate) fn later(
        answer: impl Fn(&str, &Value) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { answer: Box::new(answer), asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }
}

#[async_trait]
impl Transport for Fake {
    async fn call(&self, path: &str, body: Value) -> Answer {
        let answer = (self.answer)(path, &body);
        self.asked.lock().unwrap().push((path.to_owned(), body));
        answer.await
    }
}

pub(crate) fn node(fake: &Arc<Fake>) -> JsonNode<Arc<Fake>> {
    node_with(fake, LossRule::SINGLE)
}

pub(crate) fn node_with(fake: &Arc<Fake>, loss_rule: LossRule) -> JsonNode<Arc<Fake>> {
    JsonNode::new(Arc::clone(fake), NodeSettings { loss_rule, ..NodeSettings::default() })
}

pub(crate) fn broken() -> TransportError {
    TransportError::Broken { detail: "reset by peer".to_owned() }
}

/// A block header as `getblock` with `detail: false` answers.
pub(crate) fn head(number: i64, timestamp_ms: i64) -> Value {
    json!({
        "blockID": format!("{number:016x}{}", "ab".repeat(24)),
        "block_header": {"raw_data": {
            "number": number, "timestamp": timestamp_ms, "witness_address": ALICE, "version": 34,
            "parentHash": format!("{:016x}{}", number - 1, "ab".repeat(24)), "txTrieRoot": "00"}},
    })
}

/// A transaction that is on chain.
pub(crate) const OTHER: &str = "5503c7639f591407ef9f34a7ac8c9c9a21151f5a6af21924502515734fc26711";

/// An answer of `getblockbylimitnext` with one block, the first that was asked for. It is so old that it is
/// from before anything that is asked about, and it holds these transactions.
pub(crate) fn old_block(body: &Value, txids: &[&str]) -> Value {
    let mut block = head(body["startNum"].as_i64().unwrap(), 1);
    block["transactions"] = txids.iter().map(|txid| json!({"txID": txid})).collect();
    json!({"block": [block]})
}

/// An answer of `gettransactioninfobyid` about what was asked for, by a node that shows only [`OTHER`].
pub(crate) fn other_receipt(body: &Value) -> Value {
    if body["value"] == OTHER { json!({"id": OTHER, "blockNumber": 1}) } else { json!({}) }
}

/// An answer of `getaccount` for somebody with this balance.
pub(crate) fn account(hex: &str, balance_sun: i64) -> Value {
    json!({"address": hex, "balance": balance_sun, "frozenV2": [{}, {"type": "ENERGY"}]})
}

/// An answer of `getaccountresource`.
pub(crate) fn resources() -> Value {
    json!({"freeNetLimit": 600, "TotalNetLimit": 43_200_000_000_i64,
        "TotalNetWeight": 26_860_000_000_i64, "TotalEnergyLimit": 180_000_000_000_i64,
        "TotalEnergyWeight": 18_971_780_957_i64})
}

/// The receipt of an included system transaction.
pub(crate) fn receipt(block_number: i64) -> Value {
    json!({"id": TXID, "blockNumber": block_number, "blockTimeStamp": 3_000 * block_number,
        "contractResult": [""], "receipt": {"net_usage": 277}})
}

/// An answer of `getchainparameters`.
pub(crate) fn parameters() -> Value {
    let entries = [
        ("getEnergyFee", 100),
        ("getTransactionFee", 1_000),
        ("getCreateAccountFee", 100_000),
        ("getCreateNewAccountFeeInSystemContract", 1_000_000),
        ("getCreateNewAccountBandwidthRate", 1),
        ("getFreeNetLimit", 600),
        ("getMemoFee", 1_000_000),
        ("getMultiSignFee", 1_000_000),
        ("getUpdateAccountPermissionFee", 100_000_000),
        ("getMaxFeeLimit", 15_000_000_000_i64),
    ];
    let entries = entries.map(|(key, value)| json!({"key": key, "value": value}));
    json!({ "chainParameter": entries })
}

/// An answer of `triggerconstantcontract` that returns one word.
pub(crate) fn word(amount: u64) -> Value {
    json!({"result": {"result": true}, "energy_used": 935, "energy_penalty": 0,
        "constant_result": [format!("{amount:064x}")], "transaction": {"ret": [{}]}})
}
