//! The outbox: what is owed and not done yet, and who is at it.
//!
//! A row is *free* or *leased*. A lease ends when its holder says when the row is due next, or that
//! nothing is owed any more; or when its time is over and another claims the row. A nudge during a
//! lease is counted, so that the row stays due for what the holder did not see.

use app::ports::StoreError;
use app::rows::{Attention, Lease, OutboxKind};
use domain::{OrderId, UnixMillis};

use crate::code::Code;
use crate::doors::SqlStore;
use crate::fault::Fault;
use crate::known::Held;
use crate::sql::{Connection, OptionalExtension, params};
use crate::{column, order};

crate::statement::statements! {
    // A known row's due time moves earlier, and the nudge is counted.
    WANT = "
INSERT INTO outbox (kind, subject, due_ms, wake_ms, lease_owner, fence, nudges)
VALUES (?1, ?2, ?3, ?3, NULL, 0, 0)
ON CONFLICT (kind, subject) DO UPDATE SET
  due_ms = CASE WHEN outbox.due_ms > excluded.due_ms THEN excluded.due_ms ELSE outbox.due_ms END,
  wake_ms = CASE WHEN outbox.lease_owner IS NULL AND outbox.wake_ms > excluded.due_ms
    THEN excluded.due_ms ELSE outbox.wake_ms END,
  nudges = outbox.nudges + 1";
    IS_DUE = "SELECT 1 FROM outbox WHERE kind = ?1 AND wake_ms <= ?2 LIMIT 1";
    // The fence also follows the clock, so that it does not fall when a row goes and comes again.
    // Those that are due are named once and before all else: as a part of a join they could be looked for
    // again for each row, and passed over each time because they are changed by then, so that more are taken
    // than were asked for.
    CLAIM = "
WITH due AS MATERIALIZED (
  SELECT subject FROM outbox WHERE kind = ?1 AND wake_ms <= ?2 ORDER BY wake_ms LIMIT ?5
  /* FOR UPDATE SKIP LOCKED */)
UPDATE outbox SET lease_owner = ?3, wake_ms = ?4,
  fence = CASE WHEN fence >= ?2 THEN fence + 1 ELSE ?2 END
WHERE kind = ?1 AND subject IN (SELECT subject FROM due)
RETURNING subject, fence, nudges, due_ms";
    CLAIM_ONE = "
UPDATE outbox SET lease_owner = ?4, wake_ms = ?5,
  fence = CASE WHEN fence >= ?3 THEN fence + 1 ELSE ?3 END
WHERE kind = ?1 AND subject = ?2 AND lease_owner IS NULL
RETURNING fence, nudges";
    // Taken when it is free, over, or claimed for later than is possible.
    TAKE_TURN = "
UPDATE outbox SET lease_owner = ?4, wake_ms = ?5,
  fence = CASE WHEN fence >= ?3 THEN fence + 1 ELSE ?3 END
WHERE kind = ?1 AND subject = ?2 AND (lease_owner IS NULL OR wake_ms <= ?3 OR wake_ms > ?6)
RETURNING fence, nudges";
    KEEP = "
UPDATE outbox SET wake_ms = ?4
WHERE kind = ?1 AND subject = ?2 AND fence = ?3 AND lease_owner IS NOT NULL";
    IS_HELD = "
SELECT 1 FROM outbox WHERE kind = ?1 AND subject = ?2 AND fence = ?3 AND lease_owner IS NOT NULL";
    GIVE_BACK = "
UPDATE outbox SET lease_owner = NULL,
  due_ms = CASE WHEN nudges > ?4 AND due_ms < ?5 THEN due_ms ELSE ?5 END,
  wake_ms = CASE WHEN nudges > ?4 AND due_ms < ?5 THEN due_ms ELSE ?5 END
WHERE kind = ?1 AND subject = ?2 AND fence = ?3 AND lease_owner IS NOT NULL";
    FINISH = "
DELETE FROM outbox
WHERE kind = ?1 AND subject = ?2 AND fence = ?3 AND nudges = ?4 AND lease_owner IS NOT NULL";
    // What those two come to where the leased row is known.
    PUT_BACK = "
UPDATE outbox SET lease_owner = NULL, due_ms = ?3, wake_ms = ?3 WHERE kind = ?1 AND subject = ?2";
    HELD = "
SELECT fence, nudges, due_ms FROM outbox
WHERE kind = ?1 AND subject = ?2 AND lease_owner IS NOT NULL";
    // As a nudge, but only of an order that is final (ended or refunded) and has no transaction that is
    // stored or included.
    WAKE_SETTLED = "
UPDATE outbox SET due_ms = ?3, nudges = nudges + 1,
  wake_ms = CASE WHEN lease_owner IS NULL THEN ?3 ELSE wake_ms END
WHERE kind = ?1 AND subject = ?2
  AND EXISTS (SELECT 1 FROM orders WHERE id = ?2 AND state IN (2, 3))
  AND NOT EXISTS (SELECT 1 FROM chain_tx WHERE order_id = ?2 AND state < 2)";
    DROP = "DELETE FROM outbox WHERE kind = ?1 AND subject = ?2";
    FREE_ALL = "UPDATE outbox SET lease_owner = NULL, wake_ms = due_ms WHERE lease_owner IS NOT NULL";
    FREE_AFTER = "
SELECT subject, wake_ms FROM outbox WHERE kind = ?1 AND wake_ms > ?2 AND lease_owner IS NULL";
    NEXT_DUE = "SELECT MIN(wake_ms) FROM outbox WHERE kind = ?1";
}

/// Ends every lease; their holders are refused when they come back.
pub(crate) fn free_all(connection: &Connection) -> Result<usize, Fault> {
    Ok(connection.prepare_cached(FREE_ALL)?.execute([])?)
}

/// The due time of a nudged row: before every moment, so that it is looked at first.
const AT_ONCE: UnixMillis = UnixMillis(0);

/// Claims rows that are due and free, or whose lease is over; earliest first.
pub(crate) fn claim(
    connection: &Connection,
    kind: OutboxKind,
    owner: &str,
    now: UnixMillis,
    lease_until: UnixMillis,
    limit: usize,
) -> Result<Vec<Lease>, Fault> {
    // Most claims find nothing, which SQLite says much cheaper; elsewhere it would be a round trip more.
    if connection.as_sqlite().is_some()
        && !connection.prepare_cached(IS_DUE)?.exists(params![kind.number(), now.0])?
    {
        return Ok(Vec::new());
    }
    let mut claim = connection.prepare_cached(CLAIM)?;
    let rows = claim.query_map(
        params![kind.number(), now.0, owner, lease_until.0, column::limit(limit)],
        |row| {
            let subject = row.get(0)?;
            let lease = Lease { kind, subject, fence: row.get(1)?, nudges: row.get(2)? };
            Ok((row.get::<i64>(3)?, lease))
        },
    )?;
    let mut leases = rows.collect::<Result<Vec<_>, _>>()?;
    leases.sort_by_key(|(due_ms, lease)| (*due_ms, lease.subject));
    Ok(leases.into_iter().map(|(_, lease)| lease).collect())
}

/// Claims one row that is free, whether it is due or not; `None` when somebody else has it.
pub(crate) fn claim_one(
    connection: &Connection,
    kind: OutboxKind,
    subject: [u8; 16],
    owner: &str,
    now: UnixMillis,
    lease_until: UnixMillis,
) -> Result<Option<Lease>, Fault> {
    let mut claim = connection.prepare_cached(CLAIM_ONE)?;
    let found = claim
        .query_row(params![kind.number(), subject, now.0, owner, lease_until.0], |row| {
            Ok(Lease { kind, subject, fence: row.get(0)?, nudges: row.get(1)? })
        });
    Ok(found.optional()?)
}

/// What the turn to follow the chain is about: there is one.
const THE_CHAIN: [u8; 16] = [0; 16];

/// Takes the turn to follow the chain, unless somebody else has it.
pub(crate) fn take_turn(
    connection: &Connection,
    owner: &str,
    now: UnixMillis,
    until: UnixMillis,
) -> Result<Option<Lease>, Fault> {
    let kind = OutboxKind::Chain;
    let latest = until.after_ms(until.since(now));
    let values = params![kind.number(), THE_CHAIN, now.0, owner, until.0, latest.0];
    let mut take = connection.prepare_cached(TAKE_TURN)?;
    let found = take.query_row(values, |row| {
        Ok(Lease { kind, subject: THE_CHAIN, fence: row.get(0)?, nudges: row.get(1)? })
    });
    Ok(found.optional()?)
}

/// Makes a lease last until a later moment.
pub(crate) fn keep(connection: &Connection, lease: &Lease, until: UnixMillis) -> Result<(), Fault> {
    let values = params![lease.kind.number(), lease.subject, lease.fence, until.0];
    let changed = connection.prepare_cached(KEEP)?.execute(values)?;
    if changed == 0 { Err(Fault::LeaseLost) } else { Ok(()) }
}

/// Refuses a lease that was taken over, or that has ended.
pub(crate) fn check(connection: &Connection, lease: &Lease) -> Result<(), Fault> {
    let key = params![lease.kind.number(), lease.subject, lease.fence];
    let is_held = match connection.know(|known| known.is_held(lease)) {
        Some(is_held) => is_held,
        None => connection.prepare_cached(IS_HELD)?.exists(key)?,
    };
    if is_held { Ok(()) } else { Err(Fault::LeaseLost) }
}

/// Ends a lease; the row is due at this moment, or as nudged meanwhile.
pub(crate) fn give_back(
    connection: &Connection,
    lease: &Lease,
    due: UnixMillis,
) -> Result<(), Fault> {
    if let Some(held) = connection.know(|known| known.let_go(lease)) {
        return put_back(connection, lease, held, due);
    }
    let key = params![lease.kind.number(), lease.subject, lease.fence, lease.nudges, due.0];
    let changed = connection.prepare_cached(GIVE_BACK)?.execute(key)?;
    if changed == 0 { Err(Fault::LeaseLost) } else { Ok(()) }
}

/// The same for a row that is known to be held as it is here.
fn put_back(
    connection: &Connection,
    lease: &Lease,
    held: Held,
    due: UnixMillis,
) -> Result<(), Fault> {
    let is_nudged = held.nudges > lease.nudges;
    let due_ms = if is_nudged { due.0.min(held.due_ms) } else { due.0 };
    let row = params![lease.kind.number(), lease.subject, due_ms];
    Ok(connection.prepare_cached(PUT_BACK)?.run(row)?)
}

/// Writes what becomes of the row that a work is about: the leased one, or the order's.
pub(crate) fn attend(
    connection: &Connection,
    order: OrderId,
    attention: Attention,
    lease: Option<Lease>,
) -> Result<(), Fault> {
    match (lease.filter(|lease| lease.subject == order.0), attention) {
        (Some(lease), Attention::At(due)) => give_back(connection, &lease, due),
        (Some(lease), Attention::Done) => finish(connection, &lease),
        (None, Attention::At(due)) => {
            want(connection, OutboxKind::Order, order.0, due)?;
            order::set_live(connection, order, true)
        }
        (None, Attention::Done) => {
            let key = params![OutboxKind::Order.number(), order.0];
            connection.prepare_cached(DROP)?.run(key)?;
            order::set_live(connection, order, false)
        }
    }
}

/// Writes what becomes of the row of something that is not an order.
pub(crate) fn attend_subject(
    connection: &Connection,
    (kind, subject): (OutboxKind, [u8; 16]),
    attention: Attention,
    lease: Option<Lease>,
) -> Result<(), Fault> {
    match (lease.filter(|lease| lease.subject == subject), attention) {
        (Some(lease), Attention::At(due)) => give_back(connection, &lease, due),
        (Some(lease), Attention::Done) => finish(connection, &lease),
        (None, Attention::At(due)) => want(connection, kind, subject, due),
        (None, Attention::Done) => {
            connection.prepare_cached(DROP)?.run(params![kind.number(), subject])?;
            Ok(())
        }
    }
}

/// Ends a lease with nothing owed any more; a row that was nudged meanwhile stays.
fn finish(connection: &Connection, lease: &Lease) -> Result<(), Fault> {
    if let Some(held) = connection.know(|known| known.let_go(lease)) {
        if held.nudges > lease.nudges {
            return put_back(connection, lease, held, UnixMillis(i64::MAX));
        }
        connection.prepare_cached(DROP)?.run(params![lease.kind.number(), lease.subject])?;
    } else {
        let key = params![lease.kind.number(), lease.subject, lease.fence, lease.nudges];
        if connection.prepare_cached(FINISH)?.execute(key)? == 0 {
            return give_back(connection, lease, UnixMillis(i64::MAX));
        }
    }
    match lease.kind {
        OutboxKind::Order => order::set_live(connection, lease.order(), false),
        OutboxKind::Callback | OutboxKind::Transfer | OutboxKind::Batch | OutboxKind::Chain => {
            Ok(())
        }
    }
}

/// A row that is due at this moment at the latest.
pub(crate) fn want(
    connection: &Connection,
    kind: OutboxKind,
    subject: [u8; 16],
    due: UnixMillis,
) -> Result<(), Fault> {
    connection.note(|known| known.want(kind, subject, due));
    connection.prepare_cached(WANT)?.run(params![kind.number(), subject, due.0])?;
    Ok(())
}

/// An order wants attention at once; one that had none owed any more comes back.
pub(crate) fn nudge(connection: &Connection, order: OrderId) -> Result<(), Fault> {
    want(connection, OutboxKind::Order, order.0, AT_ONCE)?;
    order::set_live(connection, order, true)
}

/// A final order wants attention at once, to be closed, if nothing of it is open any more.
pub(crate) fn wake_settled(connection: &Connection, order: OrderId) -> Result<(), Fault> {
    let values = params![OutboxKind::Order.number(), order.0, AT_ONCE.0];
    Ok(connection.prepare_cached(WAKE_SETTLED)?.run(values)?)
}

impl SqlStore {
    /// The rows that nobody has and nobody takes before this moment, each with its own; for simulations.
    ///
    /// Errors: [`StoreError`].
    pub async fn free_rows_after(
        &self,
        kind: OutboxKind,
        moment: UnixMillis,
    ) -> Result<Vec<([u8; 16], UnixMillis)>, StoreError> {
        self.read(move |connection| {
            let mut free = connection.prepare_cached(FREE_AFTER)?;
            let rows = free.query_map(params![kind.number(), moment.0], |row| {
                Ok((row.get(0)?, column::millis(row, 1)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// When the earliest row can be taken, leases counted.
pub(crate) fn next_due(
    connection: &Connection,
    kind: OutboxKind,
) -> Result<Option<UnixMillis>, Fault> {
    let mut next = connection.prepare_cached(NEXT_DUE)?;
    Ok(next.query_row([kind.number()], |row| column::maybe_millis(row, 0))?)
}
