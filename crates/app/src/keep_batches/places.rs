//! Where a batch goes on after rows that the pool could not supply.
//!
//! Rows lack different things: one that nobody can activate must not keep those that lack energy only
//! from their turn. It is kept in memory: another worker, and this one after a restart, begins with the
//! lowest row, which loses some tries and nothing else.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use domain::BatchId;

/// The last row of each batch that had to wait for the pool.
#[derive(Debug, Default)]
pub struct Places(Mutex<BTreeMap<BatchId, u32>>);

impl Places {
    /// The number of the row after which a batch goes on; 0 before the first.
    pub(super) fn after(&self, batch: BatchId) -> u32 {
        self.all().get(&batch).copied().unwrap_or(0)
    }

    /// The row with this number had to wait: those behind it come first now.
    pub(super) fn pass(&self, batch: BatchId, number: u32) {
        self.all().insert(batch, number);
    }

    /// Nothing is to be tried of this batch now; it begins with its lowest row again.
    pub(super) fn forget(&self, batch: BatchId) {
        self.all().remove(&batch);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<BatchId, u32>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}
