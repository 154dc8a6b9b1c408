//! Calling contracts without a transaction, and describing the one there is.

use serde_json::{Value, json};
use tron::contract::ContractType;
use tron::{Address, proto};

use super::build;
use crate::execute::token::{self, Call, Effect, Token};
use crate::execute::trigger::{CONSTANT_CALL_ENERGY, REVERTED, estimate, token_at};
use crate::json::{Failure, Input, Object, info, nothing, transaction};
use crate::node::{Cursor, Node};
use crate::transaction::Action;

/// Runtime code of the built-in token: its behaviour is not code, but clients want some.
const RUNTIME_CODE: &str = "60806040526004361061004b5760e060020a60003504";
const CREATION_CODE: &str = "608060405234801561001057600080fd5b50610115806100206000396000f3fe";

/// A call request that can be run, or the answer that refuses it.
enum Prepared {
    Call(proto::TriggerSmartContract, Token),
    Refused(Value),
}

fn refusal(code: &str, text: &str) -> Value {
    json!({ "result": { "code": code, "message": hex::encode(text) } })
}

/// Reads a call; everything wrong with it comes in the answer, never as an error.
fn prepare(node: &Node, input: &Input<'_>, cursor: &Cursor) -> Prepared {
    let missing = |field: &str| {
        let text = format!("class java.security.InvalidParameterException : {field} isn't set.");
        Prepared::Refused(refusal("OTHER_ERROR", &text))
    };
    let other = |failure: &Failure| {
        let body = failure.body();
        Prepared::Refused(refusal("OTHER_ERROR", body["Error"].as_str().unwrap_or_default()))
    };
    let message = match build::call(input) {
        Ok(message) => message,
        Err(failure) => return other(&failure),
    };
    if message.owner_address.is_empty() {
        return missing("owner_address");
    }
    if message.contract_address.is_empty() {
        return missing("contract_address");
    }
    if message.data.is_empty() {
        return missing("function_selector or data");
    }
    match token_at(node.view(cursor), &message.contract_address) {
        Some(token) => Prepared::Call(message, token),
        None => {
            let text = "Smart contract is not exist.";
            Prepared::Refused(refusal("CONTRACT_VALIDATE_ERROR", text))
        }
    }
}

fn run(node: &Node, cursor: &Cursor, message: &proto::TriggerSmartContract, token: &Token) -> Call {
    let caller =
        Address::from_slice(&message.owner_address).unwrap_or_else(|_| Address::from_evm([0; 20]));
    token::call(node.view(cursor), token, caller, &message.data, message.call_value)
}

pub(super) fn constant_call(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let (message, token) = match prepare(node, input, cursor) {
        Prepared::Call(message, token) => (message, token),
        Prepared::Refused(answer) => return Ok(answer),
    };
    let call = run(node, cursor, &message, &token);
    let action = Action::Trigger(message);
    let built = build::assemble(node, ContractType::Trigger, &action, Vec::new(), 0, 0)?;
    let answer = Object::new()
        .int("energy_used", call.energy().min(CONSTANT_CALL_ENERGY))
        .int("energy_penalty", call.cost.penalty);
    let answer = match call.effect {
        Effect::Returned { data, logs, .. } => {
            let logs = logs.iter().map(|log| info::log(log, input.shape)).collect();
            answer
                .set("result", json!({ "result": true }))
                .set("constant_result", vec![Value::from(tron::to_hex(data))])
                .list("logs", logs)
                .set("transaction", transaction::print_simulated(&built, input.shape, nothing()))
        }
        Effect::Reverted => {
            let text = input.shape.text(REVERTED.as_bytes());
            let ret = json!({ "ret": "FAILED" });
            answer
                .set("result", json!({ "result": true, "message": text }))
                .set("constant_result", vec![Value::from("")])
                .set("transaction", transaction::print_simulated(&built, input.shape, ret))
        }
    };
    Ok(answer.build())
}

pub(super) fn estimate_energy(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let (message, token) = match prepare(node, input, cursor) {
        Prepared::Call(message, token) => (message, token),
        Prepared::Refused(answer) => return Ok(answer),
    };
    let call = run(node, cursor, &message, &token);
    if matches!(call.effect, Effect::Reverted) {
        let text = format!("Contract execute error : {REVERTED}");
        return Ok(refusal("CONTRACT_EXE_ERROR", &text));
    }
    let parameters = &node.view(cursor).properties().parameters;
    let (price, most) = (parameters.get("getEnergyFee"), parameters.get("getMaxFeeLimit"));
    let energy = estimate(call.energy(), price, most);
    Ok(json!({ "result": { "result": true }, "energy_required": energy }))
}

pub(super) fn contract(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let bytes = input.address_bytes("value")?;
    let token = token_at(node.view(cursor), &bytes);
    Ok(token.map_or_else(nothing, |token| smart_contract(&token, input)))
}

pub(super) fn contract_info(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let bytes = input.address_bytes("value")?;
    let view = node.view(cursor);
    let Some(token) = token_at(view, &bytes) else { return Ok(nothing()) };
    let properties = view.properties();
    let cycle = properties.head_ms / properties.parameters.get("getMaintenanceTimeInterval").max(1);
    let state = Object::new()
        .int("energy_usage", properties.token.cycle_energy)
        .int("energy_factor", properties.token.energy_factor)
        .int("update_cycle", cycle)
        .build();
    Ok(json!({
        "smart_contract": smart_contract(&token, input),
        "runtimecode": RUNTIME_CODE,
        "contract_state": state,
    }))
}

fn smart_contract(token: &Token, input: &Input<'_>) -> Value {
    Object::new()
        .set("origin_address", input.shape.known(&token.origin))
        .set("contract_address", input.shape.known(&token.address))
        .set("abi", json!({ "entrys": entries() }))
        .set("bytecode", CREATION_CODE)
        .set("name", "TetherToken")
        .int("consume_user_resource_percent", token.caller_percent)
        .int("origin_energy_limit", token.origin_energy_limit)
        .set("code_hash", hex::encode(tron::TxId::of_raw(RUNTIME_CODE.as_bytes()).as_bytes()))
        .build()
}

/// The functions and events that clients use.
fn entries() -> Vec<Value> {
    let view = |name, inputs: Value, output| {
        let outputs = json!([{ "type": output }]);
        Object::new()
            .set("name", name)
            .set("type", "Function")
            .set("stateMutability", "View")
            .set("constant", true)
            .list("inputs", inputs.as_array().cloned().unwrap_or_default())
            .set("outputs", outputs)
            .build()
    };
    let function = |name, inputs: Value| {
        json!({
            "name": name, "type": "Function", "stateMutability": "Nonpayable",
            "inputs": inputs, "outputs": [{ "type": "bool" }],
        })
    };
    let event = |name, from, to| {
        json!({ "name": name, "type": "Event", "inputs": [
            { "name": from, "type": "address", "indexed": true },
            { "name": to, "type": "address", "indexed": true },
            { "name": "value", "type": "uint256" },
        ] })
    };
    vec![
        view("name", json!([]), "string"),
        view("symbol", json!([]), "string"),
        view("decimals", json!([]), "uint256"),
        view("totalSupply", json!([]), "uint256"),
        view("balanceOf", json!([{ "name": "who", "type": "address" }]), "uint256"),
        view(
            "allowance",
            json!([{ "name": "_owner", "type": "address" }, { "name": "_spender", "type": "address" }]),
            "uint256",
        ),
        view("isBlackListed", json!([{ "type": "address" }]), "bool"),
        view("paused", json!([]), "bool"),
        function(
            "transfer",
            json!([{ "name": "_to", "type": "address" }, { "name": "_value", "type": "uint256" }]),
        ),
        function(
            "transferFrom",
            json!([
                { "name": "_from", "type": "address" },
                { "name": "_to", "type": "address" },
                { "name": "_value", "type": "uint256" },
            ]),
        ),
        function(
            "approve",
            json!([{ "name": "_spender", "type": "address" }, { "name": "_value", "type": "uint256" }]),
        ),
        event("Transfer", "from", "to"),
        event("Approval", "owner", "spender"),
    ]
}
