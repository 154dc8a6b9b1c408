//! Chain words and bytes: parse and build, hash and sign, nothing else.
//!
//! Not here: network, clock, randomness, async, decisions.
//!
//! Invariants: a [`TxId`] is always the SHA-256 of the raw-data bytes it names; an [`Address`] always
//! carries the 0x41 prefix; amounts are integers with the unit in the type; [`RawTx::decode`] accepts
//! only bytes that [`RawTx::encode`] would write, so nothing can hide in what we are asked to sign.
//!
//! Read next: [`address`], then [`tx`], [`contract`] and [`sign`]. [`proto`] holds the bare wire
//! messages; only a node needs them.

pub mod address;
pub mod amount;
pub mod contract;
pub mod permission;
pub mod proto;
pub mod resource;
pub mod sign;
pub mod text;
pub mod trc20;
pub mod tx;

pub use address::{Address, AddressError};
pub use amount::{AmountError, Sun, TokenUnits};
pub use contract::{Contract, ContractType, LockPeriodBlocks};
pub use permission::{Operations, Permission};
pub use resource::{Bandwidth, Energy, Resource};
pub use sign::{SecretKey, Signature};
pub use text::to_hex;
pub use tx::{BlockId, DecodeError, RawTx, RefBlock, SignedTx, TxId};
