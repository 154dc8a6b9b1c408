//! Who changed what, newest first: for the operator's people.

use app::admin_rows::{NumberedLogEntry, Slice};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::frame::Frame;
use super::refused::Refused;
use super::visit::Visit;
use super::{PREFIX, asset};

/// Lines on a page.
pub(super) const LINES_ON_PAGE: usize = 100;

/// Which part.
#[derive(Deserialize)]
pub(super) struct Wanted {
    after: Option<i64>,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage<'a> {
    frame: &'a Frame,
    lines: Vec<NumberedLogEntry>,
    next: Option<i64>,
}

/// The log.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refused> {
    let slice = Slice { after: wanted.after, limit: LINES_ON_PAGE };
    let lines = visit.operator()?.records.admin_log(slice).await?;
    let next = lines.last().filter(|_| lines.len() == LINES_ON_PAGE).map(|line| line.number);
    Visit::page(&LogPage { frame: &visit.frame, lines, next })
}
