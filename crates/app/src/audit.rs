//! Audit: the ledger against its entries, the rows against each other, and the chain against both.

use std::collections::BTreeMap;

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
/// Shape: one index request a wallet and one record request a lent pair.
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
    Ok(audit)
}
