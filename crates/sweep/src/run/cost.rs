//! What orders may cost: what was agreed to, with some room, and so many of them.

use std::fmt;

use tron::{Address, Sun};

use super::terms::Terms;
use super::{Halt, Step, Sweeper};
use crate::journal::Item;
use crate::record::{Asset, Reason, ReasonCode};

/// Orders that are placed for an address in a run because those before did not bring what it lacks:
/// each is paid for, and a server that says "done" and lends nothing would be paid for ever.
pub(super) const ORDERS_MAX: u32 = 3;
/// How much more than expected an order may cost, at least: a server may have a smallest amount, and the
/// plan takes bandwidth and activation at what the chain takes for them.
pub const TOLERANCE_MIN: Sun = Sun::new(5_000_000);
/// How much more than expected an order may cost, if that is more, in percent of it: prices follow the
/// time of day, and the first transfer to an address takes twice the energy.
pub const TOLERANCE_PERCENT: i64 = 100;

/// What stands for the expectation where an order is needed that was not planned: what a transfer to a
/// holder of USDT burns, 64 285 energy at 100 sun.
const UNPLANNED_COST: Sun = Sun::new(6_428_500);

/// An order that costs more than was agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooDear {
    /// For whom.
    pub address: Address,
    /// What it costs.
    pub charged: Sun,
    /// What the plan expected.
    pub expected: Sun,
}

impl fmt::Display for TooDear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (charged, expected) = (self.charged.to_trx_string(), self.expected.to_trx_string());
        write!(
            f,
            "the order for {} costs {charged} TRX, and {expected} TRX were expected; nothing more is \
             ordered unless --order-cost-max allows it",
            self.address
        )
    }
}

impl Sweeper {
    /// Whether the newest order of an address is dearer than was agreed to.
    fn too_dear(&self, item: &Item) -> Option<TooDear> {
        let expected = expected(item);
        let allowed = self.settings.order_cost_max.unwrap_or_else(|| with_tolerance(expected));
        let charged = item.order_charged;
        let address = item.record.address;
        (charged > allowed).then_some(TooDear { address, charged, expected })
    }

    /// Takes in what an order costs: after one that is too dear none is placed in this run.
    pub(super) fn weigh_cost(&self, item: &Item, terms: &Terms) {
        if item.record.asset == Asset::Token
            && let Some(dear) = self.too_dear(item)
        {
            // The first one that was seen is the one that is told.
            let _told_already = terms.too_dear.set(dear);
        }
    }

    /// Leaves an address where it is, as nothing more is ordered.
    pub(super) async fn park_too_dear(
        &self,
        item: &mut Item,
        dear: &TooDear,
    ) -> Result<Step, Halt> {
        self.park(item, Reason::new(ReasonCode::TooDear, dear.to_string())).await
    }
}

/// What the plan expected an order to cost; what burning costs where the server said no prices. For an
/// address that lacked nothing when it was planned, nobody expected anything.
fn expected(item: &Item) -> Sun {
    let known = [item.order_cost.unwrap_or(Sun::ZERO), item.record.burn_cost];
    known.into_iter().find(|cost| *cost > Sun::ZERO).unwrap_or(UNPLANNED_COST)
}

fn with_tolerance(expected: Sun) -> Sun {
    let share = expected.get().saturating_mul(TOLERANCE_PERCENT) / 100;
    Sun::new(expected.get().saturating_add(share.max(TOLERANCE_MIN.get())))
}

#[cfg(test)]
mod tests {
    use tron::TokenUnits;

    use super::*;
    use crate::record::Record;

    #[test]
    fn expected_is_the_plan_else_burning_else_what_a_transfer_burns() {
        let record =
            Record::new(Address::from_evm([1; 20]), String::new(), Asset::Token, TokenUnits(1));
        let item = |order_cost: Option<i64>, burn_cost| {
            let burn_cost = Sun::new(burn_cost);
            let record = Record { burn_cost, ..record.clone() };
            expected(&Item { order_cost: order_cost.map(Sun::new), ..Item::new(record, 0) }).get()
        };
        assert_eq!(item(Some(4), 6), 4);
        assert_eq!(item(None, 6), 6);
        assert_eq!(item(Some(0), 0), UNPLANNED_COST.get());
    }

    #[test]
    fn an_order_may_cost_twice_what_was_expected_and_a_small_one_a_little_more() {
        for (expected, allowed) in [
            (0, 5_000_000),
            (4_000_000, 9_000_000),
            (5_000_000, 10_000_000),
            (8_000_000, 16_000_000),
        ] {
            assert_eq!(with_tolerance(Sun::new(expected)), Sun::new(allowed));
        }
        assert_eq!(with_tolerance(Sun::new(i64::MAX)), Sun::new(i64::MAX));
    }
}
