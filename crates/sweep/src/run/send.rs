//! The transfer: weighed once more, signed, stored, sent, and followed into a block.

use std::sync::Arc;
use std::time::Duration;

use node::{Broadcast, ChainParameters, Lookup, Loss, NodeError};
use tokio::time::Instant;
use tron::{Contract, RawTx, RefBlock, Signature, SignedTx, Sun, TxId, trc20};

use super::check::{Check, Missing, Weighed};
use super::cost::ORDERS_MAX;
use super::terms::Now;
use super::{Halt, Step, Sweeper, Terms};
use crate::ask::{PATIENCE, patiently};
use crate::journal::{Item, SignedTransfer};
use crate::record::{Reason, ReasonCode, State};
use crate::settings::OnShortfall;
use crate::target::{KeySourceError, Target};
use crate::transfer::EXPIRATION_MS;

/// Wait between two looks for a receipt.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The same bytes are sent again after this many looks without a receipt.
const LOOKS_A_SEND: u32 = 8;
/// Transfers of one address that may expire before it is given up.
pub(super) const SIGNINGS_MAX: u32 = 5;

impl Sweeper {
    /// Weighs the transfer once more and signs it if it burns nothing, or no more than was allowed.
    pub(super) async fn sign(
        &self,
        item: &mut Item,
        terms: &Terms,
        until: Instant,
    ) -> Result<Step, Halt> {
        let lag_until = Instant::now() + self.settings.lag;
        loop {
            let (weighed, missing) = match self.check(item).await {
                Ok(Check::Enough(weighed)) => match self.now(terms).await {
                    Ok(now) => {
                        let fee_limit = fee_limit(&weighed, &now.parameters);
                        return self.sign_weighed(item, &weighed, fee_limit, &now).await;
                    }
                    Err(error) => return self.park_unreachable(item, &error).await,
                },
                Ok(Check::Out(state, reason)) => return self.give_up(item, state, reason).await,
                Err(error) => return self.park_unreachable(item, &error).await,
                Ok(Check::Short(weighed, missing)) => (weighed, missing),
            };
            if Instant::now() < lag_until && !self.stop.is_cancelled() {
                self.pause(LOOK_EVERY).await;
                continue;
            }
            if self.stop.is_cancelled() {
                return Ok(Step::Rest);
            }
            if let Some(step) = self.burn(item, &weighed, &missing, terms).await? {
                return Ok(step);
            }
            let reason = Reason::new(ReasonCode::Shortfall, missing.text());
            if matches!(self.settings.on_shortfall, OnShortfall::Skip) {
                return self.give_up(item, State::Skipped, reason).await;
            }
            if Instant::now() > until {
                return self.give_up(item, State::Failed, reason).await;
            }
            if item.attempt >= ORDERS_MAX {
                let text = format!("{} after {} orders", missing.text(), item.attempt);
                let reason = Reason::new(ReasonCode::Shortfall, text);
                return self.give_up(item, State::Failed, reason).await;
            }
            return self.order_again(item).await;
        }
    }

    /// Signs although something is missing, where burning for it was allowed and the address can.
    pub(super) async fn burn(
        &self,
        item: &mut Item,
        weighed: &Weighed,
        missing: &Missing,
        terms: &Terms,
    ) -> Result<Option<Step>, Halt> {
        let OnShortfall::Burn { max } = self.settings.on_shortfall else { return Ok(None) };
        // An order is tried first; burning is for what it did not bring.
        if item.attempt == 0 {
            return Ok(None);
        }
        let now = match self.now(terms).await {
            Ok(now) => now,
            Err(error) => return self.park_unreachable(item, &error).await.map(Some),
        };
        let Some(cost) = missing.burn(&now.parameters).filter(|cost| *cost <= max) else {
            return Ok(None);
        };
        let account = patiently(|| self.node.account(item.record.address)).await;
        let balance = account.ok().flatten().map_or(Sun::ZERO, |account| account.balance);
        if balance < cost {
            return Ok(None);
        }
        let fee_limit = energy_at(&now.parameters, weighed.energy.get());
        self.sign_weighed(item, weighed, fee_limit, &now).await.map(Some)
    }

    async fn sign_weighed(
        &self,
        item: &mut Item,
        weighed: &Weighed,
        fee_limit: Sun,
        now: &Now,
    ) -> Result<Step, Halt> {
        if let Some(prepared) = self.keys.prepared(item.record.address) {
            return self.take_prepared(item, weighed, prepared, now).await;
        }
        if item.signings >= SIGNINGS_MAX {
            let text = format!("{SIGNINGS_MAX} transfers expired before a block took one");
            let reason = Reason::new(ReasonCode::TransferRefused, text);
            return self.give_up(item, State::Failed, reason).await;
        }
        let (head, solid) = (&now.head, &now.solid);
        let expiration_ms = head.timestamp_ms + EXPIRATION_MS;
        let raw = RawTx {
            contract: Contract::Trigger {
                owner: item.record.address,
                contract: self.settings.token.address,
                data: trc20::transfer_data(self.settings.destination, weighed.amount),
                call_value: Sun::ZERO,
            },
            ref_block: RefBlock::from_block_id(&solid.id),
            expiration_ms,
            timestamp_ms: head.timestamp_ms,
            fee_limit,
            permission_id: 0,
            memo: Vec::new(),
        }
        .encode();
        let txid = TxId::of_raw(&raw);
        let signature = match self.signature(item, txid).await {
            Ok(signature) => signature,
            Err(error) => {
                let reason = Reason::new(ReasonCode::NoKey, error.to_string());
                return self.give_up(item, State::Failed, reason).await;
            }
        };
        let bytes = SignedTx { raw, signatures: vec![signature] }.to_bytes();
        item.signings += 1;
        item.record.txid = Some(txid);
        item.transfer = Some(SignedTransfer { txid, bytes, expiration_ms, amount: weighed.amount });
        self.reach(item, State::Signed).await
    }

    /// A keystore may take a second to open, so nobody else waits for it.
    async fn signature(&self, item: &Item, txid: TxId) -> Result<Signature, KeySourceError> {
        let record = &item.record;
        let target = Target { address: record.address, label: record.label.clone() };
        let keys = Arc::clone(&self.keys);
        let signing = tokio::task::spawn_blocking(move || keys.sign(&target, &txid));
        signing.await.unwrap_or(Err(KeySourceError::NotHeld(item.record.address)))
    }

    /// Sends the stored bytes until a block holds them or none can any more.
    pub(super) async fn send(&self, item: &mut Item) -> Result<Step, Halt> {
        let Some(transfer) = item.transfer.clone() else {
            return self.reach(item, State::Ready).await;
        };
        let mut refused = None;
        let mut answered = Instant::now();
        for looks in 0_u32.. {
            if looks % LOOKS_A_SEND == 0 {
                match self.node.broadcast(transfer.txid, &transfer.bytes).await {
                    Broadcast::Refused { reason, text } if reason.is_permanent() => {
                        refused = Some(text);
                    }
                    Broadcast::Refused { .. }
                    | Broadcast::Taken { .. }
                    | Broadcast::Unanswered { .. } => {}
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
            match self.look(&transfer).await {
                Ok(Loss::Included(found)) => {
                    item.block = Some(found.block_number);
                    return self.reach(item, State::Included).await;
                }
                Ok(Loss::Lost) => return self.lost(item, refused).await,
                Ok(Loss::Undecided { .. }) => answered = Instant::now(),
                Err(error) if answered.elapsed() > PATIENCE => {
                    return self.park_unreachable(item, &error).await;
                }
                Err(_) => {}
            }
        }
        Ok(Step::Rest)
    }

    async fn look(&self, transfer: &SignedTransfer) -> Result<Loss, NodeError> {
        if let Lookup::Included(found) = self.node.lookup(transfer.txid).await? {
            return Ok(Loss::Included(found));
        }
        self.node.provably_lost(transfer.txid, transfer.expiration_ms).await
    }

    /// It can never be included: what it was for may be signed again.
    pub(super) async fn lost(
        &self,
        item: &mut Item,
        refused: Option<String>,
    ) -> Result<Step, Halt> {
        item.transfer = None;
        item.block = None;
        item.record.txid = None;
        match refused {
            Some(text) => {
                let reason = Reason::new(ReasonCode::TransferRefused, text);
                self.give_up(item, State::Failed, reason).await
            }
            None => self.reach(item, State::Ready).await,
        }
    }
}

/// What this much energy costs when it is burned.
pub(super) fn energy_at(parameters: &ChainParameters, energy: i64) -> Sun {
    Sun::new(parameters.energy_fee.get().saturating_mul(energy)).min(parameters.max_fee_limit)
}

/// The limit of a transfer that is to burn nothing: what it takes, and of what the address has
/// besides at most a twentieth more, in case the call turns out a little dearer. The limit counts
/// staked energy too, so everything within what is there burns nothing.
fn fee_limit(weighed: &Weighed, parameters: &ChainParameters) -> Sun {
    let energy = weighed.energy.get();
    let spare = weighed.energy_available.get().saturating_sub(energy).clamp(0, energy / 20);
    energy_at(parameters, energy + spare)
}
