//! Deposits: where a merchant pays in, and what came.

use app::administer::HandOutFailed;
use app::rows::{DepositAddress, Merchant};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Deposit, MerchantId};
use serde::Deserialize;

use super::frame::Frame;
use super::merchants::chosen;
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

/// Newest deposits that are shown.
pub(super) const DEPOSITS_SHOWN: usize = 200;

/// Whose.
#[derive(Deserialize)]
pub(super) struct Wanted {
    merchant: Option<i64>,
}

#[derive(Template)]
#[template(path = "deposits.html")]
struct DepositsPage<'a> {
    frame: &'a Frame,
    merchants: Vec<Merchant>,
    merchant: Merchant,
    addresses: Vec<DepositAddress>,
    deposits: Vec<(Deposit, Html)>,
    are_configured: bool,
    scanned: Option<i64>,
}

/// The page.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refused> {
    let (merchant, merchants) = chosen(&visit, wanted.merchant).await?;
    let store = &visit.app().store;
    let addresses = store.deposit_addresses(Some(merchant.id)).await?;
    let deposits = store.deposits(Some(merchant.id), DEPOSITS_SHOWN).await?;
    let deposits = deposits.into_iter().map(|one| {
        let amount = shown::trx(one.amount);
        (one, amount)
    });
    Visit::page(&DepositsPage {
        frame: &visit.frame,
        merchants,
        merchant,
        addresses,
        scanned: store.scanned().await?.map(|block| block.number),
        deposits: deposits.collect(),
        are_configured: visit.edge().deposit_keys.is_some(),
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
        Err(failed @ HandOutFailed::Node(_)) => {
            tracing::warn!("an address was not handed out: {failed}");
            Err(Refused::Because(StatusCode::SERVICE_UNAVAILABLE, "deposits.chain"))
        }
    }
}
