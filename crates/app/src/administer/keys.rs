//! Keys: add, bind, revoke. The secret is made and sealed by the caller; here it is never readable.

use domain::key::{AllowList, KeyLimits, Scopes};
use tron::Sun;

use super::{AdminRefused, Administrator, NAME_CHARS_MAX, text_within};
use crate::admin_rows::{AdminChanges, AdminNeeds};
use crate::describe;
use crate::rows::Key;

/// Most keys that a merchant may have at the same time.
pub const LIVE_KEYS_MAX: usize = 3;

/// What to change of a key; absent members stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// Its name.
    pub name: Option<String>,
    /// What it may be used for.
    pub scopes: Option<Scopes>,
    /// Where it may be used.
    pub allowed_from: Option<AllowList>,
    /// Most that it may spend in a day; `Some(None)` lifts the cap.
    pub daily_cap: Option<Option<Sun>>,
    /// Whether a second order with the same reference is refused.
    pub is_reference_strict: Option<bool>,
}

impl Administrator {
    /// Adds a key to its merchant; `key.id` is given here.
    ///
    /// Errors: [`AdminRefused::NoMerchant`], [`AdminRefused::Name`], [`AdminRefused::TooManyKeys`], or
    /// the store's.
    pub async fn add_key(&self, key: Key) -> Result<Key, AdminRefused> {
        let name = text_within(&key.name, NAME_CHARS_MAX).ok_or(AdminRefused::Name)?;
        let merchant = key.merchant;
        let needs = AdminNeeds { keys_of: Some(merchant), ..AdminNeeds::default() };
        self.change(Some(merchant), needs, move |me, rows| {
            rows.merchant.as_ref().ok_or(AdminRefused::NoMerchant(merchant))?;
            let live = rows.admin.keys.iter().filter(|key| key.revoked.is_none()).count();
            if live >= LIVE_KEYS_MAX {
                return Err(AdminRefused::TooManyKeys(merchant));
            }
            let key = Key { id: rows.admin.next_key, name: name.clone(), ..key.clone() };
            let log = me.log("key.add", subject(&key), None, Some(&describe::key(&key)));
            let changes = AdminChanges { key: Some(key.clone()), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), key))
        })
        .await
    }

    /// Binds a live key in another way; it holds within a second.
    ///
    /// Errors: [`AdminRefused::NoKey`], [`AdminRefused::Name`], or the store's.
    pub async fn change_key(&self, text: &str, change: KeyChange) -> Result<Key, AdminRefused> {
        let name = match &change.name {
            Some(name) => Some(text_within(name, NAME_CHARS_MAX).ok_or(AdminRefused::Name)?),
            None => None,
        };
        self.change_live_key(text, "key.change", move |key| {
            let limits = KeyLimits {
                scopes: change.scopes.unwrap_or(key.limits.scopes),
                allowed_from: change
                    .allowed_from
                    .clone()
                    .unwrap_or_else(|| key.limits.allowed_from.clone()),
                daily_cap: change.daily_cap.unwrap_or(key.limits.daily_cap),
            };
            Key {
                name: name.clone().unwrap_or_else(|| key.name.clone()),
                limits,
                is_reference_strict: change.is_reference_strict.unwrap_or(key.is_reference_strict),
                ..key.clone()
            }
        })
        .await
    }

    /// Revokes a key; it stops working within a second and still signs what it promised.
    ///
    /// Errors: [`AdminRefused::NoKey`], or the store's.
    pub async fn revoke_key(&self, text: &str) -> Result<Key, AdminRefused> {
        let now = self.now;
        self.change_live_key(text, "key.revoke", move |key| Key {
            revoked: Some(now),
            ..key.clone()
        })
        .await
    }

    async fn change_live_key(
        &self,
        text: &str,
        action: &'static str,
        change: impl Fn(&Key) -> Key + Send + 'static,
    ) -> Result<Key, AdminRefused> {
        let text = text.to_owned();
        let needs = AdminNeeds { key: Some(text.clone()), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            let before = rows.admin.key.as_ref().filter(|key| key.revoked.is_none());
            let before = before.ok_or_else(|| AdminRefused::NoKey(text.clone()))?;
            let after = change(before);
            if after == *before {
                return Ok((None, after));
            }
            let (was, is) = (describe::key(before), describe::key(&after));
            let log = me.log(action, subject(&after), Some(&was), Some(&is));
            let changes = AdminChanges { key: Some(after.clone()), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), after))
        })
        .await
    }
}

fn subject(key: &Key) -> String {
    format!("key {}", key.text)
}
