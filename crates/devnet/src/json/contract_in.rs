//! Reading a contract from JSON: a builder's body, or a broadcast transaction's `value`.

use tron::contract::ContractType;
use tron::proto;

use super::{Failure, Input};
use crate::transaction::Action;

impl Action {
    /// Reads the contract's fields by their protobuf names; what is absent is empty.
    pub(crate) fn from_json(kind: ContractType, input: &Input<'_>) -> Result<Self, Failure> {
        let owner_address = input.address_bytes("owner_address")?;
        Ok(match kind {
            ContractType::CreateAccount => Self::CreateAccount(proto::AccountCreateContract {
                owner_address,
                account_address: input.address_bytes("account_address")?,
                r#type: 0,
            }),
            ContractType::Transfer => Self::Transfer(proto::TransferContract {
                owner_address,
                to_address: input.address_bytes("to_address")?,
                amount: input.int("amount")?,
            }),
            ContractType::Trigger => Self::Trigger(proto::TriggerSmartContract {
                owner_address,
                contract_address: input.address_bytes("contract_address")?,
                call_value: input.int("call_value")?,
                data: input.bytes("data")?,
                call_token_value: input.int("call_token_value")?,
                token_id: input.int("token_id")?,
            }),
            ContractType::PermissionUpdate => {
                Self::PermissionUpdate(permission_update(owner_address, input)?)
            }
            ContractType::Freeze => Self::Freeze(proto::FreezeBalanceV2Contract {
                owner_address,
                frozen_balance: input.int("frozen_balance")?,
                resource: input.resource("resource")?,
            }),
            ContractType::Unfreeze => Self::Unfreeze(proto::UnfreezeBalanceV2Contract {
                owner_address,
                unfreeze_balance: input.int("unfreeze_balance")?,
                resource: input.resource("resource")?,
            }),
            ContractType::WithdrawExpireUnfreeze => {
                Self::Withdraw(proto::OwnerOnlyContract { owner_address })
            }
            ContractType::CancelAllUnfreeze => {
                Self::CancelUnfreeze(proto::OwnerOnlyContract { owner_address })
            }
            ContractType::Delegate => Self::Delegate(proto::DelegateResourceContract {
                owner_address,
                resource: input.resource("resource")?,
                balance: input.int("balance")?,
                receiver_address: input.address_bytes("receiver_address")?,
                lock: input.flag("lock")?,
                lock_period: input.int("lock_period")?,
            }),
            ContractType::Undelegate => Self::Undelegate(proto::UnDelegateResourceContract {
                owner_address,
                resource: input.resource("resource")?,
                balance: input.int("balance")?,
                receiver_address: input.address_bytes("receiver_address")?,
            }),
        })
    }
}

fn permission_update(
    owner_address: Vec<u8>,
    input: &Input<'_>,
) -> Result<proto::AccountPermissionUpdateContract, Failure> {
    let optional = |key: &str| input.has(key).then(|| permission(&input.part(key))).transpose();
    // A single active permission may be given without the list around it.
    let actives = if input.part("actives").value().is_object() {
        vec![permission(&input.part("actives"))?]
    } else {
        input.parts("actives").map(|one| permission(&one)).collect::<Result<_, _>>()?
    };
    Ok(proto::AccountPermissionUpdateContract {
        owner_address,
        owner: optional("owner")?,
        witness: optional("witness")?,
        actives,
    })
}

fn permission(input: &Input<'_>) -> Result<proto::PermissionMessage, Failure> {
    let kind = match input.part("type").value().as_str() {
        Some("Owner") => 0,
        Some("Witness") => 1,
        Some("Active") => 2,
        Some(other) => return Err(Failure::parse(format!("no permission type {other:?}"))),
        None => input.small("type")?,
    };
    let key = |one: Input<'_>| {
        Ok(proto::KeyMessage { address: one.address_bytes("address")?, weight: one.int("weight")? })
    };
    Ok(proto::PermissionMessage {
        r#type: kind,
        id: input.small("id")?,
        permission_name: input.string("permission_name")?.to_owned(),
        threshold: input.int("threshold")?,
        parent_id: input.small("parent_id")?,
        operations: input.bytes("operations")?,
        keys: input.parts("keys").map(key).collect::<Result<_, Failure>>()?,
    })
}
