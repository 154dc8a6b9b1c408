//! The console: what merchants and operators do daily, in a browser, under `/console` of the listener
//! that merchants' programs use.
//!
//! A page's handler takes a [`visit::Visit`], which is who asks, in what language, and what may be shown
//! to them; a handler that changes something takes a [`visit::Change`], which is a visit whose form was
//! proven to be ours and whose person may change things.
//!
//! Not here: anything that changes rows by itself (`app::administer`), SQL, the platform's format.
//!
//! Invariants: nothing is fetched from elsewhere and nothing inline runs, and the policy says so; every
//! text goes through the templates' escaping; a member of a merchant sees nothing of another.
//!
//! Read next: [`visit`], then one page.

mod account;
mod address_lock;
mod asset;
mod attempt;
mod audit;
mod audit_desk;
mod audit_paper;
mod batch;
mod batch_figures;
mod batch_row;
mod batch_view;
mod batches;
mod callbacks;
mod confirm;
mod cookie;
mod deposits;
mod edge;
mod fields;
mod frame;
mod invitation;
mod keys;
mod list;
mod live;
mod log;
mod machinery;
mod merchants;
mod new_batch;
mod order;
mod orders;
mod overview;
pub mod password;
mod people;
mod phrase;
mod policies;
mod policy;
mod prices;
mod refused;
mod safety;
mod shown;
mod shown_as;
mod sign_in;
mod statement_file;
mod timeline;
pub mod token;
mod tokens;
mod told;
pub mod totp;
mod visit;
mod wallet_add;
mod wallets;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

pub use address_lock::AddressLock;
pub use audit_desk::AuditDesk;
pub use edge::{ConsoleEdge, ConsoleSettings};
pub use password::Hasher;

/// What every path begins with.
pub const PREFIX: &str = "/console";

/// The routes, readable as the console's table of contents.
pub fn routes(edge: Arc<ConsoleEdge>) -> Router {
    let pages = Router::new()
        .route("/", get(account::home))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(account::sign_out))
        .route("/invitation/{token}", get(invitation::show).post(invitation::accept))
        .route("/preferences", post(account::prefer))
        .route("/overview", get(overview::show))
        .route("/batches", get(batches::list).post(new_batch::add))
        .route("/batches/new", get(new_batch::show))
        .route("/batches/{batch}", get(batch::show))
        .route("/batches/{batch}/rows.csv", get(batch::export))
        .route("/batches/{batch}/{act}", post(batch::act))
        .route("/orders", get(orders::list))
        .route("/orders/{serial}", get(order::show))
        .route("/orders/{serial}/replay", post(order::replay))
        .route("/orders/{serial}/stop", post(order::stop))
        .route("/policies", get(policies::list))
        .route("/policies/{policy}", get(policy::show))
        .route("/policies/{policy}/stop", post(policy::stop))
        .route("/keys", get(keys::list).post(keys::add))
        .route("/keys/{text}/bind", post(keys::bind))
        .route("/keys/{text}/revoke", post(keys::revoke))
        .route("/callbacks", get(callbacks::list))
        .route("/callbacks/test", get(callbacks::show).post(callbacks::test))
        .route("/deposits", get(deposits::list).post(deposits::hand))
        .route("/merchants", get(merchants::list).post(merchants::add))
        .route("/merchants/{id}", get(merchants::show).post(merchants::alter))
        .route("/merchants/{id}/post", post(merchants::post))
        .route("/merchants/{id}/statement.csv", get(statement_file::download))
        .route("/prices", get(prices::list).post(prices::set))
        .route("/wallets", get(wallets::list).post(wallet_add::add))
        .route("/wallets/new", get(wallet_add::show))
        .route("/wallets/{address}/enable", post(wallets::enable))
        .route("/wallets/{address}/disable", post(wallets::disable))
        .route("/tokens", get(tokens::list).post(tokens::add))
        .route("/tokens/{id}/revoke", post(tokens::revoke))
        .route("/audit", get(audit::show).post(audit::begin))
        .route("/log", get(log::list))
        .route("/people", get(people::list).post(people::invite))
        .route("/people/{id}/reset", post(people::reset))
        .route("/people/{id}/enable", post(people::enable))
        .route("/people/{id}/disable", post(people::disable))
        .fallback(refused::no_page)
        .layer(from_fn_with_state(edge.clone(), refused::dress))
        .layer(DefaultBodyLimit::max(edge.settings.body_limit_bytes))
        .with_state(edge.clone());
    let follower = live::Follower { edge, pages: pages.clone() };
    let all = pages
        .route("/live", get(live::follow).with_state(follower))
        .route("/assets/{name}", get(asset::serve));
    Router::new()
        .nest(PREFIX, all.layer(axum::middleware::from_fn(safety::secure)))
        .route(&format!("{PREFIX}/"), get(account::to_home))
}

#[cfg(test)]
mod tests;
