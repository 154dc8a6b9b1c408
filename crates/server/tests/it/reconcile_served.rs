//! What was served normally, and what the owner of a wallet did by hand, is nobody's debt.

use app::ports::Store;
use app::reconcile::Stranded;
use sunsweep::put_right::post_entries;
use tron::{Contract, Resource, Sun};

use crate::admin::administrator;
use crate::support::chain::{ACTIVATOR, PAYER, key, lender, recipient_with};
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, never_activated, plain};

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

/// With one merchant, it would be the one to pay for whatever the owner moves.
#[tokio::test]
async fn what_an_owner_does_by_hand_is_nobodys_debt() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let receiver = world.payer(plain);
    world.mine(1).await;
    let copy = world.copied_to(&elsewhere);

    let resource = Resource::Energy;
    let (by, activator) = (key(lender(0)).address(), key(ACTIVATOR).address());
    for number in [lender(0), ACTIVATOR, PAYER] {
        world.chain.credit(key(number).address(), Sun::from_trx(6_000));
        world.pays(number, recipient_with(), Sun::from_trx(5_000));
    }
    let account = key(990).address();
    world.signs(ACTIVATOR, Contract::CreateAccount { owner: activator, account });
    let stake = Sun::from_trx(1_000);
    let lend = Contract::Delegate { owner: by, receiver, resource, balance: stake, lock: None };
    world.signs(lender(0), lend);
    world.make_final().await;
    world.put_back(&copy).await;
    let before = world.balances().await;

    let mut found = world.found().await;
    assert_eq!(found.txs, Vec::new());
    let by_hand = Stranded { wallet: by, receiver, resource, stake };
    assert_eq!(found.stranded, [by_hand], "what is out is out, whoever lent it");
    let failures = post_entries(&administrator(&world), &mut found).await;
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(world.balances().await, before);
    world.signs(lender(0), Contract::Undelegate { owner: by, receiver, resource, balance: stake });
    world.mine(1).await;
    world.finish().await;
}
