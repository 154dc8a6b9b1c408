//! The audit: everything that is kept twice is computed again and compared.

use app::rows::LedgerAudit;
use domain::ledger::LedgerAccount;
use domain::{LegState, MerchantId, OrderState, TransferId};

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row};

/// Most differences that one audit names; past that something is wrong with all of it.
const DIFFERENCES_MAX: usize = 1_000;

crate::statement::statements! {
    ACCOUNTS = "SELECT COUNT(*) FROM ledger_account";
    LEDGER_TXS = "SELECT COUNT(*) FROM ledger_tx";
    ORDERS = "SELECT COUNT(*) FROM orders";
    BALANCES = "
SELECT ledger_account.kind, ledger_account.merchant_id, balance, COALESCE(total, 0)
FROM ledger_account LEFT JOIN (
  SELECT account_kind, merchant_id, SUM(amount) AS total FROM ledger_entry
  GROUP BY account_kind, merchant_id) AS entries
  ON entries.account_kind = ledger_account.kind
  AND entries.merchant_id = ledger_account.merchant_id
WHERE balance <> COALESCE(total, 0)
ORDER BY ledger_account.kind, ledger_account.merchant_id";
    UNBALANCED = "
SELECT business, fact, COUNT(*), SUM(amount) FROM ledger_entry GROUP BY business, fact
HAVING COUNT(*) < 2 OR SUM(amount) <> 0 ORDER BY business, fact";
    WITHOUT_ENTRIES = "
SELECT business, fact FROM ledger_tx WHERE NOT EXISTS (
  SELECT 1 FROM ledger_entry
  WHERE ledger_entry.business = ledger_tx.business AND ledger_entry.fact = ledger_tx.fact)
ORDER BY business, fact";
    WITHOUT_HEADER = "
SELECT DISTINCT business, fact FROM ledger_entry WHERE NOT EXISTS (
  SELECT 1 FROM ledger_tx
  WHERE ledger_entry.business = ledger_tx.business AND ledger_entry.fact = ledger_tx.fact)
ORDER BY business, fact";
    // Each entry's balance is the one before it on its account, and its amount.
    RUNNING = "
SELECT account_kind, merchant_id, position, balance_after, previous, amount FROM (
  SELECT account_kind, merchant_id, position, balance_after, amount, LAG(balance_after, 1, 0)
    OVER (PARTITION BY account_kind, merchant_id ORDER BY position) AS previous
  FROM ledger_entry) AS running
WHERE balance_after <> previous + amount
ORDER BY account_kind, merchant_id, position";
    // Entries are numbered without gaps, in the order of posting, and their times never go back.
    NUMBERED = "
SELECT position, expected FROM (
  SELECT position, posted_ms, ROW_NUMBER() OVER (ORDER BY position) AS expected,
    LAG(posted_ms, 1, posted_ms) OVER (ORDER BY position) AS previous_ms
  FROM ledger_entry) AS numbered
WHERE position <> expected OR posted_ms < previous_ms
ORDER BY position LIMIT 1";
    HEAD = "
SELECT entries, (SELECT COUNT(*) FROM ledger_entry) AS found FROM ledger_head
WHERE entries <> (SELECT COUNT(*) FROM ledger_entry)";
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
    // Which facts a transfer has: held (6), settled (7) once solid (2), released (8) when given back (3).
    TRANSFERS = "
SELECT id, state, total, held, settled, released FROM (
  SELECT id, state, amount + fee AS total,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = transfer.id AND fact = 6) AS held,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = transfer.id AND fact = 7) AS settled,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = transfer.id AND fact = 8) AS released
  FROM transfer) AS facts
WHERE held <> 1 OR settled <> CASE WHEN state = 2 THEN 1 ELSE 0 END
  OR released <> CASE WHEN state = 3 THEN 1 ELSE 0 END
ORDER BY id";
    TRANSFER_AMOUNTS = "
SELECT transfer.id, ledger_entry.fact, transfer.amount + transfer.fee,
  SUM(CASE WHEN ledger_entry.amount > 0 THEN ledger_entry.amount ELSE 0 END)
FROM ledger_entry JOIN transfer ON transfer.id = ledger_entry.business
GROUP BY transfer.id, ledger_entry.fact, transfer.amount + transfer.fee
HAVING SUM(CASE WHEN ledger_entry.amount > 0 THEN ledger_entry.amount ELSE 0 END)
  <> transfer.amount + transfer.fee
ORDER BY transfer.id, ledger_entry.fact";
    // Nobody looks after an open transfer that is not queued.
    FORGOTTEN_TRANSFERS = "
SELECT id, state FROM transfer WHERE state IN (0, 1) AND NOT EXISTS (
  SELECT 1 FROM outbox WHERE kind = 2 AND outbox.subject = transfer.id)
ORDER BY id";
    // A deposit has its credit (9) exactly when it was enough, and the credit is its amount.
    DEPOSITS = "
SELECT txid, amount, is_credited, credited FROM (
  SELECT txid, deposit.amount, is_credited, COALESCE((SELECT SUM(ledger_entry.amount)
    FROM ledger_entry WHERE business = deposit.id AND fact = 9 AND account_kind = 1
      AND ledger_entry.merchant_id = deposit.merchant_id), 0) AS credited
  FROM deposit) AS facts
WHERE credited <> CASE WHEN is_credited = 1 THEN amount ELSE 0 END
ORDER BY txid";
    CREDITS_WITHOUT_DEPOSIT = "
SELECT business, fact FROM ledger_tx WHERE fact = 9 AND NOT EXISTS (
  SELECT 1 FROM deposit WHERE deposit.id = ledger_tx.business AND deposit.txid = ledger_tx.txid)
ORDER BY business";
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

/// A question whose every row is a difference, and its words.
type Check = (&'static str, fn(&Row<'_>) -> sql::Result<String>);

const CHECKS: &[Check] = &[
    (BALANCES, |row| {
        let (account, balance, total) = (account(row)?, sun(row, 2)?, sun(row, 3)?);
        Ok(format!("{account}: the balance is {balance} sun, the entries sum to {total} sun"))
    }),
    (UNBALANCED, |row| {
        let (tx, count, total) = (ledger_tx(row)?, sun(row, 2)?, sun(row, 3)?);
        Ok(format!("{tx}: {count} entries sum to {total} sun, not to zero"))
    }),
    (WITHOUT_ENTRIES, |row| Ok(format!("{}: it has no entries", ledger_tx(row)?))),
    (WITHOUT_HEADER, |row| Ok(format!("{}: its entries have no header", ledger_tx(row)?))),
    (RUNNING, |row| {
        let (account, position) = (account(row)?, sun(row, 2)?);
        let (balance, previous, amount) = (sun(row, 3)?, sun(row, 4)?, sun(row, 5)?);
        Ok(format!(
            "{account}: entry {position} leaves {balance} sun, yet {previous} sun were there and \
             {amount} sun came"
        ))
    }),
    (NUMBERED, |row| {
        let (position, expected) = (sun(row, 0)?, sun(row, 1)?);
        Ok(format!("ledger entry {position}: it stands where entry {expected} should"))
    }),
    (HEAD, |row| {
        let (entries, found) = (sun(row, 0)?, sun(row, 1)?);
        Ok(format!("the ledger counts {entries} entries and holds {found}"))
    }),
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
    (TRANSFERS, |row| {
        let (id, state) = (transfer_id(row)?, column::code::<domain::TransferState>(row, 1)?);
        let (total, held) = (sun(row, 2)?, sun(row, 3)?);
        let (settled, released) = (sun(row, 4)?, sun(row, 5)?);
        Ok(format!(
            "transfer {id}: {state:?} at {total} sun, yet held {held}, settled {settled} and \
             released {released} times"
        ))
    }),
    (TRANSFER_AMOUNTS, |row| {
        let (id, fact, total, moved) =
            (transfer_id(row)?, sun(row, 1)?, sun(row, 2)?, sun(row, 3)?);
        Ok(format!("transfer {id}: it costs {total} sun, fact {fact} moved {moved} sun"))
    }),
    (FORGOTTEN_TRANSFERS, |row| {
        let (id, state) = (transfer_id(row)?, column::code::<domain::TransferState>(row, 1)?);
        Ok(format!("transfer {id}: {state:?} and not queued"))
    }),
    (DEPOSITS, |row| {
        let (txid, amount, credited) = (column::txid(row, 0)?, sun(row, 1)?, sun(row, 3)?);
        Ok(format!("deposit {txid}: {amount} sun arrived, {credited} sun are credited"))
    }),
    (CREDITS_WITHOUT_DEPOSIT, |row| Ok(format!("{}: there is no such deposit", ledger_tx(row)?))),
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
        let (road, count) = (column::code::<domain::Road>(row, 2)?, sun(row, 3)?);
        Ok(format!("leg {order}/{leg}: {count} transactions on the road {road:?} are not lost"))
    }),
    (WAY_OUT, |row| leg_roads(row, "out")),
    (WAY_BACK, |row| leg_roads(row, "back")),
    (BLOCKS, |row| {
        let (order, txid) = (column::order_id(row, 0)?, column::txid(row, 1)?);
        let (state, block) = (column::code::<domain::TxState>(row, 2)?, row.get::<Option<i64>>(3)?);
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

/// Recomputes everything and names each difference.
pub(crate) fn audit(connection: &Connection) -> Result<LedgerAudit, Fault> {
    let count = |sql| connection.prepare_cached(sql)?.query_row([], |row| row.get::<i64>(0));
    let mut audit = LedgerAudit {
        accounts: count(ACCOUNTS)?,
        ledger_txs: count(LEDGER_TXS)?,
        orders: count(ORDERS)?,
        differences: Vec::new(),
    };
    for (sql, words) in CHECKS {
        let mut question = connection.prepare_cached(sql)?;
        for difference in question.query_map([], words)? {
            if audit.differences.len() == DIFFERENCES_MAX {
                audit.differences.push("there are more differences than these".to_owned());
                return Ok(audit);
            }
            audit.differences.push(difference?);
        }
    }
    Ok(audit)
}

fn sun(row: &Row<'_>, index: usize) -> sql::Result<i64> {
    row.get(index)
}

fn transfer_id(row: &Row<'_>) -> sql::Result<TransferId> {
    row.get(0).map(TransferId)
}

fn order_state(row: &Row<'_>, index: usize) -> sql::Result<OrderState> {
    column::code(row, index)
}

fn account(row: &Row<'_>) -> sql::Result<String> {
    let (kind, merchant): (u8, i64) = (row.get(0)?, row.get(1)?);
    let owner = (merchant > 0).then_some(MerchantId(merchant));
    let name = LedgerAccount::from_parts(kind, owner).map_or("unknown", LedgerAccount::name);
    Ok(match owner {
        Some(owner) => format!("merchant {} {name}", owner.0),
        None => name.to_owned(),
    })
}

fn ledger_tx(row: &Row<'_>) -> sql::Result<String> {
    let (business, fact): ([u8; 16], i64) = (row.get(0)?, row.get(1)?);
    Ok(format!("ledger tx {} fact {fact}", hex::encode(business)))
}

fn leg_roads(row: &Row<'_>, road: &str) -> sql::Result<String> {
    let (order, leg) = (column::order_id(row, 0)?, sun(row, 1)?);
    let (state, count) = (column::code::<LegState>(row, 2)?, sun(row, 3)?);
    Ok(format!("leg {order}/{leg}: {state:?} with {count} live transactions on its way {road}"))
}
