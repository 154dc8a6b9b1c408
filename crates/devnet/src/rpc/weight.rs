//! `getsignweight`: which permission a transaction uses and how far its signatures reach.
//!
//! Source: java-tron `TransactionUtil.getTransactionSignWeight`.

use serde_json::{Value, json};
use tron::{Address, Permission};

use crate::execute::signature::{self, signers};
use crate::json::{Failure, Input, Object, permission, transaction};
use crate::node::{Cursor, Node};
use crate::signing::Signing;
use crate::transaction::{Action, Transaction};

pub(super) fn sign_weight(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let parsed = transaction::parse(input)?;
    let shape = input.shape;
    let shown = json!({
        "result": { "result": true },
        "txid": parsed.id.to_string(),
        "transaction": transaction::print_signed(&parsed, shape),
    });
    let answer = Object::new().set("transaction", shown);
    let named = match named_permission(node, &parsed, cursor) {
        Ok(named) => named,
        Err(text) => return Ok(answer.set("result", refused("PERMISSION_ERROR", text)).build()),
    };
    let answer = answer.set("permission", permission(&named.to_message(), shape));
    Ok(match weigh(&named, &parsed, node.config.signing) {
        Err(text) => answer.set("result", refused("PERMISSION_ERROR", &text)),
        Ok((approved, weight)) => {
            let result = if weight >= i128::from(named.threshold) {
                json!({})
            } else {
                json!({ "code": "NOT_ENOUGH_PERMISSION" })
            };
            let approved = approved.iter().map(|one| shape.known(one)).collect();
            answer
                .set("result", result)
                .list("approved_list", approved)
                .int("current_weight", i64::try_from(weight).unwrap_or(i64::MAX))
        }
    }
    .build())
}

fn refused(code: &str, text: &str) -> Value {
    json!({ "code": code, "message": text })
}

fn named_permission(
    node: &Node,
    parsed: &Transaction,
    cursor: &Cursor,
) -> Result<Permission, &'static str> {
    let view = node.view(cursor);
    let account = parsed.owner().and_then(|owner| view.account(&owner));
    let account = account.ok_or("Account does not exist!")?;
    let id = parsed.permission_id();
    let named = account.permissions.by_id(id).ok_or("Permission for this, does not exist!")?;
    let number = parsed.action.as_ref().map_or(-1, Action::number);
    match named.operations {
        Some(operations) if id != 0 && !operations.allows(number) => Err("Permission denied!"),
        Some(_) | None => Ok(named.clone()),
    }
}

fn weigh(
    named: &Permission,
    parsed: &Transaction,
    signing: Signing,
) -> Result<(Vec<Address>, i128), String> {
    let signers = signers(parsed, signing);
    let weight = signature::weigh(named, parsed, &signers)?;
    Ok((signers.into_iter().flatten().collect(), weight))
}
