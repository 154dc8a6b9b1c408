//! Accounts and their resources.

use serde_json::{Value, json};
use tron::Address;

use crate::json::{Failure, Input, account as print, nothing};
use crate::node::{Cursor, Node};

pub(super) fn account(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let Some(address) = input.address("address")? else { return Ok(nothing()) };
    let view = node.view(cursor);
    Ok(view
        .account(&address)
        .map_or_else(nothing, |account| print::print(&address, account, view, input.shape)))
}

pub(super) fn resources(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let view = node.view(cursor);
    let account = input.address("address")?.and_then(|address| view.account(&address));
    Ok(account.map_or_else(nothing, |account| print::resources(account, view)))
}

pub(super) fn net(node: &mut Node, input: &Input<'_>, cursor: &Cursor) -> Result<Value, Failure> {
    let view = node.view(cursor);
    let account = input.address("address")?.and_then(|address| view.account(&address));
    Ok(account.map_or_else(nothing, |account| print::net(account, view).build()))
}

/// Accepts either form, whatever `visible` says.
pub(super) fn validate(
    _node: &mut Node,
    input: &Input<'_>,
    _cursor: &Cursor,
) -> Result<Value, Failure> {
    let text = input.string("address")?;
    Ok(if text.parse::<Address>().is_ok() {
        json!({ "result": true, "message": "Base58check format" })
    } else if Address::from_hex(text).is_ok() {
        json!({ "result": true, "message": "Hex string format" })
    } else {
        json!({ "result": false, "message": "Invalid address" })
    })
}
