//! The product from outside: real routes over HTTP, real use cases, a real database, a devnet behind
//! its own HTTP, a receiver of callbacks. Time, identities and blocks move only when a test says so.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

mod golden;
mod support;
