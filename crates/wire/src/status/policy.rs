//! The platform's numbers and words for how a policy stands.
//!
//! Source: api-contract 5.10, 5.13, 6.4. The English words are ours; the page shows Chinese ones.

use domain::policy::Terms;
use domain::{Policy, PolicyState, PolicyStep};

/// `last_step`: what a policy did last.
#[must_use]
pub const fn policy_step_code(step: PolicyStep) -> i64 {
    match step {
        PolicyStep::Delegating => 0,
        PolicyStep::Delegated => 1,
        PolicyStep::Released => 2,
        PolicyStep::BalanceLow => 10,
        PolicyStep::EnergyLow => 20,
        PolicyStep::Waiting => 30,
    }
}

/// `last_step_display`: the same in words.
#[must_use]
pub const fn policy_step_words(step: PolicyStep) -> &'static str {
    match step {
        PolicyStep::Delegating => "Delegating",
        PolicyStep::Delegated => "Delegated",
        PolicyStep::Released => "Delegation released",
        PolicyStep::BalanceLow => "Balance too low",
        PolicyStep::EnergyLow => "Energy too low",
        PolicyStep::Waiting => "Waiting to delegate",
    }
}

/// `status`: 1 enabled, 0 disabled. A paused policy is enabled and says so apart.
#[must_use]
pub const fn policy_status_code(state: PolicyState) -> i64 {
    match state {
        PolicyState::Enabled | PolicyState::Paused => 1,
        PolicyState::Disabled | PolicyState::Ended => 0,
    }
}

/// `status_display`: the same in words.
#[must_use]
pub const fn policy_status_words(state: PolicyState) -> &'static str {
    match policy_status_code(state) {
        1 => "Enabled",
        _ => "Disabled",
    }
}

/// `auto_type` and its words. For a count policy 1 is energy alone and 2 is energy and bandwidth; for
/// an auto policy 1 is the only one that we have.
#[must_use]
pub fn policy_variety(policy: &Policy) -> (i64, &'static str) {
    match policy.terms {
        Terms::Count(count) if count.has_bandwidth => (2, "Energy and bandwidth"),
        Terms::Count(_) => (1, "Energy only"),
        Terms::Auto(_) => (1, "Smart hosting"),
    }
}
