//! A shop moves to PostgreSQL while its server runs, with orders in every state.

use app::ports::{Clock, Store, StoreError};
use app::rows::OutboxKind;
use store::{OpenError, Options, Purpose, SqlStore};

use crate::cluster::cluster;
use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, plain};

/// What an order for a plain address costs, in sun.
const PRICE: i64 = 3_857_100;

#[tokio::test]
async fn a_shop_moves_while_it_works_and_nothing_is_done_twice() {
    let Some(cluster) = cluster() else { return };
    let mut world = World::with(Setup { storage: Storage::Threads, ..Setup::default() }).await;
    world.expect_log("the shop was moved to another database");
    let payers: Vec<_> = (0..4).map(|_| world.payer(plain)).collect();
    let [delivered, sent, accepted, late] = payers[..] else { panic!("there are four") };
    world.order(&wanted(delivered, recipient_with())).await;
    world.settle().await;
    world.mine(1).await;
    world.order(&wanted(sent, recipient_with())).await;
    world.settle().await;
    let request = world.signed(&wanted(accepted, recipient_with()));
    let answer = world.send(&request).await;
    assert_eq!(answer.status(), 200);

    let (from, url) = (world.config.sqlite_path(), cluster.database_url());
    let moved = {
        let (from, url) = (from.clone(), url.clone());
        let copy = move || store::copy(&from, &url.as_str().into(), Purpose::Move);
        tokio::task::spawn_blocking(copy).await.unwrap().unwrap()
    };
    assert!(moved.iter().any(|table| table.name == "orders" && table.rows == 3));

    // The old server still runs, and takes, sends and charges nothing.
    let refused = world.ask(&wanted(late, recipient_with())).await;
    assert_eq!(refused.status(), 503);
    let now = world.clock.now();
    let worked = world.store.claim(OutboxKind::Order, "old", now, now.after_secs(60), 10).await;
    assert!(matches!(worked, Err(StoreError::Unavailable(_))), "{worked:?}");
    let opened = SqlStore::open(&from, Options::default()).err();
    assert!(matches!(opened, Some(OpenError::Moved { .. })), "{opened:?}");

    world.restart_at(url).await;
    world.watch().await;
    let again = world.send(&request).await;
    assert_eq!(
        (again.status(), again.json()["serial"].clone()),
        (200, answer.json()["serial"].clone())
    );
    world.order(&wanted(late, recipient_with())).await;
    world.mine(2).await;
    for payer in &payers {
        assert!(world.sweeps(*payer, recipient_with()));
    }
    world.run_out().await;
    for payer in &payers {
        assert_eq!((world.delegations(*payer), world.returns(*payer)), (1, 1));
    }
    let spent = world.setup.balance_sun - PRICE * i64::try_from(payers.len()).unwrap();
    assert_eq!(world.balances().await, (spent, 0), "each is charged once");
    world.finish().await;
}
