//! A contract's `value` in a transaction's JSON.

use serde_json::Value;
use tron::proto::{KeyMessage, PermissionMessage};

use super::{Object, Shape};
use crate::transaction::Action;

/// The resource names, by number; the default is left out.
fn resource(object: Object, code: i32) -> Object {
    match code {
        0 => object,
        1 => object.set("resource", "ENERGY"),
        2 => object.set("resource", "TRON_POWER"),
        other => object.set("resource", other),
    }
}

/// The fields of a contract by their protobuf names.
pub(super) fn value(action: &Action, shape: Shape) -> Value {
    let object = Object::new().address("owner_address", action.owner_bytes(), shape);
    match action {
        Action::CreateAccount(message) => {
            object.address("account_address", &message.account_address, shape)
        }
        Action::Transfer(message) => {
            object.address("to_address", &message.to_address, shape).int("amount", message.amount)
        }
        Action::Trigger(message) => object
            .address("contract_address", &message.contract_address, shape)
            .int("call_value", message.call_value)
            .hex("data", &message.data)
            .int("call_token_value", message.call_token_value)
            .int("token_id", message.token_id),
        Action::PermissionUpdate(message) => {
            let actives = message.actives.iter().map(|one| permission(one, shape)).collect();
            let object = object.list("actives", actives);
            let object = match &message.owner {
                Some(owner) => object.set("owner", permission(owner, shape)),
                None => object,
            };
            match &message.witness {
                Some(witness) => object.set("witness", permission(witness, shape)),
                None => object,
            }
        }
        Action::Freeze(message) => {
            resource(object.int("frozen_balance", message.frozen_balance), message.resource)
        }
        Action::Unfreeze(message) => {
            resource(object.int("unfreeze_balance", message.unfreeze_balance), message.resource)
        }
        Action::Withdraw(_) | Action::CancelUnfreeze(_) | Action::Other { .. } => object,
        Action::Delegate(message) => resource(object, message.resource)
            .int("balance", message.balance)
            .address("receiver_address", &message.receiver_address, shape)
            .flag("lock", message.lock)
            .int("lock_period", message.lock_period),
        Action::Undelegate(message) => resource(object, message.resource)
            .int("balance", message.balance)
            .address("receiver_address", &message.receiver_address, shape),
    }
    .build()
}

/// A permission, in an account as in a contract.
pub(crate) fn permission(message: &PermissionMessage, shape: Shape) -> Value {
    let kind = match message.r#type {
        1 => "Witness",
        2 => "Active",
        _ => "",
    };
    let keys = message.keys.iter().map(|one| key(one, shape)).collect();
    Object::new()
        .string("type", kind)
        .int("id", i64::from(message.id))
        .string("permission_name", &message.permission_name)
        .int("threshold", message.threshold)
        .hex("operations", &message.operations)
        .list("keys", keys)
        .build()
}

fn key(message: &KeyMessage, shape: Shape) -> Value {
    Object::new().address("address", &message.address, shape).int("weight", message.weight).build()
}
