//! Tables: each row tells the decisions one thing and says what they answer.
//!
//! Read [`language`] for the rows, then any of the other files; everything in [`model::check`] holds
//! after every row as well.

// `cfg(test)` is always true here; the lints for test code look for it.
#[cfg(test)]
#[path = "../model/mod.rs"]
mod model;

#[cfg(test)]
mod language;
#[cfg(test)]
mod policy_language;
#[cfg(test)]
mod say;

#[cfg(test)]
mod accepting;
#[cfg(test)]
mod chain_doubts;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod filling;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod refills;
#[cfg(test)]
mod renting;
#[cfg(test)]
mod sharing;
