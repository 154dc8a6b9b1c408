//! Merchants: add, change, pause.

use domain::MerchantId;
use tron::Sun;

use super::{AdminRefused, Administrator, text_within};
use crate::admin_rows::{AdminChanges, AdminNeeds};
use crate::describe;
use crate::rows::Merchant;

/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// What to change of a merchant; absent members stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MerchantChange {
    /// Its name.
    pub name: Option<String>,
    /// Where outcomes go when an order names no address; `Some(None)` takes it away.
    pub callback_url: Option<Option<String>>,
    /// Whether new orders are refused.
    pub is_paused: Option<bool>,
}

impl Administrator {
    /// Adds a merchant. The callback address was judged before.
    ///
    /// Errors: [`AdminRefused::Name`], or the store's.
    pub async fn add_merchant(
        &self,
        name: &str,
        callback_url: Option<String>,
    ) -> Result<Merchant, AdminRefused> {
        let name = text_within(name, NAME_CHARS_MAX).ok_or(AdminRefused::Name)?;
        self.change(None, AdminNeeds::default(), move |me, rows| {
            let merchant = Merchant {
                id: rows.admin.next_merchant,
                name: name.clone(),
                callback_url: callback_url.clone(),
                is_paused: false,
                available: Sun::ZERO,
                held: Sun::ZERO,
                created: me.now,
            };
            let after = describe::merchant(&merchant);
            let log = me.log("merchant.add", subject(merchant.id), None, Some(&after));
            let changes =
                AdminChanges { merchant: Some(merchant.clone()), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), merchant))
        })
        .await
    }

    /// Changes a merchant; a paused one's orders under way go on.
    ///
    /// Errors: [`AdminRefused::NoMerchant`], [`AdminRefused::Name`], or the store's.
    pub async fn change_merchant(
        &self,
        id: MerchantId,
        change: MerchantChange,
    ) -> Result<Merchant, AdminRefused> {
        let name = match &change.name {
            Some(name) => Some(text_within(name, NAME_CHARS_MAX).ok_or(AdminRefused::Name)?),
            None => None,
        };
        self.change(Some(id), AdminNeeds::default(), move |me, rows| {
            let before = rows.merchant.as_ref().ok_or(AdminRefused::NoMerchant(id))?;
            let after = Merchant {
                name: name.clone().unwrap_or_else(|| before.name.clone()),
                callback_url: change
                    .callback_url
                    .clone()
                    .unwrap_or_else(|| before.callback_url.clone()),
                is_paused: change.is_paused.unwrap_or(before.is_paused),
                ..before.clone()
            };
            if after == *before {
                return Ok((None, after));
            }
            let action = match (before.is_paused, after.is_paused) {
                (false, true) => "merchant.pause",
                (true, false) => "merchant.resume",
                (true, true) | (false, false) => "merchant.change",
            };
            let (was, is) = (describe::merchant(before), describe::merchant(&after));
            let log = me.log(action, subject(id), Some(&was), Some(&is));
            let changes =
                AdminChanges { merchant: Some(after.clone()), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), after))
        })
        .await
    }
}

/// How the log names a merchant.
pub(super) fn subject(id: MerchantId) -> String {
    format!("merchant {}", id.0)
}
