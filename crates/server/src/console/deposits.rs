//! Deposits: where a merchant pays in, and what came.

use app::admin_rows::{DepositPlace, Slice};
use app::administer::HandOutFailed;
use app::rows::{DepositAddress, Merchant};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Deposit, MerchantId};

use super::frame::Frame;
use super::list::{Asked, List, names};
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

/// Deposits on a page; of all merchants together only the newest are shown.
pub(super) const DEPOSITS_ON_PAGE: usize = 200;

#[derive(Template)]
#[template(path = "deposits.html")]
struct DepositsPage<'a> {
    frame: &'a Frame,
    list: List,
    /// Whose page it is; `None` for an operator who looks at all of them.
    merchant: Option<Merchant>,
    addresses: Vec<DepositAddress>,
    deposits: Vec<Line>,
    /// How many are shown, if there may be more and no way to them but by merchant.
    newest_only: Option<String>,
    are_configured: bool,
    scanned: Option<i64>,
    /// Solid blocks that are not scanned yet.
    behind: Option<i64>,
}

/// A deposit as the list shows it.
struct Line {
    deposit: Deposit,
    merchant: String,
    amount: Html,
}

/// The page.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    let named = names(&visit).await?;
    let asked_for = asked.merchant.parse().ok().map(MerchantId);
    let merchant = match asked_for.or(visit.only()) {
        Some(id) => Some(visit.merchant(Some(id)).await?),
        None => None,
    };
    let store = &visit.app().store;
    let of = merchant.as_ref().map(|merchant| merchant.id);
    let addresses = match of {
        Some(_) => store.deposit_addresses(of).await?,
        None => Vec::new(),
    };
    let deposits = match of {
        Some(id) => {
            let after = DepositPlace::parse(&asked.after);
            let slice = Slice { after, limit: DEPOSITS_ON_PAGE };
            visit.edge().records.deposits_of(id, slice).await?
        }
        None => store.deposits(None, DEPOSITS_ON_PAGE).await?,
    };
    let is_full = deposits.len() == DEPOSITS_ON_PAGE;
    let last = deposits.last().filter(|_| is_full && of.is_some());
    let older = last.map(|last| DepositPlace::of(last).to_string());
    let deposits = deposits.into_iter().map(|deposit| Line {
        merchant: named.get(&deposit.merchant).cloned().unwrap_or_default(),
        amount: shown::trx(deposit.amount),
        deposit,
    });
    let scanned = store.scanned().await?.map(|block| block.number);
    let solid = visit.app().view.get().map(|view| view.solid.number);
    Visit::page(&DepositsPage {
        frame: &visit.frame,
        list: List::new("/deposits", asked, older).by_merchant(&visit, &named),
        merchant,
        addresses,
        deposits: deposits.collect(),
        newest_only: (is_full && of.is_none()).then(|| visit.frame.number(DEPOSITS_ON_PAGE)),
        are_configured: visit.edge().deposit_keys.is_some(),
        behind: scanned.zip(solid).map(|(scanned, solid)| (solid - scanned).max(0)),
        scanned,
    })
}

/// Hands out the merchant's address: derived the first time, the same one ever after.
pub(super) async fn hand(change: Change) -> Result<Response, Refused> {
    let named = change.fields.given("merchant").and_then(|number| number.parse().ok());
    let merchant = change.visit.merchant(named.map(MerchantId)).await?;
    let edge = change.visit.edge();
    let keys = edge.deposit_keys.as_ref().ok_or(Refused::bad("deposits.not-configured"))?;
    let node = &*edge.app.node;
    match change.administrator().hand_out_deposit_address(node, keys, merchant.id).await {
        Ok(_) => {
            Ok(change.done(&format!("/deposits?merchant={}", merchant.id.0), "address-handed"))
        }
        Err(HandOutFailed::Refused(refused)) => Err(refused.into()),
        Err(HandOutFailed::NoAddress(_)) => Err(Refused::NoPage),
        Err(HandOutFailed::Used { .. }) => {
            Err(Refused::Because(StatusCode::CONFLICT, "deposits.used-before"))
        }
        Err(failed @ HandOutFailed::Node(_)) => {
            tracing::warn!("an address was not handed out: {failed}");
            Err(Refused::Because(StatusCode::SERVICE_UNAVAILABLE, "deposits.chain"))
        }
    }
}
