//! Delegation records and the index over them.

use tron::{Address, Resource};

/// What one address lends another, in one of two records: locked and not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) bandwidth: Lent,
    pub(crate) energy: Lent,
}

/// Amount in sun; `expire_ms` 0 is "not locked".
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lent {
    pub(crate) amount: i64,
    pub(crate) expire_ms: i64,
}

impl Record {
    pub(crate) const fn lent(&self, resource: Resource) -> &Lent {
        match resource {
            Resource::Bandwidth => &self.bandwidth,
            Resource::Energy => &self.energy,
        }
    }

    pub(crate) const fn lent_mut(&mut self, resource: Resource) -> &mut Lent {
        match resource {
            Resource::Bandwidth => &mut self.bandwidth,
            Resource::Energy => &mut self.energy,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.bandwidth.amount == 0 && self.energy.amount == 0
    }
}

/// `is_locked` last, so that the two records of a pair are neighbours, unlocked first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RecordKey {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) is_locked: bool,
}

/// One side of an index entry; its value is the time of the last delegation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct LinkKey {
    pub(crate) of: Address,
    pub(crate) side: Side,
    pub(crate) other: Address,
}

/// Which way the stake went, seen from `of`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Side {
    /// `other` lends to `of`.
    From,
    /// `of` lends to `other`.
    To,
}
