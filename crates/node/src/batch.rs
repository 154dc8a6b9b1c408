//! Many contract calls without transactions in one request: a JSON-RPC batch of `eth_call`.
//!
//! It answers what a call returns or that it reverts, but not what it costs. A node need not offer
//! it: java-tron has it switched off until its operator switches it on.
//!
//! Source: java-tron `TronJsonRpcImpl`; `docs/chain.md`.

use serde_json::{Value, json};
use tron::Address;

use crate::json::{self, Problem, Read};

/// Most calls in one request. Source: java-tron 4.8.2, which refuses more with code -32005.
pub const BATCH_CALLS_MAX: usize = 100;

/// Code of an error that the contract itself caused.
const CODE_REVERTED: i64 = -32_000;

/// One call of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchCall {
    /// Who calls; it needs no account.
    pub caller: Address,
    /// Which contract.
    pub contract: Address,
    /// Selector and arguments.
    pub data: Vec<u8>,
}

/// What one call of a batch does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchOutcome {
    /// It ran to its end and returned this.
    Returned(Vec<u8>),
    /// The contract stopped it.
    Reverted(String),
    /// The node did not run it: no such contract, or it has no capacity.
    Refused(String),
}

/// The body that asks for these calls, numbered from 0.
pub(crate) fn request(calls: &[BatchCall]) -> Value {
    let one = |(id, call): (usize, &BatchCall)| {
        let call = json!({
            "from": format!("0x{}", hex::encode(call.caller.evm_bytes())),
            "to": format!("0x{}", hex::encode(call.contract.evm_bytes())),
            "data": format!("0x{}", hex::encode(&call.data)),
        });
        json!({"jsonrpc": "2.0", "id": id, "method": "eth_call", "params": [call, "latest"]})
    };
    calls.iter().enumerate().map(one).collect()
}

/// Reads the answers to that many calls, which may come in any order.
pub(crate) fn read(answer: &Value, calls: usize) -> Read<Vec<BatchOutcome>> {
    let Some(answers) = answer.as_array() else { return json::bad("answer", Problem::WrongType) };
    let mut outcomes: Vec<Option<BatchOutcome>> = vec![None; calls];
    for one in answers {
        let id = usize::try_from(json::natural(one, "id")?).unwrap_or(usize::MAX);
        let Some(place) = outcomes.get_mut(id) else { return json::bad("id", Problem::Mismatch) };
        if place.replace(outcome(one)?).is_some() {
            return json::bad("id", Problem::Mismatch);
        }
    }
    match outcomes.into_iter().collect::<Option<Vec<_>>>() {
        Some(outcomes) => Ok(outcomes),
        None => json::bad("id", Problem::Missing),
    }
}

fn outcome(one: &Value) -> Read<BatchOutcome> {
    let Some(error) = json::member(one, "error")? else {
        let result = json::text(one, "result")?;
        let digits = result.strip_prefix("0x").unwrap_or(result);
        return Ok(BatchOutcome::Returned(json::any_bytes(digits, "result")?));
    };
    let text = json::shortened(json::text(error, "message")?);
    match json::integer(error, "code")? {
        CODE_REVERTED => Ok(BatchOutcome::Reverted(text)),
        _ => Ok(BatchOutcome::Refused(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(id: u64, result: &str) -> Value {
        json!({"jsonrpc": "2.0", "id": id, "result": result})
    }

    #[test]
    fn answers_in_any_order_find_their_call() {
        let reverted =
            json!({"id": 0, "error": {"code": -32_000, "message": "REVERT", "data": "0x"}});
        let refused = json!({"id": 1, "error": {"code": -32_600, "message": "no contract"}});
        let answer = json!([returned(2, "0x07"), refused, reverted]);
        assert_eq!(
            read(&answer, 3).unwrap(),
            [
                BatchOutcome::Reverted("REVERT".to_owned()),
                BatchOutcome::Refused("no contract".to_owned()),
                BatchOutcome::Returned(vec![7]),
            ]
        );
    }

    #[test]
    fn a_missing_a_doubled_and_an_unknown_answer_are_unreadable() {
        for answer in [
            json!([returned(0, "0x")]),
            json!([returned(0, "0x"), returned(0, "0x")]),
            json!([returned(0, "0x"), returned(7, "0x")]),
            json!([returned(0, "0x"), returned(1, "0xzz")]),
            json!({"result": "0x"}),
        ] {
            assert!(read(&answer, 2).is_err(), "{answer}");
        }
    }
}
