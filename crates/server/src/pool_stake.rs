//! What the pool can lend now, as the console and the metrics show it.

use domain::collect::ChainTotals;
use domain::collect::plan::units_for_sun;
use domain::pool::{Pool, WalletRole};
use tron::{Resource, Sun};

/// What the free stake of the lenders that are enabled yields.
pub(crate) fn free_units(pool: &Pool, resource: Resource, totals: &ChainTotals) -> i64 {
    let lenders = pool.wallets.iter().filter(|wallet| wallet.is_enabled);
    let lenders = lenders.filter(|wallet| wallet.role == WalletRole::Lender);
    let free = lenders.map(|wallet| wallet.free(resource).get()).sum();
    units_for_sun(resource, Sun::new(free), totals)
}
