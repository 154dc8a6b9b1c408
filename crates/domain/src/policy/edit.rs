//! What a merchant does to a policy: sets it up, buys more, changes it, switches it.

use tron::{Address, Energy};

use super::limits::{DAY_SECS, TRANSFERS_LEFT_MAX, UNUSED_DAYS_DEFAULT};
use super::step::{Move, PolicyRefused};
use super::{Auto, Count, Policy, PolicyState, PolicyStep, Terms};
use crate::id::{KeyId, MerchantId, PolicyId};
use crate::time::UnixMillis;

/// Who sets up a policy, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewPolicy {
    /// A fresh identity.
    pub id: PolicyId,
    /// Who pays for the refills.
    pub merchant: MerchantId,
    /// The key.
    pub key: KeyId,
    /// The address.
    pub receiver: Address,
    /// When.
    pub now: UnixMillis,
}

/// What a merchant asks of a count policy; `None` leaves it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CountTerms {
    /// The key that asks; it signs from now on.
    pub key: KeyId,
    /// Transfers bought; 0 makes it perpetual.
    pub times: i64,
    /// Whether bandwidth is seen to.
    pub has_bandwidth: Option<bool>,
    /// Idle days after which it pauses.
    pub unused_max: Option<i64>,
}

/// A change of a count policy; `None` leaves it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CountEdit {
    /// Whether bandwidth is seen to.
    pub has_bandwidth: Option<bool>,
    /// Transfers to add to what is left, or to take away.
    pub change: i64,
    /// Whether it goes on for as long as the balance lasts. "No" counts only if transfers are left: a
    /// known client says so with each edit of a perpetual policy.
    pub is_perpetual: Option<bool>,
    /// Whether it is to pause.
    pub is_paused: Option<bool>,
}

impl NewPolicy {
    /// A count policy without any transfers yet; they are bought in the same commit.
    #[must_use]
    pub const fn count(self) -> Policy {
        self.with(Terms::Count(Count {
            left: 0,
            is_perpetual: false,
            has_bandwidth: false,
            unused: 0,
            unused_max: UNUSED_DAYS_DEFAULT,
        }))
    }

    /// An auto policy without any days yet; they are bought in the same commit.
    #[must_use]
    pub const fn auto(self) -> Policy {
        let ends = self.now;
        self.with(Terms::Auto(Auto { energy: None, usual: None, period_days: 0, ends }))
    }

    const fn with(self, terms: Terms) -> Policy {
        Policy {
            id: self.id,
            merchant: self.merchant,
            key: self.key,
            receiver: self.receiver,
            terms,
            state: PolicyState::Ended,
            step: PolicyStep::Waiting,
            refills: 0,
            open: None,
            failures: 0,
            quiet_looks: 0,
            not_before: self.now,
            created: self.now,
            updated: self.now,
        }
    }
}

impl Policy {
    /// Transfers are bought: what is left grows, and it goes on.
    pub(super) fn buy(&mut self, terms: CountTerms, now: UnixMillis) -> Result<(), PolicyRefused> {
        self.key = terms.key;
        let count = self.count_mut()?;
        match terms.times {
            0 => count.is_perpetual = true,
            times => count.add(times)?,
        }
        count.has_bandwidth = terms.has_bandwidth.unwrap_or(count.has_bandwidth);
        count.unused_max = terms.unused_max.unwrap_or(count.unused_max);
        self.go_on(now)
    }

    pub(super) fn edit(&mut self, edit: CountEdit, now: UnixMillis) -> Result<(), PolicyRefused> {
        let count = self.count_mut()?;
        count.add(edit.change)?;
        count.has_bandwidth = edit.has_bandwidth.unwrap_or(count.has_bandwidth);
        match edit.is_perpetual {
            Some(true) => count.is_perpetual = true,
            Some(false) if count.left > 0 => count.is_perpetual = false,
            Some(false) | None => {}
        }
        let has_left = self.has_transfers_left();
        match (self.state, edit.is_paused) {
            (PolicyState::Enabled | PolicyState::Paused, _) if !has_left => self.take(Move::End),
            (PolicyState::Enabled, Some(true)) => self.take(Move::Pause),
            (PolicyState::Paused, Some(false)) => self.go_on(now),
            // More was added to what had run out.
            (PolicyState::Ended, _) if has_left => {
                self.go_on(now)?;
                if edit.is_paused == Some(true) { self.take(Move::Pause) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Days are bought, from now on.
    pub(super) fn hire(
        &mut self,
        key: KeyId,
        energy: Option<Energy>,
        period_days: i64,
        now: UnixMillis,
    ) -> Result<(), PolicyRefused> {
        self.key = key;
        let Terms::Auto(auto) = &mut self.terms else { return Err(PolicyRefused::OtherKind) };
        (auto.energy, auto.period_days) = (energy, period_days);
        auto.ends = now.after_secs(period_days.saturating_mul(DAY_SECS));
        self.go_on(now)
    }

    /// Switches an auto policy; one whose days are over gets as many again.
    pub(super) fn switch(&mut self, is_on: bool, now: UnixMillis) -> Result<(), PolicyRefused> {
        let Terms::Auto(auto) = &mut self.terms else { return Err(PolicyRefused::OtherKind) };
        if !is_on {
            return match self.state {
                PolicyState::Enabled | PolicyState::Paused => self.take(Move::Disable),
                PolicyState::Disabled | PolicyState::Ended => Ok(()),
            };
        }
        if auto.ends <= now {
            auto.ends = now.after_secs(auto.period_days.saturating_mul(DAY_SECS));
        }
        self.go_on(now)
    }

    /// It refills no more until its merchant lets it go on, in the way in which its kind is let go on.
    pub(super) fn stop(&mut self) -> Result<(), PolicyRefused> {
        self.take(match self.terms {
            Terms::Count(_) => Move::Pause,
            Terms::Auto(_) => Move::Disable,
        })
    }

    /// It refills, and forgets what kept it from that.
    fn go_on(&mut self, now: UnixMillis) -> Result<(), PolicyRefused> {
        self.start_afresh(now);
        if let Terms::Count(count) = &mut self.terms {
            count.unused = 0;
        }
        match self.state {
            PolicyState::Enabled => Ok(()),
            PolicyState::Paused | PolicyState::Disabled | PolicyState::Ended => {
                self.take(Move::Resume)
            }
        }
    }

    fn count_mut(&mut self) -> Result<&mut Count, PolicyRefused> {
        match &mut self.terms {
            Terms::Count(count) => Ok(count),
            Terms::Auto(_) => Err(PolicyRefused::OtherKind),
        }
    }
}

impl Count {
    fn add(&mut self, change: i64) -> Result<(), PolicyRefused> {
        let left = self.left;
        let sum = left.saturating_add(change);
        if sum < 0 {
            return Err(PolicyRefused::TooFewLeft { left });
        }
        if sum > TRANSFERS_LEFT_MAX {
            return Err(PolicyRefused::TooManyLeft { left });
        }
        self.left = sum;
        Ok(())
    }
}
