//! Very many policies: a block is looked at once for all of them, and those that rest cost nothing.

use app::ports::Store;
use app::rows::{Changes, Needs, PolicyKey};
use app::work::commit;
use domain::PolicyKind;
use domain::policy::{CountTerms, NewPolicy, PolicyEvent, PolicyRefused, step};
use serde_json::json;
use tron::Address;

use super::REFILL;
use crate::support::policy::how;
use crate::support::{KEY, Setup, World, plain};

/// How many others keep energy on their addresses.
const OTHERS: u32 = 10_000;
/// How many addresses send tokens in one block.
const BUSY: usize = 3;

impl World {
    /// Enabled policies of others, which have what they need and rest.
    async fn resting_policies(&self, count: u32) {
        let key = self.store.key(KEY).await.unwrap().unwrap().id;
        let (merchant, now) = (self.merchant, app::ports::Clock::now(&*self.clock));
        for number in 0..count {
            let mut bytes = [7; 20];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            let receiver = Address::from_evm(bytes);
            let policy = Some(PolicyKey::Of(merchant, PolicyKind::Count, receiver));
            let bought = move |rows: &app::rows::Rows| -> Result<(Changes, ()), PolicyRefused> {
                let id = rows.next_policy.ok_or(PolicyRefused::NotNow)?;
                let new = NewPolicy { id, merchant, key, receiver, now }.count();
                let terms = CountTerms { key, times: 5, has_bandwidth: None, unused_max: None };
                let policy = step(&new, PolicyEvent::Bought(terms), now)?.policy;
                Ok((Changes { policy: Some(policy), ..Changes::default() }, ()))
            };
            let needs = Needs { policy, ..Needs::default() };
            commit(&*self.store, needs, bought).await.unwrap().unwrap();
        }
    }

    /// How many policies are due at this moment; they stay so.
    async fn due_policies(&self) -> usize {
        let now = app::ports::Clock::now(&*self.clock);
        self.store.claim_policies(now, now, OTHERS as usize + BUSY).await.unwrap().len()
    }
}

/// Requests to the node for one block in which three addresses with policies send tokens: while it is
/// looked at, and until everything it caused is done.
async fn calls_for_a_block(others: u32) -> (i64, i64) {
    let setup = Setup { balance_sun: 1_000_000_000, ..Setup::default() };
    let mut world = World::with(setup).await;
    let payers: Vec<Address> = (0..BUSY).map(|_| world.payer(plain)).collect();
    for payer in &payers {
        world.count_policy(*payer, 5).await;
    }
    world.settle().await;
    world.mine(4).await;
    world.resting_policies(others).await;
    payers.iter().for_each(|payer| world.pays_and_sweeps(*payer));
    world.chain.mine(1);
    world.forget_calls();
    world.watch().await;
    let to_look = i64::try_from(world.chain.calls("")).unwrap();
    assert_eq!(world.due_policies().await, BUSY, "whoever was not in the block rests");
    world.settle().await;
    let to_settle = i64::try_from(world.chain.calls("")).unwrap();
    world.mine(5).await;
    for payer in &payers {
        assert_eq!(how(&world.count_shown(*payer).await), (1, 4, 0, false));
        world.edit_policy(*payer, &json!({"pause": true})).await;
    }
    let paid = i64::try_from(2 * BUSY).unwrap() * REFILL;
    assert_eq!(world.balances().await, (1_000_000_000 - paid, 0), "nobody else was refilled");
    world.finish().await;
    (to_look, to_settle)
}

#[tokio::test]
async fn ten_thousand_policies_ask_the_node_no_more_than_three() {
    let few = calls_for_a_block(0).await;
    assert!((1..=12).contains(&few.0), "{few:?}");
    assert_eq!(calls_for_a_block(OTHERS).await, few);
}
