//! What a key may do: scopes, where it may be used from, and what it may spend in a day.

use domain::key::{AllowList, KeyLimits, Scope, Scopes};
use futures::future::join_all;
use serde_json::{Value, json};
use tron::Sun;

use crate::support::chain::recipient_with;
use crate::support::http::{exchange, request};
use crate::support::merchant::{signed_by, wanted};
use crate::support::world::Storage;
use crate::support::{Answer, Setup, World, plain};

const LIMITED: &str = "00000000000000000000000000000009";
/// What an order for a plain address costs, in sun.
const PRICE: i64 = 3_857_100;

fn only(scopes: &[Scope]) -> KeyLimits {
    KeyLimits { scopes: Scopes::of(scopes.iter().copied()).unwrap(), ..KeyLimits::default() }
}

fn from(networks: &[&str]) -> KeyLimits {
    KeyLimits { allowed_from: AllowList::of(networks).unwrap(), ..KeyLimits::default() }
}

fn cap(sun: i64) -> KeyLimits {
    KeyLimits { daily_cap: Some(Sun::new(sun)), ..KeyLimits::default() }
}

fn detail(text: &str) -> (u16, Value) {
    (400, json!({ "detail": text }))
}

fn said(answer: &Answer) -> (u16, Value) {
    (answer.status(), answer.json())
}

impl World {
    /// Asks for an order that does not exist, with the limited key and further headers.
    async fn ask_for_nothing(&self, headers: &[(&str, &str)]) -> Answer {
        let line = "GET /api/v1/frontend/order/query?serial=1 HTTP/1.1";
        let headers = [&[("API-KEY", LIMITED)], headers].concat();
        self.send(&request(line, &headers, b"")).await
    }
}

#[tokio::test]
async fn a_key_does_only_what_its_scopes_say() {
    let not_found = (200, json!({"errno": 404, "message": "Order not found"}));
    let lacks =
        |scope| detail(&format!("This API key may not do that: it lacks the scope \"{scope}\"."));
    let mut world = World::new().await;
    world.add_limited_key(LIMITED, only(&[Scope::Order])).await;
    let payer = world.payer(plain);
    let body = wanted(payer, recipient_with());
    assert_eq!(said(&world.ask_for_nothing(&[]).await), lacks("read"));
    assert_eq!(world.ask_with(LIMITED, &body).await.status(), 200);
    world.finish().await;

    let mut world = World::new().await;
    world.add_limited_key(LIMITED, only(&[Scope::Read, Scope::Transfer])).await;
    let payer = world.payer(plain);
    let body = wanted(payer, recipient_with());
    assert_eq!(said(&world.ask_for_nothing(&[]).await), not_found);
    assert_eq!(said(&world.ask_with(LIMITED, &body).await), lacks("order"));
    // Without the secret nobody learns what the key may do.
    let forged = String::from_utf8(signed_by(LIMITED, world.now_secs(), &body)).unwrap();
    let (head, text) = forged.split_once("\r\n\r\n").unwrap();
    let forged = format!("{head}\r\n\r\n{}", text.replace("\"scene\":0", "\"scene\":1"));
    let refused = world.send(forged.as_bytes()).await;
    assert_eq!(said(&refused), detail("Invalid signature"));
    world.finish().await;
}

#[tokio::test]
async fn a_key_works_only_from_its_networks() {
    let refusal = || detail("This API key may not be used from this address.");
    let mut world = World::new().await;
    world.add_limited_key(LIMITED, from(&["203.0.113.0/24"])).await;
    let payer = world.payer(plain);
    let body = wanted(payer, recipient_with());
    assert_eq!(said(&world.ask_for_nothing(&[]).await), refusal());
    assert_eq!(said(&world.ask_with(LIMITED, &body).await), refusal());
    // No proxy is trusted, so the header is what the client claims about itself.
    let claims = world.ask_for_nothing(&[("X-Forwarded-For", "203.0.113.5")]).await;
    assert_eq!(said(&claims), refusal());
    world.finish().await;

    let behind_a_proxy = Setup {
        tune: |config| config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()],
        ..Setup::default()
    };
    let world = World::with(behind_a_proxy).await;
    world.add_limited_key(LIMITED, from(&["203.0.113.0/24"])).await;
    for (chain, status) in [
        ("203.0.113.5", 200),
        ("198.51.100.1, 203.0.113.5", 200),
        ("203.0.113.5, 198.51.100.1", 400),
        ("nobody", 400),
    ] {
        let answer = world.ask_for_nothing(&[("X-Forwarded-For", chain)]).await;
        assert_eq!(answer.status(), status, "{chain}");
    }
    assert_eq!(said(&world.ask_for_nothing(&[]).await), refusal());
    world.finish().await;
}

#[tokio::test]
async fn a_days_spend_reaches_the_cap_and_never_passes_it() {
    for storage in [Storage::Memory, Storage::Threads] {
        let mut world = World::with(Setup { storage, ..Setup::default() }).await;
        world.add_limited_key(LIMITED, cap(5 * PRICE)).await;
        let payers: Vec<_> = (0..12).map(|_| world.payer(plain)).collect();
        let orders: Vec<_> = payers
            .iter()
            .map(|payer| signed_by(LIMITED, world.now_secs(), &wanted(*payer, recipient_with())))
            .collect();
        let answers = join_all(orders.iter().map(|order| exchange(world.address, order))).await;
        let answers: Vec<_> = answers.into_iter().map(Option::unwrap).collect();
        let accepted = answers.iter().filter(|answer| answer.status() == 200).count();
        assert_eq!(accepted, 5, "at once");
        for answer in answers.iter().filter(|answer| answer.status() != 200) {
            let text = "The daily limit of this API key does not cover this order.";
            assert_eq!(said(answer), detail(text));
        }
        assert_eq!(world.balances().await, (100_000_000 - 5 * PRICE, 5 * PRICE));
        // The same request again still gets its answer; another key is not bound by this one's cap.
        let again = exchange(world.address, &orders[0]).await.unwrap();
        assert_eq!(again.body, answers[0].body);
        world.order(&wanted(payers[11], recipient_with())).await;
        // The next day begins at midnight of UTC+8.
        let secs_left = 86_400 - (world.now_secs() + 8 * 3_600) % 86_400;
        world.pass_without_blocks(secs_left - 1);
        let late = world.ask_with(LIMITED, &wanted(payers[10], recipient_with())).await;
        assert_eq!(late.status(), 400);
        world.pass_without_blocks(1);
        let next_day = world.ask_with(LIMITED, &wanted(payers[10], recipient_with())).await;
        assert_eq!(next_day.status(), 200, "{}", next_day.body);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_is_refunded_may_be_spent_again_on_its_day() {
    let mut world = World::new().await;
    world.add_limited_key(LIMITED, cap(2 * PRICE - 1)).await;
    let (first, second) = (world.payer(plain), world.payer(plain));
    // Nothing can be sent, so the first order ends with a refund.
    world.fault("wallet/broadcast*", devnet::When::Always, devnet::Fault::LoseRequest);
    assert_eq!(world.ask_with(LIMITED, &wanted(first, recipient_with())).await.status(), 200);
    assert_eq!(world.ask_with(LIMITED, &wanted(second, recipient_with())).await.status(), 400);
    world.expect_log("sending went unanswered");
    world.run_out().await;
    world.chain.clear_faults();
    assert_eq!(world.balances().await, (100_000_000, 0));
    assert_eq!(world.ask_with(LIMITED, &wanted(second, recipient_with())).await.status(), 200);
    world.finish().await;
}
