//! Decide: given state, event and time, what is next, what is posted, what must be sent.
//!
//! Not here: async, I/O, the clock, the environment, randomness, floats, the platform's numbers.
//!
//! Invariants: the same arguments give the same answer; every [`ledger::LedgerTx`] sums to zero; an
//! order is charged once or not at all; no leg has two transactions that could both execute.
//!
//! Read next: [`order::step`], which is where the product lives, then [`collect::need`].

pub mod admin;
pub mod batch;
pub mod callback;
pub mod collect;
pub mod deposit;
pub mod id;
pub mod key;
pub mod ledger;
pub mod leg;
pub mod limits;
pub mod order;
pub mod period;
pub mod person;
pub mod policy;
pub mod pool;
pub mod price_overrides;
pub mod pricing;
pub mod time;
pub mod transfer;
pub mod tx;

pub use batch::{Batch, BatchRow, BatchState};
pub use deposit::{Deposit, DepositId};
pub use id::{BatchId, KeyId, LedgerTxId, LegId, MerchantId, OrderId, PolicyId, TransferId};
pub use leg::{Leg, LegKind, LegState, Road};
pub use order::{Collection, Order, OrderKind, OrderState, Origin, WholeOrder};
pub use period::Period;
pub use person::{Access, PersonId, Rank};
pub use policy::{Policy, PolicyKind, PolicyState, PolicyStep};
pub use time::{Day, UnixMillis};
pub use transfer::{Transfer, TransferState};
pub use tx::{ChainTx, TxState};
