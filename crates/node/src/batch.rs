//! Many questions in one request: a JSON-RPC batch of `eth_call` (contract calls without
//! transactions) or of `eth_getBalance`.
//!
//! A call answers what a call returns or that it reverts, but not what it costs. A node need not offer
//! it: java-tron has it switched off until its operator switches it on.
//!
//! Source: java-tron `TronJsonRpcImpl`; `docs/chain.md`.

use serde_json::{Value, json};
use tron::{Address, Sun};

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

/// The body that asks for the TRX of these addresses, numbered from 0.
pub(crate) fn balances_request(addresses: &[Address]) -> Value {
    let one = |(id, address): (usize, &Address)| {
        let address = format!("0x{}", hex::encode(address.evm_bytes()));
        json!({"jsonrpc": "2.0", "id": id, "method": "eth_getBalance", "params": [address, "latest"]})
    };
    addresses.iter().enumerate().map(one).collect()
}

/// Reads the answers to that many calls, which may come in any order.
pub(crate) fn read(answer: &Value, calls: usize) -> Read<Vec<BatchOutcome>> {
    in_order(answer, calls, outcome)
}

/// Reads the balances of that many addresses, which may come in any order.
///
/// Errors: also when the node refuses a single one; whoever asks then asks for accounts.
pub(crate) fn read_balances(answer: &Value, addresses: usize) -> Read<Vec<Sun>> {
    in_order(answer, addresses, |one| {
        let digits = json::text(one, "result")?;
        let sun = digits.strip_prefix("0x").and_then(|hex| i64::from_str_radix(hex, 16).ok());
        sun.map_or_else(|| json::bad("result", Problem::WrongType), |sun| Ok(Sun::new(sun)))
    })
}

fn in_order<T>(answer: &Value, count: usize, read: impl Fn(&Value) -> Read<T>) -> Read<Vec<T>> {
    let Some(answers) = answer.as_array() else { return json::bad("answer", Problem::WrongType) };
    let mut found: Vec<Option<T>> = (0..count).map(|_| None).collect();
    for one in answers {
        let id = usize::try_from(json::natural(one, "id")?).unwrap_or(usize::MAX);
        let Some(place) = found.get_mut(id) else { return json::bad("id", Problem::Mismatch) };
        if place.replace(read(one)?).is_some() {
            return json::bad("id", Problem::Mismatch);
        }
    }
    match found.into_iter().collect::<Option<Vec<_>>>() {
        Some(found) => Ok(found),
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
    fn balances_in_any_order_find_their_address_and_one_refusal_spoils_all() {
        let answer = json!([returned(1, "0x0"), returned(0, "0x4c4b40")]);
        assert_eq!(read_balances(&answer, 2).unwrap(), [Sun::new(5_000_000), Sun::ZERO]);
        let refused = json!({"id": 0, "error": {"code": -32_601, "message": "no such method"}});
        for answer in [json!([refused]), json!([returned(0, "0x")]), json!([returned(0, "7")])] {
            assert!(read_balances(&answer, 1).is_err(), "{answer}");
        }
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
