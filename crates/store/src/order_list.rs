//! Lists of orders and of their callbacks, newest first.

use app::admin_rows::{CallbackFilter, CallbackLine, OrderFilter, Slice};
use app::rows::OrderView;
use domain::OrderId;
use tron::Address;

use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{Connection, Row, params};
use crate::{callback, column, order};

/// The id after every other.
const LAST: OrderId = OrderId([0xff; 16]);

/// What both lists of orders ask beside the merchant.
macro_rules! orders_where {
    ($first:literal) => {
        concat!(
            "SELECT id FROM orders WHERE ",
            $first,
            " id < ?2 AND (receiver = ?3 OR ?3 IS NULL) AND (state = ?4 OR ?4 IS NULL)
  AND (reference = ?5 OR ?5 IS NULL) AND created_ms >= ?6 AND created_ms < ?7
ORDER BY id DESC LIMIT ?8"
        )
    };
}

/// What both lists of callbacks show and ask beside the state.
macro_rules! callbacks_where {
    ($first:literal) => {
        concat!(
            "SELECT callback.order_id, orders.merchant_id FROM callback
JOIN orders ON orders.id = callback.order_id
WHERE ",
            $first,
            " callback.order_id < ?1 AND (orders.merchant_id = ?2 OR ?2 IS NULL)
ORDER BY callback.order_id DESC LIMIT ?3"
        )
    };
}

crate::statement::statements! {
    OF_EVERYBODY = orders_where!("CAST(?1 AS BIGINT) IS NULL AND");
    OF_MERCHANT = orders_where!("merchant_id = ?1 AND");
    CALLBACKS = callbacks_where!("");
    OWED = callbacks_where!("callback.state = 0 AND callback.state <> 1 AND");
    DELIVERED = callbacks_where!("callback.state = 1 AND");
    DEAD = callbacks_where!("callback.state = 2 AND callback.state <> 1 AND");
}

/// A part of the orders that the filter lets through.
pub(crate) fn orders(
    connection: &Connection,
    filter: &OrderFilter,
    slice: Slice<OrderId>,
) -> Result<Vec<OrderView>, Fault> {
    let sql = if filter.merchant.is_some() { OF_MERCHANT } else { OF_EVERYBODY };
    let mut list = connection.prepare_cached(sql)?;
    let ids: Vec<OrderId> = list
        .query_map(
            params![
                filter.merchant.map(|merchant| merchant.0),
                slice.after.unwrap_or(LAST).0,
                filter.receiver.as_ref().map(Address::as_bytes),
                filter.state.as_ref().map(Code::number),
                filter.reference,
                filter.placed.from.0,
                filter.placed.to.0,
                column::limit(slice.limit),
            ],
            |row| column::order_id(row, 0),
        )?
        .collect::<Result<_, _>>()?;
    ids.into_iter().filter_map(|id| order::view(connection, id).transpose()).collect()
}

/// A part of the callbacks that the filter lets through.
pub(crate) fn callbacks(
    connection: &Connection,
    filter: CallbackFilter,
    slice: Slice<OrderId>,
) -> Result<Vec<CallbackLine>, Fault> {
    use app::rows::CallbackState;
    let sql = match filter.state {
        None => CALLBACKS,
        Some(CallbackState::Owed) => OWED,
        Some(CallbackState::Delivered) => DELIVERED,
        Some(CallbackState::Dead) => DEAD,
    };
    let mut list = connection.prepare_cached(sql)?;
    let asked = params![
        slice.after.unwrap_or(LAST).0,
        filter.merchant.map(|merchant| merchant.0),
        column::limit(slice.limit),
    ];
    let read = |row: &Row<'_>| Ok((column::order_id(row, 0)?, column::merchant_id(row, 1)?));
    let found: Vec<_> = list.query_map(asked, read)?.collect::<Result<_, _>>()?;
    let mut lines = Vec::with_capacity(found.len());
    for (order, merchant) in found {
        let Some(callback) = callback::of_order(connection, order)? else { continue };
        let last = callback::attempts(connection, order)?.pop();
        let last = last.map(|attempt| (attempt.status, attempt.note));
        lines.push(CallbackLine { merchant, callback, last });
    }
    Ok(lines)
}
