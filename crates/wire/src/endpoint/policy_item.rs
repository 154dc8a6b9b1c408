//! One policy as the lists and the edit show it.
//!
//! Source: api-contract 5.10, 5.11, 5.13. The members from `unused_times` on were seen in a client of
//! 2025; the order is ours.

use domain::policy::{Count, Terms};
use domain::{Policy, PolicyState};
use tron::Energy;

use crate::canon::Object;
use crate::describe::{Field, Kind};
use crate::names;
use crate::page::PAGE_SIZE_MAX;
use crate::status::{
    policy_status_code, policy_status_words, policy_step_code, policy_step_words, policy_variety,
};
use crate::time::china_micros;

/// The members that both kinds of policies have, and then the kind's own.
macro_rules! members {
    ($($own:expr,)*) => {
        &[
            Field::new(names::ID, Kind::COUNT, "2", "its number"),
            Field::new(names::RECEIVE_ADDRESS, Kind::Address, EXAMPLE_ADDRESS, "the address"),
            Field::new(names::STATUS, Kind::Choice(&[0, 1]), "1", "1 enabled, 0 off or ended"),
            Field::new(names::LAST_STEP, Kind::Choice(&STEPS), "1", "what it did last"),
            Field::new(names::MAIN_DELEGATED, Kind::Flag, "false", "always false"),
            Field::new(names::EXPIRED_TIME, MAYBE_MOMENT, "null", "when its days are over"),
            Field::new(names::CREATE_TIME, Kind::Moment, EXAMPLE_MOMENT, "when it was set up"),
            Field::new(names::UPDATE_TIME, Kind::Moment, EXAMPLE_MOMENT, "when it changed last"),
            Field::new(names::LAST_STEP_DISPLAY, Kind::Text(64), "\"Delegated\"", "in words"),
            Field::new(names::STATUS_DISPLAY, Kind::Text(64), "\"Enabled\"", "in words"),
            Field::new(names::AUTO_TYPE, Kind::Choice(&[1, 2]), "1", "which variety"),
            Field::new(names::AUTO_TYPE_DISPLAY, Kind::Text(64), "\"Energy only\"", "in words"),
            Field::new(names::MAX_ENERGY, Kind::COUNT, "65000", "energy that it keeps available"),
            Field::new(names::PERIOD, Kind::Integer(0, 30), "1", "days"),
            $($own,)*
        ]
    };
}

/// How an address may look.
pub(super) const EXAMPLE_ADDRESS: &str = "\"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw\"";
const EXAMPLE_MOMENT: &str = "\"2023-08-23T11:09:27.986610+08:00\"";
const MAYBE_MOMENT: Kind = Kind::Nullable(&Kind::Moment);
const STEPS: [i64; 6] = [0, 1, 2, 10, 20, 30];

/// A count policy.
pub const COUNT_MEMBERS: &[Field] = members![
    Field::new(names::COUNT_LIMIT, Kind::COUNT, "8", "transfers left"),
    Field::new(names::UNUSED_TIMES, Kind::COUNT, "0", "idle days"),
    Field::new(names::COUNT_LIMIT_DYNAMIC, Kind::ZERO, "0", "always 0"),
    Field::new(names::IS_ALWAYS, Kind::Flag, "false", "perpetual"),
    Field::new(
        names::UNUSED_TIMES_THRESHOLD,
        Kind::Integer(1, 30),
        "2",
        "idle days until it pauses"
    ),
    Field::new(names::COUNT_BANDWIDTH_LIMIT, Kind::Flag, "false", "bandwidth is seen to"),
    Field::new(names::PAUSE, Kind::Flag, "false", "paused"),
];

/// An auto policy.
pub const AUTO_MEMBERS: &[Field] =
    members![Field::new(names::NEXT_DELEGATE_TIME, MAYBE_MOMENT, "null", "always null"),];

/// The parameters of both lists.
pub const LIST_PARAMETERS: &[Field] = &[
    Field::new(names::RECEIVE_ADDRESS, Kind::Text(34), EXAMPLE_ADDRESS, "of this address only")
        .optional(),
    Field::new(names::PAGE, Kind::COUNT, "1", "which page, from 1").optional(),
    Field::new(names::PAGE_SIZE, Kind::Integer(1, PAGE_SIZE_MAX), "20", "policies on a page")
        .optional(),
];

/// Days that a refill of a count policy stays at most.
const COUNT_PERIOD_DAYS: i64 = 1;

/// One policy, and the energy that it keeps.
#[derive(Debug, Clone, Copy)]
pub struct PolicyItem<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// `max_energy`: what it keeps available now.
    pub energy: Energy,
}

impl PolicyItem<'_> {
    /// The row.
    #[must_use]
    pub fn to_object(&self) -> Object {
        let policy = self.policy;
        let (variety, variety_words) = policy_variety(policy);
        let (ends, period_days) = match policy.terms {
            Terms::Count(_) => (None, COUNT_PERIOD_DAYS),
            Terms::Auto(auto) => (Some(auto.ends), auto.period_days),
        };
        let row = Object::new()
            .with(names::ID, policy.id.0)
            .with(names::RECEIVE_ADDRESS, policy.receiver.to_string())
            .with(names::STATUS, policy_status_code(policy.state))
            .with(names::LAST_STEP, policy_step_code(policy.step))
            .with(names::MAIN_DELEGATED, false)
            .with(names::EXPIRED_TIME, ends.map(china_micros))
            .with(names::CREATE_TIME, china_micros(policy.created))
            .with(names::UPDATE_TIME, china_micros(policy.updated))
            .with(names::LAST_STEP_DISPLAY, policy_step_words(policy.step))
            .with(names::STATUS_DISPLAY, policy_status_words(policy.state))
            .with(names::AUTO_TYPE, variety)
            .with(names::AUTO_TYPE_DISPLAY, variety_words)
            .with(names::MAX_ENERGY, self.energy.get())
            .with(names::PERIOD, period_days);
        match policy.terms {
            Terms::Count(count) => with_count(row, count, policy.state),
            Terms::Auto(_) => row.with(names::NEXT_DELEGATE_TIME, None::<&str>),
        }
    }

    /// The row as an answer of its own.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_object().to_json()
    }
}

fn with_count(row: Object, count: Count, state: PolicyState) -> Object {
    row.with(names::COUNT_LIMIT, count.left)
        .with(names::UNUSED_TIMES, count.unused)
        .with(names::COUNT_LIMIT_DYNAMIC, 0)
        .with(names::IS_ALWAYS, count.is_perpetual)
        .with(names::UNUSED_TIMES_THRESHOLD, count.unused_max)
        .with(names::COUNT_BANDWIDTH_LIMIT, count.has_bandwidth)
        .with(names::PAUSE, state == PolicyState::Paused)
}

#[cfg(test)]
mod tests {
    use domain::policy::NewPolicy;
    use domain::{KeyId, MerchantId, PolicyId, UnixMillis};

    use super::*;

    fn new() -> NewPolicy {
        NewPolicy {
            id: PolicyId(2),
            merchant: MerchantId(1),
            key: KeyId(1),
            receiver: tron::Address::from_evm([7; 20]),
            now: UnixMillis(1_686_796_826_000),
        }
    }

    fn names_of(policy: &Policy) -> Vec<String> {
        let item = PolicyItem { policy, energy: Energy::new(65_000) };
        item.to_object().members().map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn a_row_has_every_documented_member() {
        let common = [
            "id",
            "receive_address",
            "status",
            "last_step",
            "main_delegated",
            "expired_time",
            "create_time",
            "update_time",
            "last_step_display",
            "status_display",
            "auto_type",
            "auto_type_display",
            "max_energy",
            "period",
        ];
        let count = names_of(&new().count());
        assert_eq!(count[..14], common);
        assert_eq!(
            count[14..],
            [
                "count_limit",
                "unused_times",
                "count_limit_dynamic",
                "is_always",
                "unused_times_threshold",
                "count_bandwidth_limit",
                "pause"
            ]
        );
        let auto = names_of(&new().auto());
        assert_eq!(auto[..14], common);
        assert_eq!(auto[14..], ["next_delegate_time"]);
    }
}
