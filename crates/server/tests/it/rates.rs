//! How often a key and a peer may ask.

use app::ports::Store;
use app::rows::Key;
use serde_json::{Value, json};
use sunsweep::config::Config;

use crate::support::chain::recipient_with;
use crate::support::http::request;
use crate::support::merchant::wanted;
use crate::support::world::key_row;
use crate::support::{Answer, KEY, Setup, World, plain};

const QUERY: &str = "GET /api/v1/frontend/order/query?out_trade_no=none HTTP/1.1";
const INDEX: &str = "GET /api/v1/frontend/index-data HTTP/1.1";

async fn world(tune: fn(&mut Config)) -> World {
    World::with(Setup { tune, ..Setup::default() }).await
}

fn two_a_key(config: &mut Config) {
    (config.limit.key_requests_per_second, config.limit.key_burst) = (1, 2);
}

fn two_a_peer(config: &mut Config) {
    (config.limit.peer_requests_per_second, config.limit.peer_burst) = (1, 2);
}

fn assert_throttled(answer: &Answer) {
    assert_eq!(answer.status(), 429, "{answer:?}");
    let sentence = "Request was throttled. Expected available in 1 seconds.";
    assert_eq!(answer.json(), json!({"detail": sentence}));
    assert_eq!(answer.header("retry-after"), Some("1"));
}

impl World {
    async fn fetch(&self, line: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(&request(line, headers, b"")).await
    }
}

#[tokio::test]
async fn an_order_too_many_does_nothing_and_may_be_sent_again_as_it_is() {
    let mut world = world(two_a_key).await;
    let bodies: Vec<Value> = (0..3).map(|_| wanted(world.payer(plain), recipient_with())).collect();
    for body in &bodies[..2] {
        world.order(body).await;
    }
    let before = (world.balances().await, world.chain.calls(""));
    let third = world.signed(&bodies[2]);
    assert_throttled(&world.send(&third).await);
    assert_eq!((world.balances().await, world.chain.calls("")), before, "it did nothing");
    world.clock.advance_ms(1_000);
    let answer = world.send(&third).await;
    assert_eq!(answer.status(), 200, "the same bytes: {}", answer.body);
    world.finish().await;
}

#[tokio::test]
async fn a_key_is_not_slowed_down_by_others() {
    let world = world(two_a_key).await;
    let other = world.add_merchant_with_key("00000000000000000000000000000002").await;
    let mine = [("API-KEY", KEY)];
    for _ in 0..2 {
        assert_eq!(world.fetch(QUERY, &mine).await.status(), 200);
    }
    assert_throttled(&world.fetch(QUERY, &mine).await);
    assert_eq!(world.fetch(QUERY, &[("API-KEY", &other)]).await.status(), 200);
    world.leave(0, 0).await;
}

/// Who knows a key's text but not its secret cannot use up how often it may order.
#[tokio::test]
async fn requests_that_are_not_signed_right_do_not_count_for_the_key() {
    let mut world = world(two_a_key).await;
    let payer = world.payer(plain);
    for _ in 0..5 {
        let now = world.now_secs().to_string();
        let signature = "0".repeat(64);
        let headers = [("API-KEY", KEY), ("TIMESTAMP", &*now), ("SIGNATURE", &*signature)];
        let line = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";
        let answer = world.send(&request(line, &headers, b"{}")).await;
        assert_eq!(answer.json(), json!({"detail": "Invalid signature"}));
    }
    world.order(&wanted(payer, recipient_with())).await;
    world.finish().await;
}

#[tokio::test]
async fn a_peer_without_a_key_is_slowed_down_and_one_with_a_key_is_not() {
    let world = world(two_a_peer).await;
    for _ in 0..2 {
        assert_eq!(world.fetch(INDEX, &[]).await.status(), 200);
    }
    for line in [INDEX, "GET /openapi.json HTTP/1.1", "GET /nowhere HTTP/1.1"] {
        assert_throttled(&world.fetch(line, &[]).await);
    }
    let mine = [("API-KEY", KEY)];
    for _ in 0..5 {
        assert_eq!(world.fetch(INDEX, &mine).await.status(), 200);
    }
    assert_eq!(world.fetch("GET /healthz HTTP/1.1", &[]).await.status(), 200, "load balancers");
    world.clock.advance_ms(1_000);
    assert_eq!(world.fetch(INDEX, &[]).await.status(), 200);
    world.leave(0, 0).await;
}

/// Each of these is refused when it was read, because its secret cannot be opened: it shows that the
/// database was asked.
#[tokio::test]
async fn the_database_is_not_asked_for_more_keys_than_a_peer_may_name() {
    let mut world = world(two_a_peer).await;
    world.expect_log("cannot be opened");
    assert_eq!(world.fetch(INDEX, &[("API-KEY", KEY)]).await.status(), 200);
    world.clock.advance_ms(1_000);
    let texts: Vec<String> = (0..10).map(|number| format!("{number:032}")).collect();
    for text in &texts {
        let row = Key { sealed_secret: vec![0; 80], ..key_row(world.merchant, text, "damaged") };
        world.store.add_key(&row, 20).await.unwrap().unwrap();
    }
    let mut read = 0;
    for text in &texts {
        let answer = world.fetch(QUERY, &[("API-KEY", text)]).await;
        match answer.status() {
            500 => read += 1,
            _ => assert_throttled(&answer),
        }
    }
    assert_eq!(read, 2);
    // One that has worked here goes on.
    assert_eq!(world.fetch(INDEX, &[("API-KEY", KEY)]).await.status(), 200);
    world.leave(0, 0).await;
}

#[tokio::test]
async fn guessing_keys_and_signatures_is_slowed_down() {
    let world = world(two_a_peer).await;
    let unknown = [("API-KEY", "00000000000000000000000000000000")];
    assert_eq!(world.fetch(QUERY, &unknown).await.status(), 400);
    assert_eq!(world.fetch(INDEX, &unknown).await.body, "{}");
    for line in [QUERY, INDEX, "GET /api/v1/frontend/userapi/summary HTTP/1.1"] {
        assert_throttled(&world.fetch(line, &unknown).await);
    }
    let post = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";
    let headers = [("API-KEY", KEY), ("TIMESTAMP", "1686796826"), ("SIGNATURE", "00")];
    assert_throttled(&world.send(&request(post, &headers, b"{}")).await);
    world.leave(0, 0).await;
}
