//! Transactions that wait for a block, and the state as if they were included.

use std::collections::BTreeMap;
use std::sync::Arc;

use tron::TxId;

use super::{Node, PENDING_TIMEOUT_MS};
use crate::control::Mutation;
use crate::execute::signature::Signers;
use crate::receipt::Outcome;
use crate::state::{Draft, Overlay, Properties};
use crate::transaction::Transaction;

/// What waits for the next block.
pub(super) struct Pending {
    pub(super) queue: Vec<Waiting>,
    pub(super) by_id: BTreeMap<TxId, Arc<Transaction>>,
    /// The head's state with everything that waits applied.
    pub(super) overlay: Overlay,
    /// Changes from the control interface since the last block.
    pub(super) mutations: Vec<Mutation>,
}

/// An accepted transaction.
pub(super) struct Waiting {
    pub(super) transaction: Arc<Transaction>,
    pub(super) signers: Signers,
    pub(super) accepted_ms: i64,
    /// Accepted, but no block will ever hold it.
    pub(super) is_withheld: bool,
}

impl Pending {
    pub(super) const fn empty(overlay: Overlay) -> Self {
        Self { queue: Vec::new(), by_id: BTreeMap::new(), overlay, mutations: Vec::new() }
    }

    pub(super) fn new(properties: Properties) -> Self {
        Self::empty(Overlay::new(properties))
    }
}

impl Node {
    /// Applies a change from the control interface: visible at once, in the next block for good.
    pub(crate) fn mutate(&mut self, mutation: Mutation) {
        let height = self.head().number;
        let mut draft = Draft::new(&self.state, height, &mut self.pending.overlay);
        mutation.apply(&mut draft);
        self.pending.mutations.push(mutation);
    }

    /// Looks at the pending state through a draft; what is changed there is undone.
    pub(crate) fn with_pending<T>(&mut self, look: impl FnOnce(&mut Draft<'_>) -> T) -> T {
        let height = self.head().number;
        self.pending.overlay.begin();
        let result = look(&mut Draft::new(&self.state, height, &mut self.pending.overlay));
        self.pending.overlay.revert();
        result
    }

    /// Builds the pending state anew on the current head; what fails or waited too long is dropped.
    pub(super) fn rebuild_pending(&mut self, waiting: Vec<Waiting>) {
        let mutations = std::mem::take(&mut self.pending.mutations);
        self.pending = Pending::empty(self.fresh_overlay());
        for mutation in mutations {
            self.mutate(mutation);
        }
        let now = self.now_ms();
        for one in waiting {
            if now - one.accepted_ms <= PENDING_TIMEOUT_MS {
                // A failure only means that this node forgets it.
                let _ = self.enqueue(one);
            }
        }
    }

    /// Executes a transaction on the pending state and queues it.
    pub(super) fn enqueue(&mut self, one: Waiting) -> Result<Outcome, crate::execute::Rejected> {
        let placeholder = self.fresh_overlay();
        let mut overlay = std::mem::replace(&mut self.pending.overlay, placeholder);
        let result = self.recheck_and_execute(&mut overlay, &one);
        self.pending.overlay = overlay;
        if result.is_ok() {
            self.pending.by_id.insert(one.transaction.id, Arc::clone(&one.transaction));
            self.pending.queue.push(one);
        }
        result
    }

    /// Ids of waiting transactions, in order.
    pub(crate) fn pending_ids(&self) -> Vec<TxId> {
        self.pending.queue.iter().map(|one| one.transaction.id).collect()
    }

    /// A waiting transaction.
    pub(crate) fn pending_transaction(&self, id: &TxId) -> Option<&Arc<Transaction>> {
        self.pending.by_id.get(id)
    }
}
