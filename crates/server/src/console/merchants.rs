//! Merchants: a member sees its own, with balances and statement; operators add, change, pause, credit
//! and debit.

use app::admin_rows::{AdminRequest, Slice, Span, StatementLine, StatementPlace};
use app::administer::{MerchantChange, Posting, Side};
use app::ports::StoreError;
use app::records::Records;
use app::rows::Merchant;
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::{MerchantId, UnixMillis};
use futures::StreamExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tron::Sun;

use super::frame::Frame;
use super::list::{Asked, List};
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset, token};
use crate::statement;

/// Lines of a statement on a page.
pub(super) const LINES_ON_PAGE: usize = 100;
/// Lines of a statement that are read at a time for a file.
const LINES_IN_PART: usize = 1_000;

#[derive(Template)]
#[template(path = "merchants.html")]
struct MerchantsPage<'a> {
    frame: &'a Frame,
    merchants: Vec<Merchant>,
}

#[derive(Template)]
#[template(path = "merchant.html")]
struct MerchantPage<'a> {
    frame: &'a Frame,
    merchant: Merchant,
    available: Html,
    held: Html,
    list: List,
    lines: Vec<Line>,
    request: String,
}

struct Line {
    line: StatementLine,
    fact: &'static str,
    amount: Html,
    balance: Html,
    is_held: bool,
}

/// Which days of a statement: dates, from midnight to midnight of UTC; all of them if none is named.
#[derive(Default, Deserialize)]
pub(super) struct Days {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

impl MerchantsPage<'_> {
    fn trx(&self, amount: &Sun) -> Html {
        shown::trx(*amount)
    }
}

/// The merchant of a page about one, and those that may be chosen.
pub(super) async fn chosen(
    visit: &Visit,
    named: Option<i64>,
) -> Result<(Merchant, Vec<Merchant>), Refused> {
    if let Some(own) = visit.only() {
        return Ok((visit.merchant(named.map(MerchantId).or(Some(own))).await?, Vec::new()));
    }
    let merchants = visit.app().store.merchants().await?;
    let first = match named {
        Some(id) => merchants.iter().find(|merchant| merchant.id == MerchantId(id)),
        None => merchants.first(),
    };
    let first = first.cloned().ok_or(match named {
        Some(_) => Refused::NoPage,
        None => Refused::bad("merchants.none"),
    })?;
    Ok((first, merchants))
}

/// Every merchant; a member's page is that of its own.
pub(super) async fn list(visit: Visit) -> Result<Response, Refused> {
    if let Some(own) = visit.only() {
        return draw(&visit, visit.merchant(Some(own)).await?, Asked::default()).await;
    }
    let merchants = visit.app().store.merchants().await?;
    Visit::page(&MerchantsPage { frame: &visit.frame, merchants })
}

/// One merchant with its statement, newest first.
pub(super) async fn show(
    visit: Visit,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let merchant = visit.merchant(Some(MerchantId(id))).await?;
    draw(&visit, merchant, asked).await
}

async fn draw(visit: &Visit, merchant: Merchant, asked: Asked) -> Result<Response, Refused> {
    let after = statement::place_of(&asked.after);
    let slice = Slice { after, limit: LINES_ON_PAGE };
    let lines = visit.edge().records.newest_statement(merchant.id, slice).await?;
    let last = lines.last().filter(|_| lines.len() == LINES_ON_PAGE);
    let older = last.map(|line| statement::place_text(line.place));
    let request = token::fresh().map_err(|failed| Refused::internal(&failed))?;
    Visit::page(&MerchantPage {
        frame: &visit.frame,
        available: shown::trx(merchant.available),
        held: shown::trx(merchant.held),
        list: List::new(format!("/merchants/{}", merchant.id.0), asked, older),
        lines: lines.into_iter().map(line).collect(),
        request: request.as_str().to_owned(),
        merchant,
    })
}

fn line(line: StatementLine) -> Line {
    Line {
        fact: shown::fact(line.fact),
        amount: shown::trx(line.amount),
        balance: shown::trx(line.balance),
        is_held: line.account == "held",
        line,
    }
}

/// The statement as a file, however long it is: it is read part by part while it is sent.
pub(super) async fn file(
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
        let from = day(&self.from)?.map_or(everything.from, start_of);
        // The last day is in it.
        let to = day(&self.to)?.and_then(|day| day.tomorrow().ok());
        Ok(Span { from, to: to.map_or(everything.to, start_of) })
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

/// Adds a merchant.
pub(super) async fn add(change: Change) -> Result<Response, Refused> {
    change.visit.operator()?;
    let url = callback_url(&change)?;
    let added = change.administrator().add_merchant(change.fields.text("name"), url).await?;
    Ok(change.done(&format!("/merchants/{}", added.id.0), "merchant-added"))
}

/// Changes where outcomes go; operators change the name and whether orders are taken, too.
pub(super) async fn alter(Path(id): Path<i64>, change: Change) -> Result<Response, Refused> {
    let merchant = change.visit.merchant(Some(MerchantId(id))).await?;
    let mut wanted =
        MerchantChange { callback_url: Some(callback_url(&change)?), ..MerchantChange::default() };
    if change.visit.operator().is_ok() {
        wanted.name = Some(change.fields.text("name").to_owned());
        wanted.is_paused = Some(change.fields.text("paused") == "on");
    }
    change.administrator().change_merchant(merchant.id, wanted).await?;
    Ok(change.done(&format!("/merchants/{}", merchant.id.0), "merchant-changed"))
}

/// Credits or debits by hand. The form's own token makes a repeat harmless.
pub(super) async fn post(Path(id): Path<i64>, change: Change) -> Result<Response, Refused> {
    change.visit.operator()?;
    let merchant = change.visit.merchant(Some(MerchantId(id))).await?;
    let amount = Sun::parse_trx(change.fields.text("amount"));
    let amount = amount.map_err(|_| Refused::bad("refused.amount"))?;
    let side = match change.fields.text("side") {
        "credit" => Side::Credit,
        "debit" => Side::Debit,
        _ => return Err(Refused::Form),
    };
    let (text, reason) = (change.fields.text("request"), change.fields.text("reason"));
    if !token::is_shaped(text) {
        return Err(Refused::Form);
    }
    let (administrator, app) = (change.administrator(), change.visit.app());
    let word: &[u8] = if side == Side::Credit { b"credit" } else { b"debit" };
    let hash = Sha256::new()
        .chain_update(word)
        .chain_update(merchant.id.0.to_be_bytes())
        .chain_update(amount.get().to_be_bytes())
        .chain_update(reason.as_bytes())
        .finalize()
        .into();
    let actor = administrator.actor.clone();
    let posting = Posting {
        business: app.ids.order_id(administrator.now).0,
        merchant: merchant.id,
        side,
        amount,
        reason: reason.to_owned(),
        request: Some(AdminRequest { actor, text: text.to_owned(), hash }),
    };
    administrator.post_money(posting).await?;
    Ok(change.done(&format!("/merchants/{}", merchant.id.0), "money-posted"))
}

/// An address for callbacks that may be called, or none.
fn callback_url(change: &Change) -> Result<Option<String>, Refused> {
    let Some(url) = change.fields.given("callback_url") else { return Ok(None) };
    let checked = change.visit.edge().callbacks.check_url(url);
    checked.map_err(|_| Refused::bad("merchants.url-wrong"))?;
    Ok(Some(url.to_owned()))
}
