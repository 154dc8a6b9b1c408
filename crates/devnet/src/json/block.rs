//! A block's JSON.

use serde_json::Value;

use super::{Object, Shape, info, transaction};
use crate::block::Block;

/// A block, with or without its transactions.
pub(crate) fn print(block: &Block, shape: Shape, has_transactions: bool) -> Value {
    let header = &block.header;
    let number = i64::try_from(block.number).unwrap_or(i64::MAX);
    let raw = Object::new()
        .int("number", number)
        .hex("txTrieRoot", &header.tx_trie_root)
        .address("witness_address", &header.witness_address, shape)
        .hex("parentHash", &header.parent_hash)
        .int("version", i64::from(header.version))
        .int("timestamp", block.timestamp_ms)
        .build();
    let header =
        Object::new().set("raw_data", raw).hex("witness_signature", block.signature()).build();
    let transactions = if has_transactions { transactions(block, shape) } else { Vec::new() };
    Object::new()
        .set("blockID", block.id.to_string())
        .set("block_header", header)
        .list("transactions", transactions)
        .build()
}

fn transactions(block: &Block, shape: Shape) -> Vec<Value> {
    block
        .executed
        .iter()
        .map(|one| transaction::print(&one.transaction, shape, info::ret(one)))
        .collect()
}
