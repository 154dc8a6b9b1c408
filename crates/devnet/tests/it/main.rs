//! The devnet from outside, request by request.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod broadcast;
mod journey;
mod permissions;
mod refusals;
mod world;
