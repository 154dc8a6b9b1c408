//! Blocks.

use serde_json::Value;
use tron::BlockId;

use crate::json::{Failure, Input, Object, block, nothing};
use crate::node::{Cursor, Node};

/// Most blocks in one answer.
const MAX_RANGE: u64 = 100;

pub(super) fn now(node: &mut Node, input: &Input<'_>, cursor: &Cursor) -> Result<Value, Failure> {
    Ok(show(node, Some(cursor.height()), input, cursor, true))
}

pub(super) fn by_id_or_number(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let has_transactions = input.flag("detail")?;
    let wanted = input.string("id_or_num")?;
    let number = if wanted.is_empty() {
        Some(cursor.height())
    } else if let Ok(number) = wanted.parse::<i64>() {
        let number = u64::try_from(number)
            .map_err(|_| Failure::plain("num must be non-positive number.".to_owned()))?;
        Some(number)
    } else {
        let id: BlockId = wanted
            .parse()
            .map_err(|_| Failure::plain("id must be legal block hash.".to_owned()))?;
        node.block_by_id(&id).map(|block| block.number)
    };
    Ok(show(node, number, input, cursor, has_transactions))
}

pub(super) fn by_number(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(show(node, input.height("num")?, input, cursor, true))
}

pub(super) fn by_id(node: &mut Node, input: &Input<'_>, cursor: &Cursor) -> Result<Value, Failure> {
    let id = input.bytes("value")?.try_into().ok().map(BlockId::from_bytes);
    let number = id.and_then(|id| node.block_by_id(&id)).map(|block| block.number);
    Ok(show(node, number, input, cursor, true))
}

pub(super) fn range(node: &mut Node, input: &Input<'_>, cursor: &Cursor) -> Result<Value, Failure> {
    let (Some(start), Some(end)) = (input.height("startNum")?, input.height("endNum")?) else {
        return Ok(nothing());
    };
    if end <= start || end - start > MAX_RANGE {
        return Ok(nothing());
    }
    Ok(list(node, start..end, input, cursor))
}

pub(super) fn latest(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let count = input.height("num")?.unwrap_or(0);
    if count == 0 || count >= MAX_RANGE {
        return Ok(nothing());
    }
    let end = cursor.height() + 1;
    Ok(list(node, end.saturating_sub(count)..end, input, cursor))
}

fn list(node: &Node, numbers: std::ops::Range<u64>, input: &Input<'_>, cursor: &Cursor) -> Value {
    let blocks: Vec<Value> = numbers
        .map_while(|number| node.visible_block(number, cursor))
        .map(|one| block::print(one, input.shape, true))
        .collect();
    Object::new().list("block", blocks).build()
}

fn show(
    node: &Node,
    number: Option<u64>,
    input: &Input<'_>,
    cursor: &Cursor,
    has_transactions: bool,
) -> Value {
    number
        .and_then(|number| node.visible_block(number, cursor))
        .map_or_else(nothing, |one| block::print(one, input.shape, has_transactions))
}
