//! The ledger beside the orders: each has the facts and amounts that its state takes, and so do holds and keys.

use super::{Check, order_state, sun};
use crate::column;

crate::statement::statements! {
    // Held is what the filling orders (0) and the open transfers (0, 1) of a merchant cost.
    HOLDS = "
SELECT ledger_account.merchant_id, balance, COALESCE(total, 0)
FROM ledger_account LEFT JOIN (
  SELECT merchant_id, SUM(cost) AS total FROM (
    SELECT merchant_id, price AS cost FROM orders WHERE state = 0
    UNION ALL SELECT merchant_id, amount + fee FROM transfer WHERE state IN (0, 1)) AS costs
  GROUP BY merchant_id) AS open
  ON open.merchant_id = ledger_account.merchant_id
WHERE ledger_account.kind = 2 AND balance <> COALESCE(total, 0)
ORDER BY ledger_account.merchant_id";
    // Which facts an order has: held (2), settled (3) when delivered; when refunded, released (4), or
    // settled and then refunded (10); partly refunded (11) when ended with a part that is given back.
    MONEY = "
SELECT id, state, price, held, settled, released, refunded, partly FROM (
  SELECT id, state, price, part_refunded,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = orders.id AND fact = 2) AS held,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = orders.id AND fact = 3) AS settled,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = orders.id AND fact = 4) AS released,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = orders.id AND fact = 10) AS refunded,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = orders.id AND fact = 11) AS partly
  FROM orders) AS facts
WHERE held <> CASE WHEN price > 0 THEN 1 ELSE 0 END
  OR settled <> CASE WHEN price > 0 AND state IN (1, 2) THEN 1 ELSE refunded END
  OR released <> CASE WHEN price > 0 AND state = 3 THEN 1 - settled ELSE 0 END
  OR refunded <> CASE WHEN price > 0 AND state = 3 THEN settled ELSE 0 END
  OR partly <> CASE WHEN part_refunded > 0 THEN 1 ELSE 0 END
  OR (part_refunded > 0 AND state <> 2)
ORDER BY id";
    AMOUNTS = "
SELECT orders.id, ledger_entry.fact,
  CASE WHEN ledger_entry.fact = 11 THEN orders.part_refunded ELSE orders.price END,
  SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END),
  SUM(CASE WHEN ledger_entry.merchant_id IN (0, orders.merchant_id) THEN 0 ELSE 1 END)
FROM ledger_entry JOIN orders ON orders.id = ledger_entry.business
GROUP BY orders.id, ledger_entry.fact, orders.price, orders.part_refunded
HAVING SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END)
  <> CASE WHEN ledger_entry.fact = 11 THEN orders.part_refunded ELSE orders.price END
  OR SUM(CASE WHEN ledger_entry.merchant_id IN (0, orders.merchant_id) THEN 0 ELSE 1 END) > 0
ORDER BY orders.id, ledger_entry.fact";
    // A key's day holds what its orders and transfers of that day took from their merchant and were given back.
    SPENDS = "
SELECT key_day.key_id, key_day.day, spent, COALESCE(total, 0)
FROM key_day LEFT JOIN (
  SELECT key_id, (created_ms + 28800000) / 86400000 AS day, -SUM(amount) AS total
  FROM ledger_entry JOIN (
    SELECT id, key_id, created_ms FROM orders
    UNION ALL SELECT id, key_id, created_ms FROM transfer) AS charges
    ON charges.id = ledger_entry.business
  WHERE account_kind = 1 GROUP BY 1, 2) AS charged
  ON charged.key_id = key_day.key_id AND charged.day = key_day.day
WHERE spent <> COALESCE(total, 0)
ORDER BY key_day.key_id, key_day.day";
    UNCOUNTED = "
SELECT charged.key_id, charged.day, total FROM (
  SELECT key_id, (created_ms + 28800000) / 86400000 AS day, -SUM(amount) AS total
  FROM ledger_entry JOIN (
    SELECT id, key_id, created_ms FROM orders
    UNION ALL SELECT id, key_id, created_ms FROM transfer) AS charges
    ON charges.id = ledger_entry.business
  WHERE account_kind = 1 GROUP BY 1, 2) AS charged
LEFT JOIN key_day ON key_day.key_id = charged.key_id AND key_day.day = charged.day
WHERE key_day.key_id IS NULL AND total <> 0
ORDER BY charged.key_id, charged.day";
    // What a key has bought on a day is the orders that were not refunded (3).
    USE = "
SELECT key_id, day, SUM(counted), SUM(orders), SUM(counted_energy), SUM(energy),
  SUM(counted_charged), SUM(charged)
FROM (
  SELECT key_id, day, orders AS counted, energy AS counted_energy, charged AS counted_charged,
    0 AS orders, 0 AS energy, 0 AS charged FROM key_use
  UNION ALL
  SELECT key_id, (created_ms + 28800000) / 86400000, 0, 0, 0, 1, energy, price - part_refunded
  FROM orders WHERE state <> 3) AS days
GROUP BY key_id, day
HAVING SUM(counted) <> SUM(orders) OR SUM(counted_energy) <> SUM(energy)
  OR SUM(counted_charged) <> SUM(charged)
ORDER BY key_id, day";
}

pub(super) const CHECKS: &[Check] = &[
    (HOLDS, |row| {
        let (merchant, held, open) = (sun(row, 0)?, sun(row, 1)?, sun(row, 2)?);
        Ok(format!(
            "merchant {merchant}: {held} sun are held, its open orders and transfers cost {open} sun"
        ))
    }),
    (MONEY, |row| {
        let (order, state) = (column::order_id(row, 0)?, order_state(row, 1)?);
        let (price, held) = (sun(row, 2)?, sun(row, 3)?);
        let (settled, released) = (sun(row, 4)?, sun(row, 5)?);
        let (refunded, partly) = (sun(row, 6)?, sun(row, 7)?);
        Ok(format!(
            "order {order}: {state:?} at {price} sun, yet held {held}, settled {settled}, \
             released {released}, refunded {refunded} and partly refunded {partly} times"
        ))
    }),
    (AMOUNTS, |row| {
        let (order, fact) = (column::order_id(row, 0)?, sun(row, 1)?);
        let (price, moved, strangers) = (sun(row, 2)?, sun(row, 3)?, sun(row, 4)?);
        Ok(format!(
            "order {order}: {price} sun were to be moved, fact {fact} moved {moved} sun, {strangers} \
             entries are another merchant's"
        ))
    }),
    (SPENDS, |row| {
        let (key, day) = (sun(row, 0)?, sun(row, 1)?);
        let (spent, total) = (sun(row, 2)?, sun(row, 3)?);
        Ok(format!(
            "key {key}: {spent} sun count as spent on day {day}, its orders of that day took {total} sun"
        ))
    }),
    (UNCOUNTED, |row| {
        let (key, day, total) = (sun(row, 0)?, sun(row, 1)?, sun(row, 2)?);
        Ok(format!("key {key}: its orders of day {day} took {total} sun, which are not counted"))
    }),
    (USE, |row| {
        let (key, day) = (sun(row, 0)?, sun(row, 1)?);
        let (counted, orders) = (sun(row, 2)?, sun(row, 3)?);
        let (counted_energy, energy) = (sun(row, 4)?, sun(row, 5)?);
        let (counted_charged, charged) = (sun(row, 6)?, sun(row, 7)?);
        Ok(format!(
            "key {key}: on day {day} it is said to have bought {counted_energy} energy for \
             {counted_charged} sun in {counted} orders, it was {energy} for {charged} in {orders}"
        ))
    }),
];
