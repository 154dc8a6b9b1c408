//! Time: the node's clock, and when the next block is due.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Node;
use crate::config::ClockMode;

/// Slots without a block after a maintenance block.
const MAINTENANCE_SKIPPED_SLOTS: i64 = 2;
/// Farthest that one request moves the clock: a year, in ms.
pub(crate) const MAX_ADVANCE_MS: i64 = 366 * 86_400_000;

/// Most slots that a block leaves out.
pub(crate) const MAX_SKIPPED_SLOTS: i64 = 10_000_000;

/// The machine's clock, unix ms.
pub(crate) fn wall_clock_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

impl Node {
    /// The node's clock: real, or the one that tests move.
    pub(crate) fn now_ms(&self) -> i64 {
        match self.config.clock {
            ClockMode::Manual => self.clock_ms,
            ClockMode::Auto => wall_clock_ms().max(self.head().timestamp_ms),
        }
    }

    /// The earliest time of the next block; transactions must not expire before it.
    pub(crate) fn next_slot_ms(&self) -> i64 {
        let properties = self.state.at(self.head().number).properties();
        let skipped = if properties.is_maintenance { MAINTENANCE_SKIPPED_SLOTS } else { 0 };
        self.head().timestamp_ms + (1 + skipped) * self.config.block_time_ms
    }

    /// The earliest time of the next block, with slots that were asked to be left out.
    pub(crate) fn earliest_ms(&self) -> i64 {
        self.next_slot_ms() + self.skipped_slots * self.config.block_time_ms
    }

    /// Time of a block that is produced now: the current slot, or the next free one.
    fn due_ms(&self) -> i64 {
        let step = self.config.block_time_ms;
        self.earliest_ms().max(self.now_ms() / step * step)
    }

    /// Mines a block, whatever the clock says; in manual mode the clock follows.
    pub(crate) fn mine_one(&mut self) {
        let due = self.due_ms();
        self.skipped_slots = 0;
        match self.fork_due.take() {
            Some(fork) => self.reorganise(&fork, due),
            None => self.produce(due, Vec::new(), true),
        }
        self.clock_ms = self.clock_ms.max(due);
    }

    /// What the block producer does at every tick: mines when a block is due.
    pub(crate) fn tick(&mut self) {
        if self.earliest_ms() <= self.now_ms() {
            self.mine_one();
        }
    }

    /// Lets time pass without blocks; the next block shows it.
    pub(crate) fn advance(&mut self, ms: i64) {
        self.clock_ms = self.clock_ms.saturating_add(ms.clamp(0, MAX_ADVANCE_MS));
    }

    /// Sets the manual clock to the head, after blocks were read from a journal.
    pub(crate) fn catch_up_clock(&mut self) {
        self.clock_ms = self.clock_ms.max(self.head().timestamp_ms);
    }

    /// Makes the next block leave out slots.
    pub(crate) fn skip_slots(&mut self, slots: i64) {
        self.skipped_slots = self.skipped_slots.saturating_add(slots).min(MAX_SKIPPED_SLOTS);
    }
}
