//! The ledger beside transfers and deposits.

use domain::{TransferId, TransferState};

use super::{Check, ledger_tx, sun};
use crate::column;
use crate::sql::{self, Row};

crate::statement::statements! {
    // Which facts a transfer has: held (6), settled (7) once solid (2), released (8) when given back (3).
    TRANSFERS = "
SELECT id, state, total, held, settled, released FROM (
  SELECT id, state, amount + fee AS total,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = transfer.id AND fact = 6) AS held,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = transfer.id AND fact = 7) AS settled,
    (SELECT COUNT(*) FROM ledger_tx WHERE business = transfer.id AND fact = 8) AS released
  FROM transfer) AS facts
WHERE held <> 1 OR settled <> CASE WHEN state = 2 THEN 1 ELSE 0 END
  OR released <> CASE WHEN state = 3 THEN 1 ELSE 0 END
ORDER BY id";
    TRANSFER_AMOUNTS = "
SELECT transfer.id, ledger_entry.fact, transfer.amount + transfer.fee,
  SUM(CASE WHEN ledger_entry.amount > 0 THEN ledger_entry.amount ELSE 0 END)
FROM ledger_entry JOIN transfer ON transfer.id = ledger_entry.business
GROUP BY transfer.id, ledger_entry.fact, transfer.amount + transfer.fee
HAVING SUM(CASE WHEN ledger_entry.amount > 0 THEN ledger_entry.amount ELSE 0 END)
  <> transfer.amount + transfer.fee
ORDER BY transfer.id, ledger_entry.fact";
    // Nobody looks after an open transfer that is not queued.
    FORGOTTEN_TRANSFERS = "
SELECT id, state FROM transfer WHERE state IN (0, 1) AND NOT EXISTS (
  SELECT 1 FROM outbox WHERE kind = 2 AND outbox.subject = transfer.id)
ORDER BY id";
    // A deposit has its credit (9) exactly when it was enough, and the credit is its amount.
    DEPOSITS = "
SELECT txid, amount, is_credited, credited FROM (
  SELECT txid, deposit.amount, is_credited, COALESCE((SELECT SUM(ledger_entry.amount)
    FROM ledger_entry WHERE business = deposit.id AND fact = 9 AND account_kind = 1
      AND ledger_entry.merchant_id = deposit.merchant_id), 0) AS credited
  FROM deposit) AS facts
WHERE credited <> CASE WHEN is_credited = 1 THEN amount ELSE 0 END
ORDER BY txid";
    CREDITS_WITHOUT_DEPOSIT = "
SELECT business, fact FROM ledger_tx WHERE fact = 9 AND NOT EXISTS (
  SELECT 1 FROM deposit WHERE deposit.id = ledger_tx.business AND deposit.txid = ledger_tx.txid)
ORDER BY business";
}

pub(super) const CHECKS: &[Check] = &[
    (TRANSFERS, |row| {
        let (id, state) = (transfer_id(row)?, column::code::<TransferState>(row, 1)?);
        let (total, held) = (sun(row, 2)?, sun(row, 3)?);
        let (settled, released) = (sun(row, 4)?, sun(row, 5)?);
        Ok(format!(
            "transfer {id}: {state:?} at {total} sun, yet held {held}, settled {settled} and \
             released {released} times"
        ))
    }),
    (TRANSFER_AMOUNTS, |row| {
        let (id, fact, total, moved) =
            (transfer_id(row)?, sun(row, 1)?, sun(row, 2)?, sun(row, 3)?);
        Ok(format!("transfer {id}: it costs {total} sun, fact {fact} moved {moved} sun"))
    }),
    (FORGOTTEN_TRANSFERS, |row| {
        let (id, state) = (transfer_id(row)?, column::code::<TransferState>(row, 1)?);
        Ok(format!("transfer {id}: {state:?} and not queued"))
    }),
    (DEPOSITS, |row| {
        let (txid, amount, credited) = (column::txid(row, 0)?, sun(row, 1)?, sun(row, 3)?);
        Ok(format!("deposit {txid}: {amount} sun arrived, {credited} sun are credited"))
    }),
    (CREDITS_WITHOUT_DEPOSIT, |row| Ok(format!("{}: there is no such deposit", ledger_tx(row)?))),
];

fn transfer_id(row: &Row<'_>) -> sql::Result<TransferId> {
    row.get(0).map(TransferId)
}
