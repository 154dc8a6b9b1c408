//! What is counted of a batch, as its page says it.

use app::batch_rows::DryTotals;
use app::look_at_batch::BatchOverview;
use domain::batch::BatchState;
use tron::Sun;

use super::shown::{self, Html};

/// How far a batch is.
pub(super) struct Figures {
    /// Rows that came to their end, and all rows, for the bar.
    pub(super) bar: (i64, i64),
    pub(super) done: String,
    pub(super) rows: String,
    pub(super) filling: String,
    pub(super) waiting: String,
    pub(super) failures: String,
    pub(super) spent: Html,
    pub(super) saved: Html,
    /// Rows an hour, while it runs.
    pub(super) rate: Option<String>,
    /// How long it still takes, as hours, minutes and seconds.
    pub(super) left: Option<String>,
}

impl Figures {
    pub(super) fn of(overview: &BatchOverview) -> Self {
        let progress = &overview.progress;
        let rows = overview.batch.rows.into();
        Self {
            bar: (progress.done, rows),
            done: shown::grouped(progress.done),
            rows: shown::grouped(rows),
            filling: shown::grouped(progress.filling),
            waiting: shown::grouped(progress.waiting),
            failures: shown::grouped(overview.totals.failures()),
            spent: shown::trx(progress.spent),
            saved: shown::trx(progress.saved),
            rate: progress.rows_per_hour.map(shown::grouped),
            left: progress.left_secs.map(span),
        }
    }
}

/// What the dry run found.
pub(super) struct Found {
    pub(super) checked: String,
    pub(super) refused: String,
    pub(super) empty: String,
    pub(super) energy: String,
    pub(super) bandwidth: String,
    pub(super) activations: String,
    pub(super) price: Html,
    pub(super) burn: Html,
    pub(super) saving: Html,
}

impl Found {
    pub(super) fn of(totals: &DryTotals) -> Self {
        Self {
            checked: shown::grouped(totals.checked),
            refused: shown::grouped(totals.refused),
            empty: shown::grouped(totals.empty),
            energy: shown::grouped(totals.energy.get()),
            bandwidth: shown::grouped(totals.bandwidth.get()),
            activations: shown::grouped(totals.activations),
            price: shown::trx(totals.price),
            burn: shown::trx(totals.burn),
            saving: shown::trx(totals.burn - totals.price),
        }
    }
}

/// What the merchant has beside what the rows would cost, while that matters.
pub(super) struct Funds {
    pub(super) available: Html,
    /// What is missing to pay for every row that was checked.
    pub(super) short: Option<Html>,
}

impl Funds {
    pub(super) fn of(overview: &BatchOverview, available: Sun) -> Option<Self> {
        if !matches!(overview.batch.state, BatchState::Draft | BatchState::Paused) {
            return None;
        }
        let price = overview.dry_run.as_ref()?.price;
        let short = (price > available).then(|| shown::trx(price - available));
        Some(Self { available: shown::trx(available), short })
    }
}

/// Seconds as hours, minutes and seconds.
fn span(secs: i64) -> String {
    format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_clocks() {
        for (secs, text) in [(0, "0:00:00"), (61, "0:01:01"), (7_325, "2:02:05")] {
            assert_eq!(span(secs), text);
        }
    }
}
