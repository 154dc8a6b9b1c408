//! The key of a policy: what pays for refills has to be allowed to, and another can take its place.

use domain::admin::AdminScope;
use domain::key::{KeyLimits, Scope, Scopes};
use serde_json::{Value, json};

use super::{REFILL, world};
use crate::admin::{Office, administrator};
use crate::support::policy::{AUTO, COUNT};
use crate::support::{KEY, Receiver, World, plain};

/// The key that takes over.
const NEXT: &str = "00000000000000000000000000000009";
const SCOPES: [AdminScope; 2] = [AdminScope::Read, AdminScope::Merchants];
const STOPPED: &str = "a policy stops: its key is revoked or lacks the scope";

/// The newest policy as the operator sees it: how it stands, whose key pays, and whether that may.
async fn shown(office: &Office) -> (String, String, bool) {
    let policy = office.get("/merchants/1/policies").await["items"][0].clone();
    let text = |name: &str| policy[name].as_str().unwrap().to_owned();
    (text("state"), text("key"), policy["key_may_order"].as_bool().unwrap())
}

impl World {
    /// Posts with the key that takes over.
    async fn post_with_next(&self, path: &str, body: &Value) {
        let answer = self.send(&self.signed_post(NEXT, path, body)).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_revoked_key_buys_no_refill_and_an_edit_goes_on_with_another() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    world.expect_log(STOPPED);
    world.add_limited_key(NEXT, KeyLimits::default()).await;
    let office = Office::open(&world, &SCOPES).await;
    let payer = world.payer(plain);
    world.count_policy(payer, 0).await;
    world.settle().await;
    world.mine(4).await;
    assert_eq!(shown(&office).await, ("enabled".to_owned(), KEY.to_owned(), true));
    administrator(&world).revoke_key(KEY).await.unwrap();
    world.pays_and_sweeps(payer);
    world.mine(4).await;
    world.pass_secs(86_400).await;
    assert_eq!(shown(&office).await, ("paused".to_owned(), KEY.to_owned(), false));
    assert_eq!((world.delegations(payer), world.returns(payer)), (1, 1));
    assert_eq!(world.balances().await, (100_000_000 - REFILL, 0));
    let edit = format!("{COUNT}/edit-address");
    world.post_with_next(&edit, &json!({"receive_address": payer, "pause": false})).await;
    world.settle().await;
    world.mine(4).await;
    assert_eq!(shown(&office).await, ("enabled".to_owned(), NEXT.to_owned(), true));
    assert_eq!(world.delegations(payer), 2);
    assert_eq!(world.balances().await, (100_000_000 - 2 * REFILL, 0));
    receiver.wait_for(2).await;
    let posts = receiver.posts();
    let keys: Vec<_> = posts.iter().map(|post| post.header("API-KEY")).collect();
    assert_eq!(keys, [KEY, NEXT]);
    assert!(posts.iter().all(|post| post.is_genuine));
    world.post_with_next(&edit, &json!({"receive_address": payer, "pause": true})).await;
    world.finish().await;
}

#[tokio::test]
async fn a_key_that_may_not_order_any_more_buys_no_refill() {
    let receiver = Receiver::start().await;
    let mut world = world(&receiver, 100_000_000).await;
    world.expect_log(STOPPED);
    world.add_limited_key(NEXT, KeyLimits::default()).await;
    let office = Office::open(&world, &SCOPES).await;
    let payer = world.payer(plain);
    world.auto_policy(payer, 65_000, 3).await;
    world.settle().await;
    world.mine(4).await;
    let id = world.auto_shown(payer).await["id"].as_i64().unwrap();
    let narrow = app::administer::KeyChange {
        scopes: Some(Scopes::of([Scope::Read]).unwrap()),
        ..app::administer::KeyChange::default()
    };
    administrator(&world).change_key(KEY, narrow).await.unwrap();
    world.pays_and_sweeps(payer);
    world.mine(4).await;
    assert_eq!(shown(&office).await, ("disabled".to_owned(), KEY.to_owned(), false));
    assert_eq!(world.auto_shown(payer).await["status"], 0);
    assert_eq!(world.balances().await, (100_000_000 - REFILL, 0));
    world.post_with_next(&format!("{AUTO}/{id}/change-status"), &json!({"status": 1})).await;
    world.settle().await;
    world.mine(4).await;
    assert_eq!(shown(&office).await, ("enabled".to_owned(), NEXT.to_owned(), true));
    assert_eq!(world.delegations(payer), 2);
    world.post_with_next(&format!("{AUTO}/{id}/change-status"), &json!({"status": 0})).await;
    world.pass_secs(86_400).await;
    world.finish().await;
}

#[tokio::test]
async fn an_operator_sees_policies_and_stops_one() {
    let mut world = World::new().await;
    let office = Office::open(&world, &SCOPES).await;
    let (first, second) = (world.payer(plain), world.payer(plain));
    world.count_policy(first, 0).await;
    world.auto_policy(second, 65_000, 3).await;
    world.count_policy(second, 5).await;
    world.settle().await;
    world.mine(4).await;
    let mut seen = Vec::new();
    let mut path = "/merchants/1/policies?limit=2".to_owned();
    loop {
        let part = office.get(&path).await;
        let items = part["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|one| (one["policy"].clone(), one["kind"].clone())));
        let Some(next) = part["next"].as_str() else { break };
        path = format!("/merchants/1/policies?limit=2&after={next}");
    }
    let expected = [(3, "count"), (2, "auto"), (1, "count")];
    assert_eq!(seen, expected.map(|(id, kind)| (json!(id), json!(kind))));
    for (id, state) in [(1, "paused"), (2, "disabled"), (3, "paused"), (1, "paused")] {
        let stop = format!("POST /policies/{id}/stop");
        let (status, policy) = office.change(&stop, &json!({})).await;
        assert_eq!((status, policy["state"].as_str()), (200, Some(state)), "{policy}");
    }
    assert_eq!(office.change("POST /policies/4/stop", &json!({})).await.0, 404);
    let log = office.get("/audit-log?limit=4").await;
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().collect();
    let told: Vec<_> = actions.iter().map(|line| (&line["action"], &line["subject"])).collect();
    assert_eq!(told[2], (&json!("policy.stop"), &json!("policy 1")));
    assert_eq!(told[3].0, "token.add", "what is stopped already leaves no line");
    let bought = world.balances().await;
    world.pays_and_sweeps(first);
    world.mine(4).await;
    world.pass_secs(86_400).await;
    assert_eq!(world.balances().await, bought, "nothing was bought any more");
    world.finish().await;
}
