//! The signed part of a transaction.

use prost::Message;

use crate::address::AddressError;
use crate::amount::Sun;
use crate::contract::Contract;
use crate::proto;
use crate::tx::{RefBlock, TxId};

/// What a transaction means; [`RawTx::encode`] gives the bytes that are hashed and signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawTx {
    /// The one contract.
    pub contract: Contract,
    /// A recent, preferably solid, block.
    pub ref_block: RefBlock,
    /// Chain time in unix ms from which on no block can include it.
    pub expiration_ms: i64,
    /// Unix ms; the network does not check it, so it is the nonce that keeps equal intents apart.
    pub timestamp_ms: i64,
    /// Most TRX a contract call may burn, own energy counted too; zero for everything else.
    pub fee_limit: Sun,
    /// 0 owner, 2.. active permissions.
    pub permission_id: i32,
    /// Costs 1 TRX when not empty.
    pub memo: Vec<u8>,
}

/// Why bytes are not a transaction that we understand completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not protobuf.
    #[error("not a protobuf message")]
    Protobuf,
    /// The reference block is not 2 and 8 bytes.
    #[error("the reference block is not 2 and 8 bytes")]
    RefBlock,
    /// Not exactly one contract.
    #[error("a transaction holds exactly one contract, not {0}")]
    ContractCount(usize),
    /// A contract type this room does not speak.
    #[error("contract type {0} is not supported")]
    ContractType(i32),
    /// An address field is not an address.
    #[error("bad address: {0}")]
    Address(AddressError),
    /// Neither bandwidth nor energy.
    #[error("resource code {0} is not supported")]
    Resource(i32),
    /// A lock period that is negative or past 32 bits.
    #[error("lock period {0} is out of range")]
    LockPeriod(i64),
    /// A permission without keys of the right shape.
    #[error("bad permission")]
    Permission,
    /// A signature is not 65 bytes long.
    #[error("a signature has 65 bytes, not {0}")]
    SignatureLength(usize),
    /// The bytes say something that the fields above cannot hold, or say it in another form.
    #[error("the bytes hold more than the known fields")]
    NotCanonical,
}

impl From<AddressError> for DecodeError {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

impl RawTx {
    /// The bytes that are hashed and signed.
    ///
    /// Shape: ascending field numbers, defaults left out, as every TRON library writes them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        proto::RawData {
            ref_block_bytes: self.ref_block.bytes.to_vec(),
            ref_block_num: 0,
            ref_block_hash: self.ref_block.hash.to_vec(),
            expiration: self.expiration_ms,
            data: self.memo.clone(),
            contract: vec![proto::ContractMessage {
                r#type: self.contract.contract_type().number(),
                parameter: Some(self.contract.to_any()),
                provider: Vec::new(),
                contract_name: Vec::new(),
                permission_id: self.permission_id,
            }],
            scripts: Vec::new(),
            timestamp: self.timestamp_ms,
            fee_limit: self.fee_limit.get(),
        }
        .encode_to_vec()
    }

    /// Reads raw-data bytes, refusing whatever would not be written back byte for byte.
    ///
    /// Errors: [`DecodeError`]; never panics on any input.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let raw = proto::RawData::decode(bytes).map_err(|_| DecodeError::Protobuf)?;
        let [message] = raw.contract.as_slice() else {
            return Err(DecodeError::ContractCount(raw.contract.len()));
        };
        let any = message.parameter.as_ref().ok_or(DecodeError::Protobuf)?;
        let contract = Contract::from_any(message.r#type, any)?;
        let ref_block = RefBlock {
            bytes: raw.ref_block_bytes.try_into().map_err(|_| DecodeError::RefBlock)?,
            hash: raw.ref_block_hash.try_into().map_err(|_| DecodeError::RefBlock)?,
        };
        let decoded = Self {
            contract,
            ref_block,
            expiration_ms: raw.expiration,
            timestamp_ms: raw.timestamp,
            fee_limit: Sun::new(raw.fee_limit),
            permission_id: message.permission_id,
            memo: raw.data,
        };
        if decoded.encode() == bytes { Ok(decoded) } else { Err(DecodeError::NotCanonical) }
    }

    /// The id of the encoded bytes.
    #[must_use]
    pub fn txid(&self) -> TxId {
        TxId::of_raw(&self.encode())
    }
}
