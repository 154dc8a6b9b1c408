//! `GET /api/v1/frontend/index-data`: the pool, the prices, and for a key its balance.

use std::sync::Arc;

use app::App;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::key::Scope;
use domain::limits::TRANSFER_BANDWIDTH;
use domain::pricing::PriceList;
use tron::{Energy, Sun};
use wire::{IndexData, Period, names};

use crate::auth::caller;
use crate::client_address::ClientAddress;
use crate::keys::LiveKey;
use crate::refusal::{Refusal, json, not_authenticated};
use crate::route::Edge;

/// The lengths whose prices are listed; what lies between costs what the shorter one does.
const TIER_DAYS: [u8; 3] = [1, 3, 30];

/// Whoever names no key reads the list prices; whoever names one that does not exist, nothing.
pub async fn handle(
    State(edge): State<Arc<Edge>>,
    from: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (list, balance) = match headers.contains_key(names::API_KEY) {
        false => (edge.app.house_prices().await?, None),
        true => match caller(&edge.keys, &headers, from, Scope::Read).await {
            Ok(key) => (edge.app.price_list(key.merchant).await?, balance_of(&edge, &key).await?),
            Err(refused) if refused.is_unknown_key() => {
                return Ok(not_authenticated(json(StatusCode::OK, IndexData::unknown_key())));
            }
            Err(refused) => return Err(refused),
        },
    };
    let data = index_data(&edge, &list, balance).await?;
    Ok(json(StatusCode::OK, data.to_json()))
}

async fn balance_of(edge: &Edge, key: &LiveKey) -> Result<Option<Sun>, Refusal> {
    let row = edge.app.store.key_summary(key.id, edge.app.clock.now()).await?;
    Ok(row.map(|row| row.available))
}

async fn index_data(
    edge: &Edge,
    prices: &PriceList,
    balance: Option<Sun>,
) -> Result<IndexData, Refusal> {
    let app = &edge.app;
    let bounds = app.settings.energy_bounds;
    let figures = app.pool_figures(&edge.figures).await?;
    Ok(IndexData {
        energy_available: figures.available,
        energy_of_one_order: figures.of_one_order.min(Energy::new(bounds.max)),
        energy_total: figures.total,
        order_energy_min: Energy::new(bounds.min),
        order_energy_max: Energy::new(bounds.max),
        small_order_energy: Energy::new(prices.small_energy),
        small_order_surcharge: Sun::new(prices.small_surcharge_sun),
        transfer_to_holder: app.settings.energy_to_holder,
        transfer_to_empty: app.settings.energy_to_empty,
        tiers: tiers(prices),
        burnt_by_transfer: burnt_by_transfer(app),
        bandwidth_price: Sun::new(prices.bandwidth_price_sun),
        activation_price: Sun::new(prices.activation_price_sun),
        balance,
    })
}

fn tiers(prices: &PriceList) -> Vec<(Period, Sun)> {
    let days = TIER_DAYS.into_iter().filter_map(Period::from_days);
    let periods = std::iter::once(Period::HOUR).chain(days);
    periods.map(|period| (period, prices.energy_price(period))).collect()
}

/// What a transfer to a holder burns on an address without energy and bandwidth; zero until a block
/// was read.
fn burnt_by_transfer(app: &App) -> Sun {
    app.view.get().map_or(Sun::ZERO, |view| {
        let energy = app.settings.energy_to_holder.get();
        let energy = energy.saturating_mul(view.parameters.energy_fee.get());
        let bandwidth = TRANSFER_BANDWIDTH.saturating_mul(view.parameters.bandwidth_fee.get());
        Sun::new(energy.saturating_add(bandwidth))
    })
}
