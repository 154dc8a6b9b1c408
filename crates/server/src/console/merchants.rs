//! Merchants: a member sees its own, with balances and statement; operators add, change, pause, credit
//! and debit.

use app::admin_rows::{Slice, StatementLine};
use app::administer::{MerchantChange, Posting, Side};
use app::rows::Merchant;
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use domain::MerchantId;
use serde_json::{Value, json};
use tron::Sun;

use super::confirm::{self, Plan};
use super::frame::Frame;
use super::list::{Asked, List};
use super::refused::Refused;
use super::shown::{self, Html};
use super::shown_as::{check_shown, shown_as};
use super::visit::{Change, Visit};
use super::{PREFIX, asset, token};
use crate::statement;

/// Lines of a statement on a page.
pub(super) const LINES_ON_PAGE: usize = 100;

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
    shown_as: String,
}

struct Line {
    line: StatementLine,
    fact: &'static str,
    amount: Html,
    balance: Html,
    is_held: bool,
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
        shown_as: shown_as(&changeable(&merchant)),
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
    check_shown(&change.fields, &changeable(&merchant))?;
    change.administrator().change_merchant(merchant.id, wanted).await?;
    Ok(change.done(&format!("/merchants/{}", merchant.id.0), "merchant-changed"))
}

/// What the form for changes is filled with.
fn changeable(merchant: &Merchant) -> Value {
    json!([merchant.name, merchant.callback_url, merchant.is_paused])
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
    let posting = Posting {
        business: app.ids.order_id(administrator.now).0,
        merchant: merchant.id,
        side,
        amount,
        reason: reason.to_owned(),
        request: None,
    }
    .under_key(&administrator.actor, text);
    if !Plan::was_shown(&change.fields) {
        return plan(&posting, &merchant)?.ask(&change);
    }
    administrator.post_money(posting).await?;
    Ok(change.done(&format!("/merchants/{}", merchant.id.0), "money-posted"))
}

/// What a posting would do. The balance goes on moving with orders, so what counts is that it was shown.
fn plan(posting: &Posting, merchant: &Merchant) -> Result<Plan, Refused> {
    let after = posting.preview(merchant)?;
    let (title, way) = match posting.side {
        Side::Credit => ("confirm.credit", "merchants.credit"),
        Side::Debit => ("confirm.debit", "merchants.debit"),
    };
    Ok(Plan {
        title,
        whose: merchant.name.clone(),
        amount: Some((way, shown::trx(posting.amount))),
        facts: vec![("merchants.reason", posting.reason.trim().to_owned())],
        lines: vec![confirm::Line {
            phrase: "merchants.available",
            before: shown::trx(merchant.available),
            after: shown::trx(after.available),
        }],
        button: title,
        place: format!("/merchants/{}", merchant.id.0),
    })
}

/// An address for callbacks that may be called, or none.
fn callback_url(change: &Change) -> Result<Option<String>, Refused> {
    let Some(url) = change.fields.given("callback_url") else { return Ok(None) };
    let checked = change.visit.edge().callbacks.check_url(url);
    checked.map_err(|_| Refused::bad("merchants.url-wrong"))?;
    Ok(Some(url.to_owned()))
}
