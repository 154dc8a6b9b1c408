//! One order an address: placed, and found again when its answer was lost.

use std::time::Duration;

use domain::collect::Scene;
use tokio::time::Instant;
use tron::Sun;
use wire::CollectRequest;

use super::check::Check;
use super::{Halt, Step, Sweeper, Terms, chain_of, now_ms};
use crate::api::{ApiError, Remedy};
use crate::journal::Item;
use crate::record::{Reason, ReasonCode, State};
use crate::settings::OnShortfall;

/// Wait before the first repetition of a request that brought no answer; it doubles from there.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait between two repetitions.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What a try at an order came to.
enum Placed {
    /// The server has it; its serial and price are the item's.
    Ordered,
    /// It does not have it, or nobody knows.
    Not(ApiError),
}

/// What to do about a try that failed. As long as an order may be there, nothing is given up and nothing
/// is done instead.
fn remedy(item: &Item, error: &ApiError) -> Remedy {
    let remedy = error.remedy();
    let is_refused = matches!(remedy, Remedy::Never | Remedy::Later(_) | Remedy::Unclear(_));
    if is_refused && item.is_order_in_doubt { Remedy::AskAgain } else { remedy }
}

impl Sweeper {
    /// The first step: an address that lacks nothing needs no order.
    pub(super) async fn begin(&self, item: &mut Item, terms: &Terms) -> Result<Step, Halt> {
        let checked = self.check(item).await;
        // Nothing is ordered for a transfer that was signed elsewhere and cannot be used any more.
        if let Ok(Check::Enough(weighed) | Check::Short(weighed, _)) = &checked
            && let Some(step) = self.drop_unusable(item, weighed, terms).await?
        {
            return Ok(step);
        }
        match checked {
            Ok(Check::Enough(_)) => self.reach(item, State::Ready).await,
            Ok(Check::Short(weighed, missing)) => {
                if let Some(step) = self.burn(item, &weighed, &missing, terms).await? {
                    return Ok(step);
                }
                self.order_again(item).await
            }
            Ok(Check::Out(state, reason)) => self.give_up(item, state, reason).await,
            Err(error) => self.park_unreachable(item, &error).await,
        }
    }

    /// Stores that an order goes out, under a name that no other order has.
    pub(super) async fn order_again(&self, item: &mut Item) -> Result<Step, Halt> {
        item.attempt += 1;
        item.is_order_in_doubt = false;
        item.order_charged = Sun::ZERO;
        self.reach(item, State::Ordering).await
    }

    /// The idempotency key and the reference of an order: the run, the address, which order of it.
    fn order_name(&self, item: &Item) -> String {
        format!("{}-{}-{}", self.run, item.record.address, item.attempt)
    }

    /// Places the order that the journal announces. Sent again until an answer is understood: under
    /// its key the server makes one order of all of them. A server without such keys is asked for
    /// the reference before anything is sent a second time.
    pub(super) async fn place(
        &self,
        item: &mut Item,
        terms: &Terms,
        until: Instant,
    ) -> Result<Step, Halt> {
        let name = self.order_name(item);
        let request = CollectRequest {
            scene: Scene::Automatic,
            receiver: item.record.address,
            recipient: Some(self.settings.destination),
            callback_url: self.settings.callback_url.clone(),
            reference: Some(name.clone()),
        };
        let mut wait = FIRST_WAIT;
        loop {
            if let Some(step) = self.order_no_more(item, &name, terms).await? {
                return Ok(step);
            }
            let error = match self.place_once(item, &request, &name).await {
                Placed::Ordered => {
                    self.weigh_cost(item, terms);
                    return self.reach(item, State::Ordered).await;
                }
                Placed::Not(error) => error,
            };
            let text = chain_of(&error);
            let remedy = remedy(item, &error);
            match remedy {
                Remedy::Stop => {
                    let reason = Reason::new(ReasonCode::OrderRefused, text);
                    self.park(item, reason).await?;
                    return Err(Halt::Api(error));
                }
                Remedy::Never => {
                    let reason = Reason::new(ReasonCode::OrderRefused, text);
                    return self.give_up(item, State::Failed, reason).await;
                }
                Remedy::Later(asked) => {
                    let reason = Reason::new(ReasonCode::OrderRefused, text);
                    wait = wait.max(asked);
                    let again = Instant::now() + wait <= until;
                    if let Some(step) = self.refused(item, reason, terms, again).await? {
                        return Ok(step);
                    }
                }
                Remedy::Unclear(asked) => {
                    let reason = Reason::new(ReasonCode::OrderRefused, text);
                    wait = wait.max(asked);
                    if Instant::now() + wait > until {
                        return self.give_up(item, State::Failed, reason).await;
                    }
                    self.park(item, reason).await?;
                }
                Remedy::AskAgain | Remedy::Busy(_) => {
                    if let Remedy::Busy(asked) = remedy {
                        wait = wait.max(asked);
                    }
                    let reason = Reason::new(ReasonCode::Unreachable, text);
                    if Instant::now() + wait > until {
                        return self.park(item, reason).await;
                    }
                }
            }
            self.pause(wait).await;
            if self.stop.is_cancelled() {
                return Ok(Step::Rest);
            }
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    /// What to do where no further order is placed: one that is there already is paid for, and is used.
    async fn order_no_more(
        &self,
        item: &mut Item,
        name: &str,
        terms: &Terms,
    ) -> Result<Option<Step>, Halt> {
        let Some(dear) = terms.too_dear.get() else { return Ok(None) };
        if item.is_order_in_doubt && matches!(self.find(item, name).await, Some(Placed::Ordered)) {
            return self.reach(item, State::Ordered).await.map(Some);
        }
        self.park_too_dear(item, dear).await.map(Some)
    }

    /// One try at it. While an earlier one may have made an order, that one is looked for first: a look
    /// that fails sends nothing, and a refusal ends the doubt only if a further look finds nothing
    /// either, because the order in doubt may be what took the money that is missing now.
    async fn place_once(&self, item: &mut Item, request: &CollectRequest, name: &str) -> Placed {
        if item.is_order_in_doubt
            && let Some(placed) = self.find(item, name).await
        {
            return placed;
        }
        let error = match self.api.collect(request, name, now_ms() / 1_000).await {
            Ok(order) => {
                item.record.serial = Some(order.order_id);
                item.set_order_charged(order.amount);
                return Placed::Ordered;
            }
            Err(error) => error,
        };
        match error.remedy() {
            Remedy::AskAgain => item.is_order_in_doubt = true,
            // Too much was asked: nothing is known of what was sent before.
            Remedy::Busy(_) => {}
            Remedy::Later(_) | Remedy::Unclear(_) | Remedy::Never | Remedy::Stop => {
                if item.is_order_in_doubt
                    && let Some(placed) = self.find(item, name).await
                {
                    return placed;
                }
                item.is_order_in_doubt = false;
            }
        }
        Placed::Not(error)
    }

    /// The order of that name, taken for the item's own, or why nobody knows; `None` if the server says
    /// that it has none.
    async fn find(&self, item: &mut Item, name: &str) -> Option<Placed> {
        match self.api.find(name).await {
            Ok(Some(order)) => {
                item.record.serial = Some(order.order_id);
                item.set_order_charged(order.charged);
                Some(Placed::Ordered)
            }
            Ok(None) => None,
            Err(error) => Some(Placed::Not(error)),
        }
    }

    /// The server has no energy, or the merchant no money: what to do instead, if anything but waiting.
    async fn refused(
        &self,
        item: &mut Item,
        reason: Reason,
        terms: &Terms,
        is_asked_again: bool,
    ) -> Result<Option<Step>, Halt> {
        if let Some(step) = self.burn_instead(item, terms).await? {
            return Ok(Some(step));
        }
        if matches!(self.settings.on_shortfall, OnShortfall::Skip) {
            return self.give_up(item, State::Skipped, reason).await.map(Some);
        }
        if !is_asked_again {
            return self.give_up(item, State::Failed, reason).await.map(Some);
        }
        item.record.reason = Some(reason);
        self.save(item).await?;
        Ok(None)
    }

    /// Burns for an order that was refused, where that was allowed and the address can.
    async fn burn_instead(&self, item: &mut Item, terms: &Terms) -> Result<Option<Step>, Halt> {
        if !matches!(self.settings.on_shortfall, OnShortfall::Burn { .. }) {
            return Ok(None);
        }
        match self.check(item).await {
            Ok(Check::Short(weighed, missing)) => self.burn(item, &weighed, &missing, terms).await,
            Ok(Check::Enough(_)) => self.reach(item, State::Ready).await.map(Some),
            Ok(Check::Out(state, reason)) => self.give_up(item, state, reason).await.map(Some),
            Err(_) => Ok(None),
        }
    }
}
