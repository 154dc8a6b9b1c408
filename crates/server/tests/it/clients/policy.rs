//! The policies of clients: `count-delegate-policy` and `auto-delegate-policy`.

use serde_json::{Value, json};

use super::{Form, integer, text};
use crate::support::chain::never_activated;
use crate::support::{KEY, Receiver, Setup, World, plain};

fn key() -> [(&'static str, &'static str); 1] {
    [("API-KEY", KEY)]
}

impl World {
    async fn records(&self, path: &str) -> Vec<Value> {
        let answer = self.client_get(path, &key()).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        answer.json()["results"].as_array().unwrap().clone()
    }
}

/// Row 1: the documented fields with a stray `bandwidth`; lists; a smart delegation that is switched off.
#[tokio::test]
async fn row_01_python_package() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let count = format!(r#"{{"bandwidth":0,"receive_address":"{payer}","times":5}}"#);
    let answer = world.client_post("/count-delegate-policy", Form::plain(&count)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(integer(&answer.json(), "errno"), 0);
    integer(&answer.json(), "balance");
    let path = format!("/count-delegate-policy?receive_address={payer}");
    let listed = world.client_get(&path, &key()).await.json();
    assert_eq!((integer(&listed, "count"), integer(&listed, "code")), (1, 0));
    assert_eq!((&listed["next"], &listed["previous"]), (&Value::Null, &Value::Null));
    let smart = format!(r#"{{"max_energy":65000,"period":1,"receive_address":"{payer}"}}"#);
    let answer = world.client_post("/auto-delegate-policy", Form::plain(&smart)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(answer.json()["message"], "1 smart delegate has been added");
    let policy = world.records("/auto-delegate-policy").await.remove(0);
    let path = format!("/auto-delegate-policy/{}/change-status", integer(&policy, "id"));
    let answer = world.client_post(&path, Form::plain(r#"{"status":0}"#)).await;
    assert_eq!(answer.json(), json!({"errno": 0}));
    assert_eq!(integer(&world.records("/auto-delegate-policy").await[0], "status"), 0);
    world.leave(0, 0).await;
}

/// Row 4: a perpetual policy with `unused_times_threshold: ""`; edits it by address, with all fields;
/// reads only `results`.
#[tokio::test]
async fn row_04_java_reseller() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let body = format!(
        r#"{{"count_bandwidth_limit":false,"receive_address":"{payer}","times":0,"unused_times_threshold":""}}"#
    );
    let answer = world.client_post("/count-delegate-policy", Form::plain(&body)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(integer(&answer.json(), "errno"), 0);
    let policy = world.records("/count-delegate-policy").await.remove(0);
    assert_eq!(text(&policy, "receive_address"), payer.to_string());
    for name in ["id", "status", "last_step", "unused_times", "count_limit_dynamic"] {
        integer(&policy, name);
    }
    assert_eq!(integer(&policy, "unused_times_threshold"), 2, "the default");
    assert_eq!((&policy["is_always"], &policy["pause"]), (&json!(true), &json!(false)));
    let edit = format!(
        r#"{{"count_bandwidth_limit":false,"count_limit_dynamic":0,"is_always":false,"pause":true,"receive_address":"{payer}"}}"#
    );
    let answer = world.client_post("/count-delegate-policy/edit-address", Form::plain(&edit)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(answer.json()["pause"], true);
    assert!(answer.json().get("errno").is_none(), "the bare policy");
    world.leave(0, 0).await;
}

/// Row 4 matches two fragments of `detail` here too.
#[tokio::test]
async fn row_04_java_reseller_refused() {
    let mut world = World::with(Setup { balance_sun: 1_000_000, ..Setup::default() }).await;
    let (payer, stranger) = (world.payer(plain), world.payer(never_activated));
    for (receiver, fragment) in
        [(stranger, "is the inactive address."), (payer, "Insufficient funds")]
    {
        let body = format!(r#"{{"receive_address":"{receiver}","times":0}}"#);
        let answer = world.client_post("/count-delegate-policy", Form::plain(&body)).await;
        assert_eq!(answer.status(), 400, "{}", answer.body);
        assert!(text(&answer.json(), "detail").contains(fragment), "{}", answer.body);
    }
    world.leave(0, 0).await;
}

/// Row 4 books a customer's order for each refill that it is told of, with nulls kept when it verifies:
/// a label that is no UUID would fail it, so that there is none.
#[tokio::test]
async fn row_04_java_reseller_refilled() {
    let receiver = Receiver::start().await;
    let setup = Setup { callback_url: Some(receiver.url()), ..Setup::default() };
    let mut world = World::with(setup).await;
    let payer = world.payer(plain);
    let body = format!(
        r#"{{"count_bandwidth_limit":false,"receive_address":"{payer}","times":0,"unused_times_threshold":""}}"#
    );
    let answer = world.client_post("/count-delegate-policy", Form::plain(&body)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    world.settle().await;
    world.mine(4).await;
    let post = receiver.posts().remove(0);
    assert!(post.is_genuine);
    let event = post.json();
    assert_eq!(event.to_string().as_bytes(), post.body, "sorted and compact, nulls kept");
    assert_eq!(
        (&event["source"], &event["out_trade_no"]),
        (&json!("count_delegate"), &Value::Null)
    );
    for name in ["amount", "energy_amount", "status"] {
        integer(&event, name);
    }
    for (name, length) in [("serial", 32), ("txid", 64), ("receive_address", 34), ("period", 2)] {
        assert_eq!(text(&event, name).len(), length, "{name}");
    }
    let pause = format!(
        r#"{{"count_bandwidth_limit":false,"count_limit_dynamic":0,"is_always":false,"pause":true,"receive_address":"{payer}"}}"#
    );
    let answer =
        world.client_post("/count-delegate-policy/edit-address", Form::plain(&pause)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    world.finish().await;
}
