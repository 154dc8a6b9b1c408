//! Transfers in blocks, followed until the blocks are solid; only then is an address swept.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::stream::{self, StreamExt};
use node::{Included, Lookup, Loss, NodeError};
use tokio_util::sync::CancellationToken;
use tron::{TokenUnits, trc20};

use super::{Halt, Sweeper};
use crate::ask::patiently;
use crate::journal::Item;
use crate::record::{Asset, Reason, ReasonCode, State};

/// Wait between two looks at the solid block.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Receipts asked for at once.
const AT_ONCE: usize = 16;

/// Addresses whose transfer is in a block that could still be undone.
pub(super) struct Following {
    items: Mutex<Vec<Item>>,
    /// Cancelled once no more come.
    is_complete: CancellationToken,
}

impl Following {
    pub(super) fn new(items: Vec<Item>) -> Self {
        Self { items: Mutex::new(items), is_complete: CancellationToken::new() }
    }

    pub(super) fn add(&self, item: Item) {
        self.lock().push(item);
    }

    pub(super) fn no_more(&self) {
        self.is_complete.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out those whose block is solid.
    fn take_up_to(&self, block: i64) -> Vec<Item> {
        let mut items = self.lock();
        let (ripe, rest) =
            std::mem::take(&mut *items).into_iter().partition(|item| item.block <= Some(block));
        *items = rest;
        ripe
    }
}

impl Sweeper {
    /// Follows until all are solid and no more come. Whether some have to be carried again.
    pub(super) async fn follow_to_solid(&self, following: &Following) -> Result<bool, Halt> {
        let mut is_again_needed = false;
        loop {
            let is_complete = following.is_complete.is_cancelled();
            if !following.lock().is_empty()
                && let Ok(solid) = self.node.solid_head().await
            {
                let ripe = following.take_up_to(solid.number);
                let mut settled =
                    stream::iter(ripe).map(|item| self.settle(item)).buffer_unordered(AT_ONCE);
                while let Some(item) = settled.next().await {
                    let item = item?;
                    let state = item.record.state;
                    is_again_needed |= !state.is_final() && state != State::Included;
                    if state == State::Included {
                        // The node did not answer: asked again.
                        following.add(item);
                    }
                }
            }
            if is_complete && (following.lock().is_empty() || self.stop.is_cancelled()) {
                return Ok(is_again_needed);
            }
            tokio::select! {
                () = following.is_complete.cancelled(), if !is_complete => {}
                () = self.stop.cancelled(), if !self.stop.is_cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The receipt in the solid chain decides.
    async fn settle(&self, mut item: Item) -> Result<Item, Halt> {
        let Some(transfer) = item.transfer.clone() else {
            self.reach(&mut item, State::Ready).await?;
            return Ok(item);
        };
        match self.solid_receipt(transfer.txid, transfer.expiration_ms).await {
            Ok(Loss::Included(found)) => match item.record.asset {
                Asset::Token => self.judge(&mut item, transfer.amount, &found).await?,
                Asset::Trx => self.judge_leftover(&mut item, transfer.amount, &found).await?,
            },
            // A fork dropped its block: the same bytes go out again, or new ones if they cannot.
            Ok(Loss::Undecided { .. }) => {
                self.reach(&mut item, State::Signed).await?;
            }
            Ok(Loss::Lost) => {
                self.lost(&mut item, None).await?;
            }
            Err(_) => {}
        }
        Ok(item)
    }

    async fn solid_receipt(&self, txid: tron::TxId, expiration_ms: i64) -> Result<Loss, NodeError> {
        match patiently(|| self.node.lookup_solid(txid)).await? {
            Lookup::Included(found) => Ok(Loss::Included(found)),
            Lookup::Absent => patiently(|| self.node.provably_lost(txid, expiration_ms)).await,
        }
    }

    /// What the receipt and its Transfer log say, never what the call returned.
    async fn judge(
        &self,
        item: &mut Item,
        amount: TokenUnits,
        found: &Included,
    ) -> Result<(), Halt> {
        item.block = Some(found.block_number);
        let record = &mut item.record;
        record.burned = record.burned + found.fee;
        record.burned_for_energy = record.burned_for_energy + found.energy_burn;
        record.energy_used = found.energy_used_total;
        if !found.succeeded {
            let reason = Reason::new(ReasonCode::TransferFailed, found.result_text.as_str());
            self.give_up(item, State::Failed, reason).await?;
            return Ok(());
        }
        let (from, to) = (record.address, self.settings.destination);
        let token = self.settings.token.address;
        let logs = found.logs.iter().filter(|log| log.contract_address == token);
        let arrived: u128 = logs
            .filter_map(|log| trc20::decode_transfer_log(&log.topics, &log.data).ok())
            .filter(|log| log.from == from && log.to == to)
            .map(|log| log.amount.0)
            .sum();
        if arrived == 0 {
            let reason = Reason::new(ReasonCode::NoTransferLog, "its receipt shows no transfer");
            self.give_up(item, State::Failed, reason).await?;
            return Ok(());
        }
        record.moved = TokenUnits(arrived);
        // A token that keeps a fee moves less than was asked; that is said, and no failure.
        let reason = (arrived != amount.0).then(|| {
            let (arrived, asked) =
                (self.settings.token.show(TokenUnits(arrived)), self.settings.token.show(amount));
            Reason::new(ReasonCode::NoTransferLog, format!("{arrived} of {asked} arrived"))
        });
        self.reach(item, State::Swept).await?;
        if reason.is_some() {
            item.record.reason = reason;
            self.save(item).await?;
        }
        Ok(())
    }
}
