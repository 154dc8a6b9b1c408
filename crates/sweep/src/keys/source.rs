//! Every kind of key file as a source of targets and signatures.

use tron::{Address, Signature, TxId};

use super::hd::HdWallet;
use super::{Keys, KeysError, KeysKind, Source};
use crate::target::{KeySource, KeySourceError, Target};

impl KeySource for Keys {
    fn describe(&self) -> String {
        let noun = match self.kind {
            KeysKind::Xpub | KeysKind::Addresses => "addresses",
            KeysKind::Keystore => "keystores",
            KeysKind::Mnemonic | KeysKind::Xprv | KeysKind::Csv | KeysKind::Raw => "keys",
        };
        match self.count() {
            Some(count) => format!("{count} {noun} in {} ({})", self.name, self.kind),
            None => format!("{noun} of the {} in {}", self.kind, self.name),
        }
    }

    fn page(&self, first: usize, count: usize) -> Result<Vec<Target>, KeySourceError> {
        let listed = |addresses: &[Address]| {
            Ok(addresses.iter().skip(first).take(count).copied().map(Target::new).collect())
        };
        match &self.source {
            Source::Listed(list) => listed(list.order()),
            Source::Watched(list) => listed(list.order()),
            Source::Keystores(keystores) => listed(keystores.order()),
            Source::Hd(wallet) => (first..first.saturating_add(count))
                .map_while(|position| wallet.place(position))
                .map(|place| {
                    let address = wallet.address(place).map_err(|error| self.failed(error))?;
                    Ok(Target { address, label: wallet.label(place) })
                })
                .collect(),
        }
    }

    fn gap_limit(&self) -> Option<usize> {
        match &self.source {
            Source::Hd(wallet) => wallet.gap(),
            Source::Listed(_) | Source::Watched(_) | Source::Keystores(_) => None,
        }
    }

    fn can_sign(&self) -> bool {
        !self.kind.is_watch_only()
    }

    fn sign(&self, target: &Target, txid: &TxId) -> Result<Signature, KeySourceError> {
        let address = target.address;
        let not_held = KeySourceError::NotHeld(address);
        match &self.source {
            Source::Listed(list) => list.get(address).map(|key| key.sign(txid)).ok_or(not_held),
            Source::Watched(_) => Err(KeySourceError::WatchOnly),
            Source::Keystores(keystores) => {
                let key = keystores.key(address).map_err(|error| self.failed(error))?;
                key.map(|key| key.sign(txid)).ok_or(not_held)
            }
            Source::Hd(_) if !self.can_sign() => Err(KeySourceError::WatchOnly),
            Source::Hd(wallet) => self.sign_derived(wallet, target, txid),
        }
    }
}

impl Keys {
    /// How many addresses there are; `None` for an HD wallet whose end the gap limit finds.
    fn count(&self) -> Option<u64> {
        let listed = |addresses: &[Address]| u64::try_from(addresses.len()).ok();
        match &self.source {
            Source::Listed(list) => listed(list.order()),
            Source::Watched(list) => listed(list.order()),
            Source::Keystores(keystores) => listed(keystores.order()),
            Source::Hd(wallet) => wallet.count(),
        }
    }

    /// The key at the place that the target's label names, if it really is the target's.
    fn sign_derived(
        &self,
        wallet: &HdWallet,
        target: &Target,
        txid: &TxId,
    ) -> Result<Signature, KeySourceError> {
        let not_held = || KeySourceError::NotHeld(target.address);
        let place = wallet.place_of(&target.label).ok_or_else(not_held)?;
        let key = wallet.secret_key(place).map_err(|error| self.failed(error))?;
        let key = key.ok_or(KeySourceError::WatchOnly)?;
        // Another wallet's file gives other addresses at the same paths.
        if key.address() == target.address { Ok(key.sign(txid)) } else { Err(not_held()) }
    }

    fn failed(&self, error: KeysError) -> KeySourceError {
        error.in_source(&self.name)
    }
}
