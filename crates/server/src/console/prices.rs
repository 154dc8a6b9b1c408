//! Price lists: the house's and each merchant's own. They hold from the next order on.

use app::admin_rows::PriceOwner;
use app::rows::Merchant;
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use domain::MerchantId;
use domain::price_overrides::PriceName;
use serde::Deserialize;
use tron::Sun;

use super::frame::Frame;
use super::merchants::chosen;
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

/// Whose.
#[derive(Deserialize)]
pub(super) struct Wanted {
    merchant: Option<i64>,
}

#[derive(Template)]
#[template(path = "prices.html")]
struct PricesPage<'a> {
    frame: &'a Frame,
    merchants: Vec<Merchant>,
    owner: Option<Merchant>,
    lines: Vec<Line>,
}

/// One price.
struct Line {
    name: &'static str,
    phrase: &'static str,
    own: String,
    holds: Html,
    /// Where it comes from.
    source: &'static str,
}

/// A list: for operators the house's or a merchant's, for members what they pay.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refused> {
    let (owner, merchants) = match (visit.only(), wanted.merchant) {
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
    let lines: Vec<Line> = PriceName::ALL
        .iter()
        .map(|name| Line {
            name: name.text(),
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
    let (owner, place) = match change.fields.given("merchant") {
        None => (PriceOwner::House, "/prices".to_owned()),
        Some(number) => {
            let id = MerchantId(number.parse().map_err(|_| Refused::Form)?);
            let merchant = change.visit.merchant(Some(id)).await?;
            let place = format!("/prices?merchant={}", merchant.id.0);
            (PriceOwner::Merchant(merchant.id), place)
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
    change.administrator().set_prices(owner, wanted).await?;
    Ok(change.done(&place, "prices-set"))
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
