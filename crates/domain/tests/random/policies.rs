//! Policies: whatever happens to one, in whatever order, it never has two refills and never forgets
//! what its merchant bought.

use domain::policy::{
    CountEdit, CountTerms, Lack, NewPolicy, PolicyEvent, PolicyState, RefillEnd, Terms, step,
};
use domain::{KeyId, MerchantId, OrderId, Policy, PolicyId};
use proptest::prelude::*;
use tron::Address;

use crate::model::BEGINNING;

fn event() -> impl Strategy<Value = PolicyEvent> {
    let order = (1_u8..4).prop_map(|number| OrderId([number; 16]));
    let end = prop_oneof![Just(RefillEnd::Used), Just(RefillEnd::Unused), Just(RefillEnd::Failed)];
    let edit = |edit: CountEdit| Just(PolicyEvent::Edited(edit));
    let none = CountEdit::default();
    prop_oneof![
        6 => order.clone().prop_map(PolicyEvent::Refilled),
        3 => order.clone().prop_map(PolicyEvent::Ready),
        6 => (order, end).prop_map(|(order, end)| PolicyEvent::Over(order, end)),
        6 => Just(PolicyEvent::Transferred),
        2 => Just(PolicyEvent::Undone { is_deducted: true }),
        2 => Just(PolicyEvent::Satisfied),
        2 => Just(PolicyEvent::Lacking(Lack::Balance)),
        1 => Just(PolicyEvent::KeyStopped),
        1 => Just(PolicyEvent::StoppedByPerson),
        1 => (0_i64..9).prop_map(|times| PolicyEvent::Bought(CountTerms {
            key: KeyId(1), times, has_bandwidth: None, unused_max: None,
        })),
        2 => (-9_i64..9).prop_map(move |change| {
            PolicyEvent::Edited(CountEdit { change, ..none })
        }),
        1 => edit(CountEdit { is_paused: Some(true), ..none }),
        2 => edit(CountEdit { is_paused: Some(false), ..none }),
        1 => edit(CountEdit { is_perpetual: Some(true), ..none }),
        1 => edit(CountEdit { is_perpetual: Some(false), ..none }),
    ]
}

/// What must hold between two states of a policy.
fn check(before: &Policy, after: &Policy) {
    let (Terms::Count(old), Terms::Count(new)) = (before.terms, after.terms) else {
        panic!("a policy stays of its kind")
    };
    assert!(new.left >= 0);
    let ordered = after.refills - before.refills;
    assert!(ordered == 0 || (ordered == 1 && before.open.is_none() && after.open.is_some()));
    assert!(ordered == 0 || before.state == PolicyState::Enabled, "only an enabled one buys");
    assert!(ordered == 0 || old.is_perpetual || old.left > 0, "nothing is bought for nobody");
    let has_left = new.is_perpetual || new.left > 0;
    assert!(has_left || after.state != PolicyState::Enabled, "with none left it has ended");
    assert!(after.state != PolicyState::Enabled || new.unused < new.unused_max, "idle ones pause");
}

proptest! {
    #[test]
    fn a_policy_has_one_refill_at_most_and_ends_with_its_last_transfer(
        events in prop::collection::vec((event(), 0_i64..700), 1..60),
    ) {
        let new = NewPolicy {
            id: PolicyId(1),
            merchant: MerchantId(1),
            key: KeyId(1),
            receiver: Address::from_evm([7; 20]),
            now: BEGINNING,
        };
        let terms =
            CountTerms { key: KeyId(1), times: 5, has_bandwidth: None, unused_max: None };
        let mut policy = step(&new.count(), PolicyEvent::Bought(terms), BEGINNING).unwrap().policy;
        let mut now = BEGINNING;
        for (event, secs) in events {
            now = now.after_secs(secs);
            let Ok(decision) = step(&policy, event, now) else { continue };
            prop_assert!(decision.due >= now);
            check(&policy, &decision.policy);
            policy = decision.policy;
        }
    }
}
