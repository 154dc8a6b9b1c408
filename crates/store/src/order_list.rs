//! Lists of orders, newest first.
//!
//! Somebody may look at a list each second, so that none is looked for for ever: what an index leads to is
//! looked through until a page is full, or so many rows were looked at; the next part goes on there.

use std::collections::BTreeSet;

use app::admin_rows::{OrderFilter, Part, Slice, Span};
use app::rows::OrderView;
use domain::{OrderId, OrderState};
use tron::{Address, TxId};

use crate::code::Code;
use crate::fault::Fault;
use crate::figures::first_id;
use crate::sql::{Connection, OptionalExtension, Params, params};
use crate::{column, order};

/// Most rows that are looked through for a part of a list.
pub(crate) const LOOKED_AT_MAX: usize = 10_000;
/// The id after every other.
pub(crate) const LAST: OrderId = OrderId([0xff; 16]);
/// The id before every other.
pub(crate) const FIRST: OrderId = OrderId([0; 16]);

/// What the lists of orders ask beside what leads to them.
macro_rules! orders_where {
    ($first:literal) => {
        concat!(
            "SELECT id FROM orders WHERE ",
            $first,
            " id < ?2 AND id >= ?3 AND (receiver = ?4 OR ?4 IS NULL) AND (state = ?5 OR ?5 IS NULL)
  AND (reference = ?6 OR ?6 IS NULL)
ORDER BY id DESC LIMIT ?7"
        )
    };
}

/// The last of those that are looked at, if there are so many.
macro_rules! edge_where {
    ($first:literal) => {
        concat!(
            "SELECT id FROM orders WHERE ",
            $first,
            " id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3"
        )
    };
}

crate::statement::statements! {
    OF_EVERYBODY = orders_where!("CAST(?1 AS BIGINT) IS NULL AND");
    OF_MERCHANT = orders_where!("merchant_id = ?1 AND");
    OF_RECEIVER = orders_where!("receiver = ?4 AND (merchant_id = ?1 OR ?1 IS NULL) AND");
    OF_REFERENCE = orders_where!("merchant_id = ?1 AND reference = ?6 AND");
    // A label is a merchant's, so each merchant's labels are looked through; there are few merchants.
    OF_REFERENCE_ANYWHERE = "
SELECT orders.id FROM merchant CROSS JOIN orders
WHERE orders.merchant_id = merchant.id AND reference = ?6 AND CAST(?1 AS BIGINT) IS NULL
  AND orders.id < ?2 AND orders.id >= ?3 AND (receiver = ?4 OR ?4 IS NULL)
  AND (state = ?5 OR ?5 IS NULL)
ORDER BY orders.id DESC LIMIT ?7";
    // Few orders are live, however old they are.
    LIVE = "
WITH live AS MATERIALIZED (
  SELECT id FROM orders
  WHERE is_live = 1 AND state = ?4 AND (merchant_id = ?1 OR ?1 IS NULL))
SELECT id FROM live WHERE id < ?2 AND id >= ?3 ORDER BY id DESC LIMIT ?5";
    EDGE_OF_EVERYBODY = edge_where!("");
    EDGE_OF_MERCHANT = edge_where!("merchant_id = ?4 AND");
    EDGE_OF_RECEIVER = edge_where!("receiver = ?4 AND");
    EDGE_OF_REFERENCE = edge_where!("merchant_id = ?4 AND reference = ?5 AND");
    BY_OWN_TX = "SELECT DISTINCT order_id FROM chain_tx WHERE txid = ?1 LIMIT ?2";
    BY_USE = "SELECT id FROM orders WHERE used_by = ?1 LIMIT ?2";
}

/// A part of the orders that the filter lets through. Orders' ids begin with their time.
pub(crate) fn orders(
    connection: &Connection,
    filter: &OrderFilter,
    slice: Slice<OrderId>,
) -> Result<Part<OrderView>, Fault> {
    let Span { from, to } = filter.placed;
    let before = slice.after.unwrap_or(LAST).min(OrderId(first_id(to)));
    let (ids, edge) = match filter.state {
        Some(state) if is_always_live(state) && is_of_many(filter) => {
            let asked = params![
                filter.merchant.map(|merchant| merchant.0),
                before.0,
                first_id(from),
                state.number(),
                column::limit(slice.limit),
            ];
            (ids(connection, LIVE, asked)?, None)
        }
        Some(_) | None => {
            let edge = edge_of(connection, filter, before, OrderId(first_id(from)))?;
            let asked = params![
                filter.merchant.map(|merchant| merchant.0),
                before.0,
                edge.map_or_else(|| first_id(from), |edge| edge.0),
                filter.receiver.as_ref().map(Address::as_bytes),
                filter.state.as_ref().map(Code::number),
                filter.reference,
                column::limit(slice.limit),
            ];
            (ids(connection, statement_of(filter), asked)?, edge)
        }
    };
    let next = next(&ids, slice.limit, edge);
    let views = ids.into_iter().filter_map(|id| order::view(connection, id).transpose());
    Ok(Part { rows: views.collect::<Result<_, _>>()?, next })
}

/// Whether every order in this state is live, which the audit looks after.
const fn is_always_live(state: OrderState) -> bool {
    match state {
        OrderState::Filling | OrderState::Delivered => true,
        OrderState::Ended | OrderState::Refunded => false,
    }
}

/// Whether nothing but a merchant says which orders are meant.
const fn is_of_many(filter: &OrderFilter) -> bool {
    filter.receiver.is_none() && filter.reference.is_none()
}

const fn statement_of(filter: &OrderFilter) -> &'static str {
    match (filter.merchant, &filter.receiver, &filter.reference) {
        (_, Some(_), _) => OF_RECEIVER,
        (Some(_), None, Some(_)) => OF_REFERENCE,
        (None, None, Some(_)) => OF_REFERENCE_ANYWHERE,
        (Some(_), None, None) => OF_MERCHANT,
        (None, None, None) => OF_EVERYBODY,
    }
}

/// Where looking ends, if it does before the end of the list; nothing is passed over where every row is
/// wanted.
fn edge_of(
    connection: &Connection,
    filter: &OrderFilter,
    before: OrderId,
    from: OrderId,
) -> Result<Option<OrderId>, Fault> {
    let (merchant, receiver) = (filter.merchant.map(|one| one.0), filter.receiver.as_ref());
    let limit = column::limit(LOOKED_AT_MAX - 1);
    match (merchant, receiver, &filter.reference, filter.state) {
        (None, None, None, Some(_)) => {
            edge(connection, EDGE_OF_EVERYBODY, params![before.0, from.0, limit])
        }
        (Some(merchant), None, None, Some(_)) => {
            edge(connection, EDGE_OF_MERCHANT, params![before.0, from.0, limit, merchant])
        }
        (Some(merchant), None, Some(reference), Some(_)) => {
            let asked = params![before.0, from.0, limit, merchant, reference];
            edge(connection, EDGE_OF_REFERENCE, asked)
        }
        (merchant, Some(receiver), reference, state)
            if merchant.is_some() || reference.is_some() || state.is_some() =>
        {
            let asked = params![before.0, from.0, limit, receiver.as_bytes()];
            edge(connection, EDGE_OF_RECEIVER, asked)
        }
        // A label of everybody is found among each merchant's, and all of it is sorted.
        (_, None, _, None) | (_, Some(_), _, _) | (None, None, Some(_), Some(_)) => Ok(None),
    }
}

/// The order at which looking ends, as a statement of edges finds it.
pub(crate) fn edge(
    connection: &Connection,
    sql: &'static str,
    asked: impl Params,
) -> Result<Option<OrderId>, Fault> {
    let mut edge = connection.prepare_cached(sql)?;
    Ok(edge.query_row(asked, |row| column::order_id(row, 0)).optional()?)
}

/// Where the next part begins: after a full page, or where looking ended.
pub(crate) fn next(ids: &[OrderId], limit: usize, edge: Option<OrderId>) -> Option<OrderId> {
    ids.last().copied().filter(|_| ids.len() == limit).or(edge)
}

fn ids(
    connection: &Connection,
    sql: &'static str,
    asked: impl Params,
) -> Result<Vec<OrderId>, Fault> {
    let mut list = connection.prepare_cached(sql)?;
    Ok(list.query_map(asked, |row| column::order_id(row, 0))?.collect::<Result<_, _>>()?)
}

/// The orders that a transaction is about: ours that fill them, or the receiver's own.
pub(crate) fn by_txid(
    connection: &Connection,
    txid: TxId,
    limit: usize,
) -> Result<Vec<OrderView>, Fault> {
    let mut found = BTreeSet::new();
    for sql in [BY_OWN_TX, BY_USE] {
        let asked = params![txid.as_bytes(), column::limit(limit)];
        found.extend(ids(connection, sql, asked)?);
    }
    let newest_first = found.into_iter().rev().take(limit);
    newest_first.filter_map(|id| order::view(connection, id).transpose()).collect()
}

#[cfg(test)]
mod tests;
