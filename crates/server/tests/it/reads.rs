//! How often the node is asked for an order.

use serde_json::json;

use crate::support::chain::recipient_with;
use crate::support::gate::Gate;
use crate::support::merchant::wanted;
use crate::support::{World, plain};

impl World {
    pub(crate) fn forget_calls(&self) {
        self.chain.control("clear_calls", &json!({})).unwrap();
    }
}

#[tokio::test]
async fn a_cold_order_takes_four_calls_and_a_block_shares_them() {
    let mut world = World::new().await;
    let (payer, other) = (world.payer(plain), world.payer(plain));
    world.chain.mine(1);
    world.watch().await;
    world.forget_calls();
    world.order(&wanted(payer, recipient_with())).await;
    assert_eq!(world.chain.calls(""), 4);
    world.forget_calls();
    world.order(&wanted(other, recipient_with())).await;
    assert_eq!(world.chain.calls(""), 3, "what the recipient holds is known");
    world.forget_calls();
    let mut again = wanted(payer, recipient_with());
    again["out_trade_no"] = json!("again");
    world.order(&again).await;
    assert_eq!(world.chain.calls(""), 0, "everything is known");
    world.chain.mine(1);
    world.watch().await;
    world.forget_calls();
    again["out_trade_no"] = json!("in the next block");
    world.order(&again).await;
    assert_eq!(world.chain.calls(""), 4, "and nothing is known of another block");
    world.finish().await;
}

#[tokio::test]
async fn the_calls_are_two_deep() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let gate = Gate::before(&world.chain).await;
    world.config.node.urls = vec![gate.url()];
    world.restart().await;
    world.watch().await;
    // Nobody is let through before three wait side by side.
    gate.close_until(3);
    world.order(&wanted(payer, recipient_with())).await;
    assert_eq!(gate.passed(), 4, "three together, then the simulated transfer");
    world.finish().await;
}

#[tokio::test]
async fn reading_back_and_signing_are_few_calls_too() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.forget_calls();
    world.work().await;
    assert_eq!(world.chain.calls(""), 1, "the delegation is sent, nothing else is asked");
    world.chain.mine(1);
    world.watch().await;
    world.forget_calls();
    world.work().await;
    assert_eq!(world.chain.calls(""), 3, "how far the node is, resources, the simulated transfer");
    world.finish().await;
}
