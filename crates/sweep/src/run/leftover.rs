//! TRX that is left over: moved after the tokens, to the last sun, where it is worth it.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use node::{ChainParameters, Included, NodeError};
use tron::{Address, Bandwidth, RawTx, RefBlock, SignedTx, Sun, TokenUnits, TxId};

use super::{Halt, Step, Sweeper, Terms, now_ms};
use crate::ask::patiently;
use crate::journal::{Item, SignedTransfer};
use crate::leftover::{Leftover, bare, leftover, units};
use crate::plan::unsignable;
use crate::record::{Asset, Reason, ReasonCode, Record, State, Times};
use crate::run::send::SIGNINGS_MAX;
use crate::target::Target;
use crate::transfer::EXPIRATION_MS;

/// Accounts read at once.
const AT_ONCE: usize = 16;

impl Sweeper {
    /// Adds the TRX of every address whose tokens are settled. Whether there was any.
    ///
    /// Shape: idempotent; an address whose TRX is in the journal already is not looked at again.
    pub(super) async fn add_leftovers(&self, terms: &Terms) -> Result<bool, Halt> {
        let Some(leftovers) = self.settings.leftovers else { return Ok(false) };
        let items = self.journal.items(&self.run).await?;
        let known: BTreeSet<Address> = items
            .iter()
            .filter(|item| item.record.asset == Asset::Trx)
            .map(|item| item.record.address)
            .collect();
        let candidates: Vec<&Item> = items
            .iter()
            .filter(|item| is_settled(&item.record) && !known.contains(&item.record.address))
            .collect();
        // A transfer that activates the destination costs more, and a sweep moves tokens there anyway.
        if candidates.is_empty() || self.is_destination_new().await? {
            return Ok(false);
        }
        let parameters = &self.now(terms).await?.parameters;
        let addresses: Vec<Address> = candidates.iter().map(|item| item.record.address).collect();
        let looks = stream::iter(addresses).map(|address| self.leftover(address, parameters));
        let mut looked = looks.buffered(AT_ONCE).zip(stream::iter(candidates));
        let mut has_any = false;
        while let Some((leftover, token)) = looked.next().await {
            let Ok(Some(leftover)) = leftover else { continue };
            if !leftover.is_worth(leftovers.min) {
                continue;
            }
            has_any = true;
            self.save(&item(token, leftover.amount)).await?;
        }
        Ok(has_any)
    }

    async fn is_destination_new(&self) -> Result<bool, NodeError> {
        let destination = self.settings.destination;
        Ok(patiently(|| self.node.account(destination)).await?.is_none())
    }

    /// What an address can send now; `None` if it holds nothing, or only what sending it would burn.
    async fn leftover(
        &self,
        address: Address,
        parameters: &ChainParameters,
    ) -> Result<Option<Leftover>, NodeError> {
        let (account, resources) = futures::try_join!(
            patiently(|| self.node.account(address)),
            patiently(|| self.node.resources(address)),
        )?;
        let (Some(account), Some(view)) = (account, resources) else { return Ok(None) };
        let has = |bytes: Bandwidth| {
            // Never added: a transaction takes its bytes from one of them.
            view.staked_bandwidth_available() >= bytes || view.free_bandwidth_available() >= bytes
        };
        if unsignable(&account, address).is_some() {
            return Ok(None);
        }
        let pair = (address, self.settings.destination);
        Ok(leftover(pair, account.balance, parameters.bandwidth_fee, has))
    }

    /// Signs the transfer of what is there at this moment.
    pub(super) async fn sign_leftover(&self, item: &mut Item, terms: &Terms) -> Result<Step, Halt> {
        let address = item.record.address;
        if item.signings >= SIGNINGS_MAX {
            let text = format!("{SIGNINGS_MAX} transfers expired before a block took one");
            let reason = Reason::new(ReasonCode::TransferRefused, text);
            return self.give_up(item, State::Failed, reason).await;
        }
        let now = match self.now(terms).await {
            Ok(now) => now,
            Err(error) => return self.park_unreachable(item, &error).await,
        };
        let found = match self.leftover(address, &now.parameters).await {
            Ok(found) => found,
            Err(error) => return self.park_unreachable(item, &error).await,
        };
        let Some(Leftover { amount, .. }) = found else {
            let reason = Reason::new(ReasonCode::Empty, "its TRX has left it meanwhile");
            return self.give_up(item, State::Skipped, reason).await;
        };
        if self.settings.leftovers.is_some_and(|leftovers| amount < leftovers.min) {
            let text = format!("holds only {} TRX by now", amount.to_trx_string());
            return self.give_up(item, State::Skipped, Reason::new(ReasonCode::Dust, text)).await;
        }
        let (head, solid) = (&now.head, &now.solid);
        let expiration_ms = head.timestamp_ms + EXPIRATION_MS;
        let raw = RawTx {
            ref_block: RefBlock::from_block_id(&solid.id),
            expiration_ms,
            timestamp_ms: head.timestamp_ms,
            ..bare(address, self.settings.destination, amount)
        }
        .encode();
        let txid = TxId::of_raw(&raw);
        let target = Target { address, label: item.record.label.clone() };
        let signature = match self.keys.sign(&target, &txid) {
            Ok(signature) => signature,
            Err(error) => {
                let reason = Reason::new(ReasonCode::NoKey, error.to_string());
                return self.give_up(item, State::Failed, reason).await;
            }
        };
        let bytes = SignedTx { raw, signatures: vec![signature] }.to_bytes();
        let amount = units(amount);
        item.signings += 1;
        item.record.txid = Some(txid);
        item.transfer = Some(SignedTransfer { txid, bytes, expiration_ms, amount });
        self.reach(item, State::Signed).await
    }

    /// A transfer of TRX that is in a block was executed; nothing else has to be read from it.
    pub(super) async fn judge_leftover(
        &self,
        item: &mut Item,
        amount: TokenUnits,
        found: &Included,
    ) -> Result<(), Halt> {
        item.block = Some(found.block_number);
        item.record.burned = item.record.burned + found.fee;
        if found.succeeded {
            item.record.moved = amount;
            self.reach(item, State::Swept).await?;
        } else {
            let reason = Reason::new(ReasonCode::TransferFailed, found.result_text.as_str());
            self.give_up(item, State::Failed, reason).await?;
        }
        Ok(())
    }
}

/// Whether nothing more happens to the address's tokens in this run, and its key is at hand. One that
/// failed keeps its TRX: the next try may need it.
fn is_settled(record: &Record) -> bool {
    let is_left_alone = |reason: &Reason| {
        matches!(reason.code, ReasonCode::Dust | ReasonCode::TooDear | ReasonCode::Empty)
    };
    record.asset == Asset::Token
        && match record.state {
            State::Swept => true,
            State::Skipped => record.reason.as_ref().is_some_and(is_left_alone),
            State::Planned
            | State::Ordering
            | State::Ordered
            | State::Ready
            | State::Signed
            | State::Included
            | State::Failed => false,
        }
}

fn item(token: &Item, amount: Sun) -> Item {
    let times = Times { planned_ms: Some(now_ms()), ..Times::default() };
    let (address, label) = (token.record.address, token.record.label.clone());
    let record = Record { times, ..Record::new(address, label, Asset::Trx, units(amount)) };
    Item::new(record, token.rank)
}
