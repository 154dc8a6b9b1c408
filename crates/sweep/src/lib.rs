//! Collect: find what addresses hold, order what they lack, move it with keys that stay here.
//!
//! What it is: the merchant's side, a client of any server with the same interface and of any TRON
//! node. It is not: the server; it names none of the server's rooms.
//!
//! Invariants: a key never leaves its [`KeySource`]; nothing is sent that is not in the journal; a
//! transfer is judged by its receipt and its Transfer log, never by the answer to sending it.
//!
//! | File | Holds |
//! |---|---|
//! | `target`, `keys/` | who is swept, and who signs |
//! | `settings` | what a run is told |
//! | `discover`, `plan`, `price`, `leftover` | what there is, what it costs, whether it pays |
//! | `session` | a run from its beginning to its plan |
//! | `record`, `journal/` | the states of an address, and the file that keeps them |
//! | `run/` | carries every address from where it is to its end |
//! | `api`, `refused`, `receiver` | the server: asked, understood when it refuses, and listened to |
//! | `observe`, `summary` | what is said meanwhile, and at the end |
//! | `report/` | the same as JSON, CSV and a page with charts |
//! | `offline/` | plan, sign and send on two machines, by file |
//! | `watch/` | looks again and again, and begins runs |
//! | `process` | keeps the process's memory out of core dumps |
//! | `transfer` | one transfer without a journal, as `demo` makes them |
//!
//! Read next: [`record`] for the states, then [`run`].

pub mod api;
mod ask;
pub mod discover;
pub mod journal;
pub mod keys;
mod leftover;
pub mod observe;
pub mod offline;
pub mod plan;
pub mod price;
pub mod process;
pub mod receiver;
pub mod record;
mod refused;
pub mod report;
pub mod run;
pub mod session;
pub mod settings;
pub mod summary;
pub mod target;
pub mod transfer;
pub mod watch;

pub use api::{ApiClient, ApiError, ApiKey};
pub use journal::{Journal, JournalError, Run, RunId};
pub use observe::{Event, Observer, Silent};
pub use plan::{Plan, PlanRow, TrxRow};
pub use price::PriceBook;
pub use record::{Asset, Reason, ReasonCode, Record, State, Times};
pub use report::Report;
pub use run::{Halt, Sweeper, TooDear};
pub use settings::{Leftovers, MaxCost, OnShortfall, Settings, Token};
pub use summary::Summary;
pub use target::{KeySource, KeySourceError, Target};
pub use transfer::{Receipt, Transfer, TransferFailed, send};
