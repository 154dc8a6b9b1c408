//! How the operator's side shows a policy as JSON.

use domain::policy::Terms;
use domain::{Policy, PolicyKind, PolicyState, PolicyStep};
use serde_json::{Value, json};
use tron::Energy;

use crate::admin_rows::PolicyLine;
use crate::describe;

/// A policy in a list, with the key that pays for its refills and whether that may.
#[must_use]
pub fn line(line: &PolicyLine) -> Value {
    let mut shown = policy(&line.policy);
    describe::add(&mut shown, "key", json!(line.key.text));
    describe::add(&mut shown, "key_may_order", json!(line.key.may_order()));
    shown
}

/// A policy. What its kind does not have is `null`.
#[must_use]
pub fn policy(policy: &Policy) -> Value {
    let (count, auto) = match policy.terms {
        Terms::Count(count) => (Some(count), None),
        Terms::Auto(auto) => (None, Some(auto)),
    };
    json!({
        "policy": policy.id.0,
        "merchant": policy.merchant.0,
        "kind": kind(policy.kind()),
        "address": policy.receiver.to_string(),
        "state": state(policy.state),
        "step": step(policy.step),
        "transfers_left": count.filter(|count| !count.is_perpetual).map(|count| count.left),
        "perpetual": count.map(|count| count.is_perpetual),
        "energy": auto.and_then(|auto| auto.energy).map(Energy::get),
        "ends_ms": auto.map(|auto| auto.ends.get()),
        "refills": policy.refills,
        "open_order": policy.open.map(|order| order.to_string()),
        "failures": policy.failures,
        "created_ms": policy.created.get(),
        "updated_ms": policy.updated.get(),
    })
}

/// The word of a kind.
#[must_use]
pub const fn kind(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Count => "count",
        PolicyKind::Auto => "auto",
    }
}

/// The word of a state.
#[must_use]
pub const fn state(state: PolicyState) -> &'static str {
    match state {
        PolicyState::Enabled => "enabled",
        PolicyState::Paused => "paused",
        PolicyState::Disabled => "disabled",
        PolicyState::Ended => "ended",
    }
}

/// The word of a step.
#[must_use]
pub const fn step(step: PolicyStep) -> &'static str {
    match step {
        PolicyStep::Delegating => "delegating",
        PolicyStep::Delegated => "delegated",
        PolicyStep::Released => "released",
        PolicyStep::BalanceLow => "balance_low",
        PolicyStep::EnergyLow => "energy_low",
        PolicyStep::Waiting => "waiting",
    }
}
