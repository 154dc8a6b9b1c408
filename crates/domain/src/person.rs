//! People who use the console: what they may see and change, and how often they may be wrong.

use std::fmt;

use crate::id::MerchantId;
use crate::time::UnixMillis;

/// A person's row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonId(pub i64);

/// Whether a person changes things or only looks at them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rank {
    /// Changes everything that it sees.
    Admin,
    /// Looks.
    Viewer,
}

/// What a person may see, and whether it may change it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// The one merchant whose member it is; `None` for the operator's people, who see everything.
    pub merchant: Option<MerchantId>,
    /// Whether it may change what it sees.
    pub rank: Rank,
}

impl Access {
    /// One of the operator's people.
    #[must_use]
    pub const fn operator(rank: Rank) -> Self {
        Self { merchant: None, rank }
    }

    /// A member of a merchant.
    #[must_use]
    pub const fn member(merchant: MerchantId, rank: Rank) -> Self {
        Self { merchant: Some(merchant), rank }
    }

    /// Whether it is one of the operator's people.
    #[must_use]
    pub const fn is_operator(self) -> bool {
        self.merchant.is_none()
    }

    /// Whether it may change what it sees.
    #[must_use]
    pub const fn may_change(self) -> bool {
        match self.rank {
            Rank::Admin => true,
            Rank::Viewer => false,
        }
    }

    /// Whether what belongs to this merchant is shown to it.
    #[must_use]
    pub fn sees(self, merchant: MerchantId) -> bool {
        self.merchant.is_none_or(|own| own == merchant)
    }

    /// Whether it may invite, reset and disable somebody with this access.
    #[must_use]
    pub fn may_manage(self, other: Self) -> bool {
        let is_in_sight = match (self.merchant, other.merchant) {
            (None, _) => true,
            (Some(own), Some(theirs)) => own == theirs,
            (Some(_), None) => false,
        };
        self.may_change() && is_in_sight
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rank = match self.rank {
            Rank::Admin => "admin",
            Rank::Viewer => "viewer",
        };
        match self.merchant {
            None => write!(f, "operator {rank}"),
            Some(merchant) => write!(f, "{rank} of merchant {}", merchant.0),
        }
    }
}

/// Wrong tries in a row after which somebody has to wait.
pub const FREE_TRIES: u32 = 3;
/// The first wait, in seconds; each further wrong try doubles it.
pub const FIRST_WAIT_SECS: i64 = 5;
/// The longest wait, in seconds: long enough for no guesser, short enough for whom a guesser annoys.
pub const LONGEST_WAIT_SECS: i64 = 900;

/// How long to wait after so many wrong tries in a row, in seconds.
#[must_use]
pub fn wait_secs(wrong_tries: u32) -> i64 {
    let Some(doublings) = wrong_tries.checked_sub(FREE_TRIES) else { return 0 };
    let factor = 1_i64.checked_shl(doublings).unwrap_or(i64::MAX);
    if doublings > 20 {
        return LONGEST_WAIT_SECS;
    }
    FIRST_WAIT_SECS.saturating_mul(factor).min(LONGEST_WAIT_SECS)
}

/// How long a session lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLimits {
    /// Without anything asked for, in seconds.
    pub idle_secs: i64,
    /// In all, in seconds.
    pub whole_secs: i64,
}

impl SessionLimits {
    /// Whether a session that began and was last used then is good now. A clock that went back ends it.
    #[must_use]
    pub fn allow(self, began: UnixMillis, seen: UnixMillis, now: UnixMillis) -> bool {
        let within = |from: UnixMillis, secs: i64| {
            (0..secs.saturating_mul(1_000)).contains(&now.since(from))
        };
        within(began, self.whole_secs) && within(seen, self.idle_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: MerchantId = MerchantId(1);
    const TWO: MerchantId = MerchantId(2);

    #[test]
    fn members_see_their_merchant_and_operators_everything() {
        let member = Access::member(ONE, Rank::Admin);
        assert!(member.sees(ONE) && !member.sees(TWO));
        let operator = Access::operator(Rank::Viewer);
        assert!(operator.sees(ONE) && operator.sees(TWO));
        assert!(!operator.may_change());
    }

    #[test]
    fn people_are_managed_from_above_or_beside_by_those_who_change_things() {
        let [operator, member, viewer, other] = [
            Access::operator(Rank::Admin),
            Access::member(ONE, Rank::Admin),
            Access::member(ONE, Rank::Viewer),
            Access::member(TWO, Rank::Admin),
        ];
        assert!(operator.may_manage(operator) && operator.may_manage(other));
        assert!(member.may_manage(viewer) && member.may_manage(member));
        assert!(!member.may_manage(other) && !member.may_manage(operator));
        assert!(!viewer.may_manage(viewer) && !Access::operator(Rank::Viewer).may_manage(viewer));
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<i64> = (0..8).map(wait_secs).collect();
        assert_eq!(waits, [0, 0, 0, 5, 10, 20, 40, 80]);
        assert_eq!(wait_secs(10), 640);
        assert_eq!(wait_secs(11), LONGEST_WAIT_SECS);
        assert_eq!(wait_secs(u32::MAX), LONGEST_WAIT_SECS);
    }

    #[test]
    fn a_session_ends_by_rest_by_age_and_by_a_clock_that_went_back() {
        let limits = SessionLimits { idle_secs: 60, whole_secs: 600 };
        let at = |secs: i64| UnixMillis(1_000_000 + secs * 1_000);
        assert!(limits.allow(at(0), at(0), at(59)));
        assert!(!limits.allow(at(0), at(0), at(60)));
        assert!(limits.allow(at(0), at(550), at(599)));
        assert!(!limits.allow(at(0), at(599), at(600)));
        assert!(!limits.allow(at(0), at(0), at(-1)));
    }
}
