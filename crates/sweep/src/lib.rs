//! Collect: find what addresses hold, order what they lack, move it with keys that stay here.
//!
//! What it is: the merchant's side, a client of any server with the same interface and of any TRON
//! node. It is not: the server; it names none of the server's rooms.
//!
//! Invariants: a key never leaves its [`KeySource`]; nothing is sent that is not in the journal; a
//! transfer is judged by its receipt and its Transfer log, never by the answer to sending it.
//!
//! Read next: [`record`] for the states of an address, then [`plan`].

pub mod api;
pub mod keys;
pub mod plan;
pub mod record;
pub mod target;
pub mod transfer;

pub use api::{ApiClient, ApiError, ApiKey};
pub use plan::{Plan, PlanRow};
pub use record::{Asset, Reason, ReasonCode, Record, State, Times};
pub use target::{KeySource, KeySourceError, Target};
pub use transfer::{Receipt, Transfer, TransferFailed, send};
