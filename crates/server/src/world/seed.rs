//! Everything secret in a world comes from one seed, so that it can be resumed.

use std::path::Path;

use sha2::{Digest, Sha256};
use tron::SecretKey;
use zeroize::Zeroizing;

use crate::private_file;
use crate::secret::{MasterKey, Sealer};

/// The seed of a world, 32 random bytes.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Reads the seed of a world that was here before, or makes one.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        if path.exists() {
            let text = private_file::read(path)?;
            let digits = std::str::from_utf8(&text).unwrap_or_default().trim();
            if hex::decode_to_slice(digits, bytes.as_mut_slice()).is_err() {
                anyhow::bail!("{} does not hold a seed", path.display());
            }
            return Ok(Self(bytes));
        }
        getrandom::fill(bytes.as_mut_slice())?;
        let text = Zeroizing::new(format!("{}\n", hex::encode(bytes.as_slice())));
        private_file::write_new(path, text.as_bytes())?;
        Ok(Self(bytes))
    }

    /// 32 bytes for a purpose.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.0.as_slice()).chain_update(label).finalize().into()
    }

    /// A private key for a purpose.
    #[must_use]
    pub fn key(&self, label: &str) -> SecretKey {
        SecretKey::from_bytes(&self.derive(label))
            .expect("all but 2^-128 of the 32-byte numbers are keys")
    }

    /// What seals this world's API secrets.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        let text = self.master_key_hex();
        Sealer::new(&MasterKey::from_hex(&text).expect("32 bytes are 64 hex digits"))
    }

    /// The key behind [`Self::sealer`], as the server's environment takes it.
    #[must_use]
    pub fn master_key_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.derive("master key")))
    }
}
