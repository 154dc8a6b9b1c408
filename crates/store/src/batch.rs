//! Batches and their rows, as decisions read and write them.

use app::batch_rows::{BatchChanges, BatchLeft, BatchNeeds, BatchRows, RowChange, RowsChange};
use app::rows::{Attention, Lease, OutboxKind};
use domain::batch::{
    Batch, BatchRow, Check, DryRun, FailureKind, NewRow, Quoted, RowFailure, RowState,
};
use domain::collect::{Need, Scene};
use domain::{BatchId, OrderId, UnixMillis};
use tron::{Address, Sun};

use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{batch_list, column, outbox};

/// The columns of a batch, as [`read`] expects them.
macro_rules! columns {
    () => {
        "batch.id, batch.merchant_id, batch.key_id, batch.name, batch.state, hindrance, row_count, \
         dry_begun_ms, dry_finished_ms, batch.created_ms, resumed_ms, batch.ended_ms"
    };
}
pub(crate) use columns;

/// The columns of a row, as [`read_row`] expects them.
macro_rules! row_columns {
    () => {
        "batch_row.number, batch_row.address, batch_row.recipient, batch_row.reference, \
         batch_row.state, attempt, order_id, failure, failure_text, burn, checked_ms, \
         batch_row.token_amount, batch_row.scene, batch_row.energy, batch_row.bandwidth, \
         batch_row.has_activation, batch_row.price, check_burn, check_failure, check_text"
    };
}
pub(crate) use row_columns;

crate::statement::statements! {
    BY_ID = concat!("SELECT ", columns!(), " FROM batch WHERE id = ?1");
    PUT = "
INSERT INTO batch (id, merchant_id, key_id, name, state, hindrance, row_count, dry_begun_ms,
  dry_finished_ms, created_ms, resumed_ms, ended_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, hindrance = excluded.hindrance,
  dry_begun_ms = excluded.dry_begun_ms, dry_finished_ms = excluded.dry_finished_ms,
  resumed_ms = excluded.resumed_ms, ended_ms = excluded.ended_ms";
    ROW = concat!("SELECT ", row_columns!(), "
FROM batch_row WHERE batch_id = ?1 AND number = ?2");
    INSERT_ROW = "
INSERT INTO batch_row (batch_id, number, address, recipient, reference, state, attempt)
VALUES (?1, ?2, ?3, ?4, ?5, 0, 1)";
    // Only a row that waits, and only this try of it.
    CHANGE_ROW = "
UPDATE batch_row SET state = ?4, order_id = ?5, failure = ?6, failure_text = ?7, burn = ?8
WHERE batch_id = ?1 AND number = ?2 AND attempt = ?3 AND state = 0";
    INSERT_ORDER = "
INSERT INTO batch_order (batch_id, number, attempt, order_id) VALUES (?1, ?2, ?3, ?4)";
    PLACED_BEFORE = "
SELECT order_id FROM batch_order WHERE batch_id = ?1 AND number = ?2 ORDER BY attempt DESC LIMIT 1";
    CHECK_ROW = "
UPDATE batch_row SET checked_ms = ?3, token_amount = ?4, scene = ?5, energy = ?6, bandwidth = ?7,
  has_activation = ?8, price = ?9, check_burn = ?10, check_failure = ?11, check_text = ?12
WHERE batch_id = ?1 AND number = ?2";
    CANCEL_WAITING = "UPDATE batch_row SET state = 3 WHERE batch_id = ?1 AND state = 0";
    // What was charged for a refunded order is back, so its row is as free as a refused one.
    RETRY_FAILURES = "
UPDATE batch_row SET state = 0, attempt = attempt + 1, order_id = NULL, failure = NULL,
  failure_text = NULL, burn = NULL
WHERE batch_id = ?1 AND (state = 2 OR (state = 1 AND EXISTS (
  SELECT 1 FROM orders WHERE orders.id = batch_row.order_id AND orders.state = 3)))";
}

/// A batch from its columns.
pub(crate) fn read(row: &Row<'_>) -> sql::Result<Batch> {
    let begun = column::maybe_millis(row, 7)?;
    let finished = column::maybe_millis(row, 8)?;
    Ok(Batch {
        id: row.get(0).map(BatchId)?,
        merchant: column::merchant_id(row, 1)?,
        key: column::key_id(row, 2)?,
        name: row.get(3)?,
        state: column::code(row, 4)?,
        hindrance: column::maybe_code(row, 5)?,
        rows: row.get(6)?,
        dry_run: begun.map(|begun| DryRun { begun, finished }),
        created: column::millis(row, 9)?,
        resumed: column::maybe_millis(row, 10)?,
        ended: column::maybe_millis(row, 11)?,
    })
}

/// A row from its columns.
pub(crate) fn read_row(row: &Row<'_>) -> sql::Result<BatchRow> {
    let state = match column::code(row, 4)? {
        RowWord::Waiting => RowState::Waiting,
        RowWord::Placed => RowState::Placed(column::order_id(row, 6)?),
        RowWord::Failed => {
            RowState::Failed(RowFailure { kind: column::code(row, 7)?, text: row.get(8)? })
        }
        RowWord::Cancelled => RowState::Cancelled,
    };
    Ok(BatchRow {
        number: row.get(0)?,
        address: column::address(row, 1)?,
        recipient: column::maybe_address(row, 2)?,
        reference: row.get(3)?,
        state,
        attempt: row.get(5)?,
        check: read_check(row)?,
        burn: column::maybe_sun(row, 9)?,
    })
}

fn read_check(row: &Row<'_>) -> sql::Result<Option<Check>> {
    let Some(at) = column::maybe_millis(row, 10)? else { return Ok(None) };
    let found = match column::maybe_code::<FailureKind>(row, 18)? {
        Some(kind) => Err(RowFailure { kind, text: row.get(19)? }),
        None => Ok(Quoted {
            token_amount: column::token_units(row, 11)?,
            scene: column::code(row, 12)?,
            need: Need {
                energy: column::energy(row, 13)?,
                bandwidth: column::bandwidth(row, 14)?,
                activation: row.get(15)?,
            },
            price: column::sun(row, 16)?,
            burn: column::sun(row, 17)?,
        }),
    };
    Ok(Some(Check { at, found }))
}

/// A batch.
pub(crate) fn by_id(connection: &Connection, id: BatchId) -> Result<Option<Batch>, Fault> {
    Ok(connection.prepare_cached(BY_ID)?.query_row([id.0], read).optional()?)
}

/// Loads what a decision about a batch needs.
pub(crate) fn load(connection: &Connection, needs: &BatchNeeds) -> Result<BatchRows, Fault> {
    let (row, placed_before) = match needs.row {
        None => (None, None),
        Some(number) => {
            let mut row = connection.prepare_cached(ROW)?;
            let row = row.query_row(params![needs.batch.0, number], read_row).optional()?;
            let mut before = connection.prepare_cached(PLACED_BEFORE)?;
            let key = params![needs.batch.0, number];
            (row, before.query_row(key, |row| column::order_id(row, 0)).optional()?)
        }
    };
    let left = match needs.left {
        true => batch_list::left(connection, needs.batch)?,
        false => BatchLeft::default(),
    };
    Ok(BatchRows { batch: by_id(connection, needs.batch)?, row, placed_before, left })
}

/// Writes what becomes true of a batch; its orders were written before.
pub(crate) fn write(
    connection: &Connection,
    changes: &BatchChanges,
    lease: Option<Lease>,
) -> Result<(), Fault> {
    let id = changes.id;
    if let Some(batch) = &changes.batch {
        put(connection, batch)?;
    }
    insert_rows(connection, id, &changes.rows)?;
    if let Some(row) = &changes.row {
        change_row(connection, id, row)?;
    }
    for (number, check) in &changes.checks {
        check_row(connection, id, *number, check)?;
    }
    match changes.all {
        None => {}
        Some(RowsChange::CancelWaiting) => {
            connection.prepare_cached(CANCEL_WAITING)?.run([id.0])?;
        }
        Some(RowsChange::RetryFailures) => {
            connection.prepare_cached(RETRY_FAILURES)?.run([id.0])?;
        }
    }
    match changes.attention {
        None => Ok(()),
        Some(attention) => attend(connection, id, attention, lease),
    }
}

fn attend(
    connection: &Connection,
    id: BatchId,
    attention: Attention,
    lease: Option<Lease>,
) -> Result<(), Fault> {
    outbox::attend_subject(connection, (OutboxKind::Batch, id.0), attention, lease)
}

fn put(connection: &Connection, batch: &Batch) -> Result<(), Fault> {
    connection.prepare_cached(PUT)?.run(params![
        batch.id.0,
        batch.merchant.0,
        batch.key.0,
        batch.name,
        batch.state.number(),
        batch.hindrance.as_ref().map(Code::number),
        batch.rows,
        batch.dry_run.map(|run| run.begun.0),
        batch.dry_run.and_then(|run| run.finished).map(|at| at.0),
        batch.created.0,
        batch.resumed.map(|at| at.0),
        batch.ended.map(|at| at.0),
    ])?;
    Ok(())
}

fn insert_rows(connection: &Connection, id: BatchId, rows: &[NewRow]) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(INSERT_ROW)?;
    for (number, row) in (1_u32..).zip(rows) {
        insert.run(params![
            id.0,
            number,
            row.address.as_bytes(),
            row.recipient.as_ref().map(Address::as_bytes),
            row.reference,
        ])?;
    }
    Ok(())
}

fn change_row(connection: &Connection, id: BatchId, row: &RowChange) -> Result<(), Fault> {
    let (word, order, failure) = match &row.state {
        RowState::Waiting => (RowWord::Waiting, None, None),
        RowState::Placed(order) => (RowWord::Placed, Some(*order), None),
        RowState::Failed(failure) => (RowWord::Failed, None, Some(failure)),
        RowState::Cancelled => (RowWord::Cancelled, None, None),
    };
    if let Some(OrderId(order)) = order {
        let key = params![id.0, row.number, row.attempt, order];
        connection.prepare_cached(INSERT_ORDER)?.run(key)?;
    }
    let changed = connection.prepare_cached(CHANGE_ROW)?.execute(params![
        id.0,
        row.number,
        row.attempt,
        word.number(),
        order.map(|order| order.0),
        failure.map(|failure| failure.kind.number()),
        failure.map(|failure| failure.text.as_str()),
        row.burn.map(Sun::get),
    ])?;
    match changed {
        1 => Ok(()),
        _ => Err(Fault::Broken(format!("row {} of batch {id} does not wait", row.number))),
    }
}

fn check_row(
    connection: &Connection,
    id: BatchId,
    number: u32,
    Check { at: UnixMillis(at_ms), found }: &Check,
) -> Result<(), Fault> {
    let (quoted, failure) = match found {
        Ok(quoted) => (Some(quoted), None),
        Err(failure) => (None, Some(failure)),
    };
    connection.prepare_cached(CHECK_ROW)?.run(params![
        id.0,
        number,
        at_ms,
        quoted.map(|quoted| quoted.token_amount.0.to_string()),
        quoted.map(|quoted| Scene::number(&quoted.scene)),
        quoted.map(|quoted| quoted.need.energy.get()),
        quoted.map(|quoted| quoted.need.bandwidth.get()),
        quoted.map(|quoted| quoted.need.activation),
        quoted.map(|quoted| quoted.price.get()),
        quoted.map(|quoted| quoted.burn.get()),
        failure.map(|failure| failure.kind.number()),
        failure.map(|failure| failure.text.as_str()),
    ])?;
    Ok(())
}

/// What a batch knows of a row, without the particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowWord {
    /// It may become an order.
    Waiting,
    /// It is an order.
    Placed,
    /// It was refused.
    Failed,
    /// It never will be one.
    Cancelled,
}
