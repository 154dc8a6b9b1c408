//! A TRON network in a process: the HTTP paths, JSON, resource rules, error texts and faults of a
//! java-tron node, with a clock that tests can move.
//!
//! Not here: a virtual machine (one TRC-20 token is built in), voting, TRC-10, exchanges, and peers.
//! Nothing is shared with the rest of the product but `tron`'s bytes, so that it cannot agree with
//! the product's mistakes.
//!
//! Invariants: the same requests in the same order give the same chain; what was lent equals what was
//! borrowed equals what is recorded; TRX owned and burned equal TRX issued; no request can panic it.
//!
//! Read next: [`Devnet`], then `dispatch.rs`, `node/accept.rs`, `execute/mod.rs`. The rules are in
//! `docs/chain.md`, the interface in `docs/devnet.md`.

mod block;
mod config;
mod control;
mod devnet;
mod dispatch;
mod execute;
mod http;
mod journal;
mod json;
mod node;
mod receipt;
mod request;
mod resource;
mod rpc;
mod signing;
mod state;
mod transaction;

pub use config::{ClockMode, ConfigError, DevnetConfig};
pub use control::fault::{Fault, FaultRule, When};
pub use control::invariant::Invariants;
pub use control::{KeyWeight, PermissionSpec};
pub use devnet::{Allowed, Devnet, Head, Refused};
pub use http::{produce_blocks, serve};
pub use journal::JournalError;
pub use request::{Fate, Params, Reply, Request};
pub use signing::{Signing, named_signature};
