//! The split mode: a plan is made where the network is, signed where the keys are, and sent where the
//! network is. A file goes from one machine to the other and back.
//!
//! ```text
//! online    sweep plan   reads the chain, writes unsigned transfers           plan.json
//! offline   sweep sign   checks each against its own bytes, and signs          signed.json
//! online    sweep send   orders, waits, broadcasts, judges, as an online run
//! ```
//!
//! Invariants: what is signed is what the raw bytes say, never what the file says about them; a file
//! whose hash or version differs is not read at all; one file is one run, however often it is sent.
//!
//! | File | Holds |
//! |---|---|
//! | `file` | the file: its form, its hash, its version |
//! | `prepare` | from a plan to unsigned transfers |
//! | `check` | what a transfer's own bytes have to say |
//! | `sign` | signing all of them |
//! | `prepared` | signed transfers as a source for the run |
//!
//! Read next: [`PlanFile`], then `check`.

mod check;
mod file;
mod prepare;
mod prepared;
mod sign;

#[cfg(test)]
mod tests;

pub use check::{Expected, Mismatch};
pub use file::{
    FORMAT, OfflineError, PLAN_FILE_MAX_BYTES, PlanFile, PlanToken, TransferEntry, VERSION,
};
pub use prepare::{VALID_FOR, VALID_FOR_MAX, prepare};
pub use prepared::{Prepared, PreparedTransfer, SEND_MARGIN_MS};
pub use sign::sign;
