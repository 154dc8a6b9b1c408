//! A transaction with its signatures, ready to be sent.

use prost::Message;

use crate::proto;
use crate::resource::Bandwidth;
use crate::sign::Signature;
use crate::tx::{DecodeError, TxId};

/// Bandwidth that the network charges for the result it appends to a transaction, in bytes.
///
/// Source: java-tron `Constant.MAX_RESULT_SIZE_IN_TX`.
pub const BANDWIDTH_PER_RESULT: i64 = 64;

/// The exact raw-data bytes and the signatures of their hash.
///
/// The bytes are kept, not the fields: they are what was signed, and sending them again is always
/// the same transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedTx {
    /// Serialised `raw_data`.
    pub raw: Vec<u8>,
    /// At most five on mainnet; one in our own transactions.
    pub signatures: Vec<Signature>,
}

impl SignedTx {
    /// The full protobuf `Transaction`, as `broadcasthex` wants it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        proto::Transaction {
            raw_data: self.raw.clone(),
            signature: self.signatures.iter().map(|one| one.as_bytes().to_vec()).collect(),
            ret: Vec::new(),
        }
        .encode_to_vec()
    }

    /// Reads a protobuf `Transaction`; a `ret` in it is left out.
    ///
    /// Errors: not protobuf, or a signature that is not 65 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let message = proto::Transaction::decode(bytes).map_err(|_| DecodeError::Protobuf)?;
        let signatures = message
            .signature
            .iter()
            .map(|one| Signature::from_slice(one).ok_or(DecodeError::SignatureLength(one.len())))
            .collect::<Result<_, _>>()?;
        Ok(Self { raw: message.raw_data, signatures })
    }

    /// The transaction's id.
    #[must_use]
    pub fn txid(&self) -> TxId {
        TxId::of_raw(&self.raw)
    }

    /// What the network charges for carrying it: its bytes and 64 for the result.
    ///
    /// Source: java-tron `BandwidthProcessor.consume`.
    #[must_use]
    pub fn bandwidth(&self) -> Bandwidth {
        let bytes =
            i64::try_from(self.to_bytes().len()).expect("a Vec holds at most i64::MAX bytes");
        Bandwidth::new(bytes + BANDWIDTH_PER_RESULT)
    }
}
