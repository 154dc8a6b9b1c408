//! Price energy: what an order for it would cost, placed now.

use domain::pricing::{PriceList, Quote};
use domain::{MerchantId, Period};
use tron::{Address, Energy};

use crate::App;
use crate::ports::StoreError;
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
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// The prices that a merchant's next order is charged by: what is set for it, over what is
    /// configured.
    pub async fn price_list(&self, merchant: MerchantId) -> Result<PriceList, StoreError> {
        Ok(self.store.prices(merchant).await?.over(&self.settings.prices))
    }

    /// The prices of whoever has none of their own.
    pub async fn house_prices(&self) -> Result<PriceList, StoreError> {
        // No merchant has this number, so nobody's own prices lie on top.
        self.price_list(MerchantId(0)).await
    }

    /// What this much energy costs a merchant for a period.
    pub async fn price_energy(
        &self,
        merchant: MerchantId,
        energy: Energy,
        period: Period,
    ) -> Result<Priced, PriceRefused> {
        let list = self.price_list(merchant).await?;
        let quote = list.quote(energy, period).ok_or(PriceRefused::OutOfRange)?;
        Ok(Priced { energy, quote })
    }

    /// What the energy of one token transfer to an address costs, but not less than an order may be
    /// for.
    ///
    /// Shape: at most four requests, one after the other, shared within a block.
    pub async fn price_transfer(
        &self,
        merchant: MerchantId,
        to: Address,
        period: Period,
    ) -> Result<Priced, PriceRefused> {
        let energy = transfer_energy_to(&*self.cached_node, &self.settings, to).await?;
        let least = Energy::new(self.settings.energy_bounds.min);
        self.price_energy(merchant, energy.max(least), period).await
    }
}
