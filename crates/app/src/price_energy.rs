//! Price energy: what an order for it would cost, placed now.

use domain::Period;
use domain::pricing::Quote;
use tron::{Address, Energy};

use crate::App;
use crate::read_receiver::{ReceiverRefused, transfer_energy_to};

/// Energy with its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    /// How much is priced.
    pub energy: Energy,
    /// What it costs.
    pub quote: Quote,
}

/// Why there is no price.
#[derive(Debug, thiserror::Error)]
pub enum PriceRefused {
    /// The transfer cannot be simulated.
    #[error(transparent)]
    Recipient(#[from] ReceiverRefused),
    /// The price does not fit 63 bits.
    #[error("the price is out of range")]
    OutOfRange,
}

impl App {
    /// What this much energy costs for a period.
    pub fn price_energy(&self, energy: Energy, period: Period) -> Result<Priced, PriceRefused> {
        let quote = self.settings.prices.quote(energy, period).ok_or(PriceRefused::OutOfRange)?;
        Ok(Priced { energy, quote })
    }

    /// What the energy of one token transfer to an address costs, but not less than an order may be
    /// for.
    ///
    /// Shape: at most four requests, one after the other, shared within a block.
    pub async fn price_transfer(
        &self,
        to: Address,
        period: Period,
    ) -> Result<Priced, PriceRefused> {
        let energy = transfer_energy_to(&*self.cached_node, &self.settings, to).await?;
        let least = Energy::new(self.settings.energy_bounds.min);
        self.price_energy(energy.max(least), period)
    }
}
