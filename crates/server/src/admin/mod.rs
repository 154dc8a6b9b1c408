//! The admin interface: what an operator's programs do over HTTP, with bearer tokens.
//!
//! It listens on an address of its own ([admin] listen), never on the merchants'. A handler reaches the
//! product only through [`Caller::may`], which names the scope that it needs.
//!
//! Not here: anything that changes rows by itself; that is `app::administer`, as for the command line.

mod answer;
mod attempts;
mod batches;
mod callbacks;
mod caller;
mod deposits;
mod described;
mod input;
mod keys;
mod log;
mod merchants;
mod metrics;
mod money;
mod orders;
mod policies;
mod prices;
mod standing;
mod statement;
pub mod token;
mod wallets;

use std::sync::Arc;

use app::App;
use app::records::Records;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::key::AllowList;

use crate::callback_client::CallbackClient;
use crate::deposit_keys::AccountXpub;
use crate::http_server::LARGE_BODY_BYTES;
use crate::secret::Sealer;

pub use attempts::{WINDOW_SECS, WRONG_TOKENS_MAX};
pub use caller::Tokens;
pub use input::{LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, moment};

/// What every path begins with.
pub const PREFIX: &str = "/admin/v1";

/// What handlers share.
pub struct AdminEdge {
    /// The use cases.
    pub app: App,
    /// What lists are read from.
    pub records: Arc<dyn Records>,
    /// Seals the secrets of new keys.
    pub sealer: Arc<Sealer>,
    /// Judges callback addresses.
    pub callbacks: Arc<CallbackClient>,
    /// What deposit addresses come from, if it is set.
    pub deposit_keys: Option<AccountXpub>,
    /// The networks of the proxies in front of it.
    pub trusted_proxies: AllowList,
    /// Tokens that were checked, and wrong ones.
    pub tokens: Tokens,
}

/// What a whole batch may take.
fn large() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGE_BODY_BYTES)
}

/// The routes, readable as the interface's table of contents.
pub fn routes(edge: Arc<AdminEdge>) -> Router {
    let v1 = Router::new()
        .route("/merchants", get(merchants::list).post(merchants::add))
        .route("/merchants/{id}", get(merchants::show).patch(merchants::change))
        .route("/merchants/{id}/keys", get(keys::list).post(keys::add))
        .route("/merchants/{id}/credit", post(money::credit))
        .route("/merchants/{id}/debit", post(money::debit))
        .route("/merchants/{id}/prices", get(prices::of_merchant).patch(prices::set_of_merchant))
        .route("/merchants/{id}/statement", get(statement::as_json))
        .route("/merchants/{id}/statement.csv", get(statement::as_csv))
        .route("/merchants/{id}/deposit-address", post(deposits::address))
        .route("/merchants/{id}/deposits", get(deposits::list))
        .route("/merchants/{id}/policies", get(policies::list))
        .route("/policies/{policy}/stop", post(policies::stop))
        .route("/keys/{key}", axum::routing::patch(keys::change))
        .route("/keys/{key}/revoke", post(keys::revoke))
        .route("/prices", get(prices::of_house).patch(prices::set_of_house))
        .route("/wallets", get(wallets::list))
        .route("/wallets/{address}/enable", post(wallets::enable))
        .route("/wallets/{address}/disable", post(wallets::disable))
        .route("/orders", get(orders::list))
        .route("/orders/{order}", get(orders::show))
        .route("/batches", get(batches::list).post(batches::add).layer(large()))
        .route("/batches/{batch}", get(batches::show))
        .route("/batches/{batch}/rows", get(batches::rows))
        .route("/batches/{batch}/rows.csv", get(batches::export))
        .route("/batches/{batch}/dry-run", post(batches::dry_run))
        .route("/batches/{batch}/start", post(batches::start))
        .route("/batches/{batch}/pause", post(batches::pause))
        .route("/batches/{batch}/resume", post(batches::resume))
        .route("/batches/{batch}/cancel", post(batches::cancel))
        .route("/batches/{batch}/retry", post(batches::retry))
        .route("/callbacks", get(callbacks::list))
        .route("/orders/{order}/callback/replay", post(callbacks::replay))
        .route("/audit", get(log::audit))
        .route("/audit-log", get(log::list))
        .route("/openapi.json", get(described::handle))
        .with_state(edge.clone());
    Router::new().nest(PREFIX, v1).merge(metrics::routes(edge))
}
