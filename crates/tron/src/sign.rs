//! Keys and signatures: secp256k1 over the transaction id.

use std::fmt;

use k256::ecdsa::{RecoveryId, Signature as Rs, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::tx::TxId;

/// A private key. It cannot be shown, copied or serialised, and is wiped when dropped.
pub struct SecretKey {
    // k256 wipes it on drop.
    key: SigningKey,
}

/// r (32 bytes), s (32 bytes), v (1 byte).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 65]);

/// Why bytes are not a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hex digits.
    #[error("a private key is 64 hex digits")]
    Hex,
    /// Zero, or not below the order of the curve.
    #[error("not a private key of this curve")]
    Range,
}

/// No public key gives this signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature names no key")]
pub struct RecoverError;

impl SecretKey {
    /// A key from its 32 bytes, big-endian.
    ///
    /// Errors: zero, or not below the order of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        SigningKey::from_slice(bytes).map(|key| Self { key }).map_err(|_| KeyError::Range)
    }

    /// A key from 64 hex digits, with or without `0x`.
    ///
    /// Errors: [`KeyError`]; the text is never part of the error.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        let digits = text.strip_prefix("0x").unwrap_or(text);
        hex::decode_to_slice(digits, bytes.as_mut_slice()).map_err(|_| KeyError::Hex)?;
        Self::from_bytes(&bytes)
    }

    /// The address whose owner this key is by default.
    #[must_use]
    pub fn address(&self) -> Address {
        address_of(self.key.verifying_key())
    }

    /// Signs a transaction id: deterministic nonce (RFC 6979), low s, v = 27 + recovery id.
    ///
    /// Shape: about 40 µs; the same key and id always give the same bytes.
    #[must_use]
    pub fn sign(&self, txid: &TxId) -> Signature {
        let (rs, recovery) = self.key.sign_prehash_recoverable(txid.as_bytes());
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&rs.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Signature(bytes)
    }
}

impl Signature {
    /// A signature from its 65 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 65]) -> Self {
        Self(bytes)
    }

    /// A signature from 65 bytes, or `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 65 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// The recovery id in v: 0..7 and 27..34 are accepted, 31 and up mean "compressed".
    ///
    /// Source: java-tron `ECKey.signatureToKeyBytes`, which adds 27 to anything below it.
    fn recovery_id(&self) -> Option<RecoveryId> {
        let header = if self.0[64] < 27 { self.0[64] + 27 } else { self.0[64] };
        let id = match header {
            27..=30 => header - 27,
            31..=34 => header - 31,
            _ => return None,
        };
        RecoveryId::from_byte(id)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::to_hex(self.0))
    }
}

/// The address of the key that made a signature.
///
/// High s is accepted, as the network does: signatures are not part of the id, so that changes
/// nothing.
///
/// Errors: r, s or v out of range, or no point on the curve.
pub fn recover(txid: &TxId, signature: &Signature) -> Result<Address, RecoverError> {
    let recovery = signature.recovery_id().ok_or(RecoverError)?;
    let rs = Rs::from_slice(&signature.0[..64]).map_err(|_| RecoverError)?;
    VerifyingKey::recover_from_prehash(txid.as_bytes(), &rs, recovery)
        .map(|key| address_of(&key))
        .map_err(|_| RecoverError)
}

fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    let mut uncompressed = [0; 64];
    uncompressed.copy_from_slice(&point.as_bytes()[1..]);
    Address::from_public_key(&uncompressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(last: u8) -> SecretKey {
        let mut bytes = [0; 32];
        bytes[31] = last;
        SecretKey::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn every_header_form_recovers_the_signer() {
        let txid = TxId::of_raw(b"anything");
        let signature = key(1).sign(&txid);
        let id = signature.0[64] - 27;
        for header in [id, id + 27, id + 31] {
            let mut bytes = signature.0;
            bytes[64] = header;
            assert_eq!(recover(&txid, &Signature(bytes)), Ok(key(1).address()));
        }
        for header in [8, 26, 35, 255] {
            let mut bytes = signature.0;
            bytes[64] = header;
            assert_eq!(recover(&txid, &Signature(bytes)), Err(RecoverError), "{header}");
        }
    }

    #[test]
    fn a_high_s_recovers_the_same_signer() {
        let txid = TxId::of_raw(b"high");
        let low = key(2).sign(&txid);
        let rs = Rs::from_slice(&low.0[..64]).unwrap();
        let high = Rs::from_scalars(rs.r().to_bytes(), (-*rs.s()).to_bytes()).unwrap();
        let mut bytes = low.0;
        bytes[..64].copy_from_slice(&high.to_bytes());
        bytes[64] = 27 + ((low.0[64] - 27) ^ 1);
        assert_eq!(recover(&txid, &Signature(bytes)), Ok(key(2).address()));
    }

    #[test]
    fn zero_the_order_and_bad_hex_are_no_keys() {
        assert!(matches!(SecretKey::from_bytes(&[0; 32]), Err(KeyError::Range)));
        assert!(matches!(SecretKey::from_bytes(&[0xff; 32]), Err(KeyError::Range)));
        assert!(matches!(SecretKey::from_hex("12"), Err(KeyError::Hex)));
        let digits = format!("0x{:064x}", 1);
        assert_eq!(SecretKey::from_hex(&digits).unwrap().address(), key(1).address());
    }
}
