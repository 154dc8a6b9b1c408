//! The devnet from outside, request by request.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod broadcast;
mod chain;
mod document;
mod faults;
mod fees;
mod formats;
mod journal;
mod journey;
mod permissions;
mod refusals;
mod robust;
mod stake;
mod token;
mod world;
