//! Keys that are taken away, merchants that are stopped.

use app::ports::{Clock, Store};
use serde_json::json;
use sunsweep::keys::KEY_FRESH_MS;

use crate::support::chain::recipient_with;
use crate::support::http::request;
use crate::support::merchant::wanted;
use crate::support::{KEY, Receiver, World, has_energy, plain};

#[tokio::test]
async fn a_revoked_key_stops_within_a_second_and_still_signs_what_it_promised() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let payer = world.payer(has_energy);
    let mut body = wanted(payer, recipient_with());
    body["callback_url"] = json!(receiver.url());
    world.order(&body).await;
    assert!(world.store.revoke_key(KEY, world.clock.now()).await.unwrap());
    world.pass_without_blocks(KEY_FRESH_MS / 1_000);
    let refused = world.ask(&body).await;
    assert_eq!((refused.status(), refused.json()), (400, json!({"detail": "API not found"})));
    let line = "GET /api/v1/frontend/order/query?serial=1 HTTP/1.1";
    let query = world.send(&request(line, &[("API-KEY", KEY)], b"")).await;
    assert_eq!((query.status(), query.json()), (400, json!({"detail": "API not found"})));
    world.settle().await;
    assert_eq!(receiver.posts().len(), 1);
    assert!(receiver.posts()[0].is_genuine);
    assert_eq!(receiver.posts()[0].header("API-KEY"), KEY);
    world.finish().await;
}

#[tokio::test]
async fn a_revoked_key_does_not_live_on_when_the_clock_goes_back() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    let now = world.clock.now();
    assert!(world.store.revoke_key(KEY, now).await.unwrap());
    world.clock.set(now.get() - 3_600_000);
    let refused = world.ask(&wanted(payer, recipient_with())).await;
    world.clock.set(now.get());
    assert_eq!((refused.status(), refused.json()), (400, json!({"detail": "API not found"})));
    world.settle().await;
    world.mine(2).await;
    world.finish().await;
}

#[tokio::test]
async fn a_paused_merchant_orders_nothing_new_and_loses_nothing_old() {
    let mut world = World::new().await;
    let (first, second) = (world.payer(plain), world.payer(plain));
    let order = world.order(&wanted(first, recipient_with())).await;
    assert!(world.store.pause_merchant(world.merchant, true).await.unwrap());
    let refused = world.ask(&wanted(second, recipient_with())).await;
    let detail = json!({"detail": "Orders are paused for this account."});
    assert_eq!((refused.status(), refused.json()), (400, detail));
    world.settle().await;
    world.mine(1).await;
    assert_eq!(world.status(&order).await, 40, "what was accepted is delivered");
    assert!(world.store.pause_merchant(world.merchant, false).await.unwrap());
    world.order(&wanted(second, recipient_with())).await;
    world.finish().await;
}

/// The outcome is signed by the key that placed the order, so each program can check its own.
#[tokio::test]
async fn callbacks_are_signed_by_the_key_that_ordered() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let other = "00000000000000000000000000000004";
    world.add_strict_key(other).await;
    for key in [KEY, other] {
        let payer = world.payer(has_energy);
        let mut body = wanted(payer, recipient_with());
        body["callback_url"] = json!(receiver.url());
        assert_eq!(world.ask_with(key, &body).await.status(), 200);
        world.settle().await;
        assert_eq!(receiver.posts().last().unwrap().header("API-KEY"), key);
    }
    world.finish().await;
}
