//! The merchant of a world, with money and a key.

use app::ports::{Clock, StoreError};
use app::rows::{Key, NewWallet};
use domain::ledger::facts::merchant_credited;
use domain::{KeyId, MerchantId};
use tron::Sun;
use zeroize::Zeroizing;

use super::Seed;
use super::chain::Plan;
use crate::boot::Product;
use crate::keys::seal_context;
use crate::secret::ApiSecret;
use crate::system::SystemClock;

/// What the merchant starts with.
const CREDIT: Sun = Sun::from_trx(100_000);
const NAME: &str = "Demo shop";

/// A merchant with its key.
pub struct Shop {
    /// Its number.
    pub merchant: MerchantId,
    /// Its name.
    pub name: &'static str,
    /// The text that requests carry.
    pub api_key: String,
    /// What signs.
    pub api_secret: Zeroizing<String>,
}

/// Opens the shop, or finds it as it was left.
pub(super) async fn open(product: &Product, seed: &Seed, plan: &Plan) -> anyhow::Result<Shop> {
    let store = &product.store;
    let hex = |label: &str| hex::encode_upper(seed.derive(label));
    let api_key = hex("api key")[..32].to_owned();
    let api_secret = Zeroizing::new(hex("api secret"));
    for (address, signer, role) in plan.wallets(seed) {
        store.put_wallet(NewWallet { address, signer, role, permission_id: 2 }).await?;
    }
    if let Some(key) = store.key(&api_key).await? {
        return Ok(Shop { merchant: key.merchant, name: NAME, api_key, api_secret });
    }
    let now = SystemClock.now();
    // An earlier start may have ended anywhere in between: what is there is not made twice.
    let known = store.merchants().await?.into_iter().find(|merchant| merchant.name == NAME);
    let merchant = match known {
        Some(merchant) => merchant.id,
        None => store.add_merchant(NAME, None, now).await?,
    };
    let mut business = [0; 16];
    business.copy_from_slice(&seed.derive("credit")[..16]);
    match store.post(merchant_credited(business, merchant, CREDIT, "play money", now)).await {
        Ok(()) | Err(StoreError::Conflict(_)) => {}
        Err(failed) => return Err(failed.into()),
    }
    let secret = ApiSecret::from_text(api_secret.clone())?;
    let sealed_secret = seed.sealer().seal(&seal_context(&api_key), secret.expose().as_bytes())?;
    let key = Key {
        id: KeyId(0),
        merchant,
        text: api_key.clone(),
        name: "demo".to_owned(),
        sealed_secret,
        is_reference_strict: false,
        limits: domain::key::KeyLimits::default(),
        created: now,
        revoked: None,
    };
    store.add_key(&key, 1).await?;
    Ok(Shop { merchant, name: NAME, api_key, api_secret })
}
