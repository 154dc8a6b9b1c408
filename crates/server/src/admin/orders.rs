//! `/admin/v1/orders`: list, and one order with everything that belongs to it.

use app::admin_rows::OrderFilter;
use app::{describe, describe_order};
use domain::admin::AdminScope;
use domain::{MerchantId, OrderId};
use serde::Deserialize;
use serde_json::{Value, json};
use tron::Address;

use super::AdminEdge;
use super::answer::{Answer, Refused, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Parameters, Segment, slice, span};

/// Which orders.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    merchant: Option<i64>,
    receiver: Option<String>,
    state: Option<String>,
    reference: Option<String>,
    from: Option<String>,
    to: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Orders, newest first.
pub(super) async fn list(caller: Caller, Parameters(wanted): Parameters<Wanted>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let slice = slice(wanted.after.as_deref(), wanted.limit, OrderId::parse)?;
    let orders = edge.records.orders(filter(wanted)?, slice).await?;
    let after = orders.next.map(|id| id.to_string());
    Ok(list_answer(orders.rows.iter().map(describe_order::order).collect(), after))
}

fn filter(wanted: Wanted) -> Result<OrderFilter, Refused> {
    let receiver = wanted.receiver.map(|text| text.parse::<Address>()).transpose();
    let state = wanted.state.map(|word| {
        describe_order::order_state_of(&word)
            .ok_or_else(|| Refused::bad("state must be filling, delivered, ended or refunded."))
    });
    Ok(OrderFilter {
        merchant: wanted.merchant.map(MerchantId),
        receiver: receiver.map_err(|error| Refused::bad(format!("receiver: {error}")))?,
        state: state.transpose()?,
        reference: wanted.reference,
        placed: span(wanted.from.as_deref(), wanted.to.as_deref())?,
    })
}

/// One order: legs, transactions, ledger entries, callback, attempts.
pub(super) async fn show(caller: Caller, Segment(text): Segment<String>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let order = order_id(&text)?;
    let view = edge.app.store.order_view(order).await?.ok_or_else(no_order)?;
    let mut shown = describe_order::order_with_legs(&view);
    let entries = edge.records.entries_of_order(order).await?;
    let entries: Value = entries.iter().map(describe::statement_line).collect();
    describe::add(&mut shown, "entries", entries);
    describe::add(&mut shown, "callback", callback(&edge, order).await?);
    Ok(ok(&shown))
}

async fn callback(edge: &AdminEdge, order: OrderId) -> Result<Value, Refused> {
    let store = &edge.app.store;
    let Some(callback) = store.callback(order).await? else { return Ok(Value::Null) };
    let mut shown = describe::callback(&callback);
    let body = String::from_utf8_lossy(&callback.body);
    describe::add(&mut shown, "body", json!(body));
    let attempts = store.attempts(order).await?;
    describe::add(&mut shown, "attempts_made", attempts.iter().map(describe::attempt).collect());
    Ok(shown)
}

/// An order's serial as it stands in a path.
///
/// Errors: 404.
pub(super) fn order_id(text: &str) -> Result<OrderId, Refused> {
    OrderId::parse(text).ok_or_else(no_order)
}

fn no_order() -> Refused {
    Refused::not_found("there is no such order")
}
