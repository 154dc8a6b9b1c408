//! How far a batch is: counts, money, rate, and what is left of time.

use tron::Sun;

use super::{Batch, BatchState, RowStage};
use crate::time::UnixMillis;

/// How far back the rate looks, in milliseconds: two minutes.
pub const RATE_WINDOW_MS: i64 = 120_000;
const HOUR_MS: i64 = 3_600_000;

/// The rows of one stage together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StageTotal {
    /// How many.
    pub rows: i64,
    /// What their orders cost.
    pub price: Sun,
    /// What the chain would have burned.
    pub burn: Sun,
}

/// The rows of a batch, by stage.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// In the order of [`RowStage::ALL`].
    pub stages: [StageTotal; RowStage::ALL.len()],
    /// Rows that became ready within the window of the rate.
    pub recent: i64,
}

/// How far a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Rows that came to their end for their merchant: ready or later, refunded, failed, cancelled.
    pub done: i64,
    /// Orders that are being filled.
    pub filling: i64,
    /// Rows that wait.
    pub waiting: i64,
    /// What was charged for orders that were not refunded.
    pub spent: Sun,
    /// What burning would have cost more than was charged; negative: less.
    pub saved: Sun,
    /// Rows ready in an hour, at the rate of the last minutes; `None` while nothing runs.
    pub rows_per_hour: Option<i64>,
    /// Seconds until no row waits or is being filled, at that rate; `None` when nobody can say.
    pub left_secs: Option<i64>,
}

impl Totals {
    /// The rows of one stage.
    #[must_use]
    pub fn of(&self, stage: RowStage) -> StageTotal {
        let mut all = RowStage::ALL.into_iter().zip(self.stages);
        all.find(|(one, _)| *one == stage).map_or_else(StageTotal::default, |(_, total)| total)
    }

    /// Says what the rows of one stage are together.
    pub fn put(&mut self, stage: RowStage, new: StageTotal) {
        for (one, total) in RowStage::ALL.into_iter().zip(&mut self.stages) {
            if one == stage {
                *total = new;
            }
        }
    }

    /// Rows that a retry makes wait again.
    #[must_use]
    pub fn failures(&self) -> i64 {
        let failed = RowStage::ALL.into_iter().filter(|stage| stage.is_failure());
        failed.map(|stage| self.of(stage).rows).sum()
    }

    /// The first moment of the window in which ready rows count for the rate.
    #[must_use]
    pub fn rate_from(batch: &Batch, now: UnixMillis) -> UnixMillis {
        let earliest = now.after_ms(-RATE_WINDOW_MS);
        batch.resumed.map_or(earliest, |resumed| resumed.max(earliest))
    }

    /// How far the batch is.
    #[must_use]
    pub fn progress(&self, batch: &Batch, now: UnixMillis) -> Progress {
        use RowStage::{Filling, Ready, Reclaimed, Used, Waiting};
        let (waiting, filling) = (self.of(Waiting).rows, self.of(Filling).rows);
        let charged = [Filling, Ready, Used, Reclaimed].map(|stage| self.of(stage));
        let delivered = [Ready, Used, Reclaimed].map(|stage| self.of(stage));
        let all: i64 = self.stages.iter().map(|stage| stage.rows).sum();
        let window_ms = now.since(Self::rate_from(batch, now)).max(1);
        let is_running = batch.state == BatchState::Running;
        let left = waiting.saturating_add(filling);
        Progress {
            done: all - left,
            filling,
            waiting,
            spent: charged.iter().map(|stage| stage.price).sum(),
            saved: delivered.iter().map(|stage| stage.burn - stage.price).sum(),
            rows_per_hour: is_running.then(|| self.recent.saturating_mul(HOUR_MS) / window_ms),
            left_secs: (is_running && self.recent > 0)
                .then(|| left.saturating_mul(window_ms) / self.recent / 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{BatchId, KeyId, MerchantId};

    fn batch(state: BatchState, resumed_ms: i64) -> Batch {
        let who = (MerchantId(1), KeyId(1));
        let draft = Batch::draft(BatchId([1; 16]), who, "June".to_owned(), 100, UnixMillis(0));
        Batch { state, resumed: Some(UnixMillis(resumed_ms)), ..draft }
    }

    fn totals(recent: i64) -> Totals {
        let stage =
            |rows, price, burn| StageTotal { rows, price: Sun::new(price), burn: Sun::new(burn) };
        let stages = [
            stage(40, 0, 0),
            stage(10, 100, 300),
            stage(20, 200, 600),
            stage(5, 50, 150),
            stage(15, 150, 450),
            stage(3, 0, 90),
            stage(2, 0, 0),
            stage(5, 0, 0),
        ];
        Totals { stages, recent }
    }

    #[test]
    fn money_and_rows_add_up() {
        let progress = totals(0).progress(&batch(BatchState::Paused, 0), UnixMillis(1_000_000));
        let counted = (progress.done, progress.filling, progress.waiting);
        assert_eq!(counted, (50, 10, 40));
        assert_eq!((progress.spent.get(), progress.saved.get()), (500, 800));
        assert_eq!((progress.rows_per_hour, progress.left_secs), (None, None));
        assert_eq!(totals(0).failures(), 5);
    }

    #[test]
    fn the_rate_counts_from_the_last_start_and_two_minutes_at_most() {
        let now = UnixMillis(1_000_000);
        for (resumed_ms, recent, rows_per_hour, left_secs) in [
            (0, 20, Some(600), Some(300)),
            (940_000, 20, Some(1_200), Some(150)),
            (940_000, 0, Some(0), None),
            (1_000_000, 0, Some(0), None),
        ] {
            let progress = totals(recent).progress(&batch(BatchState::Running, resumed_ms), now);
            let found = (progress.rows_per_hour, progress.left_secs);
            assert_eq!(found, (rows_per_hour, left_secs), "{resumed_ms} {recent}");
        }
    }
}
