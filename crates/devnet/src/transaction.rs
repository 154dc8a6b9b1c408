//! A transaction as a node sees it: the exact bytes, and what could be read from them.

use prost::Message;
use tron::contract::ContractType;
use tron::proto;
use tron::tx::BANDWIDTH_PER_RESULT;
use tron::{Address, TxId};

/// Room for results that a node adds when it checks the size limit, in bytes.
const RESULT_BYTES_PER_CONTRACT: usize = 128;

/// A transaction with its parts taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: TxId,
    /// Exact bytes of `raw_data`.
    pub(crate) raw: Vec<u8>,
    pub(crate) signatures: Vec<Vec<u8>>,
    pub(crate) data: proto::RawData,
    /// The first contract, or `None` if there is none that can be read.
    pub(crate) action: Option<Action>,
}

/// What a contract asks for, with whatever bytes it came with.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    CreateAccount(proto::AccountCreateContract),
    Transfer(proto::TransferContract),
    Trigger(proto::TriggerSmartContract),
    PermissionUpdate(proto::AccountPermissionUpdateContract),
    Freeze(proto::FreezeBalanceV2Contract),
    Unfreeze(proto::UnfreezeBalanceV2Contract),
    Withdraw(proto::OwnerOnlyContract),
    CancelUnfreeze(proto::OwnerOnlyContract),
    Delegate(proto::DelegateResourceContract),
    Undelegate(proto::UnDelegateResourceContract),
    /// A type that this node carries but does not execute; the owner is field 1 in nearly all.
    Other {
        number: i32,
        owner: Vec<u8>,
    },
}

impl Transaction {
    /// Takes a protobuf `Transaction` apart; `None` if it, or its `raw_data`, is not protobuf.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let message = proto::Transaction::decode(bytes).ok()?;
        Self::from_parts(message.raw_data, message.signature)
    }

    pub(crate) fn from_parts(raw: Vec<u8>, signatures: Vec<Vec<u8>>) -> Option<Self> {
        let data = proto::RawData::decode(raw.as_slice()).ok()?;
        let action = data.contract.first().and_then(Action::read);
        Some(Self { id: TxId::of_raw(&raw), raw, signatures, data, action })
    }

    fn message(&self) -> proto::Transaction {
        proto::Transaction {
            raw_data: self.raw.clone(),
            signature: self.signatures.clone(),
            ret: Vec::new(),
        }
    }

    /// The full bytes, without results.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.message().encode_to_vec()
    }

    /// The full bytes as they enter a block, with the result of the contract.
    pub(crate) fn bytes_in_block(&self, contract_ret: i32) -> Vec<u8> {
        let result = proto::TransactionResult { fee: 0, ret: 0, contract_ret };
        proto::Transaction { ret: vec![result], ..self.message() }.encode_to_vec()
    }

    pub(crate) fn size(&self) -> usize {
        self.message().encoded_len()
    }

    /// The size that the limit of 500 KiB is compared with.
    pub(crate) fn general_size(&self) -> usize {
        self.size() + RESULT_BYTES_PER_CONTRACT * self.data.contract.len()
    }

    /// The size without signatures, which are 65 bytes each.
    pub(crate) fn unsigned_size(&self) -> usize {
        self.size().saturating_sub(65 * self.signatures.len())
    }

    /// Bytes charged as bandwidth.
    pub(crate) fn bandwidth(&self) -> i64 {
        i64::try_from(self.size()).unwrap_or(i64::MAX).saturating_add(BANDWIDTH_PER_RESULT)
    }

    /// Who pays, if the bytes name a valid address.
    pub(crate) fn owner(&self) -> Option<Address> {
        Address::from_slice(self.action.as_ref()?.owner_bytes()).ok()
    }

    pub(crate) fn permission_id(&self) -> i32 {
        self.data.contract.first().map_or(0, |contract| contract.permission_id)
    }
}

impl Action {
    /// Reads a contract; `None` if its bytes are not the message that its type promises.
    pub(crate) fn read(contract: &proto::ContractMessage) -> Option<Self> {
        let any = contract.parameter.as_ref()?;
        let value = any.value.as_slice();
        let Some(kind) = ContractType::from_number(contract.r#type) else {
            let owner = proto::OwnerOnlyContract::decode(value).ok()?.owner_address;
            return Some(Self::Other { number: contract.r#type, owner });
        };
        if any.type_url != kind.type_url() {
            return None;
        }
        Self::decode(kind, value)
    }

    fn decode(kind: ContractType, value: &[u8]) -> Option<Self> {
        let action = match kind {
            ContractType::CreateAccount => Self::CreateAccount(Message::decode(value).ok()?),
            ContractType::Transfer => Self::Transfer(Message::decode(value).ok()?),
            ContractType::Trigger => Self::Trigger(Message::decode(value).ok()?),
            ContractType::PermissionUpdate => Self::PermissionUpdate(Message::decode(value).ok()?),
            ContractType::Freeze => Self::Freeze(Message::decode(value).ok()?),
            ContractType::Unfreeze => Self::Unfreeze(Message::decode(value).ok()?),
            ContractType::WithdrawExpireUnfreeze => Self::Withdraw(Message::decode(value).ok()?),
            ContractType::CancelAllUnfreeze => Self::CancelUnfreeze(Message::decode(value).ok()?),
            ContractType::Delegate => Self::Delegate(Message::decode(value).ok()?),
            ContractType::Undelegate => Self::Undelegate(Message::decode(value).ok()?),
        };
        Some(action)
    }

    /// The message's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::CreateAccount(message) => message.encode_to_vec(),
            Self::Transfer(message) => message.encode_to_vec(),
            Self::Trigger(message) => message.encode_to_vec(),
            Self::PermissionUpdate(message) => message.encode_to_vec(),
            Self::Freeze(message) => message.encode_to_vec(),
            Self::Unfreeze(message) => message.encode_to_vec(),
            Self::Withdraw(message) | Self::CancelUnfreeze(message) => message.encode_to_vec(),
            Self::Delegate(message) => message.encode_to_vec(),
            Self::Undelegate(message) => message.encode_to_vec(),
            Self::Other { .. } => Vec::new(),
        }
    }

    /// The type, or `None` for one that is carried but not executed.
    pub(crate) const fn kind(&self) -> Option<ContractType> {
        Some(match self {
            Self::CreateAccount(_) => ContractType::CreateAccount,
            Self::Transfer(_) => ContractType::Transfer,
            Self::Trigger(_) => ContractType::Trigger,
            Self::PermissionUpdate(_) => ContractType::PermissionUpdate,
            Self::Freeze(_) => ContractType::Freeze,
            Self::Unfreeze(_) => ContractType::Unfreeze,
            Self::Withdraw(_) => ContractType::WithdrawExpireUnfreeze,
            Self::CancelUnfreeze(_) => ContractType::CancelAllUnfreeze,
            Self::Delegate(_) => ContractType::Delegate,
            Self::Undelegate(_) => ContractType::Undelegate,
            Self::Other { .. } => return None,
        })
    }

    /// The number by which permissions allow it.
    pub(crate) const fn number(&self) -> i32 {
        match (self, self.kind()) {
            (_, Some(kind)) => kind.number(),
            (Self::Other { number, .. }, None) => *number,
            (_, None) => -1,
        }
    }

    /// `owner_address`, valid or not.
    pub(crate) fn owner_bytes(&self) -> &[u8] {
        match self {
            Self::CreateAccount(message) => &message.owner_address,
            Self::Transfer(message) => &message.owner_address,
            Self::Trigger(message) => &message.owner_address,
            Self::PermissionUpdate(message) => &message.owner_address,
            Self::Freeze(message) => &message.owner_address,
            Self::Unfreeze(message) => &message.owner_address,
            Self::Withdraw(message) | Self::CancelUnfreeze(message) => &message.owner_address,
            Self::Delegate(message) => &message.owner_address,
            Self::Undelegate(message) => &message.owner_address,
            Self::Other { owner, .. } => owner,
        }
    }
}
