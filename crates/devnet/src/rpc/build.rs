//! Transaction builders: validate the contract and return it unsigned.
//!
//! The bytes returned are those that encoding `raw_data` gives; clients compare.

use prost::Message;
use serde_json::{Value, json};
use tron::contract::ContractType;
use tron::{RefBlock, proto, trc20};

use crate::execute::{Rejected, trigger};
use crate::json::{Failure, Input, transaction};
use crate::node::{Cursor, Node};
use crate::transaction::{Action, Transaction};

/// How long a transaction built by the node can be included after the head, ms.
const BUILT_EXPIRATION_MS: i64 = 60_000;

macro_rules! builders {
    ($($name:ident => $kind:ident),* $(,)?) => {
        $(
            pub(super) fn $name(
                node: &mut Node,
                input: &Input<'_>,
                _cursor: &Cursor,
            ) -> Result<Value, Failure> {
                system(node, ContractType::$kind, input)
            }
        )*
    };
}

builders! {
    transfer => Transfer,
    create_account => CreateAccount,
    delegate => Delegate,
    undelegate => Undelegate,
    freeze => Freeze,
    unfreeze => Unfreeze,
    withdraw => WithdrawExpireUnfreeze,
    cancel_unfreeze => CancelAllUnfreeze,
    permission_update => PermissionUpdate,
}

fn system(node: &mut Node, kind: ContractType, input: &Input<'_>) -> Result<Value, Failure> {
    let action = Action::from_json(kind, input)?;
    node.validate(&action).map_err(|rejected| Failure::contract(&rejected))?;
    let memo = input.text_bytes("extra_data")?;
    let built = assemble(node, kind, &action, memo, 0, input.small("Permission_id")?)?;
    Ok(transaction::print_built(&built, input.shape))
}

/// A contract call; refusals come in the answer, not as an error.
pub(super) fn trigger(
    node: &mut Node,
    input: &Input<'_>,
    _cursor: &Cursor,
) -> Result<Value, Failure> {
    let message = call(input)?;
    if trigger::token_at(node.pending_view(), &message.contract_address).is_none() {
        let text = hex::encode("No contract or not a valid smart contract");
        return Ok(json!({ "result": { "code": "CONTRACT_VALIDATE_ERROR", "message": text } }));
    }
    let (fee_limit, permission_id) = (input.int("fee_limit")?, input.small("Permission_id")?);
    let action = Action::Trigger(message);
    let built =
        assemble(node, ContractType::Trigger, &action, Vec::new(), fee_limit, permission_id)?;
    let transaction = transaction::print_built(&built, input.shape);
    Ok(json!({ "result": { "result": true }, "transaction": transaction }))
}

/// The call that a trigger request describes: by selector and parameter, or by data.
pub(super) fn call(input: &Input<'_>) -> Result<proto::TriggerSmartContract, Failure> {
    let selector = input.string("function_selector")?;
    let data = if selector.is_empty() {
        input.bytes("data")?
    } else {
        let mut data = trc20::selector(selector).to_vec();
        data.extend(input.bytes("parameter")?);
        data
    };
    Ok(proto::TriggerSmartContract {
        owner_address: input.address_bytes("owner_address")?,
        contract_address: input.address_bytes("contract_address")?,
        call_value: input.int("call_value")?,
        data,
        call_token_value: input.int("call_token_value")?,
        token_id: input.int("token_id")?,
    })
}

/// An unsigned transaction on the solid block, good for a minute.
pub(super) fn assemble(
    node: &Node,
    kind: ContractType,
    action: &Action,
    memo: Vec<u8>,
    fee_limit: i64,
    permission_id: i32,
) -> Result<Transaction, Failure> {
    let solid = node.block_by_number(node.solid_number()).unwrap_or_else(|| node.head());
    let reference = RefBlock::from_block_id(&solid.id);
    let data = proto::RawData {
        ref_block_bytes: reference.bytes.to_vec(),
        ref_block_hash: reference.hash.to_vec(),
        expiration: node.head().timestamp_ms + BUILT_EXPIRATION_MS,
        data: memo,
        contract: vec![transaction::envelope(kind, action, permission_id)],
        timestamp: node.now_ms(),
        fee_limit,
        ..Default::default()
    };
    Transaction::from_parts(data.encode_to_vec(), Vec::new()).ok_or_else(Failure::null_pointer)
}

impl Node {
    /// Runs only the contract's own validation, on the head with pending transactions.
    fn validate(&mut self, action: &Action) -> Result<(), Rejected> {
        self.with_pending(|draft| crate::execute::validate(draft, action))
    }
}
