//! Paths of the control interface. Every request is a JSON object; every answer is one.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tron::Address;

use super::fault::{Fault, FaultRule, MAX_DELAY_MS, MAX_RULES};
use super::request::Change;
use super::{invariant, view};
use crate::node::{MAX_ADVANCE_MS, MAX_SKIPPED_SLOTS, Node};

/// Most blocks that one request mines.
pub(crate) const MAX_MINE: u64 = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mine {
    #[serde(default = "one")]
    blocks: u64,
}

const fn one() -> u64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    ms: i64,
    /// Mine one block at the new time.
    #[serde(default)]
    mine: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    slots: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reorg {
    depth: u64,
    #[serde(default)]
    drop: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    hold: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remember {
    remember: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAddress {
    address: Address,
}

/// Several changes at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    changes: Vec<Change>,
}

/// Answers a control request; `Err` is a sentence for the caller and means that nothing happened.
pub(crate) fn handle(node: &mut Node, path: &str, body: &Value) -> Result<Value, String> {
    match path {
        "status" => {}
        "mine" => {
            let Mine { blocks } = read(body)?;
            if blocks > MAX_MINE {
                return Err(format!("blocks must be 0 to {MAX_MINE}"));
            }
            (0..blocks).for_each(|_| node.mine_one());
        }
        "advance" => advance(node, &read(body)?)?,
        "skip_slots" => {
            let Slots { slots } = read(body)?;
            if !(0..=MAX_SKIPPED_SLOTS).contains(&slots) {
                return Err(format!("slots must be 0 to {MAX_SKIPPED_SLOTS}"));
            }
            node.skip_slots(slots);
        }
        "reorg" => {
            let Reorg { depth, drop } = read(body)?;
            fork(node, depth, !drop)?;
        }
        "solidify" => node.solidify(),
        "hold_solid" => node.hold_solid(read::<Hold>(body)?.hold),
        "remember_attempts" => node.remember_attempts(read::<Remember>(body)?.remember),
        "fault" => add_fault(node, read(body)?)?,
        "clear_faults" => node.faults.clear(),
        "clear_calls" => node.calls.clear(),
        "calls" => return Ok(view::calls(node)),
        "history" => return Ok(view::history(node, read::<OfAddress>(body)?.address)),
        "invariants" => {
            let sums = invariant::check(node.pending_view());
            return serde_json::to_value(sums).map_err(|error| error.to_string());
        }
        "dump" => return dump(node),
        "batch" => change_all(node, read::<Batch>(body)?.changes)?,
        other => change_all(node, vec![read(&json!({ other: body }))?])?,
    }
    Ok(view::status(node))
}

fn read<T: DeserializeOwned>(body: &Value) -> Result<T, String> {
    T::deserialize(body).map_err(|error| error.to_string())
}

/// Checks all changes before it makes the first.
fn change_all(node: &mut Node, changes: Vec<Change>) -> Result<(), String> {
    let mutations = changes.into_iter().map(Change::checked).collect::<Result<Vec<_>, _>>()?;
    mutations.into_iter().for_each(|mutation| node.mutate(mutation));
    Ok(())
}

fn advance(node: &mut Node, request: &Advance) -> Result<(), String> {
    if !(0..=MAX_ADVANCE_MS).contains(&request.ms) {
        return Err(format!("ms must be 0 to {MAX_ADVANCE_MS}"));
    }
    if node.config.clock == crate::ClockMode::Auto {
        return Err("time cannot be advanced while the clock is automatic".to_owned());
    }
    node.advance(request.ms);
    if request.mine {
        node.mine_one();
    }
    Ok(())
}

fn fork(node: &mut Node, depth: u64, requeues: bool) -> Result<(), String> {
    node.fork(depth, requeues)
        .map_err(|deepest| format!("depth must be 1 to {deepest}: solid blocks stay"))
}

/// Adds a fault rule.
pub(crate) fn add_fault(node: &mut Node, rule: FaultRule) -> Result<(), String> {
    if node.faults.len() >= MAX_RULES {
        return Err(format!("at most {MAX_RULES} fault rules"));
    }
    let is_sensible = match rule.fault {
        Fault::Status { status } => (400..=599).contains(&status),
        Fault::Delay { delay_ms } => delay_ms <= MAX_DELAY_MS,
        Fault::Busy
        | Fault::Unsolidified
        | Fault::NoConnection
        | Fault::FewConnections
        | Fault::Limiter
        | Fault::LoseRequest
        | Fault::LoseAnswer
        | Fault::NeverInclude
        | Fault::RelayFailed
        | Fault::Lag { .. } => true,
    };
    if !is_sensible {
        return Err(format!("status must be 400 to 599, delay_ms at most {MAX_DELAY_MS}"));
    }
    node.faults.add(rule);
    Ok(())
}

fn dump(node: &Node) -> Result<Value, String> {
    let lines = crate::journal::dump(node);
    let text = String::from_utf8(lines).map_err(|error| error.to_string())?;
    Ok(json!({ "journal": text }))
}
