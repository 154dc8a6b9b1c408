//! What keys have bought: one row for each day on which a key placed an order.

use app::rows::{KeySummary, KeyUse};
use domain::{KeyId, UnixMillis};
use tron::Energy;

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

crate::statement::statements! {
    KEY = "
SELECT name, api_key.created_ms, balance FROM api_key
JOIN ledger_account ON kind = 1 AND ledger_account.merchant_id = api_key.merchant_id
WHERE id = ?1";
    // The days of one key, oldest first: two sums in one walk over its part of the primary key.
    SUMS = "
SELECT COALESCE(SUM(orders), 0), COALESCE(SUM(energy), 0), COALESCE(SUM(charged), 0)
FROM key_use WHERE key_id = ?1 AND day BETWEEN ?2 AND ?3";
}

/// A key and what it has bought, days counted from the one that `now` lies in.
pub(crate) fn summary(
    connection: &Connection,
    key: KeyId,
    now: UnixMillis,
) -> Result<Option<KeySummary>, Fault> {
    let mut row = connection.prepare_cached(KEY)?;
    let known = row
        .query_row([key.0], |row| Ok((row.get(0)?, column::millis(row, 1)?, column::sun(row, 2)?)));
    let Some((name, created, available)) = known.optional()? else { return Ok(None) };
    let today = now.day_utc8().0;
    let mut sums = connection.prepare_cached(SUMS)?;
    let mut between = |first, last| sums.query_row(params![key.0, first, last], read);
    Ok(Some(KeySummary {
        name,
        created,
        available,
        total: between(i64::MIN, i64::MAX)?,
        today: between(today, today)?,
        yesterday: between(today - 1, today - 1)?,
    }))
}

fn read(row: &Row<'_>) -> sql::Result<KeyUse> {
    Ok(KeyUse {
        orders: row.get(0)?,
        energy: Energy::new(row.get(1)?),
        charged: column::sun(row, 2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate;

    /// However many orders there are: one row for each day on which the key was used.
    #[test]
    fn a_summary_walks_over_the_days_of_one_key_and_no_order() {
        let connection = Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        migrate::migrate(&connection).unwrap();
        let connection = connection.as_sqlite().unwrap();
        let plan = |sql: &str| -> Vec<String> {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            for number in 1..=plan.parameter_count() {
                plan.raw_bind_parameter(number, 1).unwrap();
            }
            plan.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>().unwrap()
        };
        let days = "SEARCH key_use USING PRIMARY KEY (key_id=? AND day>? AND day<?)";
        assert_eq!(plan(SUMS), [days.to_owned()]);
        assert!(plan(KEY).iter().all(|step| step.starts_with("SEARCH")), "{:?}", plan(KEY));
    }
}
