//! What a run says while it runs.

use crate::record::Record;

/// Something happened that a person at a terminal wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The balances of so many addresses are known; so many of them hold something.
    Discovered {
        /// Addresses looked at.
        addresses: usize,
        /// Those that hold the token.
        holding: usize,
    },
    /// The needs of so many addresses are known, out of so many.
    Examined {
        /// Done.
        done: usize,
        /// To do.
        total: usize,
    },
    /// An address reached a state, or waits for a new reason.
    Changed(&'a Record),
    /// Nothing more is begun; what is under way is finished or parked.
    Stopping,
}

/// Who is told. Called from many tasks at once, and must not wait.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn notice(&self, event: &Event<'_>);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _event: &Event<'_>) {}
}
