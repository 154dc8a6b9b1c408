//! Lists of callbacks, those of the newest orders first; looked for as orders are.

use app::admin_rows::{CallbackFilter, CallbackLine, Part, Slice};
use app::rows::CallbackState;
use domain::{MerchantId, OrderId};

use crate::code::Code;
use crate::fault::Fault;
use crate::order_list::{self, EDGE_OF_MERCHANT, FIRST, LAST, LOOKED_AT_MAX};
use crate::sql::{Connection, Row, params};
use crate::{callback, column};

/// What the lists of everybody's callbacks show and ask beside the state.
macro_rules! callbacks_where {
    ($first:literal) => {
        concat!(
            "SELECT callback.order_id, orders.merchant_id FROM callback
JOIN orders ON orders.id = callback.order_id
WHERE ",
            $first,
            " callback.order_id < ?1 AND callback.order_id >= ?2
  AND (orders.merchant_id = ?3 OR ?3 IS NULL)
ORDER BY callback.order_id DESC LIMIT ?4"
        )
    };
}

/// The last of those that are looked at, if there are so many.
macro_rules! edge_where {
    ($first:literal) => {
        concat!(
            "SELECT order_id FROM callback WHERE ",
            $first,
            " order_id < ?1 AND order_id >= ?2 ORDER BY order_id DESC LIMIT 1 OFFSET ?3"
        )
    };
}

crate::statement::statements! {
    CALLBACKS = callbacks_where!("");
    DELIVERED = callbacks_where!("callback.state = 1 AND");
    // Few are not delivered; an index holds them, everybody's.
    OWED = callbacks_where!("callback.state = 0 AND callback.state <> 1 AND");
    DEAD = callbacks_where!("callback.state = 2 AND callback.state <> 1 AND");
    // The merchant's orders are the outer loop.
    OF_MERCHANT = "
SELECT callback.order_id, orders.merchant_id FROM orders CROSS JOIN callback
WHERE orders.merchant_id = ?3 AND orders.id < ?1 AND orders.id >= ?2
  AND callback.order_id = orders.id AND (callback.state = ?5 OR ?5 IS NULL)
ORDER BY orders.id DESC LIMIT ?4";
    EDGE_OF_EVERYBODY = edge_where!("");
    EDGE_OF_OWED = edge_where!("state = 0 AND state <> 1 AND");
    EDGE_OF_DEAD = edge_where!("state = 2 AND state <> 1 AND");
}

/// A part of the callbacks that the filter lets through.
pub(crate) fn callbacks(
    connection: &Connection,
    filter: CallbackFilter,
    slice: Slice<OrderId>,
) -> Result<Part<CallbackLine>, Fault> {
    let merchant = filter.merchant.map(|merchant| merchant.0);
    let before = slice.after.unwrap_or(LAST);
    let limit = column::limit(LOOKED_AT_MAX - 1);
    let edge = |sql| order_list::edge(connection, sql, params![before.0, FIRST.0, limit]);
    let (sql, edge) = match (filter.state, merchant) {
        (None, None) => (CALLBACKS, None),
        (Some(CallbackState::Delivered), None) => (DELIVERED, edge(EDGE_OF_EVERYBODY)?),
        (Some(CallbackState::Owed), None) => (OWED, None),
        (Some(CallbackState::Dead), None) => (DEAD, None),
        (Some(CallbackState::Owed), Some(_)) => (OWED, edge(EDGE_OF_OWED)?),
        (Some(CallbackState::Dead), Some(_)) => (DEAD, edge(EDGE_OF_DEAD)?),
        (None | Some(CallbackState::Delivered), Some(merchant)) => {
            let asked = params![before.0, FIRST.0, limit, merchant];
            (OF_MERCHANT, order_list::edge(connection, EDGE_OF_MERCHANT, asked)?)
        }
    };
    let from = edge.unwrap_or(FIRST);
    let mut list = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((column::order_id(row, 0)?, column::merchant_id(row, 1)?));
    let page = column::limit(slice.limit);
    let found: Vec<(OrderId, MerchantId)> = if sql == OF_MERCHANT {
        let state = filter.state.as_ref().map(Code::number);
        list.query_map(params![before.0, from.0, merchant, page, state], read)?
    } else {
        list.query_map(params![before.0, from.0, merchant, page], read)?
    }
    .collect::<Result<_, _>>()?;
    let ids: Vec<OrderId> = found.iter().map(|(order, _)| *order).collect();
    let next = order_list::next(&ids, slice.limit, edge);
    let mut rows = Vec::with_capacity(found.len());
    for (order, merchant) in found {
        let Some(callback) = callback::of_order(connection, order)? else { continue };
        let last = callback::attempts(connection, order)?.pop();
        let last = last.map(|attempt| (attempt.status, attempt.note));
        rows.push(CallbackLine { merchant, callback, last });
    }
    Ok(Part { rows, next })
}
