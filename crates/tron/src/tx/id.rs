//! Names of transactions and blocks, and the reference from one to the other.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// A transaction's name: SHA-256 of its raw-data bytes. Signatures are not part of it.
///
/// Source: java-tron `TransactionCapsule.getTransactionId`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId([u8; 32]);

/// A block's name: its number (8 bytes, big-endian) and the last 24 bytes of its header's hash.
///
/// Source: java-tron `BlockCapsule.getBlockId`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId([u8; 32]);

/// What a transaction says about the chain it was made for: it is only valid on a fork that has this
/// block among its last 65 536.
///
/// Source: java-tron `Manager.validateTapos`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefBlock {
    /// The low 16 bits of the block number, big-endian.
    pub bytes: [u8; 2],
    /// Bytes 8..16 of the block id.
    pub hash: [u8; 8],
}

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 64 hex digits")]
pub struct IdError;

impl TxId {
    /// The id of these raw-data bytes.
    #[must_use]
    pub fn of_raw(raw: &[u8]) -> Self {
        Self(Sha256::digest(raw).into())
    }
}

impl BlockId {
    /// The id of the block with this number whose header's raw data has this SHA-256.
    #[must_use]
    pub fn from_header_hash(number: u64, header_hash: [u8; 32]) -> Self {
        let mut bytes = header_hash;
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Self(bytes)
    }

    /// The block number.
    #[must_use]
    pub fn number(&self) -> u64 {
        let mut number = [0; 8];
        number.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(number)
    }
}

impl RefBlock {
    /// The reference to this block.
    #[must_use]
    pub fn from_block_id(id: &BlockId) -> Self {
        let mut hash = [0; 8];
        hash.copy_from_slice(&id.0[8..16]);
        Self { bytes: [id.0[6], id.0[7]], hash }
    }
}

macro_rules! hex_id {
    ($name:ident) => {
        impl $name {
            /// An id from its 32 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&crate::to_hex(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Parses 64 hex digits.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| IdError)?;
                Ok(Self(bytes))
            }
        }
    };
}

hex_id!(TxId);
hex_id!(BlockId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_takes_the_low_number_bytes_and_the_next_eight() {
        let id: BlockId =
            "0000000003fe262d52bfa4b2814f816fd2e57af5b98a33d60d8630a03a908e0e".parse().unwrap();
        assert_eq!(id.number(), 66_987_565);
        let reference = RefBlock::from_block_id(&id);
        assert_eq!(hex::encode(reference.bytes), "262d");
        assert_eq!(hex::encode(reference.hash), "52bfa4b2814f816f");
    }

    #[test]
    fn ids_are_64_hex_digits() {
        assert_eq!("00".parse::<TxId>(), Err(IdError));
        assert_eq!("zz".repeat(32).parse::<BlockId>(), Err(IdError));
        let id = TxId::of_raw(b"");
        assert_eq!(
            id.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
