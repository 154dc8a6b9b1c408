//! What is lent beyond the rows.

use node::{NodeError, TronNode};
use tron::{Address, Resource, Sun};

use super::findings::Stranded;
use crate::audit::AuditFailed;
use crate::ports::Lent;
use crate::records::Database;

/// What the chain shows as lent by the pool beyond everything that rows count on, doubt included.
///
/// Shape: one index request a wallet and one record request a lent pair.
pub async fn stranded(
    database: &dyn Database,
    node: &dyn TronNode,
) -> Result<Vec<Stranded>, AuditFailed> {
    let lent = database.lent().await?;
    let mut all = Vec::new();
    for wallet in database.wallets().await? {
        for receiver in node.delegation_index(wallet.address).await? {
            all.extend(stranded_at(&lent, node, wallet.address, receiver).await?);
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// The same for one wallet and one receiver.
pub(crate) async fn stranded_at(
    lent: &[Lent],
    node: &dyn TronNode,
    wallet: Address,
    receiver: Address,
) -> Result<Vec<Stranded>, NodeError> {
    let records = node.delegated(wallet, receiver).await?;
    let beyond = [Resource::Energy, Resource::Bandwidth].map(|resource| {
        let shown: Sun = records.iter().map(|record| record.amount(resource)).sum();
        let rows = lent
            .iter()
            .filter(|row| (row.owner, row.receiver, row.resource) == (wallet, receiver, resource));
        let known: Sun = rows.map(|row| row.lent + row.in_doubt).sum();
        Stranded { wallet, receiver, resource, stake: shown - known }
    });
    Ok(beyond.into_iter().filter(|one| one.stake > Sun::ZERO).collect())
}
