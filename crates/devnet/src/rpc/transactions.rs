//! Transactions and their receipts.

use serde_json::{Value, json};

use crate::json::{Failure, Input, Object, info, nothing, transaction};
use crate::node::{Cursor, Node};
use crate::receipt::ContractResult;

/// Also answers waiting transactions, which already carry `SUCCESS`.
pub(super) fn by_id(node: &mut Node, input: &Input<'_>, cursor: &Cursor) -> Result<Value, Failure> {
    let Some(id) = input.txid("value")? else { return Ok(nothing()) };
    if let Some(found) = node.find(&id, cursor) {
        let one = found.executed;
        return Ok(transaction::print(&one.transaction, input.shape, info::ret(one)));
    }
    if cursor.sees_pending {
        return pending_one(node, input, cursor);
    }
    Ok(nothing())
}

pub(super) fn info_by_id(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let found = input.txid("value")?.and_then(|id| node.find(&id, cursor));
    Ok(found.map_or_else(nothing, |found| info::print(found.executed, found.block, input.shape)))
}

/// A list even for a block that does not exist; only numbers below 1 answer `{}`.
pub(super) fn info_by_block(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let Some(number) = input.height("num")?.filter(|number| *number > 0) else {
        return Ok(nothing());
    };
    let Some(block) = node.visible_block(number, cursor) else { return Ok(json!([])) };
    Ok(block.executed.iter().map(|one| info::print(one, block, input.shape)).collect())
}

pub(super) fn count_by_block(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let block = input.height("num")?.and_then(|number| node.visible_block(number, cursor));
    Ok(json!({ "count": block.map_or(0, |block| block.executed.len()) }))
}

pub(super) fn pending_size(
    node: &mut Node,
    _input: &Input<'_>,
    _cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(json!({ "pendingSize": node.pending_ids().len() }))
}

pub(super) fn pending_list(
    node: &mut Node,
    _input: &Input<'_>,
    _cursor: &Cursor,
) -> Result<Value, Failure> {
    let ids = node.pending_ids().iter().map(|id| Value::from(id.to_string())).collect();
    Ok(Object::new().list("txId", ids).build())
}

pub(super) fn pending_one(
    node: &mut Node,
    input: &Input<'_>,
    _cursor: &Cursor,
) -> Result<Value, Failure> {
    let found = input.txid("value")?.and_then(|id| node.pending_transaction(&id));
    let ret = transaction::ret(ContractResult::Success);
    Ok(found.map_or_else(nothing, |one| transaction::print(one, input.shape, ret)))
}
