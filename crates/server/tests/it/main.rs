//! The product from outside: real routes over HTTP, real use cases, a real database, a devnet behind
//! its own HTTP, a receiver of callbacks. Time, identities and blocks move only when a test says so.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

mod admin;
mod bad_input;
mod batch_obstacles;
mod batches;
mod behind;
mod callbacks;
mod changes;
mod clients;
#[path = "../../../store/tests/support/cluster.rs"]
mod cluster;
mod collect;
mod conformance;
mod console;
mod console_audit;
mod console_batches;
mod console_changes;
mod console_pages;
mod console_wallets;
mod deposits;
mod disk;
mod doubts;
mod endings;
mod energy;
mod energy_ends;
mod forks;
mod golden;
mod key_limits;
mod keys;
mod limits;
mod moving;
mod neighbours;
mod new_wallets;
mod openapi;
mod policies;
mod prices;
mod rates;
mod reads;
mod reconcile;
mod reconcile_served;
mod refusal_order;
mod repeats;
mod restart;
mod sent_back;
mod statement;
mod support;
mod transfers;

/// Brings a database of a test's up to date.
fn fill_template(url: &str) {
    store::SqlStore::connect(&url.into(), store::Options::default()).unwrap();
}
