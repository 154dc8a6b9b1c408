//! Batches as their worker and people look at them: lists, totals, pages of rows.

use app::admin_rows::Slice;
use app::batch_rows::{BatchLeft, DryTotals, RowFilter, RowPage, RowView};
use domain::batch::{Batch, BatchRow, Quoted, RowStage, RowState, StageTotal, Totals};
use domain::collect::Need;
use domain::{BatchId, MerchantId, UnixMillis};
use tron::{Address, Bandwidth, Energy, Sun, TokenUnits};

use crate::batch::{columns, read, read_row, row_columns};
use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row, params};
use crate::{column, order};

/// Before every batch of a list that begins with the newest.
const LAST: BatchId = BatchId([0xff; 16]);

/// Where a row stands, its order's life included; the numbers are those of `RowStage`.
macro_rules! stage {
    () => {
        "CASE batch_row.state WHEN 0 THEN 0 WHEN 2 THEN 6 WHEN 3 THEN 7 ELSE \
         CASE orders.state WHEN 0 THEN 1 WHEN 2 THEN 4 WHEN 3 THEN 5 ELSE \
         CASE WHEN used_ms IS NOT NULL THEN 3 \
         WHEN ready_ms IS NULL AND stopped_ms IS NULL THEN 1 ELSE 2 END END END"
    };
}

/// Which rows a filter lets through; the parameters are batch, stage, pattern and address.
macro_rules! filtered {
    () => {
        concat!(
            "FROM batch_row LEFT JOIN orders ON orders.id = batch_row.order_id
WHERE batch_row.batch_id = ?1 AND (",
            stage!(),
            " = ?2 OR ?2 IS NULL)
  AND (LOWER(batch_row.reference) LIKE ?3 ESCAPE '\\' OR batch_row.address = ?4
    OR batch_row.recipient = ?4 OR ?3 IS NULL)"
        )
    };
}

crate::statement::statements! {
    OF_MERCHANT = concat!("SELECT ", columns!(), "
FROM batch WHERE merchant_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    OF_EVERYBODY = concat!("SELECT ", columns!(), "
FROM batch WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    WAITING = concat!("SELECT ", row_columns!(), "
FROM batch_row WHERE batch_id = ?1 AND state = 0 AND number > ?2 ORDER BY number LIMIT ?3");
    UNCHECKED = concat!("SELECT ", row_columns!(), "
FROM batch_row WHERE batch_id = ?1 AND state = 0 AND (checked_ms IS NULL OR checked_ms < ?2)
ORDER BY number LIMIT ?3");
    TOTALS = concat!("SELECT ", stage!(), ", COUNT(*),
  SUM(CASE WHEN orders.state = 3 THEN 0 ELSE COALESCE(orders.price, 0) END),
  SUM(COALESCE(burn, 0)), SUM(CASE WHEN ready_ms >= ?2 THEN 1 ELSE 0 END)
FROM batch_row LEFT JOIN orders ON orders.id = batch_row.order_id
WHERE batch_row.batch_id = ?1 GROUP BY 1");
    CHECKED = "
SELECT token_amount, scene, energy, bandwidth, has_activation, price, check_burn
FROM batch_row WHERE batch_id = ?1 AND checked_ms >= ?2";
    ROWS = concat!("SELECT ", row_columns!(), " ", filtered!(), "
ORDER BY batch_row.number LIMIT ?6 OFFSET ?5");
    COUNT_ROWS = concat!("SELECT COUNT(*) ", filtered!());
}

/// A part of the batches, newest first.
pub(crate) fn batches(
    connection: &Connection,
    merchant: Option<MerchantId>,
    slice: Slice<BatchId>,
) -> Result<Vec<Batch>, Fault> {
    let (after, limit) = (slice.after.unwrap_or(LAST), count(slice.limit));
    let found = match merchant {
        Some(merchant) => connection
            .prepare_cached(OF_MERCHANT)?
            .query_map(params![merchant.0, after.0, limit], read)?
            .collect::<Result<_, _>>()?,
        None => connection
            .prepare_cached(OF_EVERYBODY)?
            .query_map(params![after.0, limit], read)?
            .collect::<Result<_, _>>()?,
    };
    Ok(found)
}

/// The first rows that wait after the row with this number.
pub(crate) fn waiting(
    connection: &Connection,
    id: BatchId,
    after: u32,
    limit: usize,
) -> Result<Vec<BatchRow>, Fault> {
    let mut waiting = connection.prepare_cached(WAITING)?;
    let key = params![id.0, after, count(limit)];
    Ok(waiting.query_map(key, read_row)?.collect::<Result<_, _>>()?)
}

/// The first rows that wait and were not looked at since this moment.
pub(crate) fn unchecked(
    connection: &Connection,
    id: BatchId,
    since: UnixMillis,
    limit: usize,
) -> Result<Vec<BatchRow>, Fault> {
    let mut unchecked = connection.prepare_cached(UNCHECKED)?;
    let key = params![id.0, since.0, count(limit)];
    Ok(unchecked.query_map(key, read_row)?.collect::<Result<_, _>>()?)
}

/// Rows by stage, and those that became ready since this moment.
pub(crate) fn totals(
    connection: &Connection,
    id: BatchId,
    ready_since: UnixMillis,
) -> Result<Totals, Fault> {
    let mut read = connection.prepare_cached(TOTALS)?;
    let rows = read.query_map(params![id.0, ready_since.0], |row| {
        let stage: RowStage = column::code(row, 0)?;
        let total = StageTotal {
            rows: row.get(1)?,
            price: column::sun(row, 2)?,
            burn: column::sun(row, 3)?,
        };
        let recent: i64 = row.get(4)?;
        Ok((stage, total, recent))
    })?;
    let mut totals = Totals::default();
    for row in rows {
        let (stage, total, recent) = row?;
        totals.put(stage, total);
        totals.recent += recent;
    }
    Ok(totals)
}

/// What is left of a batch.
pub(crate) fn left(connection: &Connection, id: BatchId) -> Result<BatchLeft, Fault> {
    let totals = totals(connection, id, UnixMillis(i64::MAX))?;
    let count = |rows: i64| u32::try_from(rows).unwrap_or(u32::MAX);
    Ok(BatchLeft {
        waiting: count(totals.of(RowStage::Waiting).rows),
        filling: count(totals.of(RowStage::Filling).rows),
        failures: count(totals.failures()),
    })
}

/// What dry runs have found since this moment, all rows together.
pub(crate) fn dry_totals(
    connection: &Connection,
    id: BatchId,
    since: UnixMillis,
) -> Result<DryTotals, Fault> {
    let mut read = connection.prepare_cached(CHECKED)?;
    let rows = read.query_map(params![id.0, since.0], read_checked)?;
    let mut all = DryTotals::default();
    for row in rows {
        all.checked += 1;
        match row? {
            None => all.refused += 1,
            Some(quoted) => add(&mut all, &quoted),
        }
    }
    Ok(all)
}

/// What a look at a row found; `None`: it would be refused.
fn read_checked(row: &Row<'_>) -> sql::Result<Option<Quoted>> {
    let Some(price) = column::maybe_sun(row, 5)? else { return Ok(None) };
    Ok(Some(Quoted {
        token_amount: column::token_units(row, 0)?,
        scene: column::code(row, 1)?,
        need: Need {
            energy: column::energy(row, 2)?,
            bandwidth: column::bandwidth(row, 3)?,
            activation: row.get(4)?,
        },
        price,
        burn: column::sun(row, 6)?,
    }))
}

fn add(all: &mut DryTotals, one: &Quoted) {
    let (tokens, need) = (one.token_amount, one.need);
    all.empty += i64::from(tokens == TokenUnits(0));
    all.token_amount = TokenUnits(all.token_amount.0.saturating_add(tokens.0));
    all.energy = Energy::new(all.energy.get().saturating_add(need.energy.get()));
    all.bandwidth = Bandwidth::new(all.bandwidth.get().saturating_add(need.bandwidth.get()));
    all.activations += i64::from(need.activation);
    all.price = Sun::new(all.price.get().saturating_add(one.price.get()));
    all.burn = Sun::new(all.burn.get().saturating_add(one.burn.get()));
}

/// A page of rows with their orders, in their order.
pub(crate) fn rows(
    connection: &Connection,
    id: BatchId,
    filter: &RowFilter,
    (offset, limit): (i64, i64),
) -> Result<RowPage, Fault> {
    let stage = filter.stage.as_ref().map(Code::number);
    let pattern = filter.text.as_deref().map(holding);
    let address = filter.text.as_deref().and_then(|text| text.trim().parse::<Address>().ok());
    let address = address.as_ref().map(Address::as_bytes);
    let key = params![id.0, stage, pattern, address];
    let all = connection.prepare_cached(COUNT_ROWS)?.query_row(key, |row| row.get(0))?;
    let key = params![id.0, stage, pattern, address, offset, limit];
    let found: Vec<BatchRow> =
        connection.prepare_cached(ROWS)?.query_map(key, read_row)?.collect::<Result<_, _>>()?;
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let whole = match row.state {
            RowState::Placed(order) => order::whole(connection, order)?,
            RowState::Waiting | RowState::Failed(_) | RowState::Cancelled => None,
        };
        rows.push(RowView { row, whole });
    }
    Ok(RowPage { rows, all })
}

/// The pattern of texts in small letters that hold this one.
fn holding(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.trim().to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
