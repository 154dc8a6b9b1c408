//! A chain that really executes: blocks, forks, solid blocks, and transactions that wait anywhere.

use std::collections::{BTreeMap, BTreeSet};

use domain::collect::{Reading, sun_for_units};
use domain::{LegKind, Road, UnixMillis};
use tron::{Address, Bandwidth, Energy, Resource, Sun, TxId};

use crate::model::{BEGINNING, TOTALS, bare_reading};

/// Time between two blocks.
pub(crate) const BLOCK_MS: i64 = 3_000;
/// Blocks on top of one that make it solid.
const SOLID_DEPTH: usize = 3;
/// Energy that a transfer of the token takes.
pub(crate) const TRANSFER_ENERGY: i64 = 64_285;

/// What a transaction does.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) road: Road,
    pub(crate) kind: LegKind,
    pub(crate) owner: Address,
    pub(crate) receiver: Address,
    /// Stake that moves.
    pub(crate) balance: Sun,
    pub(crate) expiration: UnixMillis,
}

#[derive(Clone)]
pub(crate) struct Block {
    /// Unique, also among blocks of one height.
    pub(crate) id: usize,
    pub(crate) at: UnixMillis,
    /// Transactions and whether they took effect.
    pub(crate) txs: Vec<(TxId, bool)>,
    /// Token transfers and who made them.
    pub(crate) transfers: Vec<(Address, TxId)>,
}

#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) bodies: BTreeMap<TxId, Body>,
    pub(crate) blocks: Vec<Block>,
    /// What some node knows and may include.
    pub(crate) pending: BTreeSet<TxId>,
    /// Transfers for the next block.
    pub(crate) transfers: Vec<(Address, TxId)>,
    /// Stake of each wallet.
    pub(crate) stake: BTreeMap<(Address, Resource), Sun>,
    blocks_made: usize,
    solid: usize,
}

/// What the blocks up to some height come to.
#[derive(Default)]
pub(crate) struct State {
    lent: BTreeMap<(Address, Address, Resource), i64>,
    exists: BTreeSet<Address>,
    used: BTreeMap<Address, i64>,
}

impl Chain {
    /// The next block: of what is pending, what `wanted` picks and the state allows. What `fails`
    /// picks is included without effect.
    pub(crate) fn mine(&mut self, existing: Address, wanted: u32, fails: u32) {
        let at = BEGINNING.after_ms(i64::try_from(self.blocks_made + 1).unwrap() * BLOCK_MS);
        let mut state = self.state(existing, 0);
        let mut txs = Vec::new();
        for (place, txid) in self.pending.clone().into_iter().enumerate() {
            let body = self.bodies[&txid];
            let is_picked = |bits: u32| bits >> (place % 32) & 1 == 1;
            if body.expiration <= at {
                self.pending.remove(&txid);
            } else if is_picked(wanted) && is_picked(fails) {
                txs.push((txid, false));
            } else if is_picked(wanted) && state.allows(&body, &self.stake) {
                state.execute(&body);
                txs.push((txid, true));
            }
        }
        for (txid, _) in &txs {
            self.pending.remove(txid);
        }
        let transfers = std::mem::take(&mut self.transfers);
        self.blocks_made += 1;
        self.blocks.push(Block { id: self.blocks_made, at, txs, transfers });
        self.solid = self.solid.max(self.blocks.len().saturating_sub(SOLID_DEPTH));
    }

    /// A fork drops at most `depth` blocks that are not solid; what they held can be included again. Of the
    /// transfers in them every other one is, in the next block.
    pub(crate) fn fork(&mut self, depth: usize) {
        for _ in 0..depth {
            if self.blocks.len() > self.solid {
                let block = self.blocks.pop().unwrap();
                self.pending.extend(block.txs.iter().map(|(txid, _)| *txid));
                let comes_again = |(_, txid): &&(Address, TxId)| txid.as_bytes()[1] % 2 == 0;
                self.transfers.extend(block.transfers.iter().filter(comes_again));
            }
        }
    }

    /// A transaction reaches a node.
    pub(crate) fn send(&mut self, txid: TxId) {
        if self.find(txid).is_none() {
            self.pending.insert(txid);
        }
    }

    /// Height and block of a transaction, and whether it took effect.
    pub(crate) fn find(&self, txid: TxId) -> Option<(usize, UnixMillis, bool)> {
        self.blocks.iter().zip(1..).find_map(|(block, height)| {
            let found = block.txs.iter().find(|(held, _)| *held == txid);
            found.map(|(_, has_succeeded)| (height, block.at, *has_succeeded))
        })
    }

    pub(crate) fn head(&self) -> (usize, UnixMillis) {
        (self.blocks.len(), self.blocks.last().map_or(BEGINNING, |block| block.at))
    }

    pub(crate) fn solid(&self) -> (usize, UnixMillis) {
        let newest = self.solid.checked_sub(1).map(|index| &self.blocks[index]);
        (self.solid, newest.map_or(BEGINNING, |block| block.at))
    }

    /// The state as a node that lags this many blocks has it.
    pub(crate) fn state(&self, existing: Address, lag: usize) -> State {
        let mut state = State { exists: BTreeSet::from([existing]), ..State::default() };
        let seen = self.blocks.len() - lag.min(self.blocks.len() - self.solid);
        for block in &self.blocks[..seen] {
            for (txid, _) in block.txs.iter().filter(|(_, has_succeeded)| *has_succeeded) {
                state.execute(&self.bodies[txid]);
            }
            for (sender, _) in &block.transfers {
                let free = state.energy_limit(*sender) - state.used(*sender);
                *state.used.entry(*sender).or_default() += free.clamp(0, TRANSFER_ENERGY);
            }
        }
        state
    }
}

impl State {
    /// Stake that is lent.
    pub(crate) fn lent(&self, owner: Address, receiver: Address, resource: Resource) -> Sun {
        Sun::new(self.lent.get(&(owner, receiver, resource)).copied().unwrap_or(0))
    }

    /// Stake that a wallet lends to anybody.
    pub(crate) fn lent_by(&self, wallet: Address, of: Resource) -> Sun {
        let own = self
            .lent
            .iter()
            .filter(|((owner, _, resource), _)| *owner == wallet && *resource == of);
        Sun::new(own.map(|(_, balance)| balance).sum())
    }

    pub(crate) fn is_everything_back(&self) -> bool {
        self.lent.values().all(|balance| *balance == 0)
    }

    pub(crate) fn reading(&self, address: Address) -> Reading {
        let limit = self.energy_limit(address);
        let bandwidth = Bandwidth::new(self.limit(address, Resource::Bandwidth));
        Reading {
            exists: self.exists.contains(&address),
            energy_available: Energy::new(limit - self.used(address)),
            energy_limit: Energy::new(limit),
            staked_bandwidth_limit: bandwidth,
            staked_bandwidth_available: bandwidth,
            ..bare_reading(TRANSFER_ENERGY)
        }
    }

    fn limit(&self, address: Address, of: Resource) -> i64 {
        let to_it = self
            .lent
            .iter()
            .filter(|((_, receiver, resource), _)| *receiver == address && *resource == of);
        let stake = to_it.map(|(_, balance)| balance).sum();
        domain::collect::plan::units_for_sun(of, Sun::new(stake), &TOTALS)
    }

    fn energy_limit(&self, address: Address) -> i64 {
        self.limit(address, Resource::Energy)
    }

    fn used(&self, address: Address) -> i64 {
        self.used.get(&address).copied().unwrap_or(0)
    }

    fn allows(&self, body: &Body, stake: &BTreeMap<(Address, Resource), Sun>) -> bool {
        match (body.road, body.kind) {
            (_, LegKind::Activation) => !self.exists.contains(&body.receiver),
            (Road::Out, LegKind::Delegation { resource, .. }) => {
                let lent = self.lent_by(body.owner, resource);
                self.exists.contains(&body.receiver)
                    && lent + body.balance <= stake[&(body.owner, resource)]
            }
            (Road::Back, LegKind::Delegation { resource, .. }) => {
                self.lent(body.owner, body.receiver, resource) >= body.balance
            }
            (_, LegKind::Leftover { .. }) => {
                self.lent(body.owner, body.receiver, Resource::Energy) >= body.balance
            }
        }
    }

    /// Taking stake back takes used energy back in proportion.
    fn execute(&mut self, body: &Body) {
        let Some((resource, _)) = body.kind.stake() else {
            self.exists.insert(body.receiver);
            return;
        };
        let balance = body.balance.get();
        let key = (body.owner, body.receiver, resource);
        match body.road {
            Road::Out => *self.lent.entry(key).or_default() += balance,
            Road::Back => {
                let limit = self.energy_limit(body.receiver).max(1);
                *self.lent.entry(key).or_default() -= balance;
                if let (Resource::Energy, Some(used)) =
                    (resource, self.used.get_mut(&body.receiver))
                {
                    let gone =
                        domain::collect::plan::units_for_sun(resource, body.balance, &TOTALS);
                    *used -= *used * gone.min(limit) / limit;
                }
            }
        }
    }
}

/// The stake that yields this much.
pub(crate) fn stake_for(resource: Resource, units: i64) -> Sun {
    sun_for_units(resource, units, &TOTALS).unwrap()
}
