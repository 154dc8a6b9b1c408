//! Which refusal wins when several apply: clients come to depend on it.

use app::ports::Store;
use serde_json::{Value, json};

use crate::support::chain::recipient_with;
use crate::support::http::request;
use crate::support::{KEY, SECRET, Setup, World, plain};

const COLLECT: &str = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";

/// What is wrong with a request and its world, in the order in which it is to be told.
const KINDS: [(&str, &str); 10] = [
    ("parse", "JSON parse error"),
    ("key", "API not found"),
    ("time", "Invalid timestamp"),
    ("signature", "Invalid signature"),
    ("clock", "behind server time"),
    ("shape", "is not a valid choice"),
    ("idempotency key", "Only printable ASCII characters are allowed."),
    ("permission", "Orders are paused"),
    ("state", "This address is a contract."),
    ("money", "Insufficient funds"),
];
/// The last kind, told when nothing else is wrong.
const CAPACITY: &str = "Not enough energy is available";

/// A request in which this kind and everything after it is wrong, as far as they go together.
fn wrong_from(kind: usize, world: &World, payer: &str) -> Vec<u8> {
    let is_wrong = |at: usize| kind <= at;
    let receiver = if is_wrong(8) { world.chain.usdt().to_string() } else { payer.to_owned() };
    let scene: Value = if is_wrong(5) { json!(9) } else { json!(0) };
    let body = json!({"receive_address": receiver, "scene": scene, "to_address": recipient_with()});
    let body = if is_wrong(0) { format!("{body}}}") } else { body.to_string() };
    let secs = if is_wrong(4) { world.now_secs() - 1_000 } else { world.now_secs() };
    let time = if is_wrong(2) { "soon".to_owned() } else { secs.to_string() };
    let signature = match is_wrong(3) {
        true => "00".repeat(32),
        false => wire::sign(SECRET.as_bytes(), &time, body.as_bytes()),
    };
    let key = if is_wrong(1) { "nobody" } else { KEY };
    let mut headers = vec![("API-KEY", key), ("TIMESTAMP", &time), ("SIGNATURE", &signature)];
    if is_wrong(6) {
        headers.push(("Idempotency-Key", "a\u{e9}"));
    }
    request(COLLECT, &headers, body.as_bytes())
}

#[tokio::test]
async fn the_first_kind_that_fails_answers() {
    let setup = Setup { balance_sun: 0, lender_stake_trx: Vec::new(), ..Setup::default() };
    let mut world = World::with(setup).await;
    let payer = world.payer(plain).to_string();
    assert!(world.store.pause_merchant(world.merchant, true).await.unwrap());
    for (at, (kind, expected)) in KINDS.iter().enumerate() {
        if *kind == "state" {
            assert!(world.store.pause_merchant(world.merchant, false).await.unwrap());
        }
        let answer = world.send(&wrong_from(at, &world, &payer)).await;
        assert_eq!(answer.status(), 400, "{kind}");
        assert!(answer.body.contains(expected), "{kind}: {}", answer.body);
    }
    world.credit(100_000_000).await;
    world.expect_log("want of capacity");
    let answer = world.send(&wrong_from(KINDS.len(), &world, &payer)).await;
    assert!(answer.body.contains(CAPACITY), "{}", answer.body);
    assert_eq!(world.balances().await, (100_000_000, 0));
    world.leave(0, 0).await;
}
