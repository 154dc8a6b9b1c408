//! The product's shell: what it listens on, what it posts to, what it reads at start.
//!
//! Not here: decisions about orders and money (`domain`), use cases (`app`), the platform's format
//! (`wire`), SQL (`store`).
//!
//! Invariants: key material has no `Debug`, `Display`, `Serialize` or `Clone` and is wiped when
//! dropped; every wait and every size has a limit with a name; every error body is a JSON object.
//!
//! Read next: [`config`] for what can be set, [`http_server`] for what comes in,
//! [`callback_client`] for what goes out, [`secret`] and [`keystore`] for what is kept.

pub mod admin;
pub mod auth;
pub mod batch_csv;
pub mod boot;
pub mod callback_client;
pub mod client_address;
pub mod command;
pub mod config;
pub mod console;
pub mod deposit_keys;
pub mod docs_page;
pub mod endpoint;
pub mod http_server;
pub mod key_finder;
pub mod keys;
pub mod keystore;
pub mod limit;
pub mod list;
pub mod listen;
pub mod logging;
pub mod openapi;
mod pool_stake;
pub mod poster;
pub mod private_file;
pub mod put_right;
pub mod refusal;
pub mod route;
pub mod secret;
pub mod signed_post;
pub mod statement;
pub mod system;
pub mod throttle;
pub mod wallet_desk;
pub mod worker;
pub mod world;
