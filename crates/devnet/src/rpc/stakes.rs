//! Delegations and unfreezing stake.

use serde_json::{Value, json};
use tron::{Address, Resource};

use crate::execute::{availability, estimated_bandwidth};
use crate::json::{Failure, Input, Object, nothing};
use crate::node::{Cursor, Node};
use crate::resource;
use crate::state::account::Unfreezing;
use crate::state::{RecordKey, Side};

const SUN_PER_TRX: i64 = 1_000_000;
/// Unfreezes that may be under way at a time.
const MAX_UNFREEZING: i64 = 32;

/// Unlocked record first, then the locked one; empty records are hidden.
pub(super) fn delegated(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let pair = input.address("fromAddress")?.zip(input.address("toAddress")?);
    let Some((from, to)) = pair else { return Ok(nothing()) };
    let view = node.view(cursor);
    let shape = input.shape;
    let records = [false, true]
        .into_iter()
        .filter_map(|is_locked| view.record(&RecordKey { from, to, is_locked }))
        .filter(|record| !record.is_empty())
        .map(|record| {
            Object::new()
                .set("from", shape.known(&from))
                .set("to", shape.known(&to))
                .int("frozen_balance_for_bandwidth", record.bandwidth.amount)
                .int("frozen_balance_for_energy", record.energy.amount)
                .int("expire_time_for_bandwidth", record.bandwidth.expire_ms)
                .int("expire_time_for_energy", record.energy.expire_ms)
                .build()
        })
        .collect();
    Ok(Object::new().list("delegatedResource", records).build())
}

pub(super) fn index(node: &mut Node, input: &Input<'_>, cursor: &Cursor) -> Result<Value, Failure> {
    let Some(address) = input.address("value")? else { return Ok(nothing()) };
    let view = node.view(cursor);
    let shape = input.shape;
    let side = |side| {
        view.linked(address, side).iter().map(|one| shape.known(one)).collect::<Vec<Value>>()
    };
    Ok(Object::new()
        .set("account", shape.known(&address))
        .list("fromAccounts", side(Side::From))
        .list("toAccounts", side(Side::To))
        .build())
}

/// Results below 1 TRX count as nothing.
pub(super) fn max_size(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let Some(address) = input.address("owner_address")? else { return Ok(nothing()) };
    let Some(resource) = Resource::from_code(input.small("type")?) else { return Ok(nothing()) };
    let view = node.view(cursor);
    let Some(account) = view.account(&address) else { return Ok(nothing()) };
    let properties = view.properties();
    let totals = resource::totals(properties, resource);
    let extra = estimated_bandwidth(account, resource);
    let size = availability(account, resource, totals, properties.head_slot(), extra);
    Ok(Object::new().int("max_size", if size < SUN_PER_TRX { 0 } else { size }).build())
}

pub(super) fn unfreeze_count(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let now = node.view(cursor).properties().head_ms;
    Ok(unfreezing(node, input, cursor)?.map_or_else(nothing, |all| {
        let used = all.iter().filter(|one| one.expire_ms > now).count();
        let left = MAX_UNFREEZING - i64::try_from(used).unwrap_or(MAX_UNFREEZING);
        Object::new().int("count", left.max(0)).build()
    }))
}

pub(super) fn withdrawable(
    node: &mut Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Value, Failure> {
    let by = input.int("timestamp")?;
    Ok(unfreezing(node, input, cursor)?.map_or_else(nothing, |all| {
        let sum: i64 = all.iter().filter(|one| one.expire_ms <= by).map(|one| one.amount).sum();
        if sum == 0 { nothing() } else { json!({ "amount": sum }) }
    }))
}

fn unfreezing<'n>(
    node: &'n Node,
    input: &Input<'_>,
    cursor: &Cursor,
) -> Result<Option<&'n [Unfreezing]>, Failure> {
    let address: Option<Address> = input.address("owner_address")?;
    let view = node.view(cursor);
    Ok(address.and_then(|address| view.account(&address)).map(|one| one.unfreezing.as_slice()))
}
