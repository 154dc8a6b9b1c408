//! TRX of addresses whose tokens are not swept: those that hold none, or too few.

use futures::stream::{self, StreamExt, TryStreamExt};
use node::NodeError;
use tron::{Address, Sun};

use super::{Network, Planner, unsignable};
use crate::ask::patiently;
use crate::discover::SINGLES_AT_ONCE;
use crate::leftover::leftover;
use crate::record::{Reason, ReasonCode};
use crate::settings::Leftovers;
use crate::target::Target;

/// What a plan says about TRX that goes without tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrxRow {
    /// The address.
    pub target: Target,
    /// What would arrive, the fee taken off.
    pub amount: Sun,
    /// Burned for bandwidth.
    pub fee: Sun,
    /// Why it stays; `None` if it is to be moved.
    pub skip: Option<Reason>,
}

impl Planner<'_> {
    /// Those among these whose TRX is worth moving, biggest first.
    ///
    /// Shape: one request for each hundred, or one account read an address where the node takes no
    /// batches; and one account read for each that holds enough.
    pub(super) async fn plan_trx(
        &self,
        targets: Vec<Target>,
        network: &Network,
    ) -> Result<Vec<TrxRow>, NodeError> {
        let Some(leftovers) = self.settings.leftovers else { return Ok(Vec::new()) };
        let destination = self.settings.destination;
        let addresses: Vec<Address> = targets.iter().map(|target| target.address).collect();
        let balances = self.reader.trx_balances(&addresses).await?;
        let rich = targets.into_iter().zip(balances).filter(|(target, trx)| {
            *trx >= leftovers.min && *trx > Sun::ZERO && target.address != destination
        });
        let rich: Vec<Target> = rich.map(|(target, _)| target).collect();
        if rich.is_empty() {
            return Ok(Vec::new());
        }
        // The first TRX to an address that does not exist pays for making it.
        let is_new = patiently(|| self.node.account(destination)).await?.is_none();
        let rows: Vec<Option<TrxRow>> = stream::iter(rich)
            .map(|target| self.trx_row(target, leftovers, network))
            .buffered(2 * SINGLES_AT_ONCE)
            .try_collect()
            .await?;
        let mut rows: Vec<TrxRow> = rows.into_iter().flatten().collect();
        if is_new {
            let text = "the destination was never activated: send it a little TRX first";
            let stays = || Reason::new(ReasonCode::DestinationNew, text);
            for row in &mut rows {
                row.skip = row.skip.take().or_else(|| Some(stays()));
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.amount));
        Ok(rows)
    }

    async fn trx_row(
        &self,
        target: Target,
        leftovers: Leftovers,
        network: &Network,
    ) -> Result<Option<TrxRow>, NodeError> {
        let address = target.address;
        let Some(account) = patiently(|| self.node.account(address)).await? else {
            return Ok(None);
        };
        let (parameters, totals) = (&network.parameters, &network.totals);
        let pair = (address, self.settings.destination);
        let found = leftover(pair, account.balance, parameters.bandwidth_fee, |bytes| {
            // Never added: a transaction takes its bytes from one of them.
            account.staked_bandwidth_available(totals) >= bytes
                || account.free_bandwidth_available(parameters.free_bandwidth_limit) >= bytes
        });
        let Some(found) = found.filter(|found| found.is_worth(leftovers.min)) else {
            return Ok(None);
        };
        let skip = unsignable(&account, address);
        Ok(Some(TrxRow { target, amount: found.amount, fee: found.fee, skip }))
    }
}
