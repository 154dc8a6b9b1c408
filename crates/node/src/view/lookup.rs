//! The receipt of a transaction (`gettransactioninfobyid`): the only proof of inclusion.

use serde_json::Value;
use tron::{Address, Bandwidth, Energy, Sun, TxId};

use crate::json::{self, Problem, Read};

/// Whether a transaction is in the chain that the node shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Not in a block that this node shows. Not a proof of loss; see [`crate::loss`].
    Absent,
    /// In a block.
    Included(Box<Included>),
}

/// The receipt of an included transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// Height of the block.
    pub block_number: i64,
    /// Chain time of the block, unix milliseconds.
    pub block_timestamp_ms: i64,
    /// Whether its effect happened. A failed contract call costs and has none.
    pub succeeded: bool,
    /// Sun paid in all, every part below included.
    pub fee: Sun,
    /// Sun burnt for energy that was missing.
    pub energy_burn: Sun,
    /// Sun burnt for bandwidth that was missing.
    pub bandwidth_burn: Sun,
    /// Staked energy of the caller that was used.
    pub energy_used: Energy,
    /// Energy of the contract's creator that was used; can be one unit on mainnet USDT.
    pub origin_energy_used: Energy,
    /// Energy of the whole call, whoever paid.
    pub energy_used_total: Energy,
    /// Bandwidth used, staked or free.
    pub bandwidth_used: Bandwidth,
    /// Why it failed, or the receipt's result; for people.
    pub result_text: String,
    /// Event logs, in order.
    pub logs: Vec<EventLog>,
}

/// One event log of a contract call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog {
    /// The contract that spoke; it can be another one than was called.
    pub contract_address: Address,
    /// Indexed words; the first names the event.
    pub topics: Vec<[u8; 32]>,
    /// The other words.
    pub data: Vec<u8>,
}

impl Lookup {
    /// Reads an answer of `gettransactioninfobyid` for this transaction.
    pub(crate) fn read(answer: &Value, txid: TxId) -> Read<Self> {
        if json::is_empty_object(json::object(answer)?) {
            return Ok(Self::Absent);
        }
        if TxId::from_bytes(json::bytes(answer, "id")?) != txid {
            return json::bad("id", Problem::Mismatch);
        }
        Included::read(answer).map(Box::new).map(Self::Included)
    }

    /// The receipt, if there is one.
    #[must_use]
    pub fn included(&self) -> Option<&Included> {
        match self {
            Self::Absent => None,
            Self::Included(included) => Some(included),
        }
    }
}

impl Included {
    fn read(answer: &Value) -> Read<Self> {
        let block_number = json::natural(answer, "blockNumber")?;
        if block_number == 0 {
            return json::bad("blockNumber", Problem::Missing);
        }
        let empty = Value::Null;
        let receipt = json::member(answer, "receipt")?.unwrap_or(&empty);
        let receipt_result = json::text(receipt, "result")?;
        // System contracts have no receipt result; being in the block is success.
        let failed = json::text(answer, "result")? == "FAILED";
        let ran = matches!(receipt_result, "" | "SUCCESS");
        let message = json::hex_message(json::text(answer, "resMessage")?);
        let result_text = match (receipt_result, message.as_str()) {
            ("", _) => message,
            (result, "") => json::shortened(result),
            (result, message) => json::shortened(&format!("{result}: {message}")),
        };
        Ok(Self {
            block_number,
            block_timestamp_ms: json::natural(answer, "blockTimeStamp")?,
            succeeded: ran && !failed,
            fee: json::sun(answer, "fee")?,
            energy_burn: json::sun(receipt, "energy_fee")?,
            bandwidth_burn: json::sun(receipt, "net_fee")?,
            energy_used: json::energy(receipt, "energy_usage")?,
            origin_energy_used: json::energy(receipt, "origin_energy_usage")?,
            energy_used_total: json::energy(receipt, "energy_usage_total")?,
            bandwidth_used: json::bandwidth(receipt, "net_usage")?,
            result_text,
            logs: json::list(answer, "log")?.iter().map(EventLog::read).collect::<Read<_>>()?,
        })
    }
}

impl EventLog {
    /// Logs name contracts by 20 bytes without the 0x41 prefix.
    fn read(value: &Value) -> Read<Self> {
        let topic = |topic: &Value| json::bytes_of(topic.as_str().unwrap_or_default(), "topics");
        Ok(Self {
            contract_address: Address::from_evm(json::bytes(value, "address")?),
            topics: json::list(value, "topics")?.iter().map(topic).collect::<Read<_>>()?,
            data: json::any_bytes(json::text(value, "data")?, "data")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "d465b82f6df26e017d1b406ed666328e803a9b73e6652b2115c4fe6c5b1ce7fd";

    fn read(answer: &Value) -> Read<Lookup> {
        Lookup::read(answer, ID.parse().unwrap())
    }

    fn included(answer: &Value) -> Included {
        read(answer).unwrap().included().unwrap().clone()
    }

    #[test]
    fn a_token_transfer_shows_its_cost_and_its_log() {
        let receipt = included(&json!({
            "id": ID, "fee": 27_900, "blockNumber": 66_985_120,
            "blockTimeStamp": 1_777_437_762_000_i64, "contractResult": ["00".repeat(32)],
            "contract_address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "receipt": {"energy_usage": 64_284, "origin_energy_usage": 1, "net_usage": 345,
                "energy_usage_total": 64_285, "energy_penalty_total": 49_635,
                "energy_fee": 27_000, "net_fee": 900, "result": "SUCCESS"},
            "log": [{"address": "a614f803b6fd780986a42c78ec9c7f77e6ded13c",
                "topics": ["dd".repeat(32), "00".repeat(32), "11".repeat(32)], "data": "0f4240"}],
        }));
        assert!(receipt.succeeded);
        assert_eq!((receipt.block_number, receipt.fee), (66_985_120, Sun::new(27_900)));
        assert_eq!(receipt.energy_used, Energy::new(64_284));
        assert_eq!(receipt.origin_energy_used, Energy::new(1));
        assert_eq!(receipt.energy_used_total, Energy::new(64_285));
        assert_eq!(receipt.energy_burn, Sun::new(27_000));
        assert_eq!(receipt.bandwidth_burn, Sun::new(900));
        assert_eq!(receipt.bandwidth_used, Bandwidth::new(345));
        let log = &receipt.logs[0];
        assert_eq!(log.contract_address.to_string(), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
        assert_eq!((log.topics.len(), log.data.as_slice()), (3, &[0x0f, 0x42, 0x40][..]));
    }

    #[test]
    fn a_system_contract_has_a_short_receipt() {
        let receipt = included(&json!({"id": ID, "blockNumber": 5, "blockTimeStamp": 15,
            "contractResult": [""], "receipt": {"net_usage": 277}}));
        assert!(receipt.succeeded);
        assert_eq!((receipt.fee, receipt.result_text.as_str()), (Sun::ZERO, ""));
    }

    #[test]
    fn a_failure_is_seen_in_either_place() {
        for (answer, text) in [
            (
                json!({"id": ID, "blockNumber": 5, "result": "FAILED",
                    "resMessage": hex::encode("REVERT opcode executed"),
                    "receipt": {"result": "REVERT"}}),
                "REVERT: REVERT opcode executed",
            ),
            (
                json!({"id": ID, "blockNumber": 5, "receipt": {"result": "OUT_OF_ENERGY"}}),
                "OUT_OF_ENERGY",
            ),
            (json!({"id": ID, "blockNumber": 5, "result": "FAILED"}), ""),
        ] {
            let receipt = included(&answer);
            assert!(!receipt.succeeded);
            assert_eq!(receipt.result_text, text);
        }
    }

    #[test]
    fn only_an_empty_object_is_absent() {
        assert_eq!(read(&json!({})).unwrap(), Lookup::Absent);
        assert_eq!(read(&json!({"id": ID})).unwrap_err().field, "blockNumber");
        assert_eq!(read(&json!({"blockNumber": 5})).unwrap_err().field, "id");
        let other = json!({"id": "00".repeat(32), "blockNumber": 5});
        assert_eq!(read(&other).unwrap_err().problem, Problem::Mismatch);
        for answer in [json!(null), json!([]), json!(""), json!(0)] {
            assert!(read(&answer).is_err());
        }
    }
}
