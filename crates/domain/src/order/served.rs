//! What an order was served with, and what it was charged for and never had: money follows it.

use tron::{Bandwidth, Energy, Resource};

use super::WholeOrder;
use crate::collect::Need;
use crate::leg::{Leg, LegKind, Road};

impl WholeOrder {
    /// Whether what a leg lent, or its activation, was there for the order: no fork undid it for good, and
    /// it had not left before a transfer that came again after a fork.
    fn has_served(&self, leg: &Leg) -> bool {
        let order = &self.order;
        let came_again = order.used_by.filter(|_| order.used_by == order.undone_by);
        let left_before = |used| leg.returned_at.is_some_and(|returned| returned < used);
        let was_missed = came_again.is_some() && order.used.is_some_and(left_before);
        !was_missed && self.live_tx(leg.id.number, Road::Out).is_some()
    }

    /// Whether legs were planned for it and none of them has served it: whatever became of the order, it was
    /// not our doing.
    #[must_use]
    pub fn came_to_nothing(&self) -> bool {
        let mut legs = self.fill_legs().peekable();
        legs.peek().is_some() && legs.all(|leg| !self.has_served(leg))
    }

    /// What it was charged for and never had for good: of a leg that came to nothing before it was delivered
    /// and that nothing replaced, as somebody else supplied that, or of one that a fork undid.
    #[must_use]
    pub fn undone(&self) -> Need {
        let served = || self.fill_legs().filter(|leg| self.has_served(leg));
        let undone = || self.fill_legs().filter(|leg| !self.has_served(leg));
        // Each leg's units were rounded down when planned.
        let rounded = i64::try_from(self.legs.len()).unwrap_or(i64::MAX);
        let missing = |resource: Resource, bought: i64| {
            let units = |leg: &Leg| leg.kind.units_of(resource);
            let missing = bought.saturating_sub(served().map(units).sum());
            let missing = if missing > rounded { missing } else { 0 };
            missing.clamp(0, undone().map(units).sum())
        };
        let order = &self.order;
        let is_activated = served().any(|leg| leg.kind == LegKind::Activation);
        Need {
            activation: order.has_activation && !is_activated,
            bandwidth: Bandwidth::new(missing(Resource::Bandwidth, order.bandwidth.get())),
            energy: Energy::new(missing(Resource::Energy, order.energy.get())),
        }
    }
}
