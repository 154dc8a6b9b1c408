//! A contract call without a transaction (`triggerconstantcontract`): what it costs and returns.

use serde_json::Value;
use tron::{Energy, TokenUnits, trc20};

use crate::json::{self, Problem, Read};

/// What a simulated call did.
///
/// `energy_used` is what a transaction would need in all; the penalty is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantCall {
    /// Energy of the whole call, penalty included.
    pub energy_used: Energy,
    /// The part of it that comes from the dynamic energy model.
    pub energy_penalty: Energy,
    /// Returned bytes, or the revert data.
    pub result: Vec<u8>,
    /// Whether the call would work.
    pub outcome: ConstantOutcome,
}

/// Whether a simulated call would work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstantOutcome {
    /// It ran to its end.
    Succeeded,
    /// The contract stopped it: too few tokens, paused, blacklisted, out of energy.
    Reverted(String),
    /// The node did not run it: no such contract, or the node does not simulate.
    Refused(String),
}

impl ConstantCall {
    /// Whether the call ran to its end.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.outcome == ConstantOutcome::Succeeded
    }

    /// The returned word as an amount; `None` if there is no such word or it is past 128 bits.
    #[must_use]
    pub fn token_units(&self) -> Option<TokenUnits> {
        trc20::decode_uint256(&self.result).ok()
    }

    /// Reads an answer of `triggerconstantcontract`.
    ///
    /// A revert has `result.result: true` all the same, so it is found by the transaction's `ret`
    /// or by a message.
    pub(crate) fn read(answer: &Value) -> Read<Self> {
        let Some(status) = json::member(json::object(answer)?, "result")? else {
            return json::bad("result", Problem::Missing);
        };
        let result = match json::list(answer, "constant_result")?.first() {
            None => Vec::new(),
            Some(first) => match first.as_str() {
                Some(hex) => json::any_bytes(hex, "constant_result")?,
                None => return json::bad("constant_result", Problem::WrongType),
            },
        };
        Ok(Self {
            energy_used: json::energy(answer, "energy_used")?,
            energy_penalty: json::energy(answer, "energy_penalty")?,
            result,
            outcome: read_outcome(answer, status)?,
        })
    }
}

fn read_outcome(answer: &Value, status: &Value) -> Read<ConstantOutcome> {
    let code = json::text(status, "code")?;
    let message = json::hex_message(json::text(status, "message")?);
    if !json::flag(status, "result")? || !(code.is_empty() || code == "SUCCESS") {
        let words = if message.is_empty() { json::shortened(code) } else { message };
        return Ok(ConstantOutcome::Refused(words));
    }
    let ret = answer.pointer("/transaction/ret/0/ret").and_then(Value::as_str);
    if ret == Some("FAILED") || !message.is_empty() {
        return Ok(ConstantOutcome::Reverted(message));
    }
    Ok(ConstantOutcome::Succeeded)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_working_call_has_its_cost_and_result() {
        let call = ConstantCall::read(&json!({
            "result": {"result": true}, "energy_used": 64_285, "energy_penalty": 49_635,
            "constant_result": ["00".repeat(32)], "logs": [],
            "transaction": {"ret": [{}], "visible": false, "txID": "aa"},
        }))
        .unwrap();
        assert!(call.succeeded());
        assert_eq!(call.energy_used, Energy::new(64_285));
        assert_eq!(call.energy_penalty, Energy::new(49_635));
        assert_eq!(call.token_units(), Some(TokenUnits(0)));
    }

    #[test]
    fn a_revert_is_seen_although_the_node_says_true() {
        let reverted = ConstantOutcome::Reverted("REVERT opcode executed".to_owned());
        let hex = hex::encode("REVERT opcode executed");
        for answer in [
            json!({"result": {"result": true, "message": hex}, "energy_used": 500,
                "constant_result": [""], "transaction": {"ret": [{"ret": "FAILED"}]}}),
            json!({"result": {"result": true, "message": hex}, "constant_result": ["08c379a0"]}),
        ] {
            assert_eq!(ConstantCall::read(&answer).unwrap().outcome, reverted);
        }
        let silent =
            json!({"result": {"result": true}, "transaction": {"ret": [{"ret": "FAILED"}]}});
        let silent = ConstantCall::read(&silent).unwrap();
        assert_eq!(silent.outcome, ConstantOutcome::Reverted(String::new()));
    }

    #[test]
    fn a_missing_contract_is_a_refusal() {
        let hex = hex::encode("Smart contract is not exist.");
        let call = json!({"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": hex}});
        let words = "Smart contract is not exist.".to_owned();
        assert_eq!(ConstantCall::read(&call).unwrap().outcome, ConstantOutcome::Refused(words));
        assert!(ConstantCall::read(&json!({})).is_err());
    }

    #[test]
    fn amounts_past_128_bits_or_too_short_are_not_amounts() {
        let with = |hex: String| {
            let call = json!({"result": {"result": true}, "constant_result": [hex]});
            ConstantCall::read(&call).unwrap().token_units()
        };
        assert_eq!(with("ff".repeat(32)), None);
        assert_eq!(with("00".repeat(31)), None);
        assert_eq!(
            with(format!("{}{}", "00".repeat(16), "ff".repeat(16))),
            Some(TokenUnits(u128::MAX))
        );
        assert_eq!(with(format!("{:064x}", 1_000_000)), Some(TokenUnits(1_000_000)));
    }
}
