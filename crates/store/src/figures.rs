//! What is counted over many orders. Orders' ids begin with their time, so a span of time is a range of
//! the table's own key; a merchant's is a range of its index.

use app::figures::{
    DueBack, FiguresAsked, LentFigures, Outcome, OutcomeFigures, QueueFigures, StepFigures,
};
use domain::UnixMillis;
use tron::{Bandwidth, Energy, Sun};

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row, params};

/// Orders of a span, of a merchant or of everybody.
macro_rules! of_span {
    ($select:literal, $merchant:literal, $rest:literal) => {
        concat!($select, " FROM orders WHERE ", $merchant, " id >= ?2 AND id < ?3 ", $rest)
    };
}

/// Orders, and what was bought with those that were not paid back.
macro_rules! steps {
    ($merchant:literal) => {
        of_span!(
            "
SELECT created_ms / ?4, COUNT(*), SUM(CASE WHEN state = 3 THEN 1 ELSE 0 END),
  SUM(CASE WHEN state = 3 THEN 0 ELSE energy END),
  SUM(CASE WHEN state = 3 THEN 0 ELSE bandwidth END),
  SUM(CASE WHEN state = 3 THEN 0 ELSE has_activation END),
  SUM(CASE WHEN state = 3 THEN 0 ELSE price - part_refunded END)",
            $merchant,
            "GROUP BY 1 ORDER BY 1"
        )
    };
}

/// The orders whose time to ready stands at a rank: the nearest one, so it is a time that was measured.
macro_rules! ready {
    ($merchant:literal) => {
        concat!(
            "
SELECT step, MIN(CASE WHEN place >= (orders * 50 + 99) / 100 THEN took END),
  MIN(CASE WHEN place >= (orders * 95 + 99) / 100 THEN took END)
FROM (SELECT created_ms / ?4 AS step, ready_ms - created_ms AS took,
    ROW_NUMBER() OVER (PARTITION BY created_ms / ?4 ORDER BY ready_ms - created_ms) AS place,
    COUNT(*) OVER (PARTITION BY created_ms / ?4) AS orders
  FROM orders WHERE ",
            $merchant,
            " id >= ?2 AND id < ?3 AND ready_ms IS NOT NULL) AS placed
GROUP BY step ORDER BY step"
        )
    };
}

/// How orders came out, as numbers of [`outcome`].
macro_rules! outcomes {
    ($merchant:literal) => {
        of_span!(
            "
SELECT CASE
    WHEN state = 0 THEN 0
    WHEN state = 3 AND NOT EXISTS (SELECT 1 FROM chain_tx WHERE order_id = orders.id) THEN 5
    WHEN state = 3 AND NOT EXISTS (SELECT 1 FROM chain_tx WHERE order_id = orders.id
      AND road = 0 AND state IN (1, 2)) THEN 6
    WHEN state = 3 THEN 7
    WHEN used_ms IS NOT NULL THEN 2
    WHEN stopped_ms IS NOT NULL THEN 3
    WHEN state = 2 THEN 4
    ELSE 1 END, COUNT(*)",
            $merchant,
            "AND CAST(?4 AS BIGINT) > 0 GROUP BY 1 ORDER BY 1"
        )
    };
}

crate::statement::statements! {
    STEPS = steps!("CAST(?1 AS BIGINT) IS NULL AND");
    STEPS_OF_MERCHANT = steps!("merchant_id = ?1 AND");
    READY = ready!("CAST(?1 AS BIGINT) IS NULL AND");
    READY_OF_MERCHANT = ready!("merchant_id = ?1 AND");
    OUTCOMES = outcomes!("CAST(?1 AS BIGINT) IS NULL AND");
    OUTCOMES_OF_MERCHANT = outcomes!("merchant_id = ?1 AND");
    // The outbox holds only what is open.
    QUEUES = "SELECT kind, COUNT(*), MIN(due_ms) FROM outbox GROUP BY kind ORDER BY kind";
    // As for what is lent: live orders are the outer loop.
    LENT_BY_STATE = "
SELECT leg.resource,
  SUM(CASE WHEN leg.state = 2 AND leg.kind = 1 THEN leg.balance ELSE 0 END),
  SUM(CASE WHEN leg.state IN (3, 4) THEN leg.balance ELSE 0 END),
  MIN(CASE WHEN leg.state IN (3, 4) THEN leg.included_ms END),
  SUM(CASE WHEN leg.state = 2 AND (leg.kind = 2 OR orders.state >= 2) THEN leg.balance ELSE 0 END)
FROM orders CROSS JOIN leg
WHERE orders.is_live = 1 AND leg.order_id = orders.id AND leg.kind IN (1, 2)
  AND leg.state BETWEEN 2 AND 4
GROUP BY leg.resource ORDER BY leg.resource";
    DUE_BACK = "
SELECT orders.ready_ms, orders.period_days, SUM(leg.balance)
FROM orders CROSS JOIN leg
WHERE orders.is_live = 1 AND leg.order_id = orders.id AND leg.kind = 1 AND leg.state = 2
  AND leg.resource = 1 AND orders.ready_ms IS NOT NULL
GROUP BY orders.ready_ms, orders.period_days ORDER BY orders.ready_ms";
}

/// The first id of a moment; of one that no id can have, the first or the last of all.
pub(crate) fn first_id(at: UnixMillis) -> [u8; 16] {
    let ms = u128::try_from(at.get().max(0)).unwrap_or_default();
    if ms >> 48 > 0 { [0xff; 16] } else { (ms << 80).to_be_bytes() }
}

/// Runs a statement of a span, the merchant's or everybody's, and reads its rows.
fn rows_of<T>(
    connection: &Connection,
    (everybody, merchant): (&'static str, &'static str),
    asked: FiguresAsked,
    read: impl FnMut(&Row<'_>) -> sql::Result<T>,
) -> Result<Vec<T>, Fault> {
    let sql = if asked.merchant.is_some() { merchant } else { everybody };
    let mut statement = connection.prepare_cached(sql)?;
    let bound = params![
        asked.merchant.map(|merchant| merchant.0),
        first_id(asked.from),
        first_id(asked.to),
        asked.step_ms,
    ];
    Ok(statement.query_map(bound, read)?.collect::<Result<_, _>>()?)
}

/// What was ordered, step by step; steps without orders are not there.
pub(crate) fn steps(
    connection: &Connection,
    asked: FiguresAsked,
) -> Result<Vec<StepFigures>, Fault> {
    let mut steps = rows_of(connection, (STEPS, STEPS_OF_MERCHANT), asked, |row| {
        Ok(StepFigures {
            at_ms: row.get::<i64>(0)?.saturating_mul(asked.step_ms),
            orders: row.get(1)?,
            refunded: row.get(2)?,
            energy: Energy::new(row.get(3)?),
            bandwidth: Bandwidth::new(row.get(4)?),
            activations: row.get(5)?,
            charged: Sun::new(row.get(6)?),
            ready_p50_ms: None,
            ready_p95_ms: None,
        })
    })?;
    let ready = rows_of(connection, (READY, READY_OF_MERCHANT), asked, |row| {
        Ok((row.get::<i64>(0)?.saturating_mul(asked.step_ms), row.get(1)?, row.get(2)?))
    })?;
    for (at_ms, p50, p95) in ready {
        if let Ok(index) = steps.binary_search_by_key(&at_ms, |step| step.at_ms) {
            (steps[index].ready_p50_ms, steps[index].ready_p95_ms) = (p50, p95);
        }
    }
    Ok(steps)
}

/// How orders came out; outcomes that none had are not there.
pub(crate) fn outcomes(
    connection: &Connection,
    asked: FiguresAsked,
) -> Result<Vec<OutcomeFigures>, Fault> {
    rows_of(connection, (OUTCOMES, OUTCOMES_OF_MERCHANT), asked, |row| {
        Ok(OutcomeFigures { outcome: outcome(row.get(0)?), orders: row.get(1)? })
    })
}

/// The outcome of a number that only the statement above makes.
const fn outcome(number: i64) -> Outcome {
    match number {
        0 => Outcome::Filling,
        2 => Outcome::Used,
        3 => Outcome::Stopped,
        4 => Outcome::Unused,
        5 => Outcome::Unsent,
        6 => Outcome::Missed,
        7 => Outcome::Short,
        _ => Outcome::Waiting,
    }
}

/// What is owed to the outside and not done.
pub(crate) fn queues(connection: &Connection) -> Result<Vec<QueueFigures>, Fault> {
    let mut queues = connection.prepare_cached(QUEUES)?;
    let rows = queues.query_map([], |row| {
        Ok(QueueFigures {
            kind: column::code(row, 0)?,
            rows: row.get(1)?,
            oldest_due: column::maybe_millis(row, 2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stake that is lent, by how it stands.
pub(crate) fn lent(connection: &Connection) -> Result<Vec<LentFigures>, Fault> {
    let mut lent = connection.prepare_cached(LENT_BY_STATE)?;
    let rows = lent.query_map([], |row| {
        Ok(LentFigures {
            resource: column::resource(row, 0)?,
            lent: column::sun(row, 1)?,
            owed: column::sun(row, 2)?,
            owed_since: column::maybe_millis(row, 3)?,
            stranded: column::sun(row, 4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stake for energy that comes back at the end of its rent.
pub(crate) fn due_back(connection: &Connection) -> Result<Vec<DueBack>, Fault> {
    let mut due = connection.prepare_cached(DUE_BACK)?;
    let rows = due.query_map([], |row| {
        Ok(DueBack {
            ready: column::millis(row, 0)?,
            days: row.get(1)?,
            stake: column::sun(row, 2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
