//! Reconcile the pool: what each wallet can lend and pay for, as the chain has it.

use domain::collect::sun_for_units;
use futures::future::try_join_all;
use node::{AccountView, NodeError};
use tron::{Bandwidth, Resource, Sun};

use crate::App;
use crate::chain_view::{Snapshot, node_totals};
use crate::ports::StoreError;
use crate::rows::{Lease, WalletReading};

/// Why the pool could not be read; the rows are as before.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileFailed {
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

impl App {
    /// Reads every wallet and writes what it can lend.
    ///
    /// Shape: one request a wallet, side by side; one commit, under a turn to follow the chain.
    pub(crate) async fn reconcile_pool(
        &self,
        view: &Snapshot,
        turn: Lease,
    ) -> Result<(), ReconcileFailed> {
        let (pool, versions) = self.store.pool().await?;
        let reads = pool.wallets.iter().zip(versions).map(|(wallet, version)| async move {
            let account = self.node.account(wallet.address).await?;
            let reading = WalletReading {
                address: wallet.address,
                energy_capacity: lendable(account.as_ref(), Resource::Energy, view),
                bandwidth_capacity: self.lendable_bandwidth(account.as_ref(), view),
                own_bandwidth: own_bandwidth(account.as_ref(), view),
                balance: account.as_ref().map_or(Sun::ZERO, |account| account.balance),
                version,
            };
            Ok::<_, NodeError>(reading)
        });
        let readings = try_join_all(reads).await?;
        Ok(self.store.save_readings(&readings, turn).await?)
    }

    /// Bandwidth stake that can be lent once enough is left for the wallet's own transactions.
    fn lendable_bandwidth(&self, account: Option<&AccountView>, view: &Snapshot) -> Sun {
        let kept = self.settings.wallet_bandwidth_kept.get();
        let kept = sun_for_units(Resource::Bandwidth, kept, &view.totals).unwrap_or(Sun::ZERO);
        let lendable = lendable(account, Resource::Bandwidth, view);
        Sun::new(lendable.get().saturating_sub(kept.get()).max(0))
    }
}

fn lendable(account: Option<&AccountView>, resource: Resource, view: &Snapshot) -> Sun {
    account.map_or(Sun::ZERO, |account| account.lendable(resource, &node_totals(&view.totals)))
}

/// Bandwidth for the wallet's own transactions: staked or free, never both together.
fn own_bandwidth(account: Option<&AccountView>, view: &Snapshot) -> Bandwidth {
    account.map_or(Bandwidth::ZERO, |account| {
        let free = account.free_bandwidth_available(view.parameters.free_bandwidth_limit);
        account.staked_bandwidth_available(&node_totals(&view.totals)).max(free)
    })
}
