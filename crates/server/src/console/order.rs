//! One order: what happened when, on chain, in the ledger and at the merchant's receiver.

use app::rows::{Attempt, Callback, CallbackState, OrderView};
use app::stop_order::StopRefused;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use domain::{OrderId, OrderState};

use super::attempt::{self, AttemptShown};
use super::frame::Frame;
use super::list::names;
use super::orders::Line;
use super::refused::Refused;
use super::timeline::{self, Happened};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    frame: &'a Frame,
    line: Line,
    happened: Vec<Happened>,
    callback: Option<CallbackShown>,
    can_stop: bool,
}

/// The callback of an order with every attempt at it.
struct CallbackShown {
    callback: Callback,
    state: &'static str,
    look: &'static str,
    body: String,
    attempts: Vec<AttemptShown>,
}

/// The page.
pub(super) async fn show(visit: Visit, Path(serial): Path<String>) -> Result<Response, Refused> {
    let view = seen(&visit, &serial).await?;
    let id = view.whole.order.id;
    let store = &visit.app().store;
    let mut entries = visit.edge().records.entries_of_order(id).await?;
    if !visit.access().is_operator() {
        // The other side of an entry is the operator's own book.
        entries.retain(|entry| matches!(entry.account, "available" | "held"));
    }
    let attempts = store.attempts(id).await?;
    let happened = timeline::of(&view, &entries, &attempts);
    let callback = match store.callback(id).await? {
        Some(callback) => Some(shown(&visit, callback, &attempts).await?),
        None => None,
    };
    let order = &view.whole.order;
    let can_stop = order.is_open() && order.state != OrderState::Refunded;
    let names = names(&visit).await?;
    let line = Line::of(view, &names);
    Visit::page(&OrderPage { frame: &visit.frame, line, happened, callback, can_stop })
}

async fn shown(
    visit: &Visit,
    callback: Callback,
    attempts: &[Attempt],
) -> Result<CallbackShown, Refused> {
    let (state, look) = callback_state(callback.state);
    Ok(CallbackShown {
        state,
        look,
        body: String::from_utf8_lossy(&callback.body).into_owned(),
        attempts: attempt::shown(visit.edge(), visit.frame.tongue, &callback, attempts).await?,
        callback,
    })
}

/// What a callback's state is called, and how it looks.
pub(super) const fn callback_state(state: CallbackState) -> (&'static str, &'static str) {
    match state {
        CallbackState::Owed => ("callback.owed", "warn"),
        CallbackState::Delivered => ("callback.delivered", "good"),
        CallbackState::Dead => ("callback.dead", "bad"),
    }
}

/// Tells the outcome again, from now on with the whole schedule.
pub(super) async fn replay(
    Path(serial): Path<String>,
    change: Change,
) -> Result<Response, Refused> {
    let id = seen(&change.visit, &serial).await?.whole.order.id;
    change.administrator().replay_callback(id).await?;
    change.visit.app().callback_bell.notify_one();
    Ok(change.done(&format!("/orders/{id}"), "replayed"))
}

/// Ends an order early: what it lent goes back as soon as that spoils nothing.
pub(super) async fn stop(Path(serial): Path<String>, change: Change) -> Result<Response, Refused> {
    let order = seen(&change.visit, &serial).await?.whole.order;
    let by = change.administrator();
    match change.visit.app().stop_order_for(&by, order.merchant, order.id).await {
        Ok(()) => Ok(change.done(&format!("/orders/{}", order.id), "stopped")),
        Err(StopRefused::NoOrder) => Err(Refused::NoPage),
        Err(StopRefused::Store(failed)) => Err(failed.into()),
    }
}

/// An order that whoever asks may see.
async fn seen(visit: &Visit, serial: &str) -> Result<OrderView, Refused> {
    let id = OrderId::parse(serial).ok_or(Refused::NoPage)?;
    let view = visit.app().store.order_view(id).await?.ok_or(Refused::NoPage)?;
    visit.sees(view.whole.order.merchant)?;
    Ok(view)
}
