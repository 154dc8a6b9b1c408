//! The same request again, and requests that only look the same.

use app::ports::Store;
use futures::future::join_all;
use serde_json::json;

use crate::support::chain::recipient_with;
use crate::support::http::exchange;
use crate::support::merchant::{rented, signed, signed_to, wanted};
use crate::support::world::Storage;
use crate::support::{Setup, World, plain};

const PRICE: i64 = 3_857_100;

impl World {
    async fn orders(&self) -> i64 {
        self.store.audit().await.unwrap().orders
    }
}

#[tokio::test]
async fn a_replay_gets_the_first_answer() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let bytes = world.signed(&wanted(payer, recipient_with()));
    let first = world.send(&bytes).await;
    world.mine(2).await;
    world.pass_without_blocks(200);
    assert_eq!(world.send(&bytes).await.body, first.body);
    // Even if the chain cannot be read now.
    world.chain.mine(1);
    world.watch().await;
    let lost = devnet::Fault::LoseRequest;
    world.fault("wallet/*", devnet::When::Always, lost);
    assert_eq!(world.send(&bytes).await.body, first.body);
    world.chain.clear_faults();
    assert_eq!(world.orders().await, 1);
    assert_eq!(world.balances().await.0, 100_000_000 - PRICE);
    world.finish().await;
}

#[tokio::test]
async fn twenty_at_once_are_one_order() {
    for storage in [Storage::Memory, Storage::Threads] {
        let mut world = World::with(Setup { storage, ..Setup::default() }).await;
        let payer = world.payer(plain);
        let bytes = world.signed(&wanted(payer, recipient_with()));
        let answers = join_all((0..20).map(|_| exchange(world.address, &bytes))).await;
        let first = answers[0].clone().unwrap();
        assert_eq!(first.status(), 200);
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().body == first.body));
        assert_eq!(world.orders().await, 1);
        assert_eq!(world.balances().await, (100_000_000 - PRICE, PRICE));
        world.mine(2).await;
        assert_eq!(world.delegations(payer), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_idempotency_key_answers_the_same_content_and_refuses_other() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let body = wanted(payer, recipient_with()).to_string();
    let key = [("Idempotency-Key", "order 17")];
    let first = world.send(&signed(world.now_secs(), &body, &key)).await;
    assert_eq!(first.status(), 200);
    // Signed later and written in another way: the same content.
    let rewritten = format!("{} ", body.replace(',', ", "));
    let later = world.send(&signed(world.now_secs() + 7, &rewritten, &key)).await;
    assert_eq!(later.body, first.body);
    let mut other = wanted(payer, recipient_with());
    other["out_trade_no"] = json!("another");
    let refused = world.send(&signed(world.now_secs(), &other.to_string(), &key)).await;
    assert_eq!(refused.status(), 400);
    let sentence = "This key was used for a different request.";
    assert_eq!(refused.json(), json!({"Idempotency-Key": [sentence]}));
    assert_eq!(world.orders().await, 1);
    assert_eq!(world.balances().await, (100_000_000 - PRICE, PRICE));
    world.finish().await;
}

/// The header is not signed: whoever records a resend can send it without.
#[tokio::test]
async fn a_resend_without_its_idempotency_key_acts_no_more_either() {
    for storage in [Storage::Memory, Storage::Threads] {
        let mut world = World::with(Setup { storage, ..Setup::default() }).await;
        let payer = world.payer(plain);
        let key = [("Idempotency-Key", "order 17")];
        let asked = [
            ("/order/collect-manual", wanted(payer, recipient_with())),
            ("/order", rented(payer, 65_000, "1H")),
            ("/order/transfer", json!({"amount": 345_000, "receive_address": payer})),
            ("/count-delegate-policy", json!({"times": 5, "receive_address": payer})),
        ];
        for (number, (path, body)) in asked.iter().enumerate() {
            let key = [(key[0].0, &*format!("{} {number}", key[0].1))];
            let (now, body) = (world.now_secs(), body.to_string());
            let first = world.send(&signed_to(path, now, &body, &key)).await;
            assert_eq!(first.status(), 200, "{path}: {}", first.body);
            for secs in [7, 8] {
                // Once while the chain can be read, once while it cannot.
                if secs == 8 {
                    world.chain.mine(1);
                    world.watch().await;
                    world.fault("wallet/*", devnet::When::Always, devnet::Fault::LoseRequest);
                }
                let resent = world.send(&signed_to(path, now + secs, &body, &key)).await;
                assert_eq!(resent.body, first.body, "{path}");
                let bare = world.send(&signed_to(path, now + secs, &body, &[])).await;
                assert_eq!(bare.body, first.body, "{path}: the same bytes without the header");
            }
            world.chain.clear_faults();
        }
        assert_eq!(world.orders().await, 2);
        assert_eq!(world.store.transfers(world.merchant, 10).await.unwrap().len(), 1);
        assert_eq!(world.count_shown(payer).await["count_limit"], 5, "bought once");
        world.mine(2).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_label_is_no_identity_and_the_newest_is_shown() {
    let mut world = World::new().await;
    let payers = [world.payer(plain), world.payer(plain)];
    let mut serials = Vec::new();
    for payer in payers {
        let mut body = wanted(payer, recipient_with());
        body["out_trade_no"] = json!(123_456);
        serials.push(world.order(&body).await["serial"].clone());
    }
    assert_ne!(serials[0], serials[1]);
    let shown = world.query("out_trade_no=123456").await;
    assert_eq!(shown["serial"], serials[1]);
    assert_eq!(shown["out_trade_no"], "123456");
    assert_eq!(world.orders().await, 2);
    world.finish().await;
}

/// Unless the operator set the key to strict.
#[tokio::test]
async fn a_strict_key_refuses_a_label_that_it_knows() {
    let mut world = World::new().await;
    let key = "00000000000000000000000000000003";
    world.add_strict_key(key).await;
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    body["out_trade_no"] = json!("once");
    let first = world.ask_with(key, &body).await;
    assert_eq!(first.status(), 200, "{}", first.body);
    body["scene"] = json!(2);
    let second = world.ask_with(key, &body).await;
    let sentence = "An order with this out_trade_no already exists.";
    assert_eq!(second.status(), 400);
    assert_eq!(second.json(), json!({"out_trade_no": [sentence]}));
    assert_eq!(world.orders().await, 1);
    world.finish().await;
}

/// Two orders for one address are two transfers: each has its own energy, and none is taken back
/// while the other still needs it.
#[tokio::test]
async fn two_orders_for_one_address_serve_two_transfers() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    let first = world.order(&body).await;
    body["out_trade_no"] = json!("the second");
    let second = world.order(&body).await;
    world.settle().await;
    world.mine(2).await;
    assert_eq!((world.status(&first).await, world.status(&second).await), (40, 40));
    assert!(world.usable_energy(payer) >= 2 * 64_285);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(3).await;
    assert!(world.usable_energy(payer) >= 64_285, "the second order's is still there");
    crate::support::plain(&world.chain, payer);
    assert!(world.sweeps(payer, recipient_with()));
    world.mine(3).await;
    assert_eq!(world.returns(payer), world.delegations(payer));
    world.finish().await;
}

/// An address that is ordered for again and again and never used holds only so many orders.
#[tokio::test]
async fn an_address_holds_at_most_twenty_orders() {
    let mut world = World::with(Setup { balance_sun: 1_000_000_000, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    for number in 0..20 {
        body["out_trade_no"] = json!(number);
        world.order(&body).await;
    }
    let before = world.balances().await;
    body["out_trade_no"] = json!("one more");
    let refused = world.ask(&body).await;
    let detail = json!({"detail": "20 orders are already open on this address."});
    assert_eq!((refused.status(), refused.json()), (400, detail));
    assert_eq!(world.balances().await, before);
    world.mine(8).await;
    assert!(world.usable_energy(payer) >= 20 * 64_285);
    world.finish().await;
}

/// Stopping an order at once makes no room for another one: it is filled first, and ends later.
#[tokio::test]
async fn an_address_holds_at_most_twenty_orders_that_are_stopped_at_once() {
    let mut world = World::with(Setup { balance_sun: 1_000_000_000, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    for number in 0..20 {
        body["out_trade_no"] = json!(number);
        let order = world.order(&body).await;
        let end = json!({"serial": order["serial"]});
        assert_eq!(world.post("/order/reclaim", &end).await.status(), 200);
    }
    body["out_trade_no"] = json!("one more");
    let refused = world.ask(&body).await;
    let detail = json!({"detail": "20 orders are already open on this address."});
    assert_eq!((refused.status(), refused.json()), (400, detail));
    world.finish().await;
}
