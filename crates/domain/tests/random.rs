//! Random runs: orders, workers, a watcher and a forking chain in any order, with lost answers,
//! crashes, lagging nodes, and events that come twice or late.
//!
//! After every step everything in [`model::check`] holds, no leg has gone out twice, and nothing that
//! was given up for lost took effect. Once the faults stop, every order is final and closed, and
//! everything that was lent is back.
//!
//! What `app` guards is taken as given here: a refusal is conclusive only under the claim that stored
//! the bytes, and less than was lent is taken back only once the way out is solid.

// `cfg(test)` is always true here; the lints for test code look for it.
#[cfg(test)]
#[path = "random/chain.rs"]
mod chain;
#[cfg(test)]
#[path = "random/extremes.rs"]
mod extremes;
#[cfg(test)]
mod model;
#[cfg(test)]
#[path = "random/policies.rs"]
mod policies;
#[cfg(test)]
#[path = "random/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "random/run.rs"]
mod run;
