//! Price lists: the house's and each merchant's own. They hold from the next order on.

use app::admin_rows::PriceOwner;
use app::administer::AdminRefused;
use app::rows::Merchant;
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use domain::MerchantId;
use domain::price_overrides::{PriceName, PriceOverrides};
use serde::Deserialize;
use tron::Sun;

use super::confirm::{Line, Plan};
use super::frame::Frame;
use super::merchants::chosen;
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

/// Whose.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// A merchant's number; empty or absent: everybody's, or a member's own.
    #[serde(default)]
    merchant: String,
}

#[derive(Template)]
#[template(path = "prices.html")]
struct PricesPage<'a> {
    frame: &'a Frame,
    merchants: Vec<Merchant>,
    owner: Option<Merchant>,
    lines: Vec<PriceLine>,
}

/// One price.
struct PriceLine {
    name: &'static str,
    unit: &'static str,
    phrase: &'static str,
    own: String,
    holds: Html,
    /// Where it comes from.
    source: &'static str,
}

/// A list: for operators the house's or a merchant's, for members what they pay.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refused> {
    let named = match wanted.merchant.as_str() {
        "" => None,
        number => Some(number.parse().map_err(|_| Refused::NoPage)?),
    };
    let (owner, merchants) = match (visit.only(), named) {
        (None, None) => (None, visit.app().store.merchants().await?),
        (_, named) => {
            let (merchant, merchants) = chosen(&visit, named).await?;
            (Some(merchant), merchants)
        }
    };
    let records = &visit.edge().records;
    let house = records.prices_of(PriceOwner::House).await?;
    let own = match &owner {
        None => house.clone(),
        Some(merchant) => records.prices_of(PriceOwner::Merchant(merchant.id)).await?,
    };
    let holding = house.clone().under(&own).over(&visit.app().settings.prices);
    let lines: Vec<PriceLine> = PriceName::ALL
        .iter()
        .map(|name| PriceLine {
            name: name.text(),
            unit: unit(*name),
            phrase: phrase(*name),
            own: own.get(*name).map(|value| value.to_string()).unwrap_or_default(),
            holds: shown(*name, name.of(&holding)),
            source: match (&owner, own.get(*name), house.get(*name)) {
                (Some(_), Some(_), _) => "prices.source-merchant",
                (_, _, Some(_)) => "prices.source-house",
                (_, _, None) => "prices.source-configuration",
            },
        })
        .collect();
    Visit::page(&PricesPage { frame: &visit.frame, merchants, owner, lines })
}

/// Sets every price of a list; an empty field is inherited again.
pub(super) async fn set(change: Change) -> Result<Response, Refused> {
    change.visit.operator()?;
    let merchant = match change.fields.given("merchant") {
        None => None,
        Some(number) => {
            let id = MerchantId(number.parse().map_err(|_| Refused::Form)?);
            Some(change.visit.merchant(Some(id)).await?)
        }
    };
    let mut wanted = Vec::new();
    for name in PriceName::ALL {
        let value = match change.fields.given(name.text()) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| Refused::bad("prices.wrong"))?),
        };
        wanted.push((*name, value));
    }
    let plan = plan(&change.visit, merchant.as_ref(), &wanted).await?;
    if plan.lines.is_empty() {
        return Ok(change.done(&plan.place, "prices-same"));
    }
    if !plan.was_seen(&change.fields) {
        return plan.ask(&change);
    }
    let owner = merchant.map_or(PriceOwner::House, |merchant| PriceOwner::Merchant(merchant.id));
    change.administrator().set_prices(owner, wanted).await?;
    Ok(change.done(&plan.place, "prices-set"))
}

/// What setting them would change: the prices that hold afterwards, and those that only come from elsewhere.
async fn plan(
    visit: &Visit,
    merchant: Option<&Merchant>,
    wanted: &[(PriceName, Option<i64>)],
) -> Result<Plan, Refused> {
    let records = &visit.edge().records;
    let house = records.prices_of(PriceOwner::House).await?;
    let own = match merchant {
        None => house.clone(),
        Some(merchant) => records.prices_of(PriceOwner::Merchant(merchant.id)).await?,
    };
    let mut after = own.clone();
    for (name, value) in wanted {
        after
            .set(*name, *value)
            .map_err(|refused| Refused::Change(AdminRefused::Price(refused)))?;
    }
    let holding = |list: &PriceOverrides| {
        let house = if merchant.is_some() { &house } else { list };
        house.clone().under(list).over(&visit.app().settings.prices)
    };
    let (was, is) = (holding(&own), holding(&after));
    let changed = PriceName::ALL.iter().filter(|name| own.get(**name) != after.get(**name));
    let lines = changed.map(|name| Line {
        phrase: phrase(*name),
        before: shown(*name, name.of(&was)),
        after: shown(*name, name.of(&is)),
    });
    Ok(Plan {
        title: "confirm.prices",
        whose: merchant.map_or_else(
            || visit.frame.say("prices.house").to_owned(),
            |merchant| merchant.name.clone(),
        ),
        amount: None,
        facts: Vec::new(),
        lines: lines.collect(),
        button: "confirm.set-prices",
        place: merchant.map_or_else(
            || "/prices".to_owned(),
            |merchant| format!("/prices?merchant={}", merchant.id.0),
        ),
    })
}

/// A price as people read it: sun for a unit, TRX for an order, or a number of units.
fn shown(name: PriceName, value: i64) -> Html {
    match name {
        PriceName::EnergyHour
        | PriceName::Energy1Day
        | PriceName::Energy3Days
        | PriceName::Energy30Days
        | PriceName::Bandwidth => shown::sun(Sun::new(value)),
        PriceName::SmallEnergy => shown::count(value),
        PriceName::SmallSurcharge | PriceName::Activation | PriceName::TransferFee => {
            shown::trx(Sun::new(value))
        }
    }
}

/// What the number of a price counts, by the key of its phrase.
const fn unit(name: PriceName) -> &'static str {
    match name {
        PriceName::SmallEnergy => "prices.unit-energy",
        PriceName::EnergyHour
        | PriceName::Energy1Day
        | PriceName::Energy3Days
        | PriceName::Energy30Days
        | PriceName::SmallSurcharge
        | PriceName::Bandwidth
        | PriceName::Activation
        | PriceName::TransferFee => "prices.unit-sun",
    }
}

/// What a price is called.
pub(super) fn phrase(name: PriceName) -> &'static str {
    PHRASES.iter().find(|(known, _)| *known == name.text()).map_or("", |(_, phrase)| phrase)
}

/// What each price is called.
const PHRASES: [(&str, &str); 9] = [
    ("energy_price_sun", "prices.energy-hour"),
    ("energy_price_1d_sun", "prices.energy-day"),
    ("energy_price_3d_sun", "prices.energy-days"),
    ("energy_price_30d_sun", "prices.energy-month"),
    ("small_energy", "prices.small-energy"),
    ("small_surcharge_sun", "prices.small-surcharge"),
    ("bandwidth_price_sun", "prices.bandwidth"),
    ("activation_price_sun", "prices.activation"),
    ("transfer_fee_sun", "prices.transfer-fee"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_has_a_name() {
        for name in PriceName::ALL {
            assert!(!phrase(*name).is_empty(), "{}", name.text());
        }
    }
}
