//! How the commits of a process went, for whoever watches it.

/// Commits of one process since it opened its database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitCounts {
    /// Transactions that became durable.
    pub commits: u64,
    /// Works in them, those that were refused alone too.
    pub works: u64,
    /// Times that transactions waited for an answer of a database that is reached by a network: round trips.
    pub round_trips: u64,
    /// Transactions that were undone because they were in the way of another, and done again.
    pub repeated: u64,
    /// Transactions that failed for good: each of their works was told so.
    pub failed: u64,
    /// Transactions whose works could not be done together and were done one by one, in the order of
    /// [`OneByOne::ALL`].
    pub one_by_one: [u64; OneByOne::ALL.len()],
}

/// Why works that were done together were done again, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneByOne {
    /// The database refused what one of them wrote.
    Refused,
    /// One of them broke a rule, or panicked.
    Broken,
    /// One of them had lost its lease when others had written.
    LeaseLost,
}

impl OneByOne {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Refused, Self::Broken, Self::LeaseLost];

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What metrics call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Broken => "broken",
            Self::LeaseLost => "lease_lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_place_of_its_own() {
        for (index, reason) in OneByOne::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
    }
}
