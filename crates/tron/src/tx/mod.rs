//! Transactions: [`RawTx`] is what is meant, [`SignedTx`] is what is sent.

mod id;
mod raw;
mod signed;

pub use id::{BlockId, IdError, RefBlock, TxId};
pub use raw::{DecodeError, RawTx};
pub use signed::{BANDWIDTH_PER_RESULT, SignedTx};
