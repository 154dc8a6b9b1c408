//! Audit: the ledger against its entries, the rows against each other, and the chain against both.

use std::collections::BTreeMap;

use domain::Deposit;
use node::{NodeError, TronNode};
use tron::{Address, Resource, Sun};

use crate::ports::{Lent, Store, StoreError};
use crate::rows::LedgerAudit;

/// Why an audit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditFailed {
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not answer.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
}

/// Recomputes everything and names each difference.
///
/// Shape: one index request a wallet, one record request a lent pair, and one block request a block
/// with one of the newest deposits.
pub async fn audit(store: &dyn Store, node: &dyn TronNode) -> Result<LedgerAudit, AuditFailed> {
    let mut audit = store.audit().await?;
    let lent = store.lent().await?;
    let mut pairs: BTreeMap<(Address, Address), Vec<Lent>> = BTreeMap::new();
    for row in lent {
        pairs.entry((row.owner, row.receiver)).or_default().push(row);
    }
    for wallet in store.wallets().await? {
        for receiver in node.delegation_index(wallet.address).await? {
            pairs.entry((wallet.address, receiver)).or_default();
        }
    }
    for ((owner, receiver), rows) in pairs {
        let records = node.delegated(owner, receiver).await?;
        for resource in [Resource::Energy, Resource::Bandwidth] {
            let shown: Sun = records.iter().map(|record| record.amount(resource)).sum();
            let row = rows.iter().find(|row| row.resource == resource);
            let (known, doubt) = row.map_or((Sun::ZERO, Sun::ZERO), |row| (row.lent, row.in_doubt));
            if shown < known || shown > known + doubt {
                audit.differences.push(format!(
                    "wallet {owner} lends {receiver} {shown} of {} stake on chain; the rows say \
                         {known} and {doubt} in doubt",
                    resource.name()
                ));
            }
        }
    }
    audit_deposits(store, node, &mut audit).await?;
    Ok(audit)
}

/// The newest deposits that are looked for on the chain again.
pub const DEPOSITS_AUDITED_MAX: usize = 1_000;

/// Looks for the newest deposits in their solid blocks.
///
/// Shape: one request a block with deposits.
async fn audit_deposits(
    store: &dyn Store,
    node: &dyn TronNode,
    audit: &mut LedgerAudit,
) -> Result<(), AuditFailed> {
    let mut by_block: BTreeMap<i64, Vec<Deposit>> = BTreeMap::new();
    for deposit in store.deposits(None, DEPOSITS_AUDITED_MAX).await? {
        by_block.entry(deposit.block).or_default().push(deposit);
    }
    for (number, deposits) in by_block {
        let block = match node.solid_blocks(number, 1).await {
            Ok(blocks) => blocks.into_iter().next(),
            Err(NodeError::NoSolidBlock { .. }) => None,
            Err(failed) => return Err(failed.into()),
        };
        let Some(block) = block else {
            audit.differences.push(format!(
                "block {number} with {} deposits is not on the node's solid chain",
                deposits.len()
            ));
            continue;
        };
        for deposit in deposits {
            let is_there = block.transactions.iter().any(|tx| {
                tx.txid == deposit.txid
                    && tx.succeeded
                    && tx.contract.is_some_and(|contract| {
                        contract.receiver == Some(deposit.address)
                            && contract.amount_sun == Some(deposit.amount.get())
                    })
            });
            if !is_there {
                audit.differences.push(format!(
                    "deposit {} of {} sun to {} is not in block {number}",
                    deposit.txid,
                    deposit.amount.get(),
                    deposit.address
                ));
            }
        }
    }
    Ok(())
}
