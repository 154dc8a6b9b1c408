//! A merchant's statement: its ledger entries in the order in which they were posted.

use app::admin_rows::{Slice, Span, StatementLine, StatementPlace};
use domain::ledger::{Fact, LedgerAccount};
use domain::{MerchantId, OrderId, UnixMillis};
use tron::TxId;

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row, params};

/// Lines of a merchant, as [`read`] expects them.
macro_rules! of_merchant {
    ($rest:literal) => {
        concat!(
            "
SELECT position, posted_ms, at_ms, account_kind, ledger_entry.merchant_id, ledger_entry.fact, amount,
  ledger_entry.balance_after, ledger_tx.order_id, orders.reference, reason, ledger_tx.txid
FROM ledger_entry
JOIN ledger_tx ON ledger_tx.business = ledger_entry.business AND ledger_tx.fact = ledger_entry.fact
LEFT JOIN orders ON orders.id = ledger_tx.order_id
WHERE ledger_entry.merchant_id = ?1 AND ledger_entry.merchant_id > 0",
            $rest
        )
    };
}

crate::statement::statements! {
    LINES = of_merchant!(
        "
  AND (posted_ms, position) > (?2, ?3) AND posted_ms < ?4
ORDER BY posted_ms, position LIMIT ?5"
    );
    NEWEST_LINES = of_merchant!(
        "
  AND (posted_ms, position) < (?2, ?3)
ORDER BY posted_ms DESC, position DESC LIMIT ?4"
    );
    OF_ORDER_LINES = "
SELECT position, posted_ms, at_ms, account_kind, ledger_entry.merchant_id, ledger_entry.fact, amount,
  balance_after, ledger_tx.order_id, NULL, reason, ledger_tx.txid
FROM ledger_entry
JOIN ledger_tx ON ledger_tx.business = ledger_entry.business AND ledger_tx.fact = ledger_entry.fact
WHERE ledger_entry.business = ?1 ORDER BY position";
    ON_CHAIN = "
SELECT txid FROM chain_tx WHERE order_id = ?1 AND state IN (1, 2) ORDER BY number";
}

/// A part of a merchant's statement.
pub(crate) fn lines(
    connection: &Connection,
    merchant: MerchantId,
    span: Span,
    slice: Slice<StatementPlace>,
) -> Result<Vec<StatementLine>, Fault> {
    let begin = StatementPlace { posted: span.from, number: -1 };
    let after = slice.after.map_or(begin, |after| after.max(begin));
    let limit = column::limit(slice.limit);
    let mut lines = connection.prepare_cached(LINES)?;
    let rows = lines
        .query_map(params![merchant.0, after.posted.0, after.number, span.to.0, limit], read)?;
    with_txids(connection, rows.collect::<Result<_, _>>()?)
}

/// A part of a merchant's statement, newest first.
pub(crate) fn newest_lines(
    connection: &Connection,
    merchant: MerchantId,
    slice: Slice<StatementPlace>,
) -> Result<Vec<StatementLine>, Fault> {
    let end = StatementPlace { posted: UnixMillis(i64::MAX), number: i64::MAX };
    let before = slice.after.unwrap_or(end);
    let mut lines = connection.prepare_cached(NEWEST_LINES)?;
    let limit = column::limit(slice.limit);
    let rows = lines.query_map(params![merchant.0, before.posted.0, before.number, limit], read)?;
    with_txids(connection, rows.collect::<Result<_, _>>()?)
}

/// The lines with the transactions of their orders.
fn with_txids(
    connection: &Connection,
    mut lines: Vec<StatementLine>,
) -> Result<Vec<StatementLine>, Fault> {
    let mut on_chain: (Option<OrderId>, Vec<TxId>) = (None, Vec::new());
    for line in &mut lines {
        let Some(order) = line.order else { continue };
        if on_chain.0 != Some(order) {
            on_chain = (Some(order), txids(connection, order)?);
        }
        line.txids.clone_from(&on_chain.1);
    }
    Ok(lines)
}

/// Every ledger entry of an order, the operator's own accounts included.
pub(crate) fn of_order(
    connection: &Connection,
    order: OrderId,
) -> Result<Vec<StatementLine>, Fault> {
    let mut lines = connection.prepare_cached(OF_ORDER_LINES)?;
    Ok(lines.query_map([order.0], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> sql::Result<StatementLine> {
    let (kind, owner): (u8, MerchantId) = (row.get(3)?, column::merchant_id(row, 4)?);
    let account = LedgerAccount::from_parts(kind, Some(owner).filter(|owner| owner.0 > 0));
    let account = account.ok_or_else(|| column::meaningless(3, &kind))?;
    let fact: u8 = row.get(5)?;
    let known = Fact::from_number(fact);
    let posted: UnixMillis = column::millis(row, 1)?;
    Ok(StatementLine {
        place: StatementPlace { posted, number: row.get(0)? },
        at: column::millis(row, 2)?,
        account: account.name(),
        fact: known.ok_or_else(|| column::meaningless(5, &fact))?.name(),
        amount: column::sun(row, 6)?,
        balance: column::sun(row, 7)?,
        order: column::maybe_order_id(row, 8)?,
        reference: row.get(9)?,
        // A transfer's or a deposit's; an order has several, in rows of their own.
        txids: column::maybe_txid(row, 11)?.into_iter().collect(),
        reason: row.get(10)?,
    })
}

fn txids(connection: &Connection, order: OrderId) -> Result<Vec<TxId>, Fault> {
    let mut on_chain = connection.prepare_cached(ON_CHAIN)?;
    let rows = on_chain.query_map([order.0], |row| column::txid(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
