//! What an order is expected to cost. Its own answer decides; this is for the plan.

use domain::collect::Need;
use node::ChainParameters;
use tron::Sun;

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
    /// Asks the server for its price of energy. The interface names no price for bandwidth and
    /// activation, so those are taken at what the chain takes for them.
    ///
    /// Shape: one request; a server that does not answer it leaves the costs unknown.
    pub async fn ask(api: &ApiClient, parameters: &ChainParameters) -> Self {
        let activation = parameters.create_account_fee + parameters.create_account_system_fee;
        Self {
            energy_price_sun: api.energy_price_sun().await,
            bandwidth_price_sun: parameters.bandwidth_fee.get(),
            activation_price_sun: activation.get(),
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
