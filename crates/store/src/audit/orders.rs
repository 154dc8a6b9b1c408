//! Orders beside the pool, their transactions and what is owed: nothing is lent twice, stranded or forgotten.

use domain::{LegState, Road, TxState};

use super::{Check, order_state, sun};
use crate::column;
use crate::sql::{self, Row};

crate::statement::statements! {
    // Reserved is what planned (0) and signed (1) legs are to lend: bandwidth (0), energy (1).
    RESERVATIONS = "
SELECT address, bandwidth_reserved, COALESCE(bandwidth, 0), energy_reserved, COALESCE(energy, 0)
FROM wallet LEFT JOIN (
  SELECT owner, SUM(CASE WHEN resource = 0 THEN balance ELSE 0 END) AS bandwidth,
    SUM(CASE WHEN resource = 1 THEN balance ELSE 0 END) AS energy
  FROM leg WHERE kind = 1 AND state IN (0, 1) GROUP BY owner) AS planned
  ON planned.owner = wallet.address
WHERE bandwidth_reserved <> COALESCE(bandwidth, 0) OR energy_reserved <> COALESCE(energy, 0)
ORDER BY address";
    // Open are planned (0) to returning (4) legs that have stake to take back.
    LEGS_OPEN = "
SELECT address, legs_open, COALESCE(legs, 0)
FROM wallet LEFT JOIN (
  SELECT owner, COUNT(*) AS legs FROM leg WHERE kind IN (1, 2) AND state BETWEEN 0 AND 4
  GROUP BY owner) AS open
  ON open.owner = wallet.address
WHERE legs_open <> COALESCE(legs, 0)
ORDER BY address";
    // More than one transaction of a leg on one road that could execute.
    TWO_LIVE = "
SELECT order_id, leg, road, COUNT(*) FROM chain_tx WHERE state <> 3
GROUP BY order_id, leg, road HAVING COUNT(*) > 1 ORDER BY order_id, leg, road";
    // The way out: signed, included and owed legs have a live transaction; planned and dropped ones
    // have none. Later ones may have lost it to a fork that the way back survived. Leftovers (2) never
    // have a way out.
    WAY_OUT = "
SELECT order_id, number, state, txs FROM (
  SELECT order_id, number, state, (SELECT COUNT(*) FROM chain_tx
    WHERE chain_tx.order_id = leg.order_id AND chain_tx.leg = leg.number AND road = 0
      AND chain_tx.state <> 3) AS txs
  FROM leg WHERE kind <> 2) AS roads
WHERE (state IN (1, 2, 3) AND txs = 0) OR (state IN (0, 6) AND txs > 0)
ORDER BY order_id, number";
    // The way back: returning legs have a live transaction; those before have none.
    WAY_BACK = "
SELECT order_id, number, state, txs FROM (
  SELECT order_id, number, state, (SELECT COUNT(*) FROM chain_tx
    WHERE chain_tx.order_id = leg.order_id AND chain_tx.leg = leg.number AND road = 1
      AND chain_tx.state <> 3) AS txs
  FROM leg) AS roads
WHERE (state = 4 AND txs = 0) OR (state IN (0, 1, 2, 3, 6) AND txs > 0)
ORDER BY order_id, number";
    BLOCKS = "
SELECT order_id, txid, state, block FROM chain_tx
WHERE (state IN (1, 2) AND block IS NULL) OR (state IN (0, 3) AND block IS NOT NULL)
ORDER BY order_id, number";
    // Exactly one callback for each order that is over for its merchant and names an address.
    CALLBACKS = "
SELECT id, state, wanted, found FROM (
  SELECT id, state, CASE WHEN state <> 0 AND callback_url IS NOT NULL THEN 1 ELSE 0 END AS wanted,
    (SELECT COUNT(*) FROM callback WHERE order_id = orders.id) AS found
  FROM orders) AS owed
WHERE wanted <> found ORDER BY id";
    OWED_CALLBACKS = "
SELECT order_id FROM callback WHERE state = 0 AND NOT EXISTS (
  SELECT 1 FROM outbox WHERE kind = 1 AND outbox.subject = callback.order_id)
ORDER BY order_id";
    LIVE = "
SELECT id, is_live, queued FROM (
  SELECT id, is_live, (SELECT COUNT(*) FROM outbox WHERE kind = 0 AND subject = orders.id) AS queued
  FROM orders) AS marks
WHERE is_live <> queued ORDER BY id";
    // Nobody looks after an order that is not live: nothing of it may be open.
    FORGOTTEN = "
SELECT id, state,
  (SELECT COUNT(*) FROM leg WHERE order_id = orders.id
    AND (leg.state IN (0, 1, 3, 4) OR (leg.state = 2 AND kind = 1))),
  (SELECT COUNT(*) FROM chain_tx WHERE order_id = orders.id AND chain_tx.state < 2)
FROM orders WHERE is_live = 0 AND (state IN (0, 1)
  OR EXISTS (SELECT 1 FROM leg WHERE order_id = orders.id
    AND (leg.state IN (0, 1, 3, 4) OR (leg.state = 2 AND kind = 1)))
  OR EXISTS (SELECT 1 FROM chain_tx WHERE order_id = orders.id AND chain_tx.state < 2))
ORDER BY id";
}

pub(super) const CHECKS: &[Check] = &[
    (RESERVATIONS, |row| {
        let (wallet, bandwidth, energy) = (column::address(row, 0)?, sun(row, 1)?, sun(row, 3)?);
        let (bandwidth_legs, energy_legs) = (sun(row, 2)?, sun(row, 4)?);
        Ok(format!(
            "wallet {wallet}: reserved are {energy} sun of energy stake and {bandwidth} sun of \
             bandwidth stake, its planned and signed legs take {energy_legs} and {bandwidth_legs} sun"
        ))
    }),
    (LEGS_OPEN, |row| {
        let (wallet, kept, found) = (column::address(row, 0)?, sun(row, 1)?, sun(row, 2)?);
        Ok(format!("wallet {wallet}: {kept} legs are counted as open, {found} are"))
    }),
    (TWO_LIVE, |row| {
        let (order, leg) = (column::order_id(row, 0)?, sun(row, 1)?);
        let (road, count) = (column::code::<Road>(row, 2)?, sun(row, 3)?);
        Ok(format!("leg {order}/{leg}: {count} transactions on the road {road:?} are not lost"))
    }),
    (WAY_OUT, |row| leg_roads(row, "out")),
    (WAY_BACK, |row| leg_roads(row, "back")),
    (BLOCKS, |row| {
        let (order, txid) = (column::order_id(row, 0)?, column::txid(row, 1)?);
        let (state, block) = (column::code::<TxState>(row, 2)?, row.get::<Option<i64>>(3)?);
        Ok(format!("order {order}: transaction {txid} is {state:?} with block {block:?}"))
    }),
    (CALLBACKS, |row| {
        let (order, state) = (column::order_id(row, 0)?, order_state(row, 1)?);
        let (wanted, found) = (sun(row, 2)?, sun(row, 3)?);
        Ok(format!("order {order}: {state:?} with {found} callbacks instead of {wanted}"))
    }),
    (OWED_CALLBACKS, |row| {
        Ok(format!("order {}: its callback is owed and not queued", column::order_id(row, 0)?))
    }),
    (LIVE, |row| {
        let (order, mark, queued) = (column::order_id(row, 0)?, sun(row, 1)?, sun(row, 2)?);
        Ok(format!("order {order}: its live mark is {mark}, its outbox rows are {queued}"))
    }),
    (FORGOTTEN, |row| {
        let (order, state) = (column::order_id(row, 0)?, order_state(row, 1)?);
        let (legs, txs) = (sun(row, 2)?, sun(row, 3)?);
        Ok(format!(
            "order {order}: {state:?} and not live, with {legs} open legs and {txs} open transactions"
        ))
    }),
];

fn leg_roads(row: &Row<'_>, road: &str) -> sql::Result<String> {
    let (order, leg) = (column::order_id(row, 0)?, sun(row, 1)?);
    let (state, count) = (column::code::<LegState>(row, 2)?, sun(row, 3)?);
    Ok(format!("leg {order}/{leg}: {state:?} with {count} live transactions on its way {road}"))
}
