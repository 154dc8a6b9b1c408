//! What one block holds for us: our transactions, and calls that receivers made.

use domain::UnixMillis;
use node::{Block, BlockTx};
use tron::{Address, ContractType, TxId};

use super::tell::Shown;
use super::{WatchFailed, Watcher};
use crate::rows::{Lease, OwnTx};

/// A call of a contract in a block.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) caller: Address,
    pub(super) txid: TxId,
    /// Chain time after which it cannot come again when a fork drops its block.
    pub(super) expiration: Option<UnixMillis>,
    /// Whether it called the token and took effect.
    pub(super) is_transfer: bool,
}

impl Watcher {
    /// Looks at one block: our transactions in it, and calls that receivers made, which it returns.
    pub(super) async fn look_at(
        &mut self,
        block: &Block,
        turn: Lease,
    ) -> Result<Vec<Call>, WatchFailed> {
        let txids: Vec<_> = block.transactions.iter().map(|tx| tx.txid).collect();
        let ours = self.app.store.own_txs(&txids).await?;
        // Else there is nothing that could be known by half.
        if !ours.is_empty() {
            self.app.store.begin_telling(turn).await?;
        }
        let (number, at) = (block.head.number, UnixMillis(block.head.timestamp_ms));
        let included = |own: &OwnTx| {
            let found = block.transactions.iter().find(|tx| tx.txid == own.txid);
            let has_succeeded = found.is_some_and(|tx| tx.succeeded);
            Shown::Included { block: number, at, has_succeeded }
        };
        self.each(ours, included, turn).await?;
        // Before their refills hear of it: a policy whose last transfer this is wants no other.
        self.app.look_for_policies(block, turn).await?;
        let calls = self.calls(&block.transactions);
        let mut callers: Vec<Address> = calls.iter().map(|call| call.caller).collect();
        callers.dedup();
        let mut made = Vec::new();
        for receiver in self.app.store.live_receivers(&callers).await? {
            self.keep_up().await?;
            for call in calls.iter().filter(|call| call.caller == receiver) {
                made.push(*call);
                self.app.tell_call(call, at, turn).await?;
            }
        }
        Ok(made)
    }

    /// Calls of contracts, by who made them. A failed one uses energy too.
    pub(super) fn calls(&self, transactions: &[BlockTx]) -> Vec<Call> {
        let token = self.app.settings.token;
        let mut calls: Vec<Call> = transactions
            .iter()
            .filter_map(|tx| tx.contract.map(|contract| (tx, contract)))
            .filter(|(_, contract)| contract.kind == Some(ContractType::Trigger))
            .filter_map(|(tx, contract)| {
                let is_transfer = tx.succeeded && contract.contract_address == Some(token);
                let expiration = tx.expiration_ms.map(UnixMillis);
                Some(Call { caller: contract.owner?, txid: tx.txid, expiration, is_transfer })
            })
            .collect();
        calls.sort_by_key(|call| (call.caller, call.txid));
        calls
    }
}
