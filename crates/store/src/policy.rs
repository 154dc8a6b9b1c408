//! Policies: their rows, when they are due, and what they count.
//!
//! A due row is taken by moving `due_ms` to the end of a lease and raising its fence. A nudge moves it
//! back, so whoever gives the row back changes nothing then, and it is looked at again; by another at
//! once, whose higher fence refuses what the first one still wants to write.

use app::rows::{Counted, PolicyKey, PolicyLease, PolicyView, WatchedPolicy};
use domain::policy::{Auto, Count, Terms};
use domain::{MerchantId, Policy, PolicyId, PolicyKind, UnixMillis};
use tron::{Address, Energy, TxId};

use crate::code::Code;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{column, flight, order};

/// The columns of a policy, as [`read`] expects them.
macro_rules! columns {
    () => {
        "policy.id, kind, merchant_id, key_id, receiver, state, step, transfers_left, \
         is_perpetual, has_bandwidth, unused, unused_max, energy, usual_energy, period_days, \
         ends_ms, refills, open_order, failures, quiet_looks, not_before_ms, created_ms, updated_ms, \
         due_ms"
    };
}

crate::statement::statements! {
    BY_ID = concat!("SELECT ", columns!(), " FROM policy WHERE id = ?1");
    OF_ADDRESS = concat!("SELECT ", columns!(), "
FROM policy WHERE merchant_id = ?1 AND kind = ?2 AND receiver = ?3");
    // One writer at a time: the next number is free.
    NEXT_ID = "SELECT COALESCE(MAX(id), 0) + 1 FROM policy";
    PUT = "
INSERT INTO policy (id, kind, merchant_id, key_id, receiver, state, step, transfers_left,
  is_perpetual, has_bandwidth, unused, unused_max, energy, usual_energy, period_days, ends_ms,
  refills, open_order, failures, quiet_looks, not_before_ms, created_ms, updated_ms, is_watched)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
  ?21, ?22, ?23, ?24)
ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, state = excluded.state,
  step = excluded.step, transfers_left = excluded.transfers_left,
  is_perpetual = excluded.is_perpetual, has_bandwidth = excluded.has_bandwidth,
  unused = excluded.unused, unused_max = excluded.unused_max, energy = excluded.energy,
  usual_energy = excluded.usual_energy, period_days = excluded.period_days,
  ends_ms = excluded.ends_ms, refills = excluded.refills, open_order = excluded.open_order,
  failures = excluded.failures, quiet_looks = excluded.quiet_looks,
  not_before_ms = excluded.not_before_ms, updated_ms = excluded.updated_ms,
  is_watched = excluded.is_watched";
    INSERT_REFILL = "INSERT INTO policy_refill (policy_id, number, order_id) VALUES (?1, ?2, ?3)";
    // What its address did makes an earlier look of no account.
    NUDGE = "
UPDATE policy SET quiet_looks = 0,
  due_ms = CASE WHEN due_ms IS NULL OR due_ms > ?2 THEN ?2 ELSE due_ms END
WHERE id = ?1";
    NUDGE_WATCHED = "
UPDATE policy SET quiet_looks = 0,
  due_ms = CASE WHEN due_ms IS NULL OR due_ms > ?1 THEN ?1 ELSE due_ms END
WHERE is_watched = 1";
    // As those of the outbox: named once.
    CLAIM = "
WITH due AS MATERIALIZED (
  SELECT id FROM policy WHERE due_ms IS NOT NULL AND due_ms <= ?1 ORDER BY due_ms LIMIT ?3
  /* FOR UPDATE SKIP LOCKED */)
UPDATE policy SET due_ms = ?2, fence = fence + 1 WHERE id IN (SELECT id FROM due)
RETURNING id, fence";
    GIVE_BACK = "UPDATE policy SET due_ms = ?4 WHERE id = ?1 AND fence = ?2 AND due_ms = ?3";
    IS_HELD = "SELECT 1 FROM policy WHERE id = ?1 AND fence = ?2";
    NEXT_DUE = "SELECT MIN(due_ms) FROM policy WHERE due_ms IS NOT NULL";
    WATCHED = "SELECT id, kind FROM policy WHERE receiver = ?1 AND is_watched = 1 ORDER BY id";
    COUNT_LISTED = "SELECT COUNT(*) FROM policy WHERE merchant_id = ?1 AND kind = ?2";
    LISTED = concat!("SELECT ", columns!(), "
FROM policy WHERE merchant_id = ?1 AND kind = ?2 ORDER BY id DESC LIMIT ?3 OFFSET ?4");
    COUNTED = "
SELECT policy_id, txid, block, is_deducted FROM policy_transfer WHERE policy_id = ?1 AND txid = ?2";
    COUNT = "
INSERT INTO policy_transfer (policy_id, txid, block, is_deducted) VALUES (?1, ?2, ?3, ?4)";
    UNCOUNT = "
DELETE FROM policy_transfer WHERE policy_id = ?1 AND txid = ?2 AND block = ?3 AND is_solid = 0";
    COUNTED_SINCE = "
SELECT policy_id, txid, block, is_deducted FROM policy_transfer
WHERE is_solid = 0 AND block >= ?1 ORDER BY block, policy_id, txid";
    COUNTED_UNTIL = "
SELECT policy_id, txid, block, is_deducted FROM policy_transfer
WHERE is_solid = 0 AND block <= ?1 ORDER BY block, policy_id, txid";
    MARK_SOLID = "
UPDATE policy_transfer SET is_solid = 1 WHERE policy_id = ?1 AND txid = ?2 AND block = ?3";
}

fn read(row: &Row<'_>) -> sql::Result<Policy> {
    let kind = column::code(row, 1)?;
    let maybe_energy = |index| -> sql::Result<Option<Energy>> {
        Ok(row.get::<Option<i64>>(index)?.map(Energy::new))
    };
    let terms = match kind {
        PolicyKind::Count => Terms::Count(Count {
            left: row.get(7)?,
            is_perpetual: row.get(8)?,
            has_bandwidth: row.get(9)?,
            unused: row.get(10)?,
            unused_max: row.get(11)?,
        }),
        PolicyKind::Auto => Terms::Auto(Auto {
            energy: maybe_energy(12)?,
            usual: maybe_energy(13)?,
            period_days: row.get(14)?,
            ends: column::millis(row, 15)?,
        }),
    };
    Ok(Policy {
        id: column::policy_id(row, 0)?,
        merchant: column::merchant_id(row, 2)?,
        key: column::key_id(row, 3)?,
        receiver: column::address(row, 4)?,
        terms,
        state: column::code(row, 5)?,
        step: column::code(row, 6)?,
        refills: row.get(16)?,
        open: column::maybe_order_id(row, 17)?,
        failures: row.get(18)?,
        quiet_looks: row.get(19)?,
        not_before: column::millis(row, 20)?,
        created: column::millis(row, 21)?,
        updated: column::millis(row, 22)?,
    })
}

/// A policy by its id, or by whose and where it is.
pub(crate) fn by_key(connection: &Connection, key: PolicyKey) -> Result<Option<Policy>, Fault> {
    let found = match key {
        PolicyKey::Id(id) => connection.prepare_cached(BY_ID)?.query_row([id.0], read),
        PolicyKey::Of(merchant, kind, receiver) => {
            let key = params![merchant.0, kind.number(), receiver.as_bytes()];
            connection.prepare_cached(OF_ADDRESS)?.query_row(key, read)
        }
    };
    Ok(found.optional()?)
}

/// A policy, and when it is looked at next.
pub(crate) fn with_due(
    connection: &Connection,
    id: PolicyId,
) -> Result<Option<(Policy, Option<UnixMillis>)>, Fault> {
    let mut found = connection.prepare_cached(BY_ID)?;
    let read = |row: &Row<'_>| Ok((read(row)?, column::maybe_millis(row, 23)?));
    Ok(found.query_row([id.0], read).optional()?)
}

/// The id of the next policy.
pub(crate) fn next_id(connection: &Connection) -> Result<PolicyId, Fault> {
    let mut next = connection.prepare_cached(NEXT_ID)?;
    Ok(next.query_row([], |row| column::policy_id(row, 0))?)
}

/// A policy with the order of its open refill.
pub(crate) fn view(connection: &Connection, id: PolicyId) -> Result<Option<PolicyView>, Fault> {
    let Some(policy) = by_key(connection, PolicyKey::Id(id))? else { return Ok(None) };
    let open = match policy.open {
        Some(id) => order::whole(connection, id)?,
        None => None,
    };
    Ok(Some(PolicyView { policy, open }))
}

/// Writes a policy as it is from now on; its due time stays as it is.
pub(crate) fn put(connection: &Connection, policy: &Policy) -> Result<(), Fault> {
    let (count, auto) = match policy.terms {
        Terms::Count(count) => (Some(count), None),
        Terms::Auto(auto) => (None, Some(auto)),
    };
    connection.prepare_cached(PUT)?.run(params![
        policy.id.0,
        policy.kind().number(),
        policy.merchant.0,
        policy.key.0,
        policy.receiver.as_bytes(),
        policy.state.number(),
        policy.step.number(),
        count.map(|count| count.left),
        count.map(|count| count.is_perpetual),
        count.map(|count| count.has_bandwidth),
        count.map(|count| count.unused),
        count.map(|count| count.unused_max),
        auto.and_then(|auto| auto.energy).map(Energy::get),
        auto.and_then(|auto| auto.usual).map(Energy::get),
        auto.map(|auto| auto.period_days),
        auto.map(|auto| auto.ends.0),
        policy.refills,
        policy.open.map(|order| order.0),
        policy.failures,
        policy.quiet_looks,
        policy.not_before.0,
        policy.created.0,
        policy.updated.0,
        policy.watches(),
    ])?;
    Ok(())
}

/// Remembers the order of a refill; a number or an order that is known is refused.
pub(crate) fn insert_refill(connection: &Connection, policy: &Policy) -> Result<(), Fault> {
    let order = policy.open.map(|order| order.0);
    connection.prepare_cached(INSERT_REFILL)?.run(params![policy.id.0, policy.refills, order])?;
    Ok(())
}

/// A policy is to be looked at by this moment.
pub(crate) fn nudge(connection: &Connection, id: PolicyId, due: UnixMillis) -> Result<(), Fault> {
    connection.prepare_cached(NUDGE)?.run(params![id.0, due.0])?;
    Ok(())
}

/// Every policy to which its address matters is to be looked at by this moment.
pub(crate) fn nudge_watched(connection: &Connection, due: UnixMillis) -> Result<usize, Fault> {
    Ok(connection.prepare_cached(NUDGE_WATCHED)?.execute([due.0])?)
}

/// Takes policies that are due, earliest first, until the end of the lease.
pub(crate) fn claim(
    connection: &Connection,
    now: UnixMillis,
    until: UnixMillis,
    limit: usize,
) -> Result<Vec<PolicyLease>, Fault> {
    let mut claim = connection.prepare_cached(CLAIM)?;
    let leases = claim.query_map(params![now.0, until.0, column::limit(limit)], |row| {
        Ok(PolicyLease { policy: column::policy_id(row, 0)?, until, fence: row.get(1)? })
    })?;
    Ok(leases.collect::<Result<_, _>>()?)
}

/// Refuses a holder after whom another has claimed the policy.
pub(crate) fn check(connection: &Connection, lease: PolicyLease) -> Result<(), Fault> {
    let key = params![lease.policy.0, lease.fence];
    let is_held = connection.prepare_cached(IS_HELD)?.exists(key)?;
    if is_held { Ok(()) } else { Err(Fault::LeaseLost) }
}

/// Gives a policy back, due at this moment or resting; one that was nudged meanwhile stays due.
pub(crate) fn give_back(
    connection: &Connection,
    lease: PolicyLease,
    due: Option<UnixMillis>,
) -> Result<(), Fault> {
    check(connection, lease)?;
    let key = params![lease.policy.0, lease.fence, lease.until.0, due.map(|due| due.0)];
    connection.prepare_cached(GIVE_BACK)?.run(key)?;
    Ok(())
}

/// When the earliest policy can be taken, leases counted.
pub(crate) fn next_due(connection: &Connection) -> Result<Option<UnixMillis>, Fault> {
    let mut next = connection.prepare_cached(NEXT_DUE)?;
    Ok(next.query_row([], |row| column::maybe_millis(row, 0))?)
}

/// The policies to which it matters what one of these addresses does.
pub(crate) fn watched(
    connection: &Connection,
    receivers: &[Address],
) -> Result<Vec<WatchedPolicy>, Fault> {
    let bytes_of = |address: &Address| address.as_bytes().to_vec();
    let read = |row: &Row<'_>| Ok((column::policy_id(row, 0)?, column::code(row, 1)?));
    let found = flight::found_of(connection, WATCHED, receivers, bytes_of, read)?;
    let watched =
        found.into_iter().map(|(receiver, (id, kind))| WatchedPolicy { id, kind, receiver });
    Ok(watched.collect())
}

/// A page of a merchant's policies of one kind, newest first, and how many there are in all.
pub(crate) fn listed(
    connection: &Connection,
    (merchant, kind, receiver): (MerchantId, PolicyKind, Option<Address>),
    offset: i64,
    limit: i64,
) -> Result<(Vec<Policy>, i64), Fault> {
    if let Some(receiver) = receiver {
        let found = by_key(connection, PolicyKey::Of(merchant, kind, receiver))?;
        let all = i64::from(found.is_some());
        let found = found.into_iter().filter(|_| offset == 0 && limit > 0);
        return Ok((found.collect(), all));
    }
    let key = params![merchant.0, kind.number()];
    let all = connection.prepare_cached(COUNT_LISTED)?.query_row(key, |row| row.get(0))?;
    let mut listed = connection.prepare_cached(LISTED)?;
    let key = params![merchant.0, kind.number(), limit, offset];
    let page = listed.query_map(key, read)?.collect::<Result<_, _>>()?;
    Ok((page, all))
}

fn read_counted(row: &Row<'_>) -> sql::Result<Counted> {
    Ok(Counted {
        policy: column::policy_id(row, 0)?,
        txid: column::txid(row, 1)?,
        block: row.get(2)?,
        is_deducted: row.get(3)?,
    })
}

/// A transfer, if this policy counted it.
pub(crate) fn counted(
    connection: &Connection,
    policy: PolicyId,
    txid: TxId,
) -> Result<Option<Counted>, Fault> {
    let mut counted = connection.prepare_cached(COUNTED)?;
    Ok(counted.query_row(params![policy.0, txid.as_bytes()], read_counted).optional()?)
}

/// Counts a transfer; a known one is refused.
pub(crate) fn count(connection: &Connection, new: &Counted) -> Result<(), Fault> {
    let row = params![new.policy.0, new.txid.as_bytes(), new.block, new.is_deducted];
    connection.prepare_cached(COUNT)?.run(row)?;
    Ok(())
}

/// Forgets a transfer whose block a fork dropped.
pub(crate) fn uncount(connection: &Connection, old: &Counted) -> Result<(), Fault> {
    let key = params![old.policy.0, old.txid.as_bytes(), old.block];
    match connection.prepare_cached(UNCOUNT)?.execute(key)? {
        1 => Ok(()),
        _ => Err(Fault::Broken(format!("transfer {} is solid or was not counted", old.txid))),
    }
}

/// Counted transfers in this block or a later one that can still be undone.
pub(crate) fn counted_since(connection: &Connection, block: i64) -> Result<Vec<Counted>, Fault> {
    let mut since = connection.prepare_cached(COUNTED_SINCE)?;
    Ok(since.query_map([block], read_counted)?.collect::<Result<_, _>>()?)
}

/// Counted transfers in this block or an earlier one that are not marked as solid, by block.
pub(crate) fn counted_until(connection: &Connection, block: i64) -> Result<Vec<Counted>, Fault> {
    let mut until = connection.prepare_cached(COUNTED_UNTIL)?;
    Ok(until.query_map([block], read_counted)?.collect::<Result<_, _>>()?)
}

/// Marks counted transfers as solid.
pub(crate) fn mark_solid(connection: &Connection, counted: &[Counted]) -> Result<(), Fault> {
    let mut mark = connection.prepare_cached(MARK_SOLID)?;
    for one in counted {
        mark.execute(params![one.policy.0, one.txid.as_bytes(), one.block])?;
    }
    Ok(())
}
