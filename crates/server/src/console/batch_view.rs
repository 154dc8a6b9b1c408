//! Which rows of a batch are looked at, and where others are: stages, pages.

use app::look_at_batch::BatchOverview;
use domain::BatchId;
use domain::batch::RowStage;
use serde::Deserialize;

use super::batch_row::stage_shown;
use super::{PREFIX, shown};

/// Rows on a page: a browser keeps so many, however many there are.
pub(super) const ROWS_ON_PAGE: i64 = 100;

/// Which rows are wanted, as the query says it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    from: String,
}

/// Which rows are looked at.
pub(super) struct View {
    batch: BatchId,
    /// What is searched for, as it was typed.
    pub(super) sought: String,
    /// The stage that they are in; `None`: any.
    pub(super) stage: Option<RowStage>,
    /// How many such rows come before the page.
    pub(super) from: i64,
}

/// A stage that rows can be filtered by.
pub(super) struct Chip {
    pub(super) href: String,
    pub(super) phrase: &'static str,
    pub(super) rows: String,
    pub(super) is_chosen: bool,
}

/// Where we are among the pages.
pub(super) struct Pages {
    pub(super) first: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    pub(super) last: Option<String>,
    pub(super) range: String,
}

impl View {
    pub(super) fn of(batch: BatchId, wanted: Wanted) -> Self {
        let stage = RowStage::ALL.into_iter().find(|stage| stage.name() == wanted.stage);
        let from = wanted.from.parse().unwrap_or(0).max(0);
        Self { batch, sought: wanted.q, stage, from }
    }

    /// What rows have to contain.
    pub(super) fn text(&self) -> Option<String> {
        Some(self.sought.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The address of such rows from one on.
    fn href(&self, stage: Option<RowStage>, from: i64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(text) = self.text() {
            query.append_pair("q", &text);
        }
        if let Some(stage) = stage {
            query.append_pair("stage", stage.name());
        }
        if from > 0 {
            query.append_pair("from", &from.to_string());
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{PREFIX}/batches/{}{mark}{query}", self.batch)
    }

    /// Every stage that has rows, and the one that is looked at.
    pub(super) fn chips(&self, overview: &BatchOverview) -> Vec<Chip> {
        let all = Chip {
            href: self.href(None, 0),
            phrase: "batches.row-any",
            rows: shown::grouped(overview.batch.rows.into()),
            is_chosen: self.stage.is_none(),
        };
        let stages = RowStage::ALL.into_iter().filter_map(|stage| {
            let rows = overview.totals.of(stage).rows;
            let is_chosen = self.stage == Some(stage);
            (rows > 0 || is_chosen).then(|| Chip {
                href: self.href(Some(stage), 0),
                phrase: stage_shown(stage).0,
                rows: shown::grouped(rows),
                is_chosen,
            })
        });
        std::iter::once(all).chain(stages).collect()
    }

    /// The pages around this one; `all` rows are in the view.
    pub(super) fn pages(&self, all: i64) -> Pages {
        let to = |from: i64| self.href(self.stage, from);
        let end = all.min(self.from.saturating_add(ROWS_ON_PAGE));
        let last = (all - 1).max(0) / ROWS_ON_PAGE * ROWS_ON_PAGE;
        Pages {
            first: (self.from > 0).then(|| to(0)),
            previous: (self.from > 0).then(|| to((self.from - ROWS_ON_PAGE).clamp(0, last))),
            next: (end < all).then(|| to(end)),
            last: (end < all).then(|| to(last)),
            range: format!(
                "{}–{} / {}",
                shown::grouped(self.from.saturating_add(1).min(all)),
                shown::grouped(end),
                shown::grouped(all)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(from: &str) -> View {
        let wanted =
            Wanted { q: "a&b".to_owned(), stage: "ready".to_owned(), from: from.to_owned() };
        View::of(BatchId([1; 16]), wanted)
    }

    #[test]
    fn pages_keep_what_is_looked_for_and_end_with_the_rows() {
        let place = format!("{PREFIX}/batches/{}?q=a%26b&stage=ready", BatchId([1; 16]));
        let first = view("").pages(250);
        assert_eq!((first.first, first.previous), (None, None));
        assert_eq!(first.next, Some(format!("{place}&from=100")));
        assert_eq!(first.last, Some(format!("{place}&from=200")));
        assert_eq!(first.range, "1–100 / 250");
        let last = view("200").pages(250);
        assert_eq!(
            (last.first, last.previous),
            (Some(place.clone()), Some(format!("{place}&from=100")))
        );
        assert_eq!((last.next, last.last, last.range), (None, None, "201–250 / 250".to_owned()));
        assert_eq!(view("").pages(0).range, "0–0 / 0");
    }

    #[test]
    fn a_page_behind_the_end_leads_back() {
        let place = format!("{PREFIX}/batches/{}?q=a%26b&stage=ready", BatchId([1; 16]));
        for from in ["900", "9223372036854775807", "-5", "x"] {
            let pages = view(from).pages(250);
            assert!(
                pages.previous.is_none() || pages.previous == Some(format!("{place}&from=200"))
            );
        }
    }
}
