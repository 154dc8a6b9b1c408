//! Lists of policies, newest first, and the refills of one; looked through as orders are.

use std::collections::BTreeMap;

use app::admin_rows::{Part, PolicyFilter, PolicyLine, Refill, Slice};
use app::rows::Key;
use domain::{KeyId, MerchantId, OrderId, PolicyId, PolicyKind};

use crate::code::Code;
use crate::fault::Fault;
use crate::order_list::LOOKED_AT_MAX;
use crate::sql::{Connection, OptionalExtension, Params, Row, params};
use crate::{column, key, order, policy};

/// Both, one after the other: the index of a merchant's policies is by kind.
const KINDS: [PolicyKind; 2] = [PolicyKind::Count, PolicyKind::Auto];

crate::statement::statements! {
    OF_EVERYBODY = "
SELECT id FROM policy
WHERE id < ?1 AND id >= ?2 AND (kind = ?3 OR ?3 IS NULL) AND (state = ?4 OR ?4 IS NULL)
ORDER BY id DESC LIMIT ?5";
    OF_KIND = "
SELECT id FROM policy
WHERE merchant_id = ?6 AND kind = ?3 AND id < ?1 AND id >= ?2 AND (state = ?4 OR ?4 IS NULL)
ORDER BY id DESC LIMIT ?5";
    // A merchant has at most one of a kind on an address; there are few merchants.
    ON_ADDRESS = "
SELECT policy.id FROM merchant CROSS JOIN policy
WHERE policy.merchant_id = merchant.id AND (merchant.id = ?5 OR ?5 IS NULL)
  AND kind = ?2 AND receiver = ?3 AND policy.id < ?1 AND (state = ?4 OR ?4 IS NULL)
ORDER BY policy.id DESC LIMIT ?6";
    EDGE_OF_EVERYBODY = "SELECT id FROM policy WHERE id < ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";
    EDGE_OF_KIND = "
SELECT id FROM policy WHERE merchant_id = ?3 AND kind = ?4 AND id < ?1
ORDER BY id DESC LIMIT 1 OFFSET ?2";
    REFILLS = "
SELECT number, order_id FROM policy_refill WHERE policy_id = ?1 AND number < ?2
ORDER BY number DESC LIMIT ?3";
}

/// A part of the policies that the filter lets through.
pub(crate) fn policies(
    connection: &Connection,
    filter: PolicyFilter,
    slice: Slice<PolicyId>,
) -> Result<Part<PolicyLine, PolicyId>, Fault> {
    let before = slice.after.map_or(i64::MAX, |id| id.0);
    let kinds = KINDS.into_iter().filter(|kind| filter.kind.is_none_or(|wanted| wanted == *kind));
    let state = filter.state.as_ref().map(Code::number);
    let limit = column::limit(slice.limit);
    let (mut found, mut edge) = (Vec::new(), None);
    match (filter.receiver, filter.merchant) {
        (Some(receiver), merchant) => {
            for kind in kinds {
                let merchant = merchant.map(|merchant| merchant.0);
                let receiver = receiver.as_bytes();
                let asked = params![before, kind.number(), receiver, state, merchant, limit];
                ids(connection, ON_ADDRESS, asked, &mut found)?;
            }
        }
        (None, Some(merchant)) => {
            let kinds: Vec<_> = kinds.collect();
            if filter.state.is_some() {
                edge = edge_of(connection, merchant, &kinds, before)?;
            }
            for kind in kinds {
                let from = edge.unwrap_or(0);
                let asked = params![before, from, kind.number(), state, limit, merchant.0];
                ids(connection, OF_KIND, asked, &mut found)?;
            }
        }
        (None, None) => {
            if filter.state.is_some() || filter.kind.is_some() {
                let asked = params![before, column::limit(LOOKED_AT_MAX - 1)];
                edge = edge_at(connection, EDGE_OF_EVERYBODY, asked)?;
            }
            let kind = filter.kind.as_ref().map(Code::number);
            let asked = params![before, edge.unwrap_or(0), kind, state, limit];
            ids(connection, OF_EVERYBODY, asked, &mut found)?;
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.truncate(slice.limit);
    let full = found.last().copied().filter(|_| found.len() == slice.limit);
    let next = full.or(edge.map(PolicyId));
    let mut keys = BTreeMap::new();
    let lines = found.into_iter().filter_map(|id| line_with(connection, id, &mut keys).transpose());
    Ok(Part { rows: lines.collect::<Result<_, _>>()?, next })
}

/// Where looking through a merchant's policies of these kinds ends, if it does before the end of the list: down
/// to there not more than so many of any kind are passed over.
fn edge_of(
    connection: &Connection,
    merchant: MerchantId,
    kinds: &[PolicyKind],
    before: i64,
) -> Result<Option<i64>, Fault> {
    let mut edge = None;
    for kind in kinds {
        let limit = column::limit(LOOKED_AT_MAX / kinds.len() - 1);
        let asked = params![before, limit, merchant.0, kind.number()];
        edge = edge.max(edge_at(connection, EDGE_OF_KIND, asked)?);
    }
    Ok(edge)
}

fn edge_at(
    connection: &Connection,
    sql: &'static str,
    asked: impl Params,
) -> Result<Option<i64>, Fault> {
    Ok(connection.prepare_cached(sql)?.query_row(asked, |row| row.get(0)).optional()?)
}

fn ids(
    connection: &Connection,
    sql: &'static str,
    asked: impl Params,
    found: &mut Vec<PolicyId>,
) -> Result<(), Fault> {
    for id in connection.prepare_cached(sql)?.query_map(asked, |row| column::policy_id(row, 0))? {
        found.push(id?);
    }
    Ok(())
}

/// One policy, as lists show it.
pub(crate) fn line(connection: &Connection, id: PolicyId) -> Result<Option<PolicyLine>, Fault> {
    line_with(connection, id, &mut BTreeMap::new())
}

fn line_with(
    connection: &Connection,
    id: PolicyId,
    keys: &mut BTreeMap<KeyId, Key>,
) -> Result<Option<PolicyLine>, Fault> {
    let Some((policy, due)) = policy::with_due(connection, id)? else { return Ok(None) };
    let key = match keys.get(&policy.key) {
        Some(known) => known.clone(),
        None => {
            let no_key = || Fault::Broken(format!("policy {} has no key", id.0));
            let key = key::by_id(connection, policy.key)?.ok_or_else(no_key)?;
            keys.insert(policy.key, key.clone());
            key
        }
    };
    Ok(Some(PolicyLine { policy, key, due }))
}

/// A part of the refills of a policy.
pub(crate) fn refills(
    connection: &Connection,
    policy: PolicyId,
    slice: Slice<i64>,
) -> Result<Vec<Refill>, Fault> {
    let before = slice.after.unwrap_or(i64::MAX);
    let mut listed = connection.prepare_cached(REFILLS)?;
    let asked = params![policy.0, before, column::limit(slice.limit)];
    let read = |row: &Row<'_>| Ok((row.get(0)?, column::order_id(row, 1)?));
    let found: Vec<(i64, OrderId)> = listed.query_map(asked, read)?.collect::<Result<_, _>>()?;
    let refill = |(number, id)| {
        let view = order::view(connection, id)?;
        Ok(view.map(|view| Refill { number, view }))
    };
    found.into_iter().filter_map(|one| refill(one).transpose()).collect()
}

#[cfg(test)]
mod tests;
