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
mod batch;
mod batch_figures;
mod batch_row;
mod batch_view;
mod batches;
mod cookie;
mod edge;
mod fields;
mod frame;
mod invitation;
mod log;
mod new_batch;
mod order;
mod orders;
pub mod password;
mod people;
mod phrase;
mod refused;
mod safety;
mod shown;
mod sign_in;
mod timeline;
pub mod token;
pub mod totp;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

pub use address_lock::AddressLock;
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
        .route("/batches", get(batches::list).post(new_batch::add))
        .route("/batches/new", get(new_batch::show))
        .route("/batches/{batch}", get(batch::show))
        .route("/batches/{batch}/rows.csv", get(batch::export))
        .route("/batches/{batch}/{act}", post(batch::act))
        .route("/orders", get(orders::list))
        .route("/orders/{serial}", get(order::show))
        .route("/orders/{serial}/replay", post(order::replay))
        .route("/orders/{serial}/stop", post(order::stop))
        .route("/log", get(log::list))
        .route("/people", get(people::list).post(people::invite))
        .route("/people/{id}/reset", post(people::reset))
        .route("/people/{id}/enable", post(people::enable))
        .route("/people/{id}/disable", post(people::disable))
        .fallback(refused::no_page)
        .layer(from_fn_with_state(edge.clone(), refused::dress))
        .layer(DefaultBodyLimit::max(edge.settings.body_limit_bytes))
        .with_state(edge);
    let all = pages.route("/assets/{name}", get(asset::serve));
    Router::new()
        .nest(PREFIX, all.layer(axum::middleware::from_fn(safety::secure)))
        .route(&format!("{PREFIX}/"), get(account::to_home))
}

#[cfg(test)]
mod tests;
