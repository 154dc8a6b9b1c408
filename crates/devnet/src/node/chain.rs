//! Producing blocks: re-execute what is pending, commit, move the solid block.

use std::sync::Arc;

use tron::Address;

use super::pending::Waiting;
use super::{KEPT_VERSIONS, MAX_BLOCK_BYTES, Node};
use crate::block::{Block, PRODUCERS};
use crate::control::Mutation;
use crate::execute::execute;
use crate::receipt::Executed;
use crate::state::{Draft, Overlay};
use crate::transaction::{Action, Transaction};

impl Node {
    /// Produces the next block; with pending transactions, or without any.
    ///
    /// Mutations that were asked for since the last block come first; `mutations` are those of a block
    /// that this one replaces.
    pub(crate) fn produce(
        &mut self,
        timestamp_ms: i64,
        mut mutations: Vec<Mutation>,
        takes_pending: bool,
    ) {
        let mut waiting = std::mem::take(&mut self.pending.queue);
        let mut overlay = self.fresh_overlay();
        mutations.append(&mut self.pending.mutations);
        let mut draft = Draft::new(&self.state, self.head().number, &mut overlay);
        for mutation in &mutations {
            mutation.apply(&mut draft);
        }
        let mut executed = Vec::new();
        if takes_pending {
            waiting = self.pack(&mut overlay, waiting, &mut executed);
        }
        let slot = u64::try_from(timestamp_ms / self.config.block_time_ms).unwrap_or(0);
        let producer = (slot + self.forks) % PRODUCERS;
        self.seal(timestamp_ms, producer, mutations, executed, overlay);
        self.rebuild_pending(waiting);
    }

    /// Produces a block of exactly these transactions, as a journal says it was; `None` when they do not
    /// execute.
    pub(crate) fn reproduce(
        &mut self,
        timestamp_ms: i64,
        producer: u64,
        mutations: Vec<Mutation>,
        transactions: Vec<Transaction>,
    ) -> Option<()> {
        let mut overlay = self.fresh_overlay();
        let mut draft = Draft::new(&self.state, self.head().number, &mut overlay);
        for mutation in &mutations {
            mutation.apply(&mut draft);
        }
        let mut executed = Vec::new();
        for transaction in transactions {
            let outcome = execute(&mut draft, &transaction).ok()?;
            executed.push(Executed { transaction: Arc::new(transaction), outcome });
        }
        let slot = u64::try_from(timestamp_ms / self.config.block_time_ms).ok()?;
        self.forks = (producer % PRODUCERS + PRODUCERS - slot % PRODUCERS) % PRODUCERS;
        self.seal(timestamp_ms, producer, mutations, executed, overlay);
        self.rebuild_pending(Vec::new());
        Some(())
    }

    pub(crate) fn fresh_overlay(&self) -> Overlay {
        Overlay::new(self.state.at(self.head().number).properties().clone())
    }

    /// Executes waiting transactions into a block and returns those that stay waiting. What fails is
    /// forgotten, as the network does with system contracts.
    fn pack(
        &self,
        overlay: &mut Overlay,
        waiting: Vec<Waiting>,
        executed: &mut Vec<Executed>,
    ) -> Vec<Waiting> {
        let mut left = Vec::new();
        let mut bytes = 0;
        // After a permission change nothing of the same owner is packed into the same block.
        let mut changed: Vec<Address> = Vec::new();
        for one in waiting {
            let owner = one.transaction.owner();
            let is_barred = owner.is_some_and(|owner| changed.contains(&owner));
            let size = one.transaction.size();
            if one.is_withheld || is_barred || bytes + size > MAX_BLOCK_BYTES {
                left.push(one);
                continue;
            }
            let Ok(outcome) = self.recheck_and_execute(overlay, &one) else { continue };
            bytes += size;
            if matches!(one.transaction.action, Some(Action::PermissionUpdate(_))) {
                changed.extend(owner);
            }
            executed.push(Executed { transaction: one.transaction, outcome });
        }
        left
    }

    fn seal(
        &mut self,
        timestamp_ms: i64,
        producer: u64,
        mutations: Vec<Mutation>,
        executed: Vec<Executed>,
        mut overlay: Overlay,
    ) {
        let parent = self.head();
        let number = parent.number + 1;
        let parent_id = parent.id;
        let mut draft = Draft::new(&self.state, parent.number, &mut overlay);
        close(&mut draft, timestamp_ms);
        let block = Block::new(
            parent_id,
            number,
            timestamp_ms,
            producer,
            (mutations, executed),
            self.config.signing,
        );
        if let Some(journal) = &mut self.journal {
            journal.block(&block);
        }
        self.state.commit(number, overlay);
        self.numbers.insert(block.id, number);
        for (index, one) in block.executed.iter().enumerate() {
            self.included.insert(one.transaction.id, (number, index));
        }
        self.blocks.push(Arc::new(block));
        self.move_solid();
        self.state.prune(number.saturating_sub(KEPT_VERSIONS).min(self.solid));
    }

    /// Moves the solid block after the head, unless it is held; it never goes back.
    fn move_solid(&mut self) {
        if !self.is_solid_held {
            let target = self.head().number.saturating_sub(self.config.solid_lag_blocks);
            self.solid = self.solid.max(target);
        }
    }

    /// Stops or restarts solidification.
    pub(crate) fn hold_solid(&mut self, is_held: bool) {
        self.is_solid_held = is_held;
        self.move_solid();
        if let Some(journal) = &mut self.journal {
            journal.hold(is_held);
        }
    }

    pub(crate) const fn is_solid_held(&self) -> bool {
        self.is_solid_held
    }

    /// Declares the head solid, so that a prepared world need not wait for it.
    pub(crate) fn solidify(&mut self) {
        self.solid = self.head().number;
        if let Some(journal) = &mut self.journal {
            journal.solid(self.solid);
        }
    }

    /// Sets the solid block to what a journal says.
    pub(crate) fn restore_solid(&mut self, number: u64) {
        self.solid = self.solid.max(number.min(self.head().number));
    }

    /// Removes blocks above a height and returns them, oldest first.
    pub(crate) fn pop_above(&mut self, height: u64) -> Vec<Arc<Block>> {
        let keep = usize::try_from(height + 1).unwrap_or(usize::MAX);
        let popped = self.blocks.split_off(keep.min(self.blocks.len()));
        for block in &popped {
            self.numbers.remove(&block.id);
            for one in &block.executed {
                self.included.remove(&one.transaction.id);
            }
        }
        self.state.roll_back(height);
        popped
    }
}

/// What changes with every block, after its transactions.
fn close(draft: &mut Draft<'_>, timestamp_ms: i64) {
    let interval = draft.parameter("getMaintenanceTimeInterval").max(1);
    let properties = draft.properties_mut();
    properties.head_ms = timestamp_ms;
    properties.energy_weight =
        properties.energy_weight.saturating_add(properties.energy_weight_drift).max(1);
    properties.net_weight =
        properties.net_weight.saturating_add(properties.net_weight_drift).max(1);
    properties.is_maintenance = timestamp_ms >= properties.next_maintenance_ms;
    if properties.is_maintenance {
        properties.next_maintenance_ms = (timestamp_ms / interval + 1) * interval;
        properties.token.cycle_energy = 0;
    }
}
