//! The control interface: everything a test wants to do to a chain, under `/devnet/…`.

pub(crate) mod fault;
pub(crate) mod genesis;
pub(crate) mod invariant;
mod mutation;
mod request;
mod route;
mod view;

pub(crate) use mutation::Mutation;
pub use mutation::{KeyWeight, PermissionSpec};
pub(crate) use route::{add_fault, handle};
