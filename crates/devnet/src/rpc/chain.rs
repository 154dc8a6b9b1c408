//! Parameters, prices, the node and its producers.

use serde_json::{Value, json};

use crate::block::{PRODUCERS, producer_address};
use crate::json::{Failure, Input, Object};
use crate::node::{Cursor, Node};
use crate::state::Properties;

fn properties<'n>(node: &'n Node, cursor: &Cursor) -> &'n Properties {
    node.view(cursor).properties()
}

pub(super) fn parameters(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let listed: Vec<Value> = properties(node, cursor)
        .parameters
        .listed()
        .map(|(key, value)| Object::new().set("key", key).int("value", value).build())
        .collect();
    Ok(Object::new().set("chainParameter", listed).build())
}

pub(super) fn energy_prices(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(json!({ "prices": properties(node, cursor).parameters.energy_prices }))
}

pub(super) fn bandwidth_prices(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(json!({ "prices": properties(node, cursor).parameters.bandwidth_prices }))
}

pub(super) fn memo_fees(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(json!({ "prices": properties(node, cursor).parameters.memo_fees }))
}

pub(super) fn next_maintenance(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(json!({ "num": properties(node, cursor).next_maintenance_ms }))
}

pub(super) fn burned(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    Ok(Object::new().int("burnTrxAmount", properties(node, cursor).burned).build())
}

pub(super) fn node_info(
    node: &mut Node,
    _input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let shown = |number| {
        let id = node.block_by_number(number).map_or_else(String::new, |one| one.id.to_string());
        format!("Num:{number},ID:{id}")
    };
    Ok(json!({
        "beginSyncNum": cursor.head,
        "block": shown(cursor.head),
        "solidityBlock": shown(cursor.solid),
        "currentConnectCount": 30,
        "activeConnectCount": 3,
        "passiveConnectCount": 27,
        "totalFlow": 0,
        "peerList": [],
        "configNodeInfo": { "codeVersion": "4.8.1", "p2pVersion": "0", "supportConstant": true },
        "machineInfo": {},
        "cheatWitnessInfoMap": {},
    }))
}

pub(super) fn witnesses(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let head = node.visible_block(cursor.height(), cursor).map_or(0, |block| block.number);
    let all: Vec<Value> = (0..PRODUCERS)
        .map(|producer| {
            json!({
                "address": input.shape.known(&producer_address(producer)),
                "voteCount": 1_000_000_000 - producer,
                "url": format!("https://producer-{producer}.invalid"),
                "totalProduced": head / PRODUCERS,
                "latestBlockNum": head,
                "isJobs": true,
            })
        })
        .collect();
    Ok(json!({ "witnesses": all }))
}
