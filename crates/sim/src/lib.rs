//! Try to break the product: a seeded simulator of chain, merchants, payers, processes and faults.
//!
//! It runs the real use cases on the real SQLite store and the real devnet, in one thread, in virtual
//! time. Whatever could happen in another order happens in an order that the seed decides: each port
//! call may pause, each pause lets something else go first.
//!
//! Not here: anything that is shipped; mocks of our own rooms; the HTTP edge.
//!
//! Invariants: the same seed gives the same run, event for event (nothing reads a clock, the
//! environment or the order of a hash map); what the product claims is judged from the devnet's state
//! and from what was committed, never from the product's own answer.
//!
//! | File | Holds |
//! |---|---|
//! | `fleet` | [`run_all`]: many runs side by side |
//! | `run` | [`run()`]: one world from its first block to the last closed order |
//! | `scheduler` | what may happen next, and how likely it is |
//! | `spending`, `trouble` | what payers, strangers and faults do when it is their turn |
//! | `process` | one node process: an [`app::App`], its watcher, its tasks |
//! | `stage` | what all ports of a run share: randomness, weather, the log, what was committed |
//! | `transport`, `gated_store`, `ports` | the ports, with faults and pauses |
//! | `faults` | what can go wrong, how often, and how often it did |
//! | `world`, `workload`, `gifts`, `standing`, `payers` | who is there and what they do |
//! | `book`, `money`, `transfer_book`, `policy_book`, `blocks`, `checks`, `promises` | what must hold after every step, every so often, and in the end |
//! | `mutation`, `mutated_node` | defects put in on purpose, which the checks must find |
//! | `settle` | faults stop, time passes, everything must become final |
//!
//! Read next: `run`, then `scheduler`, then `checks`.

mod blocks;
mod book;
mod checks;
mod chronicle;
mod faults;
mod fleet;
mod gated_store;
mod gifts;
mod money;
mod mutated_node;
mod mutation;
mod payers;
mod policy_book;
mod ports;
mod process;
mod promises;
mod random;
mod run;
mod scheduler;
mod settle;
mod spending;
mod stage;
mod standing;
mod transfer_book;
mod transport;
mod trouble;
mod workload;
mod world;

pub use fleet::{Fleet, Size, run_all};
pub use mutation::Mutation;
pub use random::Random;
pub use run::{Failure, Report, RunOptions, run};
