//! The chain as it is: which of the pool's transactions were executed, judged from blocks alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::{OrderId, Road, TransferState};
use node::Block;
use tron::{Address, ContractType, TxId};

use crate::book::Book;

/// The pool's transactions on the present chain.
#[derive(Default)]
pub(crate) struct Blocks {
    /// Block times by number.
    times: BTreeMap<u64, i64>,
    /// The latest of them, and of those that forks replaced.
    latest_ms: i64,
    /// The step in which each was seen.
    steps: BTreeMap<u64, u64>,
    /// Which block holds each of the pool's transactions.
    executed: BTreeMap<TxId, u64>,
    /// The pool's transactions of each block.
    held: BTreeMap<u64, Vec<(TxId, Option<Way>)>>,
    /// What was executed for each leg, each way.
    legs: BTreeMap<Way, BTreeSet<TxId>>,
}

/// One leg, one way.
pub(crate) type Way = (OrderId, u8, Road);

/// The broken rule, the order if it is known, and the words.
type Violation = (&'static str, Option<OrderId>, String);

impl Blocks {
    /// The latest time of a block that was ever looked at, forks included.
    pub(crate) const fn latest_ms(&self) -> i64 {
        self.latest_ms
    }

    /// The newest block that was looked at.
    pub(crate) fn head(&self) -> Option<u64> {
        self.times.last_key_value().map(|(number, _)| *number)
    }

    /// The step in which the block so far below head was seen.
    pub(crate) fn step_of(&self, back: u64) -> u64 {
        let number = self.head().unwrap_or(0).saturating_sub(back);
        self.steps.get(&number).copied().unwrap_or(0)
    }

    /// Whether the blocks so far below head and below the solid block are at most this old.
    pub(crate) fn is_recent(&self, back: u64, age_max_ms: i64, solid: u64) -> bool {
        let head = self.head().unwrap_or(0);
        [head, solid].into_iter().all(|newest| {
            let oldest = newest.checked_sub(back).and_then(|number| self.times.get(&number));
            let newest = self.times.get(&newest);
            oldest.zip(newest).is_some_and(|(oldest, newest)| newest - oldest <= age_max_ms)
        })
    }

    /// Forgets the blocks above a height: a fork replaced them.
    pub(crate) fn forget_above(&mut self, height: u64) {
        self.times.split_off(&(height + 1));
        self.steps.split_off(&(height + 1));
        for (txid, way) in self.held.split_off(&(height + 1)).into_values().flatten() {
            self.executed.remove(&txid);
            if let Some(txids) = way.and_then(|way| self.legs.get_mut(&way)) {
                txids.remove(&txid);
            }
        }
    }

    fn hold(&mut self, number: u64, txid: TxId, way: Option<Way>) {
        self.executed.insert(txid, number);
        self.held.entry(number).or_default().push((txid, way));
    }

    /// Whether the present chain holds a transaction of the pool.
    pub(crate) fn holds(&self, txid: TxId) -> bool {
        self.executed.contains_key(&txid)
    }

    /// Whether the present chain holds what was to be done for a leg.
    pub(crate) fn holds_leg(&self, way: Way) -> bool {
        self.legs.get(&way).is_some_and(|txids| !txids.is_empty())
    }

    /// Looks at a new block and tells what of ours it holds; errors are broken promises, in words.
    pub(crate) fn look_at(
        &mut self,
        number: u64,
        block: &Block,
        (pool, book): (&BTreeSet<Address>, &Book),
        step: u64,
    ) -> Result<Vec<(OrderId, String)>, Violation> {
        let mut found = Vec::new();
        self.times.insert(number, block.head.timestamp_ms);
        self.latest_ms = self.latest_ms.max(block.head.timestamp_ms);
        self.steps.insert(number, step);
        for tx in &block.transactions {
            let Some(contract) = tx.contract else { continue };
            if !contract.owner.is_some_and(|owner| pool.contains(&owner)) {
                continue;
            }
            let txid = tx.txid;
            if let Some(page) = book.transfers.page(txid) {
                self.hold(number, txid, None);
                let transfer = Some(page.subject());
                if contract.kind != Some(ContractType::Transfer) {
                    let text = format!("{txid} is {:?} and was to send TRX", contract.kind);
                    return Err(("a transaction does what its leg wants", transfer, text));
                }
                if page.transfer().state == TransferState::Released {
                    let text = format!("{txid} is in block {number} and was given up");
                    return Err(("what was given up never executes", transfer, text));
                }
                found.push((page.subject(), format!("block {number} holds {txid}: Transfer")));
                continue;
            }
            let Some(stored) = book.stored(txid) else {
                return Err(("nothing is on chain that is not stored", None, txid.to_string()));
            };
            let order = Some(stored.order);
            let way = (stored.order, stored.leg, stored.road);
            self.hold(number, txid, Some(way));
            let leg = self.legs.entry(way).or_default();
            leg.insert(txid);
            if leg.len() > 1 {
                let text = format!("leg {} {:?}: {leg:?}", stored.leg, stored.road);
                return Err(("at most one executed transaction for a leg", order, text));
            }
            if book.is_given_up(txid) {
                let text = format!("{txid} is in block {number} and was given up");
                return Err(("what was given up never executes", order, text));
            }
            let is_way_out = contract.kind != Some(ContractType::Undelegate);
            if is_way_out != (stored.road == Road::Out) {
                let text = format!("{txid} is {:?} on the road {:?}", contract.kind, stored.road);
                return Err(("a transaction does what its leg wants", order, text));
            }
            let (kind, sun) = (contract.kind, contract.amount_sun);
            found.push((stored.order, format!("block {number} holds {txid}: {kind:?} {sun:?}")));
        }
        Ok(found)
    }
}
