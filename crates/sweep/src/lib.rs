//! Collect: order what an address lacks, then move its tokens with a key that stays here.
//!
//! What it is: the merchant's side, a client of any server with the same interface and of any TRON
//! node. It is not: the server; it names none of the server's rooms.
//!
//! Invariants: a key never leaves [`tron::SecretKey`]; a transfer is judged by its receipt and its
//! Transfer log, never by the answer to sending it.
//!
//! Read next: [`api`], then [`transfer`].

pub mod api;
pub mod transfer;

pub use api::{ApiClient, ApiError, ApiKey};
pub use transfer::{Receipt, Transfer, TransferFailed, send};
