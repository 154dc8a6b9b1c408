//! What the block watcher does for policies: one look at a block serves all of them.
//!
//! A transfer is counted in the block that shows it, once by its txid, and uncounted when a fork drops
//! that block. So what is left goes down at once, and is right again after any fork.

use std::collections::BTreeSet;

use domain::policy::{PolicyEvent, PolicyRefused, Terms, step};
use domain::{PolicyId, PolicyKind, UnixMillis};
use futures::StreamExt;
use futures::stream;
use node::{Block, BlockTx, Lookup};
use tron::{Address, ContractType, TxId, trc20};

use crate::App;
use crate::ports::StoreError;
use crate::rows::{Changes, Counted, Lease, Needs, PolicyKey, Rows, WatchedPolicy};
use crate::work::commit;

/// Policies of one block that are told side by side.
const POLICIES_AT_ONCE: usize = 64;

impl App {
    /// Counts the transfers of policies' addresses in a block, and wakes those whose energy was used.
    ///
    /// Shape: one read for the block, one commit for each transfer that is counted.
    pub(crate) async fn look_for_policies(
        &self,
        block: &Block,
        turn: Lease,
    ) -> Result<(), StoreError> {
        let calls: Vec<(Address, &BlockTx)> =
            block.transactions.iter().filter_map(|tx| Some((caller(tx)?, tx))).collect();
        let callers: BTreeSet<Address> = calls.iter().map(|(caller, _)| *caller).collect();
        if callers.is_empty() {
            return Ok(());
        }
        let callers: Vec<Address> = callers.into_iter().collect();
        let watched = self.store.watched_policies(&callers).await?;
        let told = watched.into_iter().map(|policy| {
            let own = calls.iter().filter(move |(caller, _)| *caller == policy.receiver);
            let transfers = own.filter(|(_, tx)| self.is_transfer(tx)).map(|(_, tx)| tx.txid);
            self.tell_policy(policy, transfers.collect(), block.head.number, turn)
        });
        let mut told = stream::iter(told.collect::<Vec<_>>()).buffer_unordered(POLICIES_AT_ONCE);
        while let Some(outcome) = told.next().await {
            outcome?;
        }
        Ok(())
    }

    /// Whether this moved tokens of whoever signed it.
    fn is_transfer(&self, tx: &BlockTx) -> bool {
        tx.succeeded
            && tx.contract.is_some_and(|call| {
                call.contract_address == Some(self.settings.token)
                    && call.selector == Some(trc20::TRANSFER_SELECTOR)
            })
    }

    async fn tell_policy(
        &self,
        policy: WatchedPolicy,
        transfers: Vec<TxId>,
        block: i64,
        turn: Lease,
    ) -> Result<(), StoreError> {
        match policy.kind {
            PolicyKind::Count => {
                for txid in transfers {
                    self.count_transfer(policy.id, txid, block, turn).await?;
                }
                Ok(())
            }
            PolicyKind::Auto => {
                for txid in transfers {
                    self.learn_from(policy.id, txid, turn).await?;
                }
                self.nudge_policy(policy.id, turn).await
            }
        }
    }

    async fn count_transfer(
        &self,
        id: PolicyId,
        txid: TxId,
        block: i64,
        turn: Lease,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let needs = counting(id, txid, turn);
        let decide = move |rows: &Rows| -> Result<(Changes, ()), PolicyRefused> {
            let policy = rows.policy.as_ref().ok_or(PolicyRefused::NotNow)?;
            if rows.counted.is_some() {
                return Err(PolicyRefused::NotNow);
            }
            let next = step(policy, PolicyEvent::Transferred, now)?.policy;
            let is_deducted = match (policy.terms, next.terms) {
                (Terms::Count(before), Terms::Count(after)) => after.left < before.left,
                _ => false,
            };
            let changes = Changes {
                policy: Some(next),
                counted: Some(Counted { policy: id, txid, block, is_deducted }),
                policy_nudges: vec![(id, now)],
                ..Changes::default()
            };
            Ok((changes, ()))
        };
        if let Err(refused) = commit(&*self.store, needs, decide).await? {
            tracing::debug!(policy.id = id.0, tx.id = %txid, "a transfer was not counted: {refused}");
        }
        self.policy_bell.notify_one();
        Ok(())
    }

    /// Blocks from this one on are not on the chain any more.
    pub(crate) async fn uncount_since(&self, block: i64, turn: Lease) -> Result<(), StoreError> {
        for counted in self.store.counted_since(block).await? {
            self.uncount(counted, turn).await?;
        }
        Ok(())
    }

    /// A solid block was read again: what it holds is counted for good, the rest is not.
    pub(crate) async fn confirm_counted(
        &self,
        block: &Block,
        counted: Vec<Counted>,
        turn: Lease,
    ) -> Result<(), StoreError> {
        let is_held = |one: &Counted| block.transactions.iter().any(|tx| tx.txid == one.txid);
        let (held, dropped): (Vec<_>, Vec<_>) = counted.into_iter().partition(is_held);
        if !held.is_empty() {
            self.store.mark_counted_solid(&held, turn).await?;
        }
        for one in dropped {
            self.uncount(one, turn).await?;
        }
        Ok(())
    }

    async fn uncount(&self, old: Counted, turn: Lease) -> Result<(), StoreError> {
        let now = self.clock.now();
        let needs = counting(old.policy, old.txid, turn);
        let decide = move |rows: &Rows| -> Result<(Changes, ()), PolicyRefused> {
            let policy = rows.policy.as_ref().ok_or(PolicyRefused::NotNow)?;
            // Another process may have done it, or seen it in another block since.
            if rows.counted != Some(old) {
                return Err(PolicyRefused::NotNow);
            }
            let event = PolicyEvent::Undone { is_deducted: old.is_deducted };
            let next = step(policy, event, now)?.policy;
            let changes = Changes {
                policy: Some(next),
                uncounted: Some(old),
                policy_nudges: vec![(old.policy, now)],
                ..Changes::default()
            };
            Ok((changes, ()))
        };
        if let Err(refused) = commit(&*self.store, needs, decide).await? {
            let id = old.policy.0;
            tracing::debug!(policy.id = id, tx.id = %old.txid, "a transfer stays counted: {refused}");
        }
        Ok(())
    }

    /// What one of its own transfers took is what an auto policy without an amount keeps.
    ///
    /// A receipt that cannot be read now teaches nothing; the next transfer brings another.
    async fn learn_from(&self, id: PolicyId, txid: TxId, turn: Lease) -> Result<(), StoreError> {
        let Some(view) = self.store.policy_view(id).await? else { return Ok(()) };
        if !matches!(view.policy.terms, Terms::Auto(auto) if auto.energy.is_none()) {
            return Ok(());
        }
        let energy = match self.node.lookup(txid).await {
            Ok(Lookup::Included(receipt)) => receipt.energy_used_total,
            Ok(Lookup::Absent) => return Ok(()),
            Err(failed) => {
                tracing::warn!(policy.id = id.0, tx.id = %txid, "a receipt could not be read: {failed}");
                return Ok(());
            }
        };
        let now = self.clock.now();
        let policy = Some(PolicyKey::Id(id));
        let needs = Needs { policy, lease: Some(turn), ..Needs::default() };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), PolicyRefused> {
            let policy = rows.policy.as_ref().ok_or(PolicyRefused::NotNow)?;
            let next = step(policy, PolicyEvent::Spent(energy), now)?.policy;
            Ok((Changes { policy: Some(next), ..Changes::default() }, ()))
        };
        if let Err(refused) = commit(&*self.store, needs, decide).await? {
            tracing::debug!(policy.id = id.0, "nothing was learnt from a transfer: {refused}");
        }
        Ok(())
    }

    /// A policy is to be looked at now.
    async fn nudge_policy(&self, id: PolicyId, turn: Lease) -> Result<(), StoreError> {
        let now: UnixMillis = self.clock.now();
        let needs = Needs { lease: Some(turn), ..Needs::default() };
        let decide = move |_: &Rows| -> Result<(Changes, ()), PolicyRefused> {
            Ok((Changes { policy_nudges: vec![(id, now)], ..Changes::default() }, ()))
        };
        if let Err(refused) = commit(&*self.store, needs, decide).await? {
            tracing::debug!(policy.id = id.0, "a policy was not woken: {refused}");
        }
        self.policy_bell.notify_one();
        Ok(())
    }
}

/// What counting or uncounting a transfer reads.
fn counting(id: PolicyId, txid: TxId, turn: Lease) -> Needs {
    Needs {
        policy: Some(PolicyKey::Id(id)),
        counted: Some((id, txid)),
        lease: Some(turn),
        ..Needs::default()
    }
}

/// Who called a contract; what it did or whether it failed does not matter to the energy.
fn caller(tx: &BlockTx) -> Option<Address> {
    let call = tx.contract.filter(|call| call.kind == Some(ContractType::Trigger))?;
    call.owner
}
