//! A callback that somebody sends back to us: the merchant's secret signed it, and it is no request.

use app::ports::Store;
use app::rows::OutboxKind;
use domain::UnixMillis;
use serde_json::{Value, json};
use wire::describe::{self, Caller};

use crate::support::http::request;
use crate::support::{Post, Receiver, Setup, World, plain};

/// What a request could have changed.
#[derive(Debug, PartialEq)]
struct Standing {
    orders: i64,
    balances: (i64, i64),
    transfers: usize,
    policies: i64,
    due: Vec<Option<UnixMillis>>,
    shown: Value,
}

impl World {
    async fn standing(&self, order: &Value) -> Standing {
        let kinds = [OutboxKind::Order, OutboxKind::Callback, OutboxKind::Transfer];
        let mut due = Vec::new();
        for kind in kinds {
            due.push(self.store.next_due(kind).await.unwrap());
        }
        let mut policies = 0;
        for path in ["/count-delegate-policy", "/auto-delegate-policy"] {
            policies += self.get(path).await.json()["count"].as_i64().unwrap();
        }
        Standing {
            orders: self.store.audit().await.unwrap().orders,
            balances: self.balances().await,
            transfers: self.store.transfers(self.merchant, 10).await.unwrap().len(),
            policies,
            due,
            shown: self.shown(order).await,
        }
    }
}

/// What was posted to a receiver, sent to us: as it came, with a body that says the same.
fn sent_back(post: &Post, path: &str, body: &[u8]) -> Vec<u8> {
    let names = ["API-KEY", "TIMESTAMP", "SIGNATURE", "Content-Type"];
    let headers = names.map(|name| (name, post.header(name)));
    request(&format!("POST {path} HTTP/1.1"), &headers, body)
}

#[tokio::test]
async fn a_callback_is_no_request_of_any_endpoint() {
    let receiver = Receiver::start().await;
    let callback_url = Some(receiver.url());
    let mut world = World::with(Setup { callback_url, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let order = world.rent(payer, 65_000, "1H").await;
    world.settle().await;
    world.mine(2).await;
    let post = receiver.posts().remove(0);
    assert!(post.is_genuine, "a receiver verifies it as ever");
    let before = world.standing(&order).await;
    let spaced = serde_json::to_string_pretty(&post.json()).unwrap();
    let signed = describe::ALL.iter().filter(|one| one.caller == Caller::Signature);
    for endpoint in signed {
        let path = endpoint.path.replace("{id}", "1");
        for body in [&post.body[..], spaced.as_bytes()] {
            let answer = world.send(&sent_back(&post, &path, body)).await;
            assert_eq!(answer.status(), 400, "{path}: {}", answer.body);
            assert_eq!(answer.json(), json!({"detail": "Invalid signature"}), "{path}");
        }
    }
    assert_eq!(world.standing(&order).await, before);
    world.finish().await;
}
