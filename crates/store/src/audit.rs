//! The audit: everything that is kept twice is computed again and compared.

mod ledger;
mod money;
mod orders;
mod transfers;

use app::rows::LedgerAudit;
use domain::ledger::LedgerAccount;
use domain::{MerchantId, OrderState};

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, Row};

/// Most differences that one audit names; past that something is wrong with all of it.
const DIFFERENCES_MAX: usize = 1_000;

crate::statement::statements! {
    ACCOUNTS = "SELECT COUNT(*) FROM ledger_account";
    LEDGER_TXS = "SELECT COUNT(*) FROM ledger_tx";
    ORDERS = "SELECT COUNT(*) FROM orders";
}

/// Every statement of the audit, by name.
#[cfg(test)]
pub(crate) fn statements() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let parts = [ledger::STATEMENTS, money::STATEMENTS, transfers::STATEMENTS, orders::STATEMENTS];
    STATEMENTS.iter().chain(parts.into_iter().flatten())
}

/// A question whose every row is a difference, and its words.
type Check = (&'static str, fn(&Row<'_>) -> sql::Result<String>);

/// Everything that is asked.
const CHECKS: [&[Check]; 4] = [ledger::CHECKS, money::CHECKS, transfers::CHECKS, orders::CHECKS];

/// Recomputes everything and names each difference.
pub(crate) fn audit(connection: &Connection) -> Result<LedgerAudit, Fault> {
    let count = |sql| connection.prepare_cached(sql)?.query_row([], |row| row.get::<i64>(0));
    let mut audit = LedgerAudit {
        accounts: count(ACCOUNTS)?,
        ledger_txs: count(LEDGER_TXS)?,
        orders: count(ORDERS)?,
        differences: Vec::new(),
    };
    for (sql, words) in CHECKS.into_iter().flatten() {
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
