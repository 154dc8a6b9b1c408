//! Lists of orders and of their callbacks, newest first.

use std::collections::BTreeSet;

use app::admin_rows::{CallbackFilter, CallbackLine, OrderFilter, Slice};
use app::rows::OrderView;
use domain::OrderId;
use tron::{Address, TxId};

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
    OF_RECEIVER = orders_where!("receiver = ?3 AND (merchant_id = ?1 OR ?1 IS NULL) AND");
    OF_REFERENCE = orders_where!("merchant_id = ?1 AND reference = ?5 AND");
    // A label is a merchant's, so each merchant's labels are looked through; there are few merchants.
    OF_REFERENCE_ANYWHERE = "
SELECT orders.id FROM merchant CROSS JOIN orders
WHERE orders.merchant_id = merchant.id AND reference = ?5 AND CAST(?1 AS BIGINT) IS NULL
  AND orders.id < ?2 AND (receiver = ?3 OR ?3 IS NULL) AND (state = ?4 OR ?4 IS NULL) AND orders.created_ms >= ?6 AND orders.created_ms < ?7
ORDER BY orders.id DESC LIMIT ?8";
    BY_OWN_TX = "SELECT DISTINCT order_id FROM chain_tx WHERE txid = ?1 LIMIT ?2";
    BY_USE = "SELECT id FROM orders WHERE used_by = ?1 LIMIT ?2";
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
    let sql = match (filter.merchant, &filter.receiver, &filter.reference) {
        (_, Some(_), _) => OF_RECEIVER,
        (Some(_), None, Some(_)) => OF_REFERENCE,
        (None, None, Some(_)) => OF_REFERENCE_ANYWHERE,
        (Some(_), None, None) => OF_MERCHANT,
        (None, None, None) => OF_EVERYBODY,
    };
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

/// The orders that a transaction is about: ours that fill them, or the receiver's own.
pub(crate) fn by_txid(
    connection: &Connection,
    txid: TxId,
    limit: usize,
) -> Result<Vec<OrderView>, Fault> {
    let mut ids = BTreeSet::new();
    for sql in [BY_OWN_TX, BY_USE] {
        let mut found = connection.prepare_cached(sql)?;
        let asked = params![txid.as_bytes(), column::limit(limit)];
        for id in found.query_map(asked, |row| column::order_id(row, 0))? {
            ids.insert(id?);
        }
    }
    let newest_first = ids.into_iter().rev().take(limit);
    newest_first.filter_map(|id| order::view(connection, id).transpose()).collect()
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
