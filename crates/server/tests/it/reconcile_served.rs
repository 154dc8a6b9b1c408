//! What was served normally, and what the owner of a wallet did by hand, is nobody's debt.

use app::ports::Store;
use sunsweep::put_right::post_entries;

use crate::admin::administrator;
use crate::support::World;
use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{never_activated, plain};

impl World {
    pub(crate) async fn solid_number(&self) -> i64 {
        self.app.node.solid_head().await.unwrap().number
    }
}

/// Whoever gives a range after the server has run reads blocks whose orders are over.
#[tokio::test]
async fn what_was_served_is_not_charged_again() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let address = world.deposit_address(world.merchant).await;
    let first = world.solid_number().await;
    let (swept, rented) = (world.payer(never_activated), world.payer(plain));
    let paid = world.payer(plain);
    let collection = world.order(&wanted(swept, recipient_with())).await;
    let rent = world.rent(rented, 65_000, "1H").await;
    assert_eq!(world.transfer(paid, 345_000).await.status(), 200);
    world.deposits(address, 25);
    world.mine(4).await;
    for order in [&collection, &rent] {
        assert_eq!(world.status(order).await, 40);
    }
    assert!(world.sweeps(swept, recipient_with()) && world.sweeps(rented, recipient_with()));
    world.mine(2).await;
    world.pass_secs(3_700).await;
    world.make_final().await;
    world.make_final().await;
    let range = Some((first, world.solid_number().await));
    assert_eq!(world.store.open_txs().await.unwrap(), Vec::new(), "all of it is over");
    assert_eq!((world.returns(swept), world.returns(rented)), (1, 1), "and taken back");
    assert_eq!(world.on_chain(swept, "AccountCreateContract"), 1);
    assert_eq!(world.on_chain(paid, "TransferContract"), 1);
    assert_eq!(world.store.deposits(None, 10).await.unwrap().len(), 1);

    let before = world.balances().await;
    for _ in 0..2 {
        let mut found = world.found_in(range).await;
        assert!(found.is_clean() && found.txs.is_empty(), "{found:?}");
        let failures = post_entries(&administrator(&world), &mut found).await;
        assert!(failures.is_empty(), "{failures:?}");
        assert_eq!(world.balances().await, before);
    }
    world.finish().await;
}
