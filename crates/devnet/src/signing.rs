//! What a signature is on this chain: the network's, or one that only names its signer.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tron::sign::recover;
use tron::{Address, Signature, TxId};

/// How transactions and blocks are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// As on the network: secp256k1 over the id.
    #[default]
    Curve,
    /// [`named_signature`]: who signed what, without the curve. For simulations, which make and check
    /// millions; anybody can sign for anybody.
    Named,
}

const ADDRESS_BYTES: usize = 21;
const HASH_BYTES: usize = 32;

/// A signature on a chain of [`Signing::Named`]: the signer, and a hash that belongs to this signer and
/// this id alone.
///
/// Shape: well below a microsecond, where one of the curve takes about 40 and its check 80.
#[must_use]
pub fn named_signature(signer: Address, id: &TxId) -> Signature {
    let mut bytes = [0; 65];
    bytes[..ADDRESS_BYTES].copy_from_slice(signer.as_bytes());
    bytes[ADDRESS_BYTES..ADDRESS_BYTES + HASH_BYTES].copy_from_slice(&bond(signer, id));
    Signature::from_bytes(bytes)
}

fn bond(signer: Address, id: &TxId) -> [u8; HASH_BYTES] {
    Sha256::new().chain_update(signer.as_bytes()).chain_update(id.as_bytes()).finalize().into()
}

impl Signing {
    /// Who made a signature over an id; `None` when nobody can have.
    pub(crate) fn signer(self, id: &TxId, signature: &Signature) -> Option<Address> {
        match self {
            Self::Curve => recover(id, signature).ok(),
            Self::Named => {
                let signer = Address::from_slice(&signature.as_bytes()[..ADDRESS_BYTES]).ok()?;
                (named_signature(signer, id) == *signature).then_some(signer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_signature_is_its_signers_over_its_id_alone() {
        let (signer, other) = (Address::from_evm([1; 20]), Address::from_evm([2; 20]));
        let (id, another) = (TxId::of_raw(b"one"), TxId::of_raw(b"another"));
        let signature = named_signature(signer, &id);
        assert_eq!(Signing::Named.signer(&id, &signature), Some(signer));
        assert_eq!(Signing::Named.signer(&another, &signature), None);
        let mut forged = *signature.as_bytes();
        forged[..ADDRESS_BYTES].copy_from_slice(other.as_bytes());
        assert_eq!(Signing::Named.signer(&id, &Signature::from_bytes(forged)), None);
        assert_eq!(Signing::Named.signer(&id, &Signature::from_bytes([0; 65])), None);
    }

    #[test]
    fn the_network_takes_no_named_signature() {
        let id = TxId::of_raw(b"one");
        let signature = named_signature(Address::from_evm([1; 20]), &id);
        assert_ne!(Signing::Curve.signer(&id, &signature), Some(Address::from_evm([1; 20])));
    }
}
