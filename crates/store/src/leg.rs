//! Legs of orders, and what they have lent.

use app::ports::Lent;
use domain::{Leg, LegId, LegKind, OrderId};
use tron::{Address, Resource};

use crate::code::{Code, LegWord};
use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row, params};

crate::statement::statements! {
    INSERT = "
INSERT INTO leg (order_id, number, kind, resource, balance, units, owner, state, included_ms,
  returned_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    UPDATE = "
UPDATE leg SET state = ?3, included_ms = ?4, returned_ms = ?5 WHERE order_id = ?1 AND number = ?2";
    OF_ORDER = "
SELECT order_id, number, kind, resource, balance, units, owner, state, included_ms, returned_ms
FROM leg WHERE order_id = ?1 ORDER BY number";
    // CROSS keeps the few live orders the outer loop; sorting would cost more here than it does there.
    LIVE_ON = "
SELECT order_id, number, leg.kind, resource, balance, units, owner, leg.state, included_ms, returned_ms
FROM orders CROSS JOIN leg
WHERE orders.receiver = ?1 AND orders.is_live = 1 AND leg.order_id = orders.id";
    // Only live orders have legs that are not closed, and live orders are few and indexed; CROSS
    // keeps them the outer loop. Included and owed stake is lent; signed and returning is in doubt.
    LENT = "
SELECT leg.owner, orders.receiver, leg.resource,
  SUM(CASE WHEN leg.state IN (2, 3) THEN leg.balance ELSE 0 END),
  SUM(CASE WHEN leg.state IN (1, 4) THEN leg.balance ELSE 0 END)
FROM orders CROSS JOIN leg
WHERE orders.is_live = 1 AND leg.order_id = orders.id AND leg.kind IN (1, 2)
  AND leg.state BETWEEN 1 AND 4
GROUP BY leg.owner, orders.receiver, leg.resource
ORDER BY leg.owner, orders.receiver, leg.resource";
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<Leg> {
    let kind = match column::code(row, 2)? {
        LegWord::Activation => LegKind::Activation,
        LegWord::Delegation => LegKind::Delegation {
            resource: column::resource(row, 3)?,
            balance: column::sun(row, 4)?,
            units: row.get(5)?,
        },
        LegWord::Leftover => {
            LegKind::Leftover { balance: column::sun(row, 4)?, units: row.get(5)? }
        }
    };
    Ok(Leg {
        id: LegId { order: column::order_id(row, 0)?, number: row.get(1)? },
        kind,
        owner: column::address(row, 6)?,
        state: column::code(row, 7)?,
        included_at: column::maybe_millis(row, 8)?,
        returned_at: column::maybe_millis(row, 9)?,
    })
}

/// The legs of an order, by number.
pub(crate) fn of_order(connection: &Connection, order: OrderId) -> Result<Vec<Leg>, Fault> {
    let mut legs = connection.prepare_cached(OF_ORDER)?;
    Ok(legs.query_map([order.0], read)?.collect::<Result<_, _>>()?)
}

/// The legs of the live orders on an address, by order and number.
pub(crate) fn live_on(connection: &Connection, receiver: Address) -> Result<Vec<Leg>, Fault> {
    let mut legs = connection.prepare_cached(LIVE_ON)?;
    let rows = legs.query_map([receiver.as_bytes()], read)?;
    let mut legs: Vec<Leg> = rows.collect::<Result<_, _>>()?;
    legs.sort_by_key(|leg| leg.id);
    Ok(legs)
}

/// Writes what differs: legs move and are added, never removed.
pub(crate) fn update(connection: &Connection, old: &[Leg], new: &[Leg]) -> Result<(), Fault> {
    if new.len() < old.len() {
        return Err(Fault::Broken("a leg was to vanish".to_owned()));
    }
    for (before, after) in old.iter().zip(new) {
        if before == after {
            continue;
        }
        let is_same = (before.id, before.kind, before.owner) == (after.id, after.kind, after.owner);
        if !is_same {
            return Err(Fault::Broken(format!("leg {} was to become another", before.id)));
        }
        connection.prepare_cached(UPDATE)?.run(params![
            after.id.order.0,
            after.id.number,
            after.state.number(),
            after.included_at.map(|at| at.0),
            after.returned_at.map(|at| at.0),
        ])?;
    }
    for leg in &new[old.len()..] {
        insert(connection, leg)?;
    }
    Ok(())
}

fn insert(connection: &Connection, leg: &Leg) -> Result<(), Fault> {
    let (kind, resource, balance, units) = match leg.kind {
        LegKind::Activation => (LegWord::Activation, None, None, None),
        LegKind::Delegation { resource, balance, units } => {
            (LegWord::Delegation, Some(resource.code()), Some(balance.get()), Some(units))
        }
        LegKind::Leftover { balance, units } => {
            let resource = Some(Resource::Energy.code());
            (LegWord::Leftover, resource, Some(balance.get()), Some(units))
        }
    };
    connection.prepare_cached(INSERT)?.run(params![
        leg.id.order.0,
        leg.id.number,
        kind.number(),
        resource,
        balance,
        units,
        leg.owner.as_bytes(),
        leg.state.number(),
        leg.included_at.map(|at| at.0),
        leg.returned_at.map(|at| at.0),
    ])?;
    Ok(())
}

/// Stake that legs have lent or may have lent, by wallet, receiver and resource.
pub(crate) fn lent(connection: &Connection) -> Result<Vec<Lent>, Fault> {
    let mut lent = connection.prepare_cached(LENT)?;
    let rows = lent.query_map([], |row| {
        Ok(Lent {
            owner: column::address(row, 0)?,
            receiver: column::address(row, 1)?,
            resource: column::resource(row, 2)?,
            lent: column::sun(row, 3)?,
            in_doubt: column::sun(row, 4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
