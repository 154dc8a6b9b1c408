//! Chain words and bytes: parse and build, hash and sign, nothing else.
//!
//! Not here: network, clock, randomness, async, decisions.
//!
//! Invariants: a [`TxId`] is always the SHA-256 of the raw-data bytes it names; an [`Address`] always
//! carries the 0x41 prefix; amounts are integers with the unit in the type.
//!
//! Read next: [`address`], then [`tx`].

pub mod address;
pub mod amount;
pub mod resource;

pub use address::{Address, AddressError};
pub use amount::{AmountError, Sun, TokenUnits};
pub use resource::{Bandwidth, Energy, Resource};
