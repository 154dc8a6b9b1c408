//! `TransactionInfo`: what a transaction cost and did.

use serde_json::{Value, json};
use tron::to_hex;

use super::{Object, Shape};
use crate::block::Block;
use crate::receipt::{CallOutcome, ContractResult, Executed, Log};

/// The receipt of an included transaction.
pub(crate) fn print(executed: &Executed, block: &Block, shape: Shape) -> Value {
    let outcome = &executed.outcome;
    let returned = outcome.call.as_ref().map_or_else(String::new, |call| to_hex(&call.returned));
    let object = Object::new()
        .set("id", executed.transaction.id.to_string())
        .int("fee", outcome.fee())
        .set("blockNumber", block.number)
        .int("blockTimeStamp", block.timestamp_ms)
        .set("contractResult", vec![Value::from(returned)])
        .set("receipt", receipt(executed))
        .int("withdraw_expire_amount", outcome.withdrawn);
    let object = match &outcome.call {
        Some(call) => contract_call(object, call, shape),
        None => object,
    };
    match outcome.cancelled {
        Some(cancelled) => object.set(
            "cancel_unfreezeV2_amount",
            json!([
                { "key": "BANDWIDTH", "value": cancelled.bandwidth },
                { "key": "ENERGY", "value": cancelled.energy },
                { "key": "TRON_POWER", "value": 0 },
            ]),
        ),
        None => object,
    }
    .build()
}

fn contract_call(object: Object, call: &CallOutcome, shape: Shape) -> Object {
    let logs = call.logs.iter().map(|one| log(one, shape)).collect();
    let object =
        object.address("contract_address", call.contract.as_bytes(), shape).list("log", logs);
    match &call.failure {
        Some(text) => object.set("result", "FAILED").text("resMessage", text.as_bytes(), shape),
        None => object,
    }
}

/// An event; its address has no prefix unless it is shown as base58.
pub(crate) fn log(log: &Log, shape: Shape) -> Value {
    let address = if shape.is_visible {
        shape.known(&log.address)
    } else {
        Value::from(to_hex(log.address.evm_bytes()))
    };
    let topics = log.topics.iter().map(|topic| Value::from(to_hex(topic))).collect();
    Object::new().set("address", address).list("topics", topics).hex("data", &log.data).build()
}

fn receipt(executed: &Executed) -> Value {
    let receipt = &executed.outcome.receipt;
    let result = executed.outcome.call.as_ref().map_or("", |call| call.result.name());
    Object::new()
        .int("energy_usage", receipt.energy_usage)
        .int("energy_fee", receipt.energy_fee)
        .int("origin_energy_usage", receipt.origin_energy_usage)
        .int("energy_usage_total", receipt.energy_usage_total)
        .int("net_usage", receipt.net_usage)
        .int("net_fee", receipt.net_fee)
        .string("result", result)
        .int("energy_penalty_total", receipt.energy_penalty_total)
        .build()
}

/// The `ret` entry of an included transaction.
pub(crate) fn ret(executed: &Executed) -> Value {
    let result: ContractResult = executed.outcome.result();
    super::transaction::ret(result)
}
