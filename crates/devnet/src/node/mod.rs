//! The node: a chain of blocks, the state behind it, and what waits to be included.

mod accept;
mod chain;
mod clock;
mod cursor;
mod fork;
mod lookup;
mod pending;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tron::{BlockId, TxId};

use crate::block::Block;
use crate::config::DevnetConfig;
use crate::control::fault::Faults;
use crate::control::genesis;
use crate::journal::Journal;
use crate::state::{State, View};
pub(crate) use clock::{MAX_ADVANCE_MS, MAX_SKIPPED_SLOTS, wall_clock_ms};
pub(crate) use cursor::Cursor;
use pending::Pending;

/// State versions kept behind the head, in blocks: reorganisations, lagging views and the solid
/// snapshot read them.
pub(crate) const KEPT_VERSIONS: u64 = 64;
/// Pending transactions from which on a node answers "busy".
pub(crate) const MAX_PENDING: usize = 2_000;
/// How long a node keeps a transaction that it could not include, in ms.
pub(crate) const PENDING_TIMEOUT_MS: i64 = 60_000;
/// Most bytes of transactions in a block.
pub(crate) const MAX_BLOCK_BYTES: usize = 2_000_000;

/// One TRON node with its chain.
pub(crate) struct Node {
    pub(crate) config: DevnetConfig,
    pub(crate) state: State,
    /// By number; genesis is 0.
    blocks: Vec<Arc<Block>>,
    numbers: BTreeMap<BlockId, u64>,
    /// Where each included transaction is.
    included: BTreeMap<TxId, (u64, usize)>,
    pending: Pending,
    solid: u64,
    is_solid_held: bool,
    /// Node clock in manual mode, unix ms.
    clock_ms: i64,
    /// Slots that the next block leaves out.
    skipped_slots: i64,
    /// Reorganisations so far; moves the producer schedule, so that a fork has other block ids.
    forks: u64,
    /// A reorganisation that the next automatic block carries out.
    fork_due: Option<fork::Fork>,
    pub(crate) faults: Faults,
    /// Ids of all transactions that were ever sent here, if the node remembers them.
    attempted: Option<BTreeSet<TxId>>,
    /// Requests so far, by path.
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) journal: Option<Journal>,
}

impl Node {
    /// A chain with its first blocks: enough of them that the solid block is a real one.
    ///
    /// The configuration has been checked.
    pub(crate) fn new(config: DevnetConfig) -> Self {
        let mut node = Self::bare(config);
        node.produce_first_blocks();
        node
    }

    /// Only a genesis block; a journal goes on from there.
    pub(crate) fn bare(config: DevnetConfig) -> Self {
        let properties = genesis::properties(&config);
        let genesis_block = Arc::new(genesis::block(&config));
        Self {
            state: State::new(properties.clone()),
            numbers: BTreeMap::from([(genesis_block.id, 0)]),
            blocks: vec![genesis_block],
            included: BTreeMap::new(),
            pending: Pending::new(properties),
            solid: 0,
            is_solid_held: false,
            clock_ms: config.start_time_ms,
            skipped_slots: 0,
            forks: 0,
            fork_due: None,
            faults: Faults::default(),
            attempted: None,
            calls: BTreeMap::new(),
            journal: None,
            config,
        }
    }

    /// History of one solid lag and a bit, ending at the start time.
    fn produce_first_blocks(&mut self) {
        let step = self.config.block_time_ms;
        let start = self.config.start_time_ms / step * step;
        let count = i64::try_from(self.config.solid_lag_blocks).unwrap_or(0) + 2;
        for back in (0..count).rev() {
            let mutations =
                if back + 1 == count { genesis::mutations(&self.config) } else { vec![] };
            self.produce(start - back * step, mutations, false);
        }
        self.clock_ms = start;
    }

    pub(crate) fn head(&self) -> &Arc<Block> {
        self.blocks.last().expect("there is always a genesis block")
    }

    pub(crate) const fn solid_number(&self) -> u64 {
        self.solid
    }

    /// The head with pending transactions on top: what `/wallet` reads see.
    pub(crate) fn pending_view(&self) -> View<'_> {
        View::new(&self.state, self.head().number, Some(&self.pending.overlay))
    }
}
