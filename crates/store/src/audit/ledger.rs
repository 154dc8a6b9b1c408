//! The ledger by itself: each transaction sums to zero, each account to its balance, nothing is left out.

use super::{Check, account, ledger_tx, sun};

crate::statement::statements! {
    BALANCES = "
SELECT ledger_account.kind, ledger_account.merchant_id, balance, COALESCE(total, 0)
FROM ledger_account LEFT JOIN (
  SELECT account_kind, merchant_id, SUM(amount) AS total FROM ledger_entry
  GROUP BY account_kind, merchant_id) AS entries
  ON entries.account_kind = ledger_account.kind
  AND entries.merchant_id = ledger_account.merchant_id
WHERE balance <> COALESCE(total, 0)
ORDER BY ledger_account.kind, ledger_account.merchant_id";
    UNBALANCED = "
SELECT business, fact, COUNT(*), SUM(amount) FROM ledger_entry GROUP BY business, fact
HAVING COUNT(*) < 2 OR SUM(amount) <> 0 ORDER BY business, fact";
    WITHOUT_ENTRIES = "
SELECT business, fact FROM ledger_tx WHERE NOT EXISTS (
  SELECT 1 FROM ledger_entry
  WHERE ledger_entry.business = ledger_tx.business AND ledger_entry.fact = ledger_tx.fact)
ORDER BY business, fact";
    WITHOUT_HEADER = "
SELECT DISTINCT business, fact FROM ledger_entry WHERE NOT EXISTS (
  SELECT 1 FROM ledger_tx
  WHERE ledger_entry.business = ledger_tx.business AND ledger_entry.fact = ledger_tx.fact)
ORDER BY business, fact";
    // Each entry's balance is the one before it on its account, and its amount.
    RUNNING = "
SELECT account_kind, merchant_id, position, balance_after, previous, amount FROM (
  SELECT account_kind, merchant_id, position, balance_after, amount, LAG(balance_after, 1, 0)
    OVER (PARTITION BY account_kind, merchant_id ORDER BY position) AS previous
  FROM ledger_entry) AS running
WHERE balance_after <> previous + amount
ORDER BY account_kind, merchant_id, position";
    // Entries are numbered without gaps, in the order of posting, and their times never go back.
    NUMBERED = "
SELECT position, expected FROM (
  SELECT position, posted_ms, ROW_NUMBER() OVER (ORDER BY position) AS expected,
    LAG(posted_ms, 1, posted_ms) OVER (ORDER BY position) AS previous_ms
  FROM ledger_entry) AS numbered
WHERE position <> expected OR posted_ms < previous_ms
ORDER BY position LIMIT 1";
    HEAD = "
SELECT entries, (SELECT COUNT(*) FROM ledger_entry) AS found FROM ledger_head
WHERE entries <> (SELECT COUNT(*) FROM ledger_entry)";
}

pub(super) const CHECKS: &[Check] = &[
    (BALANCES, |row| {
        let (account, balance, total) = (account(row)?, sun(row, 2)?, sun(row, 3)?);
        Ok(format!("{account}: the balance is {balance} sun, the entries sum to {total} sun"))
    }),
    (UNBALANCED, |row| {
        let (tx, count, total) = (ledger_tx(row)?, sun(row, 2)?, sun(row, 3)?);
        Ok(format!("{tx}: {count} entries sum to {total} sun, not to zero"))
    }),
    (WITHOUT_ENTRIES, |row| Ok(format!("{}: it has no entries", ledger_tx(row)?))),
    (WITHOUT_HEADER, |row| Ok(format!("{}: its entries have no header", ledger_tx(row)?))),
    (RUNNING, |row| {
        let (account, position) = (account(row)?, sun(row, 2)?);
        let (balance, previous, amount) = (sun(row, 3)?, sun(row, 4)?, sun(row, 5)?);
        Ok(format!(
            "{account}: entry {position} leaves {balance} sun, yet {previous} sun were there and \
             {amount} sun came"
        ))
    }),
    (NUMBERED, |row| {
        let (position, expected) = (sun(row, 0)?, sun(row, 1)?);
        Ok(format!("ledger entry {position}: it stands where entry {expected} should"))
    }),
    (HEAD, |row| {
        let (entries, found) = (sun(row, 0)?, sun(row, 1)?);
        Ok(format!("the ledger counts {entries} entries and holds {found}"))
    }),
];
