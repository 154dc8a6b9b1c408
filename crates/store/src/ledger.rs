//! The ledger: entries first, then their header, which the schema refuses unless they sum to zero.

use domain::ledger::{Fact, LedgerAccount, LedgerTx};
use domain::{MerchantId, TransferId, UnixMillis};
use tron::{Sun, TxId};

use crate::fault::Fault;
use crate::key;
use crate::known::Head;
use crate::sql::{Connection, Row, params};

crate::statement::statements! {
    ADD_TO_BALANCE = "
UPDATE ledger_account SET balance = balance + ?3 WHERE kind = ?1 AND merchant_id = ?2
RETURNING balance";
    // The same where the balance is known already.
    MOVE_BALANCE = "
UPDATE ledger_account SET balance = balance + ?3 WHERE kind = ?1 AND merchant_id = ?2";
    BALANCE = "SELECT balance FROM ledger_account WHERE kind = ?1 AND merchant_id = ?2";
    // Of the merchant whose order this is.
    BALANCES_OF_ORDER = "
SELECT kind, merchant_id, balance FROM ledger_account
WHERE kind IN (1, 2) AND merchant_id = (SELECT merchant_id FROM orders WHERE id = ?1)";
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
    HEAD = "SELECT entries, posted_ms FROM ledger_head WHERE id = 1";
    SET_HEAD = "UPDATE ledger_head SET entries = ?1, posted_ms = ?2 WHERE id = 1";
    INSERT_TX = "
INSERT INTO ledger_tx (business, fact, order_id, reason, at_ms, txid)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    OPEN_ACCOUNT = "INSERT INTO ledger_account (kind, merchant_id) VALUES (?1, ?2)";
}

/// Posts a ledger transaction and moves the balances with it.
pub(crate) fn post(connection: &Connection, tx: &LedgerTx) -> Result<(), Fault> {
    let count = i64::try_from(tx.entries().len()).unwrap_or(i64::MAX);
    let Head { entries, posted_ms } = advance(connection, count, tx.at)?;
    for (number, entry) in (1_i64..).zip(tx.entries()) {
        let (kind, merchant) = row_key(entry.account);
        let amount = entry.amount.get();
        let balance = move_balance(connection, (kind, merchant), amount)?;
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

/// Makes room for so many entries; where the ledger ends with them.
fn advance(connection: &Connection, count: i64, at: UnixMillis) -> Result<Head, Fault> {
    if let Some(head) = connection.know(|known| known.advance(count, at)) {
        connection.prepare_cached(SET_HEAD)?.run([head.entries, head.posted_ms])?;
        return Ok(head);
    }
    let mut advance = connection.prepare_cached(ADVANCE)?;
    let read = |row: &Row<'_>| Ok(Head { entries: row.get(0)?, posted_ms: row.get(1)? });
    Ok(advance.query_row([count, at.0], read)?)
}

/// Moves a balance, and returns it.
fn move_balance(
    connection: &Connection,
    (kind, merchant): (u8, i64),
    amount: i64,
) -> Result<i64, Fault> {
    let values = params![kind, merchant, amount];
    let Some(balance) = connection.know(|known| known.move_balance((kind, merchant), amount))
    else {
        let mut add = connection.prepare_cached(ADD_TO_BALANCE)?;
        return Ok(add.query_row(values, |row| row.get(0))?);
    };
    connection.prepare_cached(MOVE_BALANCE)?.run(values)?;
    // The schema would only see where all works of a batch leave it.
    let may_be_negative = kind == LedgerAccount::Outside.parts().0;
    if balance < 0 && !may_be_negative {
        return Err(Fault::Broken(format!("account {kind} of {merchant} was to be negative")));
    }
    Ok(balance)
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
        | Fact::OrderRefunded
        | Fact::OrderPartlyRefunded => None,
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
