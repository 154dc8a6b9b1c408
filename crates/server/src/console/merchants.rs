//! Merchants: a member sees its own, with balances and statement; operators add, change, pause, credit
//! and debit.

use app::admin_rows::{AdminRequest, Slice, Span, StatementLine};
use app::administer::{MerchantChange, Posting, Side};
use app::rows::Merchant;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::MerchantId;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tron::Sun;

use super::frame::Frame;
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset, token};
use crate::statement;

/// Lines of a statement on a page.
pub(super) const LINES_ON_PAGE: usize = 100;
/// Lines of a statement in one file.
pub(super) const LINES_IN_FILE: usize = 50_000;

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
    lines: Vec<Line>,
    next: Option<String>,
    request: String,
}

struct Line {
    line: StatementLine,
    fact: &'static str,
    amount: Html,
    balance: Html,
    is_held: bool,
}

/// Which part of a statement.
#[derive(Deserialize)]
pub(super) struct Wanted {
    after: Option<String>,
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
        return draw(&visit, visit.merchant(Some(own)).await?, None).await;
    }
    let merchants = visit.app().store.merchants().await?;
    Visit::page(&MerchantsPage { frame: &visit.frame, merchants })
}

/// One merchant with its statement, newest first.
pub(super) async fn show(
    visit: Visit,
    Path(id): Path<i64>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    let merchant = visit.merchant(Some(MerchantId(id))).await?;
    draw(&visit, merchant, wanted.after).await
}

async fn draw(
    visit: &Visit,
    merchant: Merchant,
    after: Option<String>,
) -> Result<Response, Refused> {
    let after = after.as_deref().and_then(statement::place_of);
    let slice = Slice { after, limit: LINES_ON_PAGE };
    let lines = visit.edge().records.newest_statement(merchant.id, slice).await?;
    let last = lines.last().filter(|_| lines.len() == LINES_ON_PAGE);
    let request = token::fresh().map_err(|failed| Refused::internal(&failed))?;
    Visit::page(&MerchantPage {
        frame: &visit.frame,
        available: shown::trx(merchant.available),
        held: shown::trx(merchant.held),
        next: last.map(|line| statement::place_text(line.place)),
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

/// The whole statement as a file.
pub(super) async fn file(visit: Visit, Path(id): Path<i64>) -> Result<Response, Refused> {
    let merchant = visit.merchant(Some(MerchantId(id))).await?;
    let slice = Slice { after: None, limit: LINES_IN_FILE };
    let lines = visit.edge().records.statement(merchant.id, Span::default(), slice).await?;
    let text = statement::csv(&lines, true).map_err(|failed| Refused::internal(&failed))?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"statement.csv\"");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
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
