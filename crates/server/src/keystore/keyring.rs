//! Opened keys, by address.

use std::collections::BTreeMap;

use tron::sign::SecretKey;
use tron::{Address, Signature, TxId};

/// Opened pool-wallet keys. It signs for them and never hands one out.
#[derive(Default)]
pub struct Keyring {
    keys: BTreeMap<Address, SecretKey>,
}

/// The keyring has no key for this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no opened wallet for {0}")]
pub struct UnknownWallet(
    /// The address that was asked for.
    pub Address,
);

impl Keyring {
    /// Takes a key in, under its own address.
    pub fn add(&mut self, key: SecretKey) {
        self.keys.insert(key.address(), key);
    }

    /// Signs a transaction id with the key of `address`.
    ///
    /// Errors: there is no such key.
    pub fn sign(&self, address: Address, txid: &TxId) -> Result<Signature, UnknownWallet> {
        self.keys.get(&address).map(|key| key.sign(txid)).ok_or(UnknownWallet(address))
    }

    /// The addresses that can be signed for, in order.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.keys.keys().copied()
    }
}
