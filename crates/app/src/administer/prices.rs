//! Price lists: the house's and each merchant's own. They hold from the next commit on.

use domain::price_overrides::PriceOverrides;

use super::merchants::subject;
use super::{AdminRefused, Administrator};
use crate::admin_rows::{AdminChanges, AdminNeeds, PriceOwner};
use crate::describe;

impl Administrator {
    /// Sets prices of a list, and lets go of those that are `None`: they are inherited again.
    ///
    /// Errors: [`AdminRefused::NoMerchant`], [`AdminRefused::Price`], or the store's.
    pub async fn set_prices(
        &self,
        owner: PriceOwner,
        wanted: Vec<(domain::price_overrides::PriceName, Option<i64>)>,
    ) -> Result<PriceOverrides, AdminRefused> {
        let merchant = match owner {
            PriceOwner::House => None,
            PriceOwner::Merchant(merchant) => Some(merchant),
        };
        let needs = AdminNeeds { prices_of: Some(owner), ..AdminNeeds::default() };
        self.change(merchant, needs, move |me, rows| {
            if let (Some(id), None) = (merchant, &rows.merchant) {
                return Err(AdminRefused::NoMerchant(id));
            }
            let before = &rows.admin.prices;
            let mut after = before.clone();
            for (name, value) in &wanted {
                after.set(*name, *value).map_err(AdminRefused::Price)?;
            }
            if after == *before {
                return Ok((None, after));
            }
            let (was, is) = (describe::prices(before), describe::prices(&after));
            let whose = merchant.map_or_else(|| "house".to_owned(), subject);
            let log = me.log("price.set", whose, Some(&was), Some(&is));
            let changes =
                AdminChanges { prices: Some((owner, after.clone())), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), after))
        })
        .await
    }
}
