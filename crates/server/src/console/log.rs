//! Who changed what, newest first: for the operator's people.

use app::admin_rows::{NumberedLogEntry, Slice};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;

use super::frame::Frame;
use super::list::{Asked, List};
use super::refused::Refused;
use super::visit::Visit;
use super::{PREFIX, asset};

/// Lines on a page.
pub(super) const LINES_ON_PAGE: usize = 100;

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage<'a> {
    frame: &'a Frame,
    list: List,
    lines: Vec<NumberedLogEntry>,
}

/// The log.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let after = after.map(str::parse).transpose().map_err(|_| Refused::NoPage)?;
    let slice = Slice { after, limit: LINES_ON_PAGE };
    let lines = visit.operator()?.records.admin_log(slice).await?;
    let last = lines.last().filter(|_| lines.len() == LINES_ON_PAGE);
    let list = List::new("/log", asked, last.map(|line| line.number.to_string()));
    Visit::page(&LogPage { frame: &visit.frame, list, lines })
}
