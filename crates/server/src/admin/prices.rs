//! `/admin/v1/prices` and `/admin/v1/merchants/{id}/prices`: what is set, and what holds.

use std::collections::BTreeMap;

use app::admin_rows::PriceOwner;
use app::describe;
use domain::MerchantId;
use domain::admin::AdminScope;
use domain::price_overrides::PriceName;
use serde_json::json;

use super::AdminEdge;
use super::answer::{Answer, Refused, ok};
use super::caller::{Allowed, Caller};
use super::input::{Body, Segment};

/// Prices to set, in sun; `null` lets one be inherited again.
type Wanted = BTreeMap<String, Option<i64>>;

/// The house's list.
pub(super) async fn of_house(caller: Caller) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    show(&edge, PriceOwner::House).await
}

/// A merchant's list.
pub(super) async fn of_merchant(caller: Caller, Segment(id): Segment<i64>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchant = edge.merchant(MerchantId(id)).await?;
    show(&edge, PriceOwner::Merchant(merchant.id)).await
}

/// Sets prices for everybody without own ones.
pub(super) async fn set_of_house(caller: Caller, Body(wanted): Body<Wanted>) -> Answer {
    set(caller, PriceOwner::House, wanted).await
}

/// Sets a merchant's own prices.
pub(super) async fn set_of_merchant(
    caller: Caller,
    Segment(id): Segment<i64>,
    Body(wanted): Body<Wanted>,
) -> Answer {
    set(caller, PriceOwner::Merchant(MerchantId(id)), wanted).await
}

async fn set(caller: Caller, owner: PriceOwner, wanted: Wanted) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Prices)?;
    let named: Result<Vec<_>, _> = wanted
        .into_iter()
        .map(|(name, value)| name.parse::<PriceName>().map(|name| (name, value)))
        .collect();
    let named = named.map_err(|error| Refused::bad(error.to_string()))?;
    administrator.set_prices(owner, named).await?;
    show(&edge, owner).await
}

/// What is set here, and the list that the next order is charged by.
async fn show(edge: &AdminEdge, owner: PriceOwner) -> Answer {
    let set = edge.records.prices_of(owner).await?;
    let effective = match owner {
        PriceOwner::House => set.clone(),
        PriceOwner::Merchant(_) => edge.records.prices_of(PriceOwner::House).await?.under(&set),
    };
    let list = effective.over(&edge.app.settings.prices);
    Ok(ok(&json!({"set": describe::prices(&set), "effective": describe::price_list(&list)})))
}
