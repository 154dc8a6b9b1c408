//! JSON-RPC, as far as balances and heights are read with it.
//!
//! Source: java-tron `TronJsonRpcImpl`.

use serde_json::{Value, json};
use tron::Address;

use crate::execute::token::{self, Effect};
use crate::execute::trigger::{REVERTED, token_at};
use crate::node::{Cursor, Node};

/// Most requests in a batch.
pub(crate) const MAX_BATCH: usize = 100;

struct Refused {
    code: i64,
    message: String,
    data: Option<&'static str>,
}

impl Refused {
    fn new(code: i64, message: &str) -> Self {
        Self { code, message: message.to_owned(), data: None }
    }
}

/// Answers one request or a batch.
pub(crate) fn answer(node: &Node, body: &Value, cursor: &Cursor) -> Value {
    let Some(all) = body.as_array() else { return one(node, body, cursor) };
    if all.len() > MAX_BATCH {
        let text = format!("Batch size {} exceeds the limit of {MAX_BATCH}", all.len());
        return respond(&Value::Null, Err(Refused::new(-32_005, &text)));
    }
    all.iter().map(|request| one(node, request, cursor)).collect()
}

fn one(node: &Node, request: &Value, cursor: &Cursor) -> Value {
    let id = &request["id"];
    let Some(method) = request["method"].as_str() else {
        return respond(id, Err(Refused::new(-32_600, "invalid request")));
    };
    respond(id, call(node, method, &request["params"], cursor))
}

fn respond(id: &Value, result: Result<Value, Refused>) -> Value {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(refused) => {
            let mut error = json!({ "code": refused.code, "message": refused.message });
            if let Some(data) = refused.data {
                error["data"] = Value::from(data);
            }
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        }
    }
}

fn call(node: &Node, method: &str, params: &Value, cursor: &Cursor) -> Result<Value, Refused> {
    match method {
        "eth_blockNumber" => Ok(quantity(u128::from(cursor.height()))),
        "eth_chainId" | "net_version" => Ok(chain_id(node)),
        "eth_gasPrice" => {
            let price = node.view(cursor).properties().parameters.get("getEnergyFee");
            Ok(quantity(u128::try_from(price).unwrap_or(0)))
        }
        "eth_getBalance" => {
            latest(&params[1])?;
            let address = address(&params[0])?;
            let balance = node.view(cursor).account(&address).map_or(0, |one| one.balance);
            Ok(quantity(u128::try_from(balance).unwrap_or(0)))
        }
        "eth_call" => {
            latest(&params[1])?;
            constant_call(node, &params[0], cursor)
        }
        other => Err(Refused::new(-32_601, &format!("the method {other} does not exist"))),
    }
}

/// The last four bytes of the genesis block's id.
fn chain_id(node: &Node) -> Value {
    let id = node.block_by_number(0).map_or([0; 4], |block| {
        let mut last = [0; 4];
        last.copy_from_slice(&block.id.as_bytes()[28..]);
        last
    });
    quantity(u128::from(u32::from_be_bytes(id)))
}

fn quantity(number: u128) -> Value {
    Value::from(format!("{number:#x}"))
}

fn latest(tag: &Value) -> Result<(), Refused> {
    match tag.as_str() {
        Some("latest") => Ok(()),
        Some("earliest" | "pending" | "finalized") => {
            Err(Refused::new(-32_602, "TAG [earliest | pending | finalized] not supported"))
        }
        Some(text) if text.starts_with("0x") => {
            Err(Refused::new(-32_602, "QUANTITY not supported, just support TAG as latest"))
        }
        Some(_) | None => Err(Refused::new(-32_602, "invalid block number")),
    }
}

fn bytes(text: &Value) -> Option<Vec<u8>> {
    let text = text.as_str()?;
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
}

/// 20 bytes, or 21 with the prefix.
fn address(text: &Value) -> Result<Address, Refused> {
    let refused = || Refused::new(-32_602, "invalid address hash value");
    let bytes = bytes(text).ok_or_else(refused)?;
    match <[u8; 20]>::try_from(bytes.as_slice()) {
        Ok(evm) => Ok(Address::from_evm(evm)),
        Err(_) => Address::from_slice(&bytes).map_err(|_| refused()),
    }
}

fn constant_call(node: &Node, request: &Value, cursor: &Cursor) -> Result<Value, Refused> {
    let from = &request["from"];
    let caller = if from.is_null() { Address::from_evm([0; 20]) } else { address(from)? };
    let contract = address(&request["to"])?;
    let data = if request["data"].is_null() { &request["input"] } else { &request["data"] };
    let data = bytes(data).ok_or_else(|| Refused::new(-32_602, "invalid data"))?;
    let view = node.view(cursor);
    let token = token_at(view, contract.as_bytes())
        .ok_or_else(|| Refused::new(-32_600, "Smart contract is not exist."))?;
    match token::call(view, &token, caller, &data, 0).effect {
        Effect::Returned { data, .. } => Ok(Value::from(format!("0x{}", hex::encode(data)))),
        Effect::Reverted => {
            Err(Refused { code: -32_000, message: REVERTED.to_owned(), data: Some("0x") })
        }
    }
}
