//! What the control interface tells.

use serde_json::{Value, json};
use tron::Address;

use crate::json::Shape;
use crate::json::info;
use crate::node::Node;
use crate::transaction::{Action, Transaction};

/// Head, solid block, clock, pending size and mode.
pub(super) fn status(node: &Node) -> Value {
    let head = node.head();
    json!({
        "head": { "number": head.number, "id": head.id.to_string(), "timestamp": head.timestamp_ms },
        "solid": node.solid_number(),
        "now_ms": node.now_ms(),
        "pending": node.pending_ids().len(),
        "clock": node.config.clock,
        "block_time_ms": node.config.block_time_ms,
        "usdt": node.config.usdt,
        "faults": node.faults.len(),
    })
}

/// All included transactions that name an address, oldest first, with their receipts.
pub(super) fn history(node: &Node, address: Address) -> Value {
    let shape = Shape { is_visible: true };
    let mut found = Vec::new();
    for block in node.all_blocks() {
        for one in &block.executed {
            if names(&one.transaction, address.as_bytes()) {
                let kind = one.transaction.action.as_ref().and_then(Action::kind);
                found.push(json!({
                    "type": kind.map(tron::ContractType::name),
                    "info": info::print(one, block, shape),
                }));
            }
        }
    }
    json!({ "address": address, "transactions": found })
}

/// Whether the bytes of a transaction's contract, or of its call data, hold this address.
fn names(transaction: &Transaction, address: &[u8]) -> bool {
    let Some(action) = &transaction.action else { return false };
    let bytes = action.encode();
    bytes.windows(20).any(|window| window == &address[1..])
}

/// Requests by path.
pub(super) fn calls(node: &Node) -> Value {
    let total: u64 = node.calls.values().sum();
    json!({ "total": total, "by_path": node.calls })
}
