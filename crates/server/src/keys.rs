//! API keys with their secrets opened, kept for a moment so that each request need not ask the
//! database.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use app::ports::{Clock, Store, StoreError};
use app::rows::Key;
use domain::key::KeyLimits;
use domain::{KeyId, MerchantId, UnixMillis};

use zeroize::Zeroizing;

use crate::limit::{Limits, Throttled};
use crate::secret::{ApiSecret, OpenError, SealError, Sealer, generate_api_key};

/// How long a key may be used after it was last read, in milliseconds: the longest that a revoked
/// one keeps working.
pub const KEY_FRESH_MS: i64 = 1_000;
/// Most keys kept; beyond it all are forgotten and read again.
pub const KEYS_KEPT_MAX: usize = 10_000;

/// A key that works now.
#[derive(Clone)]
pub struct LiveKey {
    /// Identity.
    pub id: KeyId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// The text that requests carry.
    pub text: String,
    /// Whether a second order with the same reference is refused.
    pub is_reference_strict: bool,
    /// What it may be used for, and from where.
    pub limits: Arc<KeyLimits>,
    secret: Arc<ApiSecret>,
}

impl LiveKey {
    /// Lends the secret to a computation.
    pub fn with_secret<T>(&self, compute: impl FnOnce(&[u8]) -> T) -> T {
        compute(self.secret.expose().as_bytes())
    }
}

/// Why a key could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFailed {
    /// The database does not answer.
    #[error("the key could not be read")]
    Store(#[from] StoreError),
    /// The secret was sealed with another master key, or damaged.
    #[error("the secret of key {key:?} cannot be opened")]
    Sealed {
        /// Which key.
        key: KeyId,
        /// Why.
        source: OpenError,
    },
}

/// The keys of this process.
pub struct Keys {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    kept: RwLock<HashMap<String, (LiveKey, UnixMillis)>>,
    limits: Option<Arc<Limits>>,
}

impl Keys {
    /// Keys from this store, opened with this sealer.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, clock: Arc<dyn Clock>) -> Self {
        Self { store, sealer, clock, kept: RwLock::new(HashMap::new()), limits: None }
    }

    /// The same, and each key may ask this often.
    #[must_use]
    pub fn limited_by(self, limits: Arc<Limits>) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// Counts a request that this key authenticated.
    ///
    /// Errors: it is one too many; nothing may be done for it.
    pub fn count(&self, key: &LiveKey) -> Result<(), Throttled> {
        self.limits.as_ref().map_or(Ok(()), |limits| limits.key(key.id))
    }

    /// Whether a key with this text was seen to work, and not seen to have stopped.
    pub fn has_seen(&self, text: &str) -> bool {
        self.kept.read().expect("nothing panics holding it").contains_key(text)
    }

    /// The key with this text, if it works now. Unknown ones are not remembered.
    pub async fn live(&self, text: &str) -> Result<Option<LiveKey>, KeyFailed> {
        let now = self.clock.now();
        if let Some((key, read_at)) = self.kept.read().expect("nothing panics holding it").get(text)
            // A clock that went back says nothing about how old it is.
            && (0..KEY_FRESH_MS).contains(&now.since(*read_at))
        {
            return Ok(Some(key.clone()));
        }
        let row = self.store.key(text).await?.filter(|row| row.revoked.is_none());
        let Some(row) = row else {
            self.kept.write().expect("nothing panics holding it").remove(text);
            return Ok(None);
        };
        let key = self.open(row)?;
        let mut kept = self.kept.write().expect("nothing panics holding it");
        if kept.len() >= KEYS_KEPT_MAX {
            kept.clear();
        }
        kept.insert(text.to_owned(), (key.clone(), now));
        Ok(Some(key))
    }

    /// A key for signing callbacks; a revoked one still signs what it was promised.
    pub async fn for_callback(&self, id: KeyId) -> Result<Option<LiveKey>, KeyFailed> {
        self.store.key_by_id(id).await?.map(|row| self.open(row)).transpose()
    }

    fn open(&self, row: Key) -> Result<LiveKey, KeyFailed> {
        let context = seal_context(&row.text);
        let sealed = |source| KeyFailed::Sealed { key: row.id, source };
        let bytes = self.sealer.open(&context, &row.sealed_secret).map_err(sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| sealed(OpenError::Damaged))?;
        let secret = ApiSecret::from_text(Zeroizing::new(text.to_owned()))
            .map_err(|_| sealed(OpenError::Damaged))?;
        Ok(LiveKey {
            id: row.id,
            merchant: row.merchant,
            text: row.text,
            is_reference_strict: row.is_reference_strict,
            limits: Arc::new(row.limits),
            secret: Arc::new(secret),
        })
    }
}

/// Why no key could be made.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[from] getrandom::Error),
    /// The secret could not be sealed.
    #[error("the secret could not be sealed")]
    Seal(#[from] SealError),
}

/// A fresh key with its secret, which is shown once; the store gives it its number.
///
/// Errors: [`NoKey`].
pub fn new_key(
    sealer: &Sealer,
    merchant: MerchantId,
    name: &str,
    is_reference_strict: bool,
    limits: KeyLimits,
    created: UnixMillis,
) -> Result<(Key, ApiSecret), NoKey> {
    let (text, secret) = (generate_api_key()?, ApiSecret::generate()?);
    let key = Key {
        id: KeyId(0),
        merchant,
        name: name.to_owned(),
        sealed_secret: sealer.seal(&seal_context(&text), secret.expose().as_bytes())?,
        text,
        is_reference_strict,
        limits,
        created,
        revoked: None,
    };
    Ok((key, secret))
}

/// What a key's secret is sealed for: moved to another key's row it does not open.
#[must_use]
pub fn seal_context(key_text: &str) -> String {
    format!("api-secret:{key_text}")
}
