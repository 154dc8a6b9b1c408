//! Between [`Contract`] and its protobuf message.

use prost::Message;

use crate::address::Address;
use crate::amount::Sun;
use crate::contract::{Contract, ContractType, LockPeriodBlocks};
use crate::permission::Permission;
use crate::proto;
use crate::resource::Resource;
use crate::tx::DecodeError;

impl Contract {
    /// The `Any` that goes into the raw data.
    #[must_use]
    pub fn to_any(&self) -> proto::Any {
        proto::Any { type_url: self.contract_type().type_url(), value: self.value() }
    }

    fn value(&self) -> Vec<u8> {
        match self {
            Self::CreateAccount { owner, account } => proto::AccountCreateContract {
                owner_address: bytes(owner),
                account_address: bytes(account),
                r#type: 0,
            }
            .encode_to_vec(),
            Self::Transfer { owner, to, amount } => proto::TransferContract {
                owner_address: bytes(owner),
                to_address: bytes(to),
                amount: amount.get(),
            }
            .encode_to_vec(),
            Self::Delegate { owner, receiver, resource, balance, lock } => {
                proto::DelegateResourceContract {
                    owner_address: bytes(owner),
                    resource: resource.code(),
                    balance: balance.get(),
                    receiver_address: bytes(receiver),
                    lock: lock.is_some(),
                    lock_period: lock.map_or(0, |period| i64::from(period.get())),
                }
                .encode_to_vec()
            }
            Self::Undelegate { owner, receiver, resource, balance } => {
                proto::UnDelegateResourceContract {
                    owner_address: bytes(owner),
                    resource: resource.code(),
                    balance: balance.get(),
                    receiver_address: bytes(receiver),
                }
                .encode_to_vec()
            }
            Self::Trigger { owner, contract, data, call_value } => proto::TriggerSmartContract {
                owner_address: bytes(owner),
                contract_address: bytes(contract),
                call_value: call_value.get(),
                data: data.clone(),
                call_token_value: 0,
                token_id: 0,
            }
            .encode_to_vec(),
            Self::Freeze { owner, balance, resource } => proto::FreezeBalanceV2Contract {
                owner_address: bytes(owner),
                frozen_balance: balance.get(),
                resource: resource.code(),
            }
            .encode_to_vec(),
            Self::Unfreeze { owner, balance, resource } => proto::UnfreezeBalanceV2Contract {
                owner_address: bytes(owner),
                unfreeze_balance: balance.get(),
                resource: resource.code(),
            }
            .encode_to_vec(),
            Self::WithdrawExpireUnfreeze { owner } | Self::CancelAllUnfreeze { owner } => {
                proto::OwnerOnlyContract { owner_address: bytes(owner) }.encode_to_vec()
            }
            Self::PermissionUpdate {
                owner,
                owner_permission,
                witness_permission,
                active_permissions,
            } => proto::AccountPermissionUpdateContract {
                owner_address: bytes(owner),
                owner: Some(owner_permission.to_message()),
                witness: witness_permission.as_ref().map(Permission::to_message),
                actives: active_permissions.iter().map(Permission::to_message).collect(),
            }
            .encode_to_vec(),
        }
    }

    /// Reads the contract of this type number out of an `Any`.
    ///
    /// Errors: a type or type URL that is not ours, or a field that is no valid value.
    pub fn from_any(type_number: i32, any: &proto::Any) -> Result<Self, DecodeError> {
        let kind = ContractType::from_number(type_number)
            .filter(|kind| kind.type_url() == any.type_url)
            .ok_or(DecodeError::ContractType(type_number))?;
        match kind {
            ContractType::CreateAccount => create_account(&any.value),
            ContractType::Transfer => transfer(&any.value),
            ContractType::Trigger => trigger(&any.value),
            ContractType::PermissionUpdate => permission_update(&any.value),
            ContractType::Freeze => freeze(&any.value),
            ContractType::Unfreeze => unfreeze(&any.value),
            ContractType::WithdrawExpireUnfreeze => {
                Ok(Self::WithdrawExpireUnfreeze { owner: owner_only(&any.value)? })
            }
            ContractType::CancelAllUnfreeze => {
                Ok(Self::CancelAllUnfreeze { owner: owner_only(&any.value)? })
            }
            ContractType::Delegate => delegate(&any.value),
            ContractType::Undelegate => undelegate(&any.value),
        }
    }
}

fn bytes(address: &Address) -> Vec<u8> {
    address.as_bytes().to_vec()
}

fn message<M: Message + Default>(value: &[u8]) -> Result<M, DecodeError> {
    M::decode(value).map_err(|_| DecodeError::Protobuf)
}

fn resource(code: i32) -> Result<Resource, DecodeError> {
    Resource::from_code(code).ok_or(DecodeError::Resource(code))
}

fn create_account(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::AccountCreateContract = message(value)?;
    Ok(Contract::CreateAccount {
        owner: Address::from_slice(&message.owner_address)?,
        account: Address::from_slice(&message.account_address)?,
    })
}

fn transfer(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::TransferContract = message(value)?;
    Ok(Contract::Transfer {
        owner: Address::from_slice(&message.owner_address)?,
        to: Address::from_slice(&message.to_address)?,
        amount: Sun::new(message.amount),
    })
}

fn trigger(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::TriggerSmartContract = message(value)?;
    Ok(Contract::Trigger {
        owner: Address::from_slice(&message.owner_address)?,
        contract: Address::from_slice(&message.contract_address)?,
        data: message.data,
        call_value: Sun::new(message.call_value),
    })
}

fn permission_update(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::AccountPermissionUpdateContract = message(value)?;
    let owner = message.owner.as_ref().ok_or(DecodeError::Permission)?;
    Ok(Contract::PermissionUpdate {
        owner: Address::from_slice(&message.owner_address)?,
        owner_permission: Permission::from_message(owner)?,
        witness_permission: message.witness.as_ref().map(Permission::from_message).transpose()?,
        active_permissions: message
            .actives
            .iter()
            .map(Permission::from_message)
            .collect::<Result<_, _>>()?,
    })
}

fn freeze(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::FreezeBalanceV2Contract = message(value)?;
    Ok(Contract::Freeze {
        owner: Address::from_slice(&message.owner_address)?,
        balance: Sun::new(message.frozen_balance),
        resource: resource(message.resource)?,
    })
}

fn unfreeze(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::UnfreezeBalanceV2Contract = message(value)?;
    Ok(Contract::Unfreeze {
        owner: Address::from_slice(&message.owner_address)?,
        balance: Sun::new(message.unfreeze_balance),
        resource: resource(message.resource)?,
    })
}

fn owner_only(value: &[u8]) -> Result<Address, DecodeError> {
    let message: proto::OwnerOnlyContract = message(value)?;
    Ok(Address::from_slice(&message.owner_address)?)
}

fn delegate(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::DelegateResourceContract = message(value)?;
    let lock = message.lock.then(|| {
        u32::try_from(message.lock_period)
            .map(LockPeriodBlocks::new)
            .map_err(|_| DecodeError::LockPeriod(message.lock_period))
    });
    Ok(Contract::Delegate {
        owner: Address::from_slice(&message.owner_address)?,
        receiver: Address::from_slice(&message.receiver_address)?,
        resource: resource(message.resource)?,
        balance: Sun::new(message.balance),
        lock: lock.transpose()?,
    })
}

fn undelegate(value: &[u8]) -> Result<Contract, DecodeError> {
    let message: proto::UnDelegateResourceContract = message(value)?;
    Ok(Contract::Undelegate {
        owner: Address::from_slice(&message.owner_address)?,
        receiver: Address::from_slice(&message.receiver_address)?,
        resource: resource(message.resource)?,
        balance: Sun::new(message.balance),
    })
}
