//! Addresses: 21 bytes, prefix 0x41, shown in Base58Check.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest, Keccak256};

/// Length of an address in bytes, prefix included.
pub const ADDRESS_LEN: usize = 21;
/// First byte of every address on every TRON network.
pub const ADDRESS_PREFIX: u8 = 0x41;

/// A TRON address: prefix 0x41 and the last 20 bytes of the Keccak-256 of the public key.
///
/// Shape: `Copy`, 21 bytes; ordered by its bytes; serialised as its Base58Check text.
/// Source: java-tron `DecodeUtil.addressValid`, `StringUtil.encode58Check`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; ADDRESS_LEN]);

/// Why a text or bytes are not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not Base58 or the checksum does not match.
    #[error("not a base58check address")]
    Base58Check,
    /// Not hex.
    #[error("not a hex address")]
    Hex,
    /// Wrong number of bytes.
    #[error("an address has 21 bytes, not {0}")]
    Length(usize),
    /// The first byte is not 0x41.
    #[error("an address starts with 0x41, not 0x{0:02x}")]
    Prefix(u8),
}

impl Address {
    /// The 21 bytes, prefix included.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ADDRESS_LEN] {
        &self.0
    }

    /// The 20 bytes that contracts and event logs use, without the prefix.
    #[must_use]
    pub fn evm_bytes(&self) -> [u8; 20] {
        let mut out = [0; 20];
        out.copy_from_slice(&self.0[1..]);
        out
    }

    /// An address from the 20 bytes of a contract word or event log.
    #[must_use]
    pub fn from_evm(bytes: [u8; 20]) -> Self {
        let mut out = [ADDRESS_PREFIX; ADDRESS_LEN];
        out[1..].copy_from_slice(&bytes);
        Self(out)
    }

    /// An address from its 21 bytes.
    ///
    /// Errors: wrong length or prefix.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, AddressError> {
        let bytes: [u8; ADDRESS_LEN] =
            bytes.try_into().map_err(|_| AddressError::Length(bytes.len()))?;
        if bytes[0] != ADDRESS_PREFIX {
            return Err(AddressError::Prefix(bytes[0]));
        }
        Ok(Self(bytes))
    }

    /// An address from 42 hex digits (`41…`), as node JSON writes it.
    ///
    /// Errors: not hex, wrong length or prefix.
    pub fn from_hex(text: &str) -> Result<Self, AddressError> {
        Self::from_slice(&hex::decode(text).map_err(|_| AddressError::Hex)?)
    }

    /// The address of an uncompressed public key (64 bytes, without the leading 0x04).
    ///
    /// Source: java-tron `ECKey.computeAddress`.
    #[must_use]
    pub fn from_public_key(uncompressed: &[u8; 64]) -> Self {
        let digest = Keccak256::digest(uncompressed);
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&digest[12..]);
        Self::from_evm(bytes)
    }

    /// 42 lower-case hex digits, as node JSON and actuator errors write it.
    #[must_use]
    pub fn to_hex(self) -> String {
        crate::to_hex(self.0)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Parses the 34-character Base58Check form.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let bytes = bs58::decode(text)
            .with_check(None)
            .into_vec()
            .map_err(|_| AddressError::Base58Check)?;
        Self::from_slice(&bytes)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&bs58::encode(self.0).with_check().into_string())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base58_and_hex_agree_with_the_published_pairs() {
        for (hex, base58) in [
            ("417e5f4552091a69125d5dfcb7b8c2659029395bdf", "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC"),
            ("412b5ad5c4795c026514f8317c7a215e218dccd6cf", "TDvSsdrNM5eeXNL3czpa6AxLDHZA9nwe9K"),
            ("418840e6c55b9ada326d211d818c34a994aeced808", "TNPeeaaFB7K9cmo4uQpcU32zGK8G1NYqeL"),
            ("41a614f803b6fd780986a42c78ec9c7f77e6ded13c", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
            ("41517591d35d313bf6a5e33098284502b045e2bc08", "THPvaUhoh2Qn2y9THCZML3H815hhFhn5YC"),
            ("41eca9bc828a3005b9a3b909f2cc5c2a54794de05f", "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf"),
        ] {
            let address = Address::from_hex(hex).unwrap();
            assert_eq!(address.to_string(), base58);
            assert_eq!(base58.parse::<Address>().unwrap(), address);
        }
    }

    #[test]
    fn serde_writes_base58() {
        let json = "\"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t\"";
        let address: Address = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), json);
        assert!(serde_json::from_str::<Address>("\"T\"").is_err());
    }

    #[test]
    fn a_wrong_checksum_length_or_prefix_is_refused() {
        assert_eq!(
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u".parse::<Address>(),
            Err(AddressError::Base58Check)
        );
        assert_eq!(Address::from_slice(&[0x41; 20]), Err(AddressError::Length(20)));
        assert_eq!(Address::from_slice(&[0xa0; 21]), Err(AddressError::Prefix(0xa0)));
    }
}
