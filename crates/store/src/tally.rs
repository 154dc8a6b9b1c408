//! Counts how commits went, and notices when works are done one by one again and again.

use std::sync::atomic::{AtomicU64, Ordering};

use app::commit_counts::{CommitCounts, OneByOne};

/// Counts since the database was opened: one thread counts, any may look.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    commits: AtomicU64,
    works: AtomicU64,
    round_trips: AtomicU64,
    repeated: AtomicU64,
    failed: AtomicU64,
    one_by_one: [AtomicU64; OneByOne::ALL.len()],
}

impl Tally {
    /// A transaction with so many works became durable.
    pub(crate) fn committed(&self, works: usize) {
        add(&self.commits, 1);
        add(&self.works, u64::try_from(works).unwrap_or(u64::MAX));
    }

    /// A transaction waited for so many answers of the database.
    pub(crate) fn waited(&self, round_trips: u64) {
        add(&self.round_trips, round_trips);
    }

    /// A transaction is done again, because it was in the way of another.
    pub(crate) fn repeated(&self) {
        add(&self.repeated, 1);
    }

    /// A transaction failed for good.
    pub(crate) fn failed(&self) {
        add(&self.failed, 1);
    }

    /// The works of a transaction are done again, one by one.
    pub(crate) fn done_one_by_one(&self, why: OneByOne) {
        add(&self.one_by_one[why.index()], 1);
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> CommitCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CommitCounts {
            commits: read(&self.commits),
            works: read(&self.works),
            round_trips: read(&self.round_trips),
            repeated: read(&self.repeated),
            failed: read(&self.failed),
            one_by_one: self.one_by_one.each_ref().map(read),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// Transactions that are looked at together.
const WINDOW: u32 = 100;
/// So many of them done one by one are many: each took as long as its works take alone, and everybody
/// waited.
const MANY: u32 = 10;

/// How often works were done one by one of late.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    transactions: u32,
    one_by_one: u32,
    /// Windows in a row with many.
    bad_windows: u32,
}

impl Recent {
    /// Counts one more transaction. `Some` when it is time to complain: so many of the last [`WINDOW`] were
    /// done one by one. Said when it begins, and less and less often while it goes on.
    pub(crate) fn add(&mut self, is_one_by_one: bool) -> Option<u32> {
        self.transactions += 1;
        self.one_by_one += u32::from(is_one_by_one);
        if self.transactions < WINDOW {
            return None;
        }
        let one_by_one = self.one_by_one;
        let bad_windows = if one_by_one < MANY { 0 } else { self.bad_windows.saturating_add(1) };
        *self = Self { bad_windows, ..Self::default() };
        bad_windows.is_power_of_two().then_some(one_by_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [u32; 0] = [];

    /// What is said while windows pass with so many each.
    fn said(recent: &mut Recent, windows: u32, one_by_one: u32) -> Vec<u32> {
        let transactions = (0..windows).flat_map(|_| 0..WINDOW);
        transactions.filter_map(|number| recent.add(number < one_by_one)).collect()
    }

    #[test]
    fn it_complains_when_many_are_done_one_by_one_and_less_often_later() {
        let mut recent = Recent::default();
        assert_eq!(said(&mut recent, 5, MANY - 1), NOTHING);
        assert_eq!(said(&mut recent, 1, MANY), [MANY]);
        assert_eq!(said(&mut recent, 7, MANY + 1), [MANY + 1; 3], "the 2nd, the 4th, the 8th");
        assert_eq!(said(&mut recent, 1, 0), NOTHING, "it is over");
        assert_eq!(said(&mut recent, 1, WINDOW), [WINDOW], "and begins anew");
    }
}
