//! Run use cases: load, decide, commit. The network comes before or after a commit, never inside.
//!
//! Not here: axum, SQL, HTTP clients, the platform's names.
//!
//! Invariants: nothing is sent that is not stored; every change of state, money and outbox is one
//! commit; running any use case twice is harmless.
//!
//! Read next: [`ports`], then [`place_order`], then [`fill_order`].

pub mod ports;
pub mod rows;
pub mod work;
