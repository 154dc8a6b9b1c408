//! Reconcile: what the chain shows that the rows do not know, after an older copy was put back.
//!
//! The copy ends at the block that it had watched. Everything that wallets of the pool did in solid
//! blocks after it and that no row knows belonged to orders and transfers that the copy has forgotten:
//! each is shown with the entry that would put the books right. What is lent beyond the rows is found
//! from the chain's own records, whatever its age, and can be taken back.
//!
//! Nothing is changed here.

mod findings;
mod known;
mod payees;
mod seen;
mod stranded;

use std::collections::BTreeSet;

use domain::collect::plan::units_for_sun;
use domain::collect::{ChainTotals, Need};
use domain::pricing::PriceList;
use domain::{MerchantId, OrderId};
use node::{NodeError, TronNode};
use tron::{Bandwidth, Energy, Resource, Sun, TxId};

pub use self::findings::{Deed, Findings, Stranded, UnknownDeposit, UnknownTx};
use self::known::{unknown_deposits, unknown_txs};
use self::payees::payees;
use self::seen::{deeds, deposits};
pub use self::stranded::stranded;
pub(crate) use self::stranded::stranded_at;
use crate::admin_rows::{OrderFilter, Slice};
use crate::administer::DepositKeys;
use crate::audit::AuditFailed;
use crate::chain_view::domain_totals;
use crate::ports::StoreError;
use crate::records::Database;

/// Blocks in one request.
const BLOCKS_PER_READ: i64 = 20;

/// Looks for what the rows do not know, in these blocks or in all solid ones after the watched one.
///
/// Shape: one request for each 20 blocks, one index request a wallet and one record request a lent pair.
/// `keys` derive addresses that the copy may not know to have been handed out, if there are any.
/// `progress` hears the block that was read and the last one.
pub async fn reconcile(
    database: &dyn Database,
    node: &dyn TronNode,
    keys: Option<&dyn DepositKeys>,
    prices: &PriceList,
    blocks: Option<(i64, i64)>,
    progress: &(dyn Fn(i64, i64) + Sync),
) -> Result<Findings, AuditFailed> {
    let solid = node.solid_head().await?.number;
    let watched = database.watched().await?.map(|block| block.number);
    let (first, last) = blocks.unwrap_or((watched.map_or(solid, |number| number) + 1, solid));
    let last = last.min(solid);
    let mut found =
        Findings { blocks: (first <= last).then_some((first, last)), ..Findings::default() };
    let wallets = database.wallets().await?.into_iter();
    let wallets = wallets.map(|wallet| (wallet.address, wallet)).collect();
    let payees = payees(database, keys).await?;
    let mut next = first;
    while next <= last {
        let count = BLOCKS_PER_READ.min(last - next + 1);
        let read = match node.solid_blocks(next, count).await {
            Ok(read) => read,
            // A large answer may be the trouble; a single block is asked for in earnest.
            Err(_) if count > 1 => node.solid_blocks(next, 1).await?,
            Err(failed) => return Err(failed.into()),
        };
        let Some(newest) = read.last().map(|block| block.head.number) else {
            return Err(NodeError::NoSolidBlock { number: next }.into());
        };
        let seen = read.iter().flat_map(|block| deeds(block, &wallets)).collect();
        found.txs.extend(unknown_txs(database, seen).await?);
        let paid = read.iter().flat_map(|block| deposits(block, &payees)).collect();
        found.deposits.extend(unknown_deposits(database, paid).await?);
        next = newest + 1;
        progress(newest, last);
    }
    let totals = domain_totals(&node.totals().await?);
    charge(database, &mut found.txs, prices, &totals).await?;
    found.stranded = stranded(database, node).await?;
    Ok(found)
}

/// Says who ordered each, what it would be charged, and whether it was.
async fn charge(
    database: &dyn Database,
    txs: &mut [UnknownTx],
    prices: &PriceList,
    totals: &ChainTotals,
) -> Result<(), StoreError> {
    let merchants = database.merchants().await?;
    let only = match merchants.as_slice() {
        [only] => Some(only.id),
        _ => None,
    };
    for tx in txs {
        let filter = OrderFilter { receiver: Some(tx.receiver), ..OrderFilter::default() };
        let orders = database.orders(filter, Slice { after: None, limit: 100 }).await?;
        let owners: BTreeSet<MerchantId> =
            orders.rows.iter().map(|order| order.whole.order.merchant).collect();
        tx.merchant = match owners.len() {
            0 => only,
            1 => owners.first().copied(),
            _ => None,
        };
        let prices = match tx.merchant {
            Some(merchant) => database.prices(merchant).await?.over(prices),
            None => *prices,
        };
        tx.charge = price_of(tx.deed, &prices, totals);
        tx.is_posted = !database.entries_of_order(OrderId(business(tx.txid))).await?.is_empty();
    }
    Ok(())
}

fn price_of(deed: Deed, prices: &PriceList, totals: &ChainTotals) -> Sun {
    let none = Need { activation: false, bandwidth: Bandwidth::ZERO, energy: Energy::ZERO };
    let need = match deed {
        Deed::Lent(resource, stake) => {
            let units = units_for_sun(resource, stake, totals);
            match resource {
                Resource::Energy => Need { energy: Energy::new(units), ..none },
                Resource::Bandwidth => Need { bandwidth: Bandwidth::new(units), ..none },
            }
        }
        Deed::Activated => Need { activation: true, ..none },
        Deed::TookBack(..) => return Sun::ZERO,
        Deed::Sent(amount) => return amount + Sun::new(prices.transfer_fee_sun),
    };
    prices.collection(&need).unwrap_or(Sun::ZERO)
}

/// The identity in the ledger of the entry for a transaction: posting it twice is refused.
#[must_use]
pub fn business(txid: TxId) -> [u8; 16] {
    let mut business = [0; 16];
    business.copy_from_slice(&txid.as_bytes()[..16]);
    business
}
