//! The bare protobuf messages, with the field numbers of java-tron's `Tron.proto`.
//!
//! They hold whatever bytes came in, valid or not: a node must look at a bad address to complain
//! about it. Everybody else uses [`crate::RawTx`], which cannot hold one.
//!
//! Source: java-tron `protocol/src/main/protos/core/{Tron,contract/*}.proto`.

use prost::Message;

/// `Transaction`; `raw_data` is kept as bytes because the txid is their hash.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Transaction {
    /// The serialised [`RawData`].
    #[prost(bytes = "vec", tag = "1")]
    pub raw_data: Vec<u8>,
    /// Signatures of the txid, 65 bytes each.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub signature: Vec<Vec<u8>>,
    /// What the block producer found out; not part of what is signed or charged.
    #[prost(message, repeated, tag = "5")]
    pub ret: Vec<TransactionResult>,
}

/// `Transaction.Result`, as far as it enters a block's Merkle root.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct TransactionResult {
    /// Fee of a system contract, sun.
    #[prost(int64, tag = "1")]
    pub fee: i64,
    /// `SUCESS` 0 or `FAILED` 1.
    #[prost(int32, tag = "2")]
    pub ret: i32,
    /// `contractResult`: `SUCCESS` 1, `REVERT` 2, `OUT_OF_ENERGY` 10, …
    #[prost(int32, tag = "3")]
    pub contract_ret: i32,
}

/// `Transaction.raw`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RawData {
    /// Bytes 6..8 of the reference block's number.
    #[prost(bytes = "vec", tag = "1")]
    pub ref_block_bytes: Vec<u8>,
    /// Unused by the network.
    #[prost(int64, tag = "3")]
    pub ref_block_num: i64,
    /// Bytes 8..16 of the reference block's id.
    #[prost(bytes = "vec", tag = "4")]
    pub ref_block_hash: Vec<u8>,
    /// Unix milliseconds.
    #[prost(int64, tag = "8")]
    pub expiration: i64,
    /// Memo.
    #[prost(bytes = "vec", tag = "10")]
    pub data: Vec<u8>,
    /// Exactly one on a valid transaction.
    #[prost(message, repeated, tag = "11")]
    pub contract: Vec<ContractMessage>,
    /// Unused by the network.
    #[prost(bytes = "vec", tag = "12")]
    pub scripts: Vec<u8>,
    /// Unix milliseconds; not validated by the network.
    #[prost(int64, tag = "14")]
    pub timestamp: i64,
    /// Sun.
    #[prost(int64, tag = "18")]
    pub fee_limit: i64,
}

/// `Transaction.Contract`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ContractMessage {
    /// `ContractType` number.
    #[prost(int32, tag = "1")]
    pub r#type: i32,
    /// The contract itself.
    #[prost(message, optional, tag = "2")]
    pub parameter: Option<Any>,
    /// Unused by the network.
    #[prost(bytes = "vec", tag = "3")]
    pub provider: Vec<u8>,
    /// Unused by the network.
    #[prost(bytes = "vec", tag = "4")]
    pub contract_name: Vec<u8>,
    /// 0 owner, 1 witness, 2.. active.
    #[prost(int32, tag = "5")]
    pub permission_id: i32,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Any {
    /// `type.googleapis.com/protocol.<Message>`.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The serialised message.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

macro_rules! message {
    ($(#[$doc:meta])* $name:ident { $($(#[$field:meta])* $field_name:ident : $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Message)]
        #[expect(missing_docs, reason = "the names are the protocol's own; units in its documents")]
        pub struct $name {
            $($(#[$field])* pub $field_name: $type,)*
        }
    };
}

message! {
    /// Type 0.
    AccountCreateContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")] account_address: Vec<u8>,
        #[prost(int32, tag = "3")] r#type: i32,
    }
}
message! {
    /// Type 1; `amount` in sun.
    TransferContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")] to_address: Vec<u8>,
        #[prost(int64, tag = "3")] amount: i64,
    }
}
message! {
    /// Type 31; `call_value` in sun.
    TriggerSmartContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")] contract_address: Vec<u8>,
        #[prost(int64, tag = "3")] call_value: i64,
        #[prost(bytes = "vec", tag = "4")] data: Vec<u8>,
        #[prost(int64, tag = "5")] call_token_value: i64,
        #[prost(int64, tag = "6")] token_id: i64,
    }
}
message! {
    /// Type 46.
    AccountPermissionUpdateContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(message, optional, tag = "2")] owner: Option<PermissionMessage>,
        #[prost(message, optional, tag = "3")] witness: Option<PermissionMessage>,
        #[prost(message, repeated, tag = "4")] actives: Vec<PermissionMessage>,
    }
}
message! {
    /// `Permission`: type 0 owner, 1 witness, 2 active.
    PermissionMessage {
        #[prost(int32, tag = "1")] r#type: i32,
        #[prost(int32, tag = "2")] id: i32,
        #[prost(string, tag = "3")] permission_name: String,
        #[prost(int64, tag = "4")] threshold: i64,
        #[prost(int32, tag = "5")] parent_id: i32,
        #[prost(bytes = "vec", tag = "6")] operations: Vec<u8>,
        #[prost(message, repeated, tag = "7")] keys: Vec<KeyMessage>,
    }
}
message! {
    /// `Key` of a permission.
    KeyMessage {
        #[prost(bytes = "vec", tag = "1")] address: Vec<u8>,
        #[prost(int64, tag = "2")] weight: i64,
    }
}
message! {
    /// Type 54; `frozen_balance` in sun.
    FreezeBalanceV2Contract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(int64, tag = "2")] frozen_balance: i64,
        #[prost(int32, tag = "3")] resource: i32,
    }
}
message! {
    /// Type 55; `unfreeze_balance` in sun.
    UnfreezeBalanceV2Contract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(int64, tag = "2")] unfreeze_balance: i64,
        #[prost(int32, tag = "3")] resource: i32,
    }
}
message! {
    /// Types 56 and 59: both messages hold the owner alone.
    OwnerOnlyContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
    }
}
message! {
    /// Type 57; `balance` in sun of stake, `lock_period` in blocks.
    DelegateResourceContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(int32, tag = "2")] resource: i32,
        #[prost(int64, tag = "3")] balance: i64,
        #[prost(bytes = "vec", tag = "4")] receiver_address: Vec<u8>,
        #[prost(bool, tag = "5")] lock: bool,
        #[prost(int64, tag = "6")] lock_period: i64,
    }
}
message! {
    /// Type 58; `balance` in sun of stake.
    UnDelegateResourceContract {
        #[prost(bytes = "vec", tag = "1")] owner_address: Vec<u8>,
        #[prost(int32, tag = "2")] resource: i32,
        #[prost(int64, tag = "3")] balance: i64,
        #[prost(bytes = "vec", tag = "4")] receiver_address: Vec<u8>,
    }
}
