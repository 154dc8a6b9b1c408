//! What was committed, as told by the changes themselves: a second memory to hold the product to.

use std::collections::{BTreeMap, BTreeSet};

use app::rows::Changes;
use domain::callback::Outcome;
use domain::limits::ORDER_LEGS_MAX;
use domain::{Order, OrderId, OrderState, Road, TransferState, TxState, WholeOrder};
use tron::{Address, Resource, Sun, TxId};

use crate::money::{Charge, Posted, Sums};
use crate::policy_book::PolicyBook;
use crate::transfer_book::{TransferBook, TransferPage};

/// Everything that was committed.
#[derive(Default)]
pub(crate) struct Book {
    pages: BTreeMap<OrderId, Page>,
    /// The orders on each address.
    by_receiver: BTreeMap<Address, BTreeSet<OrderId>>,
    txs: BTreeMap<TxId, StoredTx>,
    requests: BTreeMap<(i64, i64, [u8; 32]), OrderId>,
    resends: BTreeMap<(i64, String), OrderId>,
    pub(crate) transfers: TransferBook,
    pub(crate) policies: PolicyBook,
    pub(crate) sums: Sums,
}

/// A transaction that was stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredTx {
    pub(crate) order: OrderId,
    pub(crate) leg: u8,
    pub(crate) road: Road,
}

/// One order as it was last committed.
pub(crate) struct Page {
    whole: WholeOrder,
    posted: Posted,
    told: Option<Outcome>,
    /// When it was committed as delivered.
    ready_step: Option<u64>,
}

/// What a commit meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    Accepted,
    Delivered,
    Refunded,
    Ended,
    /// A transaction was given up for good.
    GivenUp(TxId),
}

/// What a commit told about orders.
type Told = Vec<(OrderId, News)>;
/// The broken rule, the order and the words.
pub(crate) type Violation = (&'static str, OrderId, String);

impl Page {
    pub(crate) const fn order(&self) -> &Order {
        &self.whole.order
    }

    pub(crate) const fn whole(&self) -> &WholeOrder {
        &self.whole
    }

    pub(crate) const fn state(&self) -> OrderState {
        self.whole.order.state
    }

    pub(crate) fn is_refunded(&self) -> bool {
        self.state() == OrderState::Refunded
    }

    /// Whether a collection was lent so much beyond what it bought that it may be ready without having it:
    /// half a transfer's energy, or as often as an order is lent to.
    pub(crate) fn was_lent_again(&self) -> bool {
        let order = &self.whole.order;
        let lent = self.whole.lent_units(Resource::Energy);
        let more = lent.saturating_sub(order.energy.get());
        let is_much = |transfer: i64| more.saturating_mul(2) >= transfer;
        let legs = self.whole.fill_legs().filter(|leg| leg.is_lent()).count();
        legs >= ORDER_LEGS_MAX
            || order.collection().is_some_and(|wanted| is_much(wanted.transfer_energy.get()))
    }

    pub(crate) const fn ready_step(&self) -> Option<u64> {
        self.ready_step
    }

    /// What is wrong with the facts so far, given where the order stands.
    fn money_problem(&self) -> Option<String> {
        let held = u32::from(self.whole.order.price > Sun::ZERO);
        let (settled, released, refunded) = match self.state() {
            OrderState::Filling => (0, 0, 0),
            OrderState::Delivered | OrderState::Ended => (held, 0, 0),
            OrderState::Refunded if self.was_delivered() => (held, 0, held),
            OrderState::Refunded => (0, held, 0),
        };
        let is_part = self.whole.order.part_refunded > Sun::ZERO;
        let partly_refunded = u32::from(is_part && self.state() == OrderState::Ended);
        let wanted = Posted { held, settled, released, refunded, partly_refunded };
        self.posted.problem(wanted, &self.state())
    }

    /// Whether it was ever committed as delivered.
    const fn was_delivered(&self) -> bool {
        self.ready_step.is_some()
    }

    /// What its merchant is to have been told.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.state() {
            OrderState::Filling => None,
            OrderState::Delivered | OrderState::Ended => Some(Outcome::Delivered),
            OrderState::Refunded if self.was_delivered() => Some(Outcome::Delivered),
            OrderState::Refunded => Some(Outcome::Refunded),
        }
    }

    fn callback_problem(&self) -> Option<String> {
        let has_url = self.whole.order.callback_url.is_some();
        let wanted = self.outcome().filter(|_| has_url);
        (self.told != wanted).then(|| format!("{:?} and told {:?}", self.state(), self.told))
    }
}

/// Whether an order may go from one state to another in one commit.
fn may_follow(before: OrderState, after: OrderState) -> bool {
    use OrderState::{Delivered, Ended, Filling, Refunded};
    match (before, after) {
        (Filling, _)
        | (Delivered, Delivered | Ended | Refunded)
        | (Ended, Ended)
        | (Refunded, Refunded) => true,
        (Delivered, Filling) | (Ended, _) | (Refunded, _) => false,
    }
}

impl Book {
    pub(crate) fn page(&self, order: OrderId) -> Option<&Page> {
        self.pages.get(&order)
    }

    pub(crate) fn pages(&self) -> impl DoubleEndedIterator<Item = (&OrderId, &Page)> {
        self.pages.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Orders that were delivered.
    pub(crate) fn delivered(&self) -> usize {
        self.pages.values().filter(|page| page.ready_step.is_some()).count()
    }

    /// Orders that were refunded.
    pub(crate) fn refunded(&self) -> usize {
        self.pages.values().filter(|page| page.is_refunded()).count()
    }

    /// The order that a stored transaction serves, or the transfer by its number.
    pub(crate) fn served_by(&self, txid: TxId) -> Option<OrderId> {
        let of_order = self.txs.get(&txid).map(|stored| stored.order);
        of_order.or_else(|| self.transfers.page(txid).map(TransferPage::subject))
    }

    pub(crate) fn stored(&self, txid: TxId) -> Option<StoredTx> {
        self.txs.get(&txid).copied()
    }

    /// Whether a stored transaction was given up for good.
    pub(crate) fn is_given_up(&self, txid: TxId) -> bool {
        self.txs
            .get(&txid)
            .and_then(|stored| self.pages.get(&stored.order))
            .and_then(|page| page.whole.tx(txid))
            .is_some_and(|tx| tx.state == TxState::Lost)
    }

    /// An order and all others on its address.
    pub(crate) fn neighbours(&self, order: OrderId) -> Vec<OrderId> {
        let Some(page) = self.pages.get(&order) else { return vec![order] };
        self.pages_on(page.order().receiver).map(|page| page.order().id).collect()
    }

    /// The pages of an address.
    pub(crate) fn pages_on(&self, receiver: Address) -> impl Iterator<Item = &Page> {
        let orders = self.by_receiver.get(&receiver).into_iter().flatten();
        orders.filter_map(|order| self.pages.get(order))
    }

    /// Whether a transfer of this transaction, as text, was committed.
    pub(crate) fn has_transfer(&self, txid: &str) -> bool {
        self.transfers.named(txid).is_some()
    }

    /// Whether the transfer of this transaction, as text, came to nothing.
    pub(crate) fn was_transfer_released(&self, txid: &str) -> bool {
        let page = self.transfers.named(txid);
        page.is_some_and(|page| page.transfer().state == TransferState::Released)
    }

    /// Takes note of a commit; errors are broken promises, in words.
    pub(crate) fn record(&mut self, changes: &Changes, step: u64) -> Result<Told, Violation> {
        self.forget(changes);
        let is_new =
            changes.whole.as_ref().is_some_and(|whole| !self.pages.contains_key(&whole.order.id));
        self.policies.record(changes, is_new)?;
        if let Some(transfer) = &changes.transfer {
            self.transfers.record(changes, &mut self.sums)?;
            self.record_answers(changes, OrderId(transfer.id.0))?;
        }
        let Some(whole) = &changes.whole else { return Ok(Vec::new()) };
        let id = whole.order.id;
        self.record_answers(changes, id)?;
        for tx in &whole.txs {
            let stored = StoredTx { order: id, leg: tx.leg.number, road: tx.road };
            let before = self.txs.insert(tx.txid, stored);
            // A closed order has given up its own that was refused in this very millisecond.
            let is_live = |before: &StoredTx| {
                let page = self.pages.get(&before.order);
                page.is_none_or(|page| !page.whole.is_closed())
            };
            let before = before.filter(is_live);
            if before.is_some_and(|before| (before.order, before.leg) != (id, tx.leg.number)) {
                let text = format!("{} also serves {before:?}", tx.txid);
                return Err(("a transaction serves one leg", id, text));
            }
        }
        let before = self.pages.remove(&id);
        let news =
            news(before.as_ref(), whole).map_err(|text| ("states only advance", id, text))?;
        let charged = before.as_ref().map(|page| Charge::of_order(&page.whole.order));
        let overspent = self.sums.count(charged, Charge::of_order(&whole.order));
        let (posted, told, ready_step) =
            before.map_or_else(Default::default, |page| (page.posted, page.told, page.ready_step));
        let mut page = Page { whole: whole.clone(), posted, told, ready_step };
        self.by_receiver.entry(whole.order.receiver).or_default().insert(id);
        if news.contains(&News::Delivered) {
            page.ready_step = Some(step);
        }
        page.posted.count(changes, Some(id));
        let is_second = page.told.is_some() && changes.callback.is_some();
        if let Some((event, _)) = &changes.callback {
            page.told = Some(event.outcome);
        }
        let overspent = overspent.map(|(check, text)| (check, id, text));
        let problem = page.money_problem().map(|text| ("charged once or not at all", id, text));
        let callback = page.callback_problem().map(|text| ("one terminal callback", id, text));
        self.pages.insert(id, page);
        if is_second {
            return Err(("one terminal callback", id, "a second one is owed".to_owned()));
        }
        match overspent.or(problem).or(callback) {
            Some(problem) => Err(problem),
            None => Ok(news.into_iter().map(|news| (id, news)).collect()),
        }
    }

    /// A request whose effect was taken back may act again.
    fn forget(&mut self, changes: &Changes) {
        let Some(request) = &changes.forgotten else { return };
        self.requests.remove(&(request.key.0, request.timestamp_secs, request.signature));
        if let Some(idempotency) = &request.idempotency {
            self.resends.remove(&(request.key.0, idempotency.text.clone()));
        }
    }

    fn record_answers(
        &mut self,
        changes: &Changes,
        id: OrderId,
    ) -> Result<(), (&'static str, OrderId, String)> {
        let Some(answers) = &changes.answers else { return Ok(()) };
        let request = &answers.request;
        let key = (request.key.0, request.timestamp_secs, request.signature);
        let mut before = self.requests.insert(key, id);
        if let Some(idempotency) = &request.idempotency {
            let key = (request.key.0, idempotency.text.clone());
            before = before.or(self.resends.insert(key, id));
        }
        match before {
            Some(before) => {
                Err(("a request acts once", id, format!("it had placed {before} before")))
            }
            None => Ok(()),
        }
    }
}

/// What changed from a page to what was committed now; an error when it cannot be.
fn news(before: Option<&Page>, after: &WholeOrder) -> Result<Vec<News>, String> {
    let state = after.order.state;
    let Some(before) = before else {
        return match state {
            OrderState::Filling => Ok(vec![News::Accepted]),
            OrderState::Delivered | OrderState::Ended | OrderState::Refunded => {
                Err(format!("a new order is {state:?}"))
            }
        };
    };
    if !may_follow(before.state(), state) {
        return Err(format!("from {:?} to {state:?}", before.state()));
    }
    let mut news = Vec::new();
    if before.state() == OrderState::Filling && state != OrderState::Filling {
        news.push(if state == OrderState::Refunded { News::Refunded } else { News::Delivered });
    }
    if before.state() != OrderState::Ended && state == OrderState::Ended {
        news.push(News::Ended);
    }
    for tx in after.txs.iter().filter(|tx| tx.state == TxState::Lost) {
        if before.whole.tx(tx.txid).is_none_or(|old| old.state != TxState::Lost) {
            news.push(News::GivenUp(tx.txid));
        }
    }
    Ok(news)
}
