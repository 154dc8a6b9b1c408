//! Every route, readable as the interface's table of contents.

use std::ops::RangeInclusive;
use std::sync::Arc;

use app::App;
use app::pool_figures::FiguresKept;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use domain::key::AllowList;
use url::Url;
use wire::{FieldErrors, names};

use crate::callback_client::CallbackClient;
use crate::endpoint::{
    auto_policy, collect_manual, count_policy, health, index_data, interface, order, order_price,
    order_query, order_reclaim, order_transfer, summary,
};
use crate::keys::Keys;
use crate::limit::Limits;
use crate::refusal::Refusal;
use crate::throttle::throttle;

/// What handlers share.
pub struct Edge {
    /// The use cases.
    pub app: App,
    /// The keys.
    pub keys: Arc<Keys>,
    /// The networks of the proxies in front of the server.
    pub trusted_proxies: AllowList,
    /// Judges callback addresses at order time.
    pub callbacks: Arc<CallbackClient>,
    /// The sun that one transfer may move.
    pub transfer_amounts: RangeInclusive<i64>,
    /// Whether this process takes orders; false while it drains.
    pub is_ready: Arc<std::sync::atomic::AtomicBool>,
    /// How often peers may ask.
    pub limits: Arc<Limits>,
    /// The pool's figures that were read last.
    pub figures: FiguresKept,
    /// How clients reach this server, for links; `None`: as the request says.
    pub public_url: Option<Url>,
}

impl Edge {
    /// Refuses a callback address that is not public, as far as that shows before it is resolved.
    pub fn check_callback_url(&self, url: Option<&str>) -> Result<(), Refusal> {
        match url {
            Some(url) if self.callbacks.check_url(url).is_err() => {
                Err(Refusal::fields(FieldErrors::callback_host_not_public()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The routes.
pub fn routes(edge: Arc<Edge>) -> Router {
    let throttled = from_fn_with_state(edge.clone(), throttle);
    Router::new()
        .route(names::PATH_COLLECT_MANUAL, post(collect_manual::handle))
        .route(names::PATH_ORDER, post(order::handle))
        .route(names::PATH_ORDER_RECLAIM, post(order_reclaim::handle))
        .route(names::PATH_ORDER_PRICE, get(order_price::handle))
        .route(names::PATH_ORDER_PRICE_ALIAS, get(order_price::handle))
        .route(names::PATH_ORDER_QUERY, get(order_query::handle))
        .route(names::PATH_ORDER_QUERY_ALIAS, get(order_query::handle))
        .route(names::PATH_ORDER_TRANSFER, post(order_transfer::handle))
        .route(names::PATH_COUNT_POLICY, get(count_policy::list))
        .route(names::PATH_COUNT_POLICY, post(count_policy::buy))
        .route(names::PATH_COUNT_POLICY_EDIT, post(count_policy::edit))
        .route(names::PATH_AUTO_POLICY, get(auto_policy::list))
        .route(names::PATH_AUTO_POLICY, post(auto_policy::hire))
        .route(names::PATH_AUTO_POLICY_STATUS, post(auto_policy::switch))
        .route(names::PATH_INDEX_DATA, get(index_data::handle))
        .route(names::PATH_SUMMARY, get(summary::handle))
        .route("/openapi.json", get(interface::openapi))
        .route("/docs", get(interface::docs))
        // Named, because the routes that these are merged with have none that is slowed down.
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(throttled)
        // Whoever balances load asks often and from one address.
        .route("/healthz", get(health::is_alive))
        .route("/readyz", get(health::is_ready))
        .with_state(edge)
}
