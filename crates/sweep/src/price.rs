//! What an order is expected to cost. Its own answer decides; this is for the plan.

use domain::collect::Need;
use node::ChainParameters;
use tron::Sun;
use wire::names;

use crate::api::ApiClient;

/// Prices of one merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PriceBook {
    /// Sun for one unit of energy; `None` if the server does not say.
    pub energy_price_sun: Option<i64>,
    /// Sun for one unit of bandwidth.
    pub bandwidth_price_sun: i64,
    /// Sun for an activation.
    pub activation_price_sun: i64,
}

impl PriceBook {
    /// Asks the server for its prices. Not every server with this interface names those of bandwidth
    /// and activation; they are then taken at what the chain takes for them.
    ///
    /// Shape: two requests at once; without the price of energy the costs stay unknown.
    pub async fn ask(api: &ApiClient, parameters: &ChainParameters) -> Self {
        let (energy_price_sun, named) = tokio::join!(api.energy_price_sun(), api.index_data());
        let named = |name| named.as_ref()?.get(name)?.as_i64();
        let activation = parameters.create_account_fee + parameters.create_account_system_fee;
        Self {
            energy_price_sun,
            bandwidth_price_sun: named(names::BANDWIDTH_PRICE)
                .unwrap_or(parameters.bandwidth_fee.get()),
            activation_price_sun: named(names::ACTIVATION_PRICE).unwrap_or(activation.get()),
        }
    }

    /// What an order for this need is expected to cost; the order's own answer decides.
    #[must_use]
    pub fn cost(&self, need: &Need) -> Option<Sun> {
        let energy = need.energy.get().checked_mul(self.energy_price_sun?)?;
        let bandwidth = need.bandwidth.get().checked_mul(self.bandwidth_price_sun)?;
        let activation = if need.activation { self.activation_price_sun } else { 0 };
        energy.checked_add(bandwidth)?.checked_add(activation).map(Sun::new)
    }
}
