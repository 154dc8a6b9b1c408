//! The ledger: entries first, then their header, which the schema refuses unless they sum to zero.

use domain::ledger::{Fact, LedgerAccount, LedgerTx};
use domain::{MerchantId, TransferId};
use tron::{Sun, TxId};

use crate::fault::Fault;
use crate::key;
use crate::sql::{Connection, params};

crate::statement::statements! {
    ADD_TO_BALANCE = "
UPDATE ledger_account SET balance = balance + ?3 WHERE kind = ?1 AND merchant_id = ?2
RETURNING balance";
    INSERT_ENTRY = "
INSERT INTO ledger_entry (business, fact, number, account_kind, merchant_id, amount, balance_after,
  position, posted_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    // The time never goes back, whatever the clock does: statements are cut by it.
    ADVANCE = "
UPDATE ledger_head SET entries = entries + ?1,
  posted_ms = CASE WHEN posted_ms < ?2 THEN ?2 ELSE posted_ms END
WHERE id = 1
RETURNING entries, posted_ms";
    INSERT_TX = "
INSERT INTO ledger_tx (business, fact, order_id, reason, at_ms, txid)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    OPEN_ACCOUNT = "INSERT INTO ledger_account (kind, merchant_id) VALUES (?1, ?2)";
}

/// Posts a ledger transaction and moves the balances with it.
pub(crate) fn post(connection: &Connection, tx: &LedgerTx) -> Result<(), Fault> {
    let count = i64::try_from(tx.entries().len()).unwrap_or(i64::MAX);
    let (entries, posted_ms): (i64, i64) = connection
        .prepare_cached(ADVANCE)?
        .query_row(params![count, tx.at.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (number, entry) in (1_i64..).zip(tx.entries()) {
        let (kind, merchant) = row_key(entry.account);
        let amount = entry.amount.get();
        let balance: i64 = connection
            .prepare_cached(ADD_TO_BALANCE)?
            .query_row(params![kind, merchant, amount], |row| row.get(0))?;
        connection.prepare_cached(INSERT_ENTRY)?.run(params![
            tx.id.business,
            tx.id.fact,
            number,
            kind,
            merchant,
            amount,
            balance,
            entries - count + number,
            posted_ms,
        ])?;
    }
    count_spend(connection, tx)?;
    connection.prepare_cached(INSERT_TX)?.run(params![
        tx.id.business,
        tx.id.fact,
        tx.order.map(|order| order.0),
        tx.reason,
        tx.at.0,
        tx.txid.as_ref().map(TxId::as_bytes),
    ])?;
    Ok(())
}

/// Keeps what keys spend beside the entries, as the balances are: what an order or a transfer takes from
/// its merchant or gives back counts for the key and the day that placed it.
fn count_spend(connection: &Connection, tx: &LedgerTx) -> Result<(), Fault> {
    let transfer = match tx.fact {
        Fact::TransferHeld | Fact::TransferReleased => Some(TransferId(tx.id.business)),
        Fact::MerchantCredited
        | Fact::OrderHeld
        | Fact::OrderSettled
        | Fact::OrderReleased
        | Fact::MerchantDebited
        | Fact::TransferSettled
        | Fact::DepositCredited
        | Fact::OrderRefunded => None,
    };
    let available = tx
        .entries()
        .iter()
        .filter(|entry| matches!(entry.account, LedgerAccount::Available(_)))
        .map(|entry| entry.amount);
    match available.sum() {
        Sun::ZERO => Ok(()),
        moved => match (tx.order, transfer) {
            (Some(order), _) => key::count_spend_of_order(connection, order, -moved),
            (None, Some(transfer)) => key::count_spend_of_transfer(connection, transfer, -moved),
            (None, None) => Ok(()),
        },
    }
}

/// Opens the ledger accounts of a new merchant.
pub(crate) fn open_accounts(connection: &Connection, merchant: MerchantId) -> Result<(), Fault> {
    for account in [LedgerAccount::Available(merchant), LedgerAccount::Held(merchant)] {
        let (kind, merchant) = row_key(account);
        connection.prepare_cached(OPEN_ACCOUNT)?.run(params![kind, merchant])?;
    }
    Ok(())
}

/// The key of an account's row; the operator's own have no merchant.
fn row_key(account: LedgerAccount) -> (u8, i64) {
    let (kind, merchant) = account.parts();
    (kind, merchant.map_or(0, |merchant| merchant.0))
}
