//! A merchant's statement as a file.

use app::admin_rows::{Slice, Span, StatementPlace};
use app::ports::StoreError;
use app::records::Records;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::{MerchantId, UnixMillis};
use futures::StreamExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::refused::Refused;
use super::visit::Visit;
use crate::statement;

/// Lines that are read at a time.
const LINES_IN_PART: usize = 1_000;

/// Which days of a statement: dates, from midnight to midnight, the last one in it; all of them if none is
/// named. A browser that runs our script says which moments those midnights are where its reader is; without
/// they are those of UTC.
#[derive(Default, Deserialize)]
pub(super) struct Days {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    from_ms: String,
    #[serde(default)]
    to_ms: String,
}

/// The statement as a file, however long it is: it is read part by part while it is sent.
pub(super) async fn download(
    visit: Visit,
    Path(id): Path<i64>,
    Query(days): Query<Days>,
) -> Result<Response, Refused> {
    let merchant = visit.merchant(Some(MerchantId(id))).await?.id;
    let span = days.span()?;
    let records = visit.edge().records.clone();
    // What is wrong with the first part is said by a status.
    let (first, next) = part(&*records, merchant, span, None).await?;
    let mut response = match next {
        None => first.into_response(),
        Some(place) => {
            let rest = futures::stream::try_unfold(Some(place), move |place| {
                let records = records.clone();
                async move {
                    if place.is_none() {
                        return Ok::<_, StatementFailed>(None);
                    }
                    part(&*records, merchant, span, place).await.map(Some)
                }
            });
            let first = futures::stream::once(async { Ok::<_, StatementFailed>(first) });
            Body::from_stream(first.chain(rest)).into_response()
        }
    };
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"statement.csv\"");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// A part of a statement in CSV, and the place of its last line if there may be more.
async fn part(
    records: &dyn Records,
    merchant: MerchantId,
    span: Span,
    after: Option<StatementPlace>,
) -> Result<(String, Option<StatementPlace>), StatementFailed> {
    let lines = records.statement(merchant, span, Slice { after, limit: LINES_IN_PART }).await?;
    let last = lines.last().filter(|_| lines.len() == LINES_IN_PART);
    Ok((statement::csv(&lines, after.is_none())?, last.map(|line| line.place)))
}

/// Why a statement ends before its end; the browser sees a broken download.
#[derive(Debug, thiserror::Error)]
enum StatementFailed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

impl From<StatementFailed> for Refused {
    fn from(failed: StatementFailed) -> Self {
        match failed {
            StatementFailed::Store(failed) => failed.into(),
            failed @ StatementFailed::Csv(_) => Self::internal(&failed),
        }
    }
}

impl Days {
    /// Errors: what is not a date.
    fn span(&self) -> Result<Span, Refused> {
        let everything = Span::default();
        let from = day(&self.from)?.map(start_of);
        // The last day is in it.
        let to = day(&self.to)?.and_then(|day| day.tomorrow().ok()).map(start_of);
        Ok(Span {
            from: moment(&self.from_ms)?.or(from).unwrap_or(everything.from),
            to: moment(&self.to_ms)?.or(to).unwrap_or(everything.to),
        })
    }
}

fn moment(text: &str) -> Result<Option<UnixMillis>, Refused> {
    match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(|ms| Some(UnixMillis(ms)))
            .map_err(|_| Refused::bad("merchants.day-wrong")),
    }
}

fn day(text: &str) -> Result<Option<Date>, Refused> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Refused::bad("merchants.day-wrong")),
    }
}

fn start_of(day: Date) -> UnixMillis {
    let midnight = day.at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
    UnixMillis(midnight.map_or(i64::MAX, |moment| moment.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: &str, to: &str, from_ms: &str, to_ms: &str) -> Days {
        let [from, to, from_ms, to_ms] = [from, to, from_ms, to_ms].map(str::to_owned);
        Days { from, to, from_ms, to_ms }
    }

    #[test]
    fn days_are_those_of_the_reader_or_else_of_utc() {
        let span = |days: Days| days.span().map(|span| (span.from.get(), span.to.get())).unwrap();
        let utc = (1_767_225_600_000, 1_767_398_400_000);
        assert_eq!(span(days("2026-01-01", "2026-01-02", "", "")), utc);
        let shanghai = (1_767_196_800_000, 1_767_369_600_000);
        let (from_ms, to_ms) = (shanghai.0.to_string(), shanghai.1.to_string());
        assert_eq!(span(days("2026-01-01", "2026-01-02", &from_ms, &to_ms)), shanghai);
        let everything = Span::default();
        assert_eq!(span(Days::default()), (everything.from.get(), everything.to.get()));
        assert!(days("yesterday", "", "", "").span().is_err());
        assert!(days("2026-01-01", "", "soon", "").span().is_err());
    }
}
