//! What calls used of plain orders' energy.

use domain::OrderId;
use domain::order::Use;

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row, params};

crate::statement::statements! {
    INSERT = "
INSERT INTO energy_use (order_id, number, txid, at_ms, energy) VALUES (?1, ?2, ?3, ?4, ?5)";
    CLEAR = "DELETE FROM energy_use WHERE order_id = ?1";
    OF_ORDER = "SELECT txid, at_ms, energy, number FROM energy_use WHERE order_id = ?1 ORDER BY number";
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<Use> {
    Ok(Use {
        txid: column::txid(row, 0)?,
        at: column::millis(row, 1)?,
        energy: column::energy(row, 2)?,
    })
}

/// The uses of an order, oldest first.
pub(crate) fn of_order(connection: &Connection, order: OrderId) -> Result<Vec<Use>, Fault> {
    let mut uses = connection.prepare_cached(OF_ORDER)?;
    let rows = uses.query_map([order.0], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds what is new. Where a fork undid a use or put it into another block, all are written afresh.
pub(crate) fn update(
    connection: &Connection,
    order: OrderId,
    old: &[Use],
    new: &[Use],
) -> Result<(), Fault> {
    let kept = if new.starts_with(old) { old.len() } else { 0 };
    if kept < old.len() {
        connection.prepare_cached(CLEAR)?.run([order.0])?;
    }
    for (one, number) in new.iter().zip(1_i64..).skip(kept) {
        connection.prepare_cached(INSERT)?.run(params![
            order.0,
            number,
            one.txid.as_bytes(),
            one.at.0,
            one.energy.get(),
        ])?;
    }
    Ok(())
}
