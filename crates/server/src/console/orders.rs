//! Orders: search by serial, reference, address or transaction, newest first.

use std::collections::BTreeMap;

use app::admin_rows::{OrderFilter, Part, Slice};
use app::rows::OrderView;
use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{MerchantId, OrderId, OrderState};
use tron::{Address, TxId};

use super::frame::Frame;
use super::list::{Asked, List, names};
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::Visit;
use super::{PREFIX, asset};

/// Orders on a page.
pub(super) const ORDERS_ON_PAGE: usize = 50;

/// What the text of a search means.
#[derive(Debug, PartialEq, Eq)]
enum Sought {
    Everything,
    Serial(OrderId),
    Transaction(TxId),
    Receiver(Address),
    Reference(String),
}

impl Sought {
    fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Everything;
        }
        if let Some(serial) = OrderId::parse(text) {
            return Self::Serial(serial);
        }
        if let Ok(txid) = text.to_ascii_lowercase().parse() {
            return Self::Transaction(txid);
        }
        match text.parse() {
            Ok(address) => Self::Receiver(address),
            Err(_) => Self::Reference(text.to_owned()),
        }
    }
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage<'a> {
    frame: &'a Frame,
    list: List,
    lines: Vec<Line>,
}

/// An order as the list shows it.
pub(super) struct Line {
    pub(super) view: OrderView,
    pub(super) merchant: String,
    pub(super) price: Html,
    pub(super) energy: String,
}

/// The states: each with its word in the query, what it is called, and how it looks.
pub(super) const STATES: [(OrderState, &str, &str, &str); 4] = [
    (OrderState::Filling, "filling", "state.filling", "warn"),
    (OrderState::Delivered, "delivered", "state.delivered", "good"),
    (OrderState::Ended, "ended", "state.ended", ""),
    (OrderState::Refunded, "refunded", "state.refunded", "bad"),
];

impl Line {
    pub(super) fn of(view: OrderView, names: &BTreeMap<MerchantId, String>) -> Self {
        let order = &view.whole.order;
        Self {
            merchant: names.get(&order.merchant).cloned().unwrap_or_default(),
            price: shown::trx(order.price),
            energy: shown::grouped(order.energy.get()),
            view,
        }
    }

    pub(super) fn state(&self) -> (&'static str, &'static str) {
        state(self.view.whole.order.state)
    }
}

/// What a state is called, and how it looks.
pub(super) fn state(state: OrderState) -> (&'static str, &'static str) {
    let found = STATES.iter().find(|(known, ..)| *known == state);
    found.map_or(("", ""), |(_, _, phrase, look)| (phrase, look))
}

/// The list.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    let named = names(&visit).await?;
    let sought = Sought::of(&asked.q);
    if let Sought::Serial(serial) = sought {
        return Ok(Redirect::to(&format!("{PREFIX}/orders/{serial}")).into_response());
    }
    let Part { rows: views, next } = find(&visit, &asked, sought).await?;
    let is_cut = next.is_some() && views.len() < ORDERS_ON_PAGE;
    let list = List::new("/orders", asked, next.map(|order| order.to_string()))
        .cut(is_cut)
        .searched("orders.search")
        .by_state(STATES.map(|(_, word, phrase, _)| (word, phrase)).to_vec())
        .by_merchant(&visit, &named);
    let lines = views.into_iter().map(|view| Line::of(view, &named)).collect();
    Visit::page(&OrdersPage { frame: &visit.frame, list, lines })
}

async fn find(visit: &Visit, asked: &Asked, sought: Sought) -> Result<Part<OrderView>, Refused> {
    let records = &visit.edge().records;
    if let Sought::Transaction(txid) = sought {
        let mut views = records.orders_by_txid(txid, ORDERS_ON_PAGE).await?;
        views.retain(|view| visit.access().sees(view.whole.order.merchant));
        return Ok(Part { rows: views, next: None });
    }
    let (receiver, reference) = match sought {
        Sought::Receiver(address) => (Some(address), None),
        Sought::Reference(text) => (None, Some(text)),
        Sought::Everything | Sought::Serial(_) | Sought::Transaction(_) => (None, None),
    };
    let merchant = asked.merchant(visit);
    let state = STATES.iter().find(|(_, word, ..)| *word == asked.state).map(|found| found.0);
    let filter = OrderFilter { merchant, receiver, state, reference, ..OrderFilter::default() };
    let slice = Slice { after: OrderId::parse(&asked.after), limit: ORDERS_ON_PAGE };
    Ok(records.orders(filter, slice).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_what_it_looks_like() {
        let serial = "0188bd5ac2d07abc8def000000000001";
        assert_eq!(
            Sought::of(&format!(" {serial} ")),
            Sought::Serial(OrderId::parse(serial).unwrap())
        );
        let txid = "AB".repeat(32);
        assert_eq!(Sought::of(&txid), Sought::Transaction("ab".repeat(32).parse().unwrap()));
        let address = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
        assert_eq!(Sought::of(address), Sought::Receiver(address.parse().unwrap()));
        assert_eq!(Sought::of("invoice 7"), Sought::Reference("invoice 7".to_owned()));
        assert_eq!(Sought::of("  "), Sought::Everything);
    }
}
