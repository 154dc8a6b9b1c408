//! An order that the server has: waited for until it says how it ended.

use std::time::Duration;

use tokio::time::Instant;
use wire::OrderStatus;

use super::order::FIRST_WAIT;
use super::{Halt, Step, Sweeper, Terms};
use crate::api::Remedy;
use crate::journal::Item;
use crate::record::{Reason, ReasonCode, State};
use crate::settings::OnShortfall;

/// With a callback receiver orders are asked for this rarely, in case a callback is lost.
const POLL_WITH_CALLBACKS: Duration = Duration::from_secs(20);
/// Looks in a row that must say that there is no such order, however short the patience is.
const UNKNOWN_LOOKS_MIN: u32 = 3;

/// A server that says that it knows no such order: since when, and how often in a row.
#[derive(Clone, Copy)]
struct Unknown {
    since: Instant,
    looks: u32,
}

impl Sweeper {
    /// Waits until the server says how the order ended: woken by its callback, or by asking.
    pub(super) async fn wait_ready(
        &self,
        item: &mut Item,
        terms: &Terms,
        until: Instant,
    ) -> Result<Step, Halt> {
        let Some(serial) = item.record.serial else {
            return self.reach(item, State::Ordering).await;
        };
        let poll = match self.settings.callback_url {
            Some(_) => self.settings.poll.max(POLL_WITH_CALLBACKS),
            None => self.settings.poll,
        };
        let mut unknown: Option<Unknown> = None;
        loop {
            let error = match self.api.progress(serial).await {
                Ok(order) => {
                    unknown = None;
                    item.set_order_charged(order.charged);
                    self.weigh_cost(item, terms);
                    match order.status {
                        OrderStatus::Completed => return self.reach(item, State::Ready).await,
                        OrderStatus::ClosedByTimeout
                        | OrderStatus::Refunded
                        | OrderStatus::EndedAbnormally => {
                            return self.ended(item, order.status, until).await;
                        }
                        OrderStatus::WaitingForPayment
                        | OrderStatus::Paid
                        | OrderStatus::Preparing
                        | OrderStatus::PartlyDelegated
                        | OrderStatus::Retrying => None,
                    }
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                if error.remedy() == Remedy::Stop {
                    return Err(Halt::Api(error));
                }
                if error.is_unknown_order() {
                    let before = unknown.unwrap_or(Unknown { since: Instant::now(), looks: 0 });
                    unknown = Some(Unknown { looks: before.looks + 1, ..before });
                }
            }
            let patience = self.settings.patience;
            let is_gone =
                |one: Unknown| one.looks >= UNKNOWN_LOOKS_MIN && one.since.elapsed() >= patience;
            if unknown.is_some_and(is_gone) {
                let reason = Reason::new(ReasonCode::OrderEnded, "the server knows no such order");
                return self.give_up(item, State::Failed, reason).await;
            }
            // What is unknown since a moment ago is asked for as long as what is known.
            let until = unknown.map_or(until, |one| until.max(one.since + patience + poll));
            if Instant::now() + poll > until {
                return self.not_ready(item).await;
            }
            tokio::select! {
                () = self.stop.cancelled() => return Ok(Step::Rest),
                () = self.wakes.of(serial) => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
    }

    /// The money is with the server, so the address is not given up but parked.
    async fn not_ready(&self, item: &mut Item) -> Result<Step, Halt> {
        let waited = self.settings.patience.as_secs();
        let reason = Reason::new(ReasonCode::NotReady, format!("not ready after {waited} s"));
        self.park(item, reason).await
    }

    /// The server gave the order up and refunded what it says.
    async fn ended(
        &self,
        item: &mut Item,
        status: OrderStatus,
        until: Instant,
    ) -> Result<Step, Halt> {
        let text = format!("the server ended the order with status {}", status.code());
        let reason = Reason::new(ReasonCode::OrderEnded, text);
        if matches!(self.settings.on_shortfall, OnShortfall::Skip) {
            return self.give_up(item, State::Skipped, reason).await;
        }
        if Instant::now() + FIRST_WAIT > until {
            return self.give_up(item, State::Failed, reason).await;
        }
        self.pause(FIRST_WAIT).await;
        // Whatever was missing is looked at anew; the next order has a name of its own.
        self.reach(item, State::Planned).await
    }
}
