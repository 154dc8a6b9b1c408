//! What a collection lacks when it is read back although it was lent what it bought: made up for free of
//! charge, as far as its receiver has not used it up itself.

use tron::Energy;

use super::WholeOrder;
use super::step::ReadBack;
use crate::collect::plan::with_margin;
use crate::collect::{Need, Reading};
use crate::limits::MADE_UP_FOR_MAX_PERCENT;

impl WholeOrder {
    /// Whether it was lent so much that its receiver must have used energy for something else.
    ///
    /// Strangers' stake that left, what others on the address used by right, a drift of the network's weight
    /// and a transfer that takes more are all made up for with less. A fork's damage always is.
    #[must_use]
    pub fn is_used_by_its_receiver(
        &self,
        need: &Need,
        read: &ReadBack,
        others: &[WholeOrder],
    ) -> bool {
        let transfer = read.reading.transfer_energy.get();
        let beyond = Energy::new(transfer.saturating_mul(MADE_UP_FOR_MAX_PERCENT) / 100);
        let most = self.order.energy.plus(beyond);
        let lent = Energy::new(self.yield_of_legs(&read.totals));
        self.has_what_it_takes(read, others) && lent.plus(need.energy) > most
    }

    /// What is lent for a shortage: with the margin of the whole transfer, as a drift goes on and would make it
    /// short again after each block.
    pub(super) fn need_with_margin(&self, need: Need, read: &ReadBack, margin_ppm: i64) -> Need {
        if self.order.collection().is_none() || need.energy == Energy::ZERO {
            return need;
        }
        let beside = read.reading.transfer_energy.shortfall_over(need.energy).get();
        let energy = need.energy.plus(Energy::new(with_margin(beside, margin_ppm) - beside));
        Need { energy, ..need }
    }

    /// Whether its legs yield all energy that it bought, and what its transfer takes more by now, and no
    /// stake is missing that it counts on: what is short then is used.
    #[must_use]
    pub fn has_what_it_takes(&self, read: &ReadBack, others: &[WholeOrder]) -> bool {
        let Some(collection) = self.order.collection().filter(|_| !self.order.is_spoiled()) else {
            return false;
        };
        let unused = Reading { energy_available: read.reading.energy_limit, ..read.reading };
        if self.need(&unused, &read.totals, others).energy > Energy::ZERO {
            return false;
        }
        let more = read.reading.transfer_energy.shortfall_over(collection.transfer_energy);
        self.yield_of_legs(&read.totals) >= self.order.energy.plus(more).get()
    }
}
