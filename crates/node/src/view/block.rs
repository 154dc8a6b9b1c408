//! Blocks: heads for time and order, whole blocks for what happened in them.

use serde_json::Value;
use tron::{Address, BlockId, ContractType, Resource, TxId};

use crate::json::{self, Problem, Read};

/// The header of one block, as far as we need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: i64,
    /// The block's id; its first 8 bytes are the height.
    pub id: BlockId,
    /// Chain time of the block, unix milliseconds.
    pub timestamp_ms: i64,
}

/// One whole block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub head: Head,
    /// The block before it: a gap between this and the last one seen is a reorganisation.
    pub parent: BlockId,
    /// Its transactions, in order.
    pub transactions: Vec<BlockTx>,
}

/// One transaction in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockTx {
    /// Its id.
    pub txid: TxId,
    /// What it does; `None` if it carries no readable contract.
    pub contract: Option<ContractSummary>,
    /// Chain time after which it cannot be in a block, unix milliseconds; `None` where the node does not
    /// say.
    pub expiration_ms: Option<i64>,
    /// Whether its effect happened. A failed contract call is in the block, costs, and has none.
    pub succeeded: bool,
}

/// The fields of a contract that tell whom it concerns. Absent or unreadable ones are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractSummary {
    /// Which system contract; `None` for the many that this product does not speak.
    pub kind: Option<ContractType>,
    /// Whose account it is done with.
    pub owner: Option<Address>,
    /// Which permission of the owner's the signatures count for: 0 is the owner's own, which blocks leave
    /// out.
    pub permission_id: Option<i32>,
    /// The smart contract that is called.
    pub contract_address: Option<Address>,
    /// Who gets money, an account or a resource.
    pub receiver: Option<Address>,
    /// Sun that move, are staked, lent or taken back; `call_value` for a smart-contract call.
    pub amount_sun: Option<i64>,
    /// Which resource a stake or a delegation is for.
    pub resource: Option<Resource>,
    /// Which method of a smart contract is called: the first four bytes of the data.
    pub selector: Option<[u8; 4]>,
}

impl Head {
    /// Reads the header of a block; `None` for `{}`.
    pub(crate) fn read(answer: &Value) -> Read<Option<Self>> {
        if json::is_empty_object(json::object(answer)?) {
            return Ok(None);
        }
        let raw = raw_header(answer)?;
        let number = json::natural(raw, "number")?;
        let id: [u8; 32] = json::bytes(answer, "blockID")?;
        // The id repeats the height: an answer that contradicts itself is not used.
        if !id.starts_with(&number.to_be_bytes()) {
            return json::bad("blockID", Problem::Mismatch);
        }
        let timestamp_ms = json::natural(raw, "timestamp")?;
        Ok(Some(Self { number, id: BlockId::from_bytes(id), timestamp_ms }))
    }
}

impl Block {
    /// Reads a whole block of this height; `None` for `{}`.
    pub(crate) fn read(answer: &Value, number: i64) -> Read<Option<Self>> {
        let Some(head) = Head::read(answer)? else { return Ok(None) };
        if head.number != number {
            return json::bad("number", Problem::Mismatch);
        }
        let parent = BlockId::from_bytes(json::bytes(raw_header(answer)?, "parentHash")?);
        let transactions = json::list(answer, "transactions")?;
        let transactions = transactions.iter().map(BlockTx::read).collect::<Read<_>>()?;
        Ok(Some(Self { head, parent, transactions }))
    }
}

impl Block {
    /// Reads blocks in a row, the first of this height; empty for `{}`.
    pub(crate) fn read_row(answer: &Value, first: i64) -> Read<Vec<Self>> {
        if json::is_empty_object(json::object(answer)?) {
            return Ok(Vec::new());
        }
        let blocks = (first..).zip(json::list(answer, "block")?);
        let missing = |number, block| match Self::read(block, number)? {
            Some(block) => Ok(block),
            None => json::bad("block", Problem::Missing),
        };
        blocks.map(|(number, block)| missing(number, block)).collect()
    }
}

fn raw_header(answer: &Value) -> Read<&Value> {
    let header = json::member(answer, "block_header")?;
    match header.map(|header| json::member(header, "raw_data")).transpose()?.flatten() {
        Some(raw) => Ok(raw),
        None => json::bad("block_header", Problem::Missing),
    }
}

impl BlockTx {
    fn read(value: &Value) -> Read<Self> {
        let txid = TxId::from_bytes(json::bytes(value, "txID")?);
        let contract = value.pointer("/raw_data/contract/0").map(ContractSummary::read);
        let result = value.pointer("/ret/0/contractRet").and_then(Value::as_str);
        // Blocks from before smart contracts have no result: being in the block was success.
        let is_call = contract.is_some_and(|found| found.kind == Some(ContractType::Trigger));
        let succeeded = result.map_or(!is_call, |result| result == "SUCCESS");
        let expiration_ms = value.pointer("/raw_data/expiration").and_then(Value::as_i64);
        Ok(Self { txid, contract, expiration_ms, succeeded })
    }
}

impl ContractSummary {
    /// Never fails: a block may hold contracts that did not exist when this was written.
    fn read(contract: &Value) -> Self {
        let kind = contract["type"].as_str().and_then(ContractType::from_name);
        let value = &contract["parameter"]["value"];
        let address = |field| json::address(value, field).ok();
        Self {
            kind,
            owner: address("owner_address"),
            permission_id: match contract.get("Permission_id") {
                None => Some(0),
                Some(id) => id.as_i64().and_then(|id| id.try_into().ok()),
            },
            contract_address: address("contract_address"),
            receiver: ["to_address", "receiver_address", "account_address"]
                .into_iter()
                .find_map(address),
            amount_sun: kind.and_then(amount_field).and_then(|field| value[field].as_i64()),
            resource: kind.and_then(|kind| resource_of(kind, value)),
            selector: value["data"].as_str().and_then(selector),
        }
    }
}

/// The first four bytes of call data in hex.
fn selector(data: &str) -> Option<[u8; 4]> {
    let mut selector = [0; 4];
    hex::decode_to_slice(data.get(..8)?, &mut selector).ok()?;
    Some(selector)
}

const fn amount_field(kind: ContractType) -> Option<&'static str> {
    match kind {
        ContractType::Transfer => Some("amount"),
        ContractType::Trigger => Some("call_value"),
        ContractType::Freeze => Some("frozen_balance"),
        ContractType::Unfreeze => Some("unfreeze_balance"),
        ContractType::Delegate | ContractType::Undelegate => Some("balance"),
        ContractType::CreateAccount
        | ContractType::PermissionUpdate
        | ContractType::WithdrawExpireUnfreeze
        | ContractType::CancelAllUnfreeze => None,
    }
}

fn resource_of(kind: ContractType, value: &Value) -> Option<Resource> {
    let has_resource = matches!(
        kind,
        ContractType::Freeze
            | ContractType::Unfreeze
            | ContractType::Delegate
            | ContractType::Undelegate
    );
    if !has_resource {
        return None;
    }
    match value["resource"].as_str() {
        // The default is omitted.
        None | Some("BANDWIDTH") => Some(Resource::Bandwidth),
        Some("ENERGY") => Some(Resource::Energy),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NUMBER: i64 = 66_987_565;
    const OWNER: &str = "417e5f4552091a69125d5dfcb7b8c2659029395bdf";
    const RECEIVER: &str = "412b5ad5c4795c026514f8317c7a215e218dccd6cf";
    const USDT: &str = "41a614f803b6fd780986a42c78ec9c7f77e6ded13c";

    fn block(transactions: &Value) -> Value {
        json!({
            "blockID": "0000000003fe262d52bfa4b2814f816fd2e57af5b98a33d60d8630a03a908e0e",
            "block_header": {"raw_data": {
                "number": 66_987_565, "txTrieRoot": "fa", "witness_address": OWNER, "version": 34,
                "parentHash": "0000000003fe262c52bfa4b2814f816fd2e57af5b98a33d60d8630a03a908e0e",
                "timestamp": 1_777_445_121_000_i64}, "witness_signature": "5b3c"},
            "transactions": transactions,
        })
    }

    fn transaction(kind: &str, value: &Value, result: &str) -> Value {
        json!({
            "ret": [{"contractRet": result}], "signature": ["00"],
            "txID": "6303c7639f591407ef9f34a7ac8c9c9a21151f5a6af21924502515734fc267ab",
            "raw_data": {"contract": [{"type": kind, "parameter": {"value": value}}]},
        })
    }

    fn summary(kind: &str, value: &Value) -> ContractSummary {
        let read = Block::read(&block(&json!([transaction(kind, value, "SUCCESS")])), NUMBER);
        read.unwrap().unwrap().transactions[0].contract.unwrap()
    }

    #[test]
    fn a_head_is_read_and_must_agree_with_its_id() {
        let mut answer = block(&json!([]));
        let head = Head::read(&answer).unwrap().unwrap();
        assert_eq!((head.number, head.timestamp_ms), (66_987_565, 1_777_445_121_000));
        assert_eq!(Head::read(&json!({})).unwrap(), None);

        answer["block_header"]["raw_data"]["number"] = json!(66_987_566);
        assert_eq!(Head::read(&answer).unwrap_err().problem, Problem::Mismatch);
    }

    #[test]
    fn an_empty_block_has_no_transactions_field() {
        let mut answer = block(&json!([]));
        answer.as_object_mut().unwrap().remove("transactions");
        assert_eq!(Block::read(&answer, NUMBER).unwrap().unwrap().transactions, []);
    }

    #[test]
    fn a_genesis_block_omits_number_and_time() {
        let answer = json!({"blockID": "00".repeat(32),
            "block_header": {"raw_data": {"parentHash": "e5".repeat(32)}}});
        let head = Block::read(&answer, 0).unwrap().unwrap().head;
        assert_eq!((head.number, head.timestamp_ms), (0, 0));
    }

    #[test]
    fn each_kind_says_whom_it_concerns() {
        let delegate = summary(
            "DelegateResourceContract",
            &json!({"owner_address": OWNER, "receiver_address": RECEIVER, "resource": "ENERGY",
                "balance": 6_776_000_000_i64, "lock": true}),
        );
        assert_eq!(delegate.kind, Some(ContractType::Delegate));
        assert_eq!(delegate.owner, Some(Address::from_hex(OWNER).unwrap()));
        assert_eq!(delegate.receiver, Some(Address::from_hex(RECEIVER).unwrap()));
        assert_eq!(delegate.amount_sun, Some(6_776_000_000));
        assert_eq!(delegate.resource, Some(Resource::Energy));

        let undelegate =
            json!({"owner_address": OWNER, "receiver_address": RECEIVER, "balance": 1});
        let undelegate = summary("UnDelegateResourceContract", &undelegate);
        assert_eq!(undelegate.resource, Some(Resource::Bandwidth));

        let call = json!({"owner_address": OWNER, "contract_address": USDT, "data": "a9059cbb"});
        let call = summary("TriggerSmartContract", &call);
        assert_eq!(call.contract_address, Some(Address::from_hex(USDT).unwrap()));
        assert_eq!((call.receiver, call.amount_sun, call.resource), (None, None, None));

        let transfer = json!({"owner_address": OWNER, "to_address": RECEIVER, "amount": 5});
        assert_eq!(summary("TransferContract", &transfer).amount_sun, Some(5));

        let asset = summary("TransferAssetContract", &transfer);
        assert_eq!((asset.kind, asset.amount_sun), (None, None));
    }

    #[test]
    fn the_permission_is_the_owners_unless_another_is_named() {
        let named = |permission: &Value| {
            let mut transaction = transaction("TransferContract", &json!({}), "SUCCESS");
            let contract = &mut transaction["raw_data"]["contract"][0];
            contract["Permission_id"] = permission.clone();
            ContractSummary::read(contract).permission_id
        };
        assert_eq!(summary("TransferContract", &json!({})).permission_id, Some(0));
        assert_eq!(named(&json!(2)), Some(2));
        for odd in [json!("2"), json!(null), json!(1_i64 << 40)] {
            assert_eq!(named(&odd), None);
        }
    }

    #[test]
    fn unknown_contracts_and_odd_values_do_not_stop_a_block() {
        for value in
            [json!({}), json!(null), json!([1]), json!({"owner_address": 7, "amount": "x"})]
        {
            let found = summary("FutureContract", &value);
            assert_eq!((found.kind, found.owner), (None, None));
        }
        let bare = json!([{"txID": "00".repeat(32)}]);
        let read = Block::read(&block(&bare), NUMBER).unwrap().unwrap();
        assert_eq!(read.transactions[0].contract, None);
        assert!(Block::read(&block(&json!([{"txID": "zz"}])), NUMBER).is_err());
    }

    #[test]
    fn only_a_success_has_an_effect() {
        let call = json!({"owner_address": OWNER, "contract_address": USDT});
        for (result, succeeded) in [("SUCCESS", true), ("REVERT", false), ("OUT_OF_ENERGY", false)]
        {
            let answer = block(&json!([transaction("TriggerSmartContract", &call, result)]));
            let read = Block::read(&answer, NUMBER).unwrap().unwrap();
            assert_eq!(read.transactions[0].succeeded, succeeded, "{result}");
        }
        for (kind, succeeded) in [("TransferContract", true), ("TriggerSmartContract", false)] {
            let mut old = transaction(kind, &call, "");
            old.as_object_mut().unwrap().remove("ret");
            let read = Block::read(&block(&json!([old])), NUMBER).unwrap().unwrap();
            assert_eq!(read.transactions[0].succeeded, succeeded, "{kind}");
        }
    }

    #[test]
    fn thousands_of_transactions_are_read() {
        let value = json!({"owner_address": OWNER, "to_address": RECEIVER, "amount": 5});
        let many = vec![transaction("TransferContract", &value, "SUCCESS"); 5_000];
        let read = Block::read(&block(&Value::from(many)), NUMBER).unwrap().unwrap();
        assert_eq!(read.transactions.len(), 5_000);
    }
}
