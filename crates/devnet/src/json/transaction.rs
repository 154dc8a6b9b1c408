//! A transaction's JSON, in both directions.

use prost::Message;
use serde_json::{Value, json};
use tron::contract::ContractType;
use tron::{proto, to_hex};

use super::{Failure, Input, Object, Shape, contract_out};
use crate::receipt::ContractResult;
use crate::transaction::{Action, Transaction};

/// A transaction as a block shows it, with its result.
pub(crate) fn print(transaction: &Transaction, shape: Shape, ret: Value) -> Value {
    fields(Object::new().set("ret", vec![ret]), transaction, shape)
}

/// A transaction with its signatures and nothing around it.
pub(crate) fn print_signed(transaction: &Transaction, shape: Shape) -> Value {
    fields(Object::new(), transaction, shape)
}

/// An unsigned transaction as a builder returns it.
pub(crate) fn print_built(transaction: &Transaction, shape: Shape) -> Value {
    fields(Object::new().set("visible", shape.is_visible), transaction, shape)
}

/// The transaction that a constant call returns along with its answer.
pub(crate) fn print_simulated(transaction: &Transaction, shape: Shape, ret: Value) -> Value {
    let object = Object::new().set("visible", shape.is_visible).set("ret", vec![ret]);
    fields(object, transaction, shape)
}

fn fields(object: Object, transaction: &Transaction, shape: Shape) -> Value {
    let signatures = transaction.signatures.iter().map(|one| Value::from(to_hex(one)));
    object
        .list("signature", signatures.collect())
        .set("txID", transaction.id.to_string())
        .set("raw_data", raw_data(transaction, shape))
        .set("raw_data_hex", to_hex(&transaction.raw))
        .build()
}

/// The `ret` entry of an executed (or pending) transaction.
pub(crate) fn ret(result: ContractResult) -> Value {
    json!({ "contractRet": result.name() })
}

fn raw_data(transaction: &Transaction, shape: Shape) -> Value {
    let data = &transaction.data;
    let contracts = data.contract.iter().map(|one| contract(one, shape)).collect();
    Object::new()
        .list("contract", contracts)
        .hex("ref_block_bytes", &data.ref_block_bytes)
        .hex("ref_block_hash", &data.ref_block_hash)
        .int("ref_block_num", data.ref_block_num)
        .int("expiration", data.expiration)
        .text("data", &data.data, shape)
        .hex("scripts", &data.scripts)
        .int("timestamp", data.timestamp)
        .int("fee_limit", data.fee_limit)
        .build()
}

fn contract(message: &proto::ContractMessage, shape: Shape) -> Value {
    let action = Action::read(message);
    let name = match action.as_ref().map(Action::kind) {
        Some(Some(kind)) => Value::from(kind.name()),
        Some(None) | None => Value::from(message.r#type),
    };
    let value = action.map_or_else(super::nothing, |action| contract_out::value(&action, shape));
    let type_url = message.parameter.as_ref().map_or("", |any| any.type_url.as_str());
    let parameter = Object::new().set("value", value).set("type_url", type_url).build();
    Object::new()
        .set("parameter", parameter)
        .set("type", name)
        .int("Permission_id", i64::from(message.permission_id))
        .build()
}

/// Rebuilds a transaction from `raw_data` and `signature`; `txID` and `raw_data_hex` are ignored, and a
/// contract that cannot be read is dropped, as the node does.
///
/// Errors: no `raw_data`, or fields of the wrong form.
///
/// Source: java-tron `Util.packTransaction`.
pub(crate) fn parse(input: &Input<'_>) -> Result<Transaction, Failure> {
    if !input.part("raw_data").value().is_object() {
        return Err(Failure::null_pointer());
    }
    let raw = input.part("raw_data");
    let contracts: Vec<_> = raw.parts("contract").filter_map(|one| read_contract(&one)).collect();
    let data = proto::RawData {
        ref_block_bytes: raw.bytes("ref_block_bytes")?,
        ref_block_num: raw.int("ref_block_num")?,
        ref_block_hash: raw.bytes("ref_block_hash")?,
        expiration: raw.int("expiration")?,
        data: raw.text_bytes("data")?,
        contract: contracts,
        scripts: raw.bytes("scripts")?,
        timestamp: raw.int("timestamp")?,
        fee_limit: raw.int("fee_limit")?,
    };
    let mut signatures = Vec::new();
    for value in input.part("signature").value().as_array().into_iter().flatten() {
        let text = value.as_str().ok_or_else(|| Failure::parse("1:1: INVALID hex String"))?;
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text))
            .map_err(|_| Failure::parse("1:1: INVALID hex String"))?;
        signatures.push(bytes);
    }
    Transaction::from_parts(data.encode_to_vec(), signatures).ok_or_else(Failure::null_pointer)
}

fn read_contract(input: &Input<'_>) -> Option<proto::ContractMessage> {
    let kind = match input.part("type").value().as_str() {
        Some(name) => ContractType::from_name(name)?,
        None => ContractType::from_number(input.small("type").ok()?)?,
    };
    let action = Action::from_json(kind, &input.part("parameter").part("value")).ok()?;
    Some(envelope(kind, &action, input.small("Permission_id").ok()?))
}

/// A contract with its type and permission.
pub(crate) fn envelope(
    kind: ContractType,
    action: &Action,
    permission_id: i32,
) -> proto::ContractMessage {
    proto::ContractMessage {
        r#type: kind.number(),
        parameter: Some(proto::Any { type_url: kind.type_url(), value: action.encode() }),
        permission_id,
        ..Default::default()
    }
}
