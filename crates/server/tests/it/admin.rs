//! The admin interface from outside: real routes on a listener of their own, tokens, the log.

use app::admin_rows::AdminToken;
use app::administer::Administrator;
use app::ports::{Clock, Store, StoreError};
use app::records::Records;
use app::rows::{Changes, Lease, Needs, OutboxKind, RequestKeys};
use app::work::commit;
use domain::KeyId;
use domain::admin::{AdminScope, AdminScopes};
use serde_json::{Value, json};
use sunsweep::admin::token;
use sunsweep::http_server::HttpServer;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::chain::recipient_with;
use crate::support::http::{exchange, request};
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Answer, KEY, Receiver, Setup, World, plain};

/// What an order for a plain address costs, in sun.
const PRICE: i64 = 3_857_100;

/// An operator's program beside a world.
pub(crate) struct Office {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) token: String,
    pub(crate) token_id: String,
    _stop: DropGuard,
}

impl Office {
    pub(crate) async fn open(world: &World, scopes: &[AdminScope]) -> Self {
        Self::open_as(world, "billing", scopes).await
    }

    /// A program with a token of this name.
    pub(crate) async fn open_as(world: &World, name: &str, scopes: &[AdminScope]) -> Self {
        let anywhere = ([127, 0, 0, 1], 0).into();
        let server = HttpServer::bind(anywhere, world.config.http_limits()).await.unwrap();
        let (address, stop) = (server.local_address(), CancellationToken::new());
        tokio::spawn(server.run(world.product().admin_router(), stop.clone()));
        let new = token::generate().unwrap();
        let row = AdminToken {
            id: new.id,
            name: name.to_owned(),
            scopes: AdminScopes::of(scopes.iter().copied()).unwrap(),
            secret_hash: new.secret_hash,
            created: world.clock.now(),
            revoked: None,
        };
        let row = administrator(world).add_token(row).await.unwrap();
        let token = new.text.as_str().to_owned();
        Self { address, token, token_id: row.id, _stop: stop.drop_guard() }
    }

    pub(crate) async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_to(&line.replacen(' ', " /admin/v1", 1), headers, body).await
    }

    /// The same to any path.
    async fn send_to(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let length = body.len().to_string();
        let mut all = vec![("Authorization", bearer.as_str())];
        if line.starts_with("PATCH") {
            all.push(("Content-Length", &length));
        }
        all.extend(headers);
        let bytes = request(&format!("{line} HTTP/1.1"), &all, body.as_bytes());
        exchange(self.address, &bytes).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.send(&format!("GET {path}"), &[], "").await;
        assert_eq!(answer.status(), 200, "{path}: {}", answer.body);
        answer.json()
    }

    pub(crate) async fn change(&self, line: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(line, &[], &body.to_string()).await;
        (answer.status(), answer.json())
    }

    async fn pay(&self, side: &str, key: &str, sun: i64) -> (u16, Value) {
        let body = json!({"amount_sun": sun, "reason": "invoice 17"}).to_string();
        let line = format!("POST /merchants/1/{side}");
        let answer = self.send(&line, &[("Idempotency-Key", key)], &body).await;
        (answer.status(), answer.json())
    }
}

pub(crate) fn administrator(world: &World) -> Administrator {
    let store: std::sync::Arc<dyn app::ports::Store> = world.store.clone();
    Administrator { store, actor: "cli test".to_owned(), now: world.clock.now() }
}

fn detail(text: &str) -> Value {
    json!({ "detail": text })
}

#[tokio::test]
async fn without_a_token_nothing_is_told_and_wrong_ones_make_wait() {
    let mut world = World::new().await;
    world.expect_log("a wrong token was sent");
    let mut office = Office::open(&world, &[AdminScope::Read]).await;
    let right = office.token.clone();
    let wrong = format!("{}0", &right[..right.len() - 1]);
    let wrong = if wrong == right { format!("{}1", &right[..right.len() - 1]) } else { wrong };
    for bad in ["", "x", wrong.as_str(), &wrong.to_uppercase()] {
        office.token = bad.to_owned();
        let answer = office.send("GET /merchants", &[], "").await;
        assert_eq!((answer.status(), answer.header("www-authenticate")), (401, Some("Bearer")));
        assert_eq!(answer.json(), detail("A valid bearer token is needed."));
    }
    for _ in 4..10 {
        assert_eq!(office.send("GET /merchants", &[], "").await.status(), 401);
    }
    office.token = right;
    let answer = office.send("GET /merchants", &[], "").await;
    assert_eq!((answer.status(), answer.header("retry-after")), (429, Some("61")));
    world.pass_without_blocks(60);
    office.get("/merchants").await;
    administrator(&world).revoke_token(&office.token_id).await.unwrap();
    assert_eq!(office.send("GET /merchants", &[], "").await.status(), 401, "at once");
    // The merchants' listener knows nothing of it.
    let there = request("GET /admin/v1/merchants HTTP/1.1", &[], b"");
    assert_eq!(world.send(&there).await.status(), 404);
    world.finish().await;
}

#[tokio::test]
async fn every_change_needs_its_scope() {
    let world = World::new().await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let wallet = world.wallet().await;
    for (line, body, scope) in [
        ("POST /merchants".to_owned(), json!({"name": "x"}), "merchants"),
        ("PATCH /merchants/1".to_owned(), json!({"paused": true}), "merchants"),
        ("POST /merchants/1/keys".to_owned(), json!({"name": "x"}), "merchants"),
        (format!("PATCH /keys/{KEY}"), json!({"strict": true}), "merchants"),
        (format!("POST /keys/{KEY}/revoke"), json!({}), "merchants"),
        ("POST /merchants/1/credit".to_owned(), json!({}), "money"),
        ("POST /merchants/1/debit".to_owned(), json!({}), "money"),
        ("POST /policies/1/stop".to_owned(), json!({}), "merchants"),
        ("PATCH /prices".to_owned(), json!({}), "prices"),
        ("PATCH /merchants/1/prices".to_owned(), json!({}), "prices"),
        ("POST /merchants/1/deposit-address".to_owned(), json!({}), "merchants"),
        (format!("POST /wallets/{wallet}/disable"), json!({}), "pool"),
        (format!("POST /wallets/{wallet}/enable"), json!({}), "pool"),
        (format!("POST /orders/{}/callback/replay", "0".repeat(32)), json!({}), "callbacks"),
    ] {
        let expected = detail(&format!("This token lacks the scope \"{scope}\"."));
        assert_eq!(office.change(&line, &body).await, (403, expected), "{line}");
    }
    let only_money = Office::open_as(&world, "money", &[AdminScope::Money]).await;
    for path in ["/merchants", "/orders", "/audit-log", "/wallets", "/prices", "/callbacks"] {
        let answer = only_money.send(&format!("GET {path}"), &[], "").await;
        assert_eq!(answer.status(), 403, "{path}");
    }
    let log =
        world.store.admin_log(app::admin_rows::Slice { after: None, limit: 9 }).await.unwrap();
    let actions: Vec<_> = log.iter().map(|line| line.entry.action.as_str()).collect();
    assert_eq!(actions, ["token.add", "token.add"], "nothing else changed");
    world.finish().await;
}

#[tokio::test]
async fn commits_are_counted_for_whoever_watches() {
    let mut world = World::new().await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let commits = async || {
        let answer = office.send_to("GET /metrics", &[], "").await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        let kind = answer.header("content-type").unwrap();
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        let line = answer.body.lines().find_map(|line| {
            let count = line.strip_prefix("sunsweep_database_commits_total ")?;
            count.parse::<u64>().ok()
        });
        line.expect("commits are counted")
    };
    let before = commits().await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    assert!(commits().await > before, "an order is a commit");
    let blind = Office::open_as(&world, "blind", &[AdminScope::Money]).await;
    assert_eq!(blind.send_to("GET /metrics", &[], "").await.status(), 403);
    world.finish().await;
}

#[tokio::test]
async fn what_is_owed_is_told_to_whoever_watches() {
    let mut world = World::new().await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    let answer = office.send_to("GET /metrics", &[], "").await;
    let value = |name: &str| -> i64 {
        let found = answer.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {name} in {}", answer.body)).parse().unwrap()
    };
    assert_eq!(value("sunsweep_database_readable"), 1);
    assert_eq!(value("sunsweep_outbox_rows{kind=\"order\"}"), 1);
    world.finish().await;
}

/// Commits this beside whatever waits with it.
async fn commit_under(
    world: &World,
    lease: Option<Lease>,
    changes: Changes,
) -> Result<(), StoreError> {
    let needs = Needs { lease, ..Needs::default() };
    let decided = commit(&*world.store, needs, move |_| Ok::<_, ()>((changes.clone(), ()))).await;
    decided.map(|accepted| accepted.expect("it refuses nothing"))
}

#[tokio::test]
async fn a_lease_that_is_lost_after_others_wrote_is_counted() {
    let Some(mut world) = World::shared().await else { return };
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let counted = async || {
        let answer = office.send_to("GET /metrics", &[], "").await;
        let line = answer.body.lines().find_map(|line| {
            let name = "sunsweep_database_one_by_one_total{reason=\"lease_lost\"} ";
            line.strip_prefix(name)?.parse::<u64>().ok()
        });
        line.expect("lost leases are counted")
    };
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    let order = world.store.live_on(payer).await.unwrap().remove(0).order.id;
    assert_eq!(counted().await, 0);
    // The first leaves something unsent, and what was read ahead is not known any more after it.
    let forgotten = RequestKeys {
        key: KeyId(1),
        timestamp_secs: 0,
        signature: [0; 32],
        route: [0; 32],
        idempotency: None,
    };
    let writes = Changes { nudges: vec![order], forgotten: Some(forgotten), ..Changes::default() };
    let lost = Lease { kind: OutboxKind::Order, subject: order.0, fence: i64::MAX, nudges: 0 };
    // Both wait behind one that stands still, so that they share a transaction.
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let store = world.store.clone();
    let standing = tokio::spawn(async move {
        commit(&*store, Needs::default(), move |_| {
            begun.take().map(|begun| begun.send(()));
            gate.recv().ok();
            Ok::<_, ()>((Changes::default(), ()))
        })
        .await
    });
    has_begun.await.unwrap();
    let (first, second, ()) = futures::join!(
        commit_under(&world, None, writes),
        commit_under(&world, Some(lost), Changes::default()),
        async { open.send(()).unwrap() },
    );
    standing.await.unwrap().unwrap().unwrap();
    assert_eq!((first, second), (Ok(()), Err(StoreError::LeaseLost)));
    assert_eq!(counted().await, 1);
    world.finish().await;
}

#[tokio::test]
async fn merchants_and_keys_are_managed_and_the_log_tells_it() {
    let mut world = World::new().await;
    let office = Office::open(&world, &[AdminScope::Read, AdminScope::Merchants]).await;
    let url = "https://merchant.example/cb";
    let (status, added) =
        office.change("POST /merchants", &json!({"name": " Second ", "callback_url": url})).await;
    assert_eq!((status, &added["id"], &added["name"]), (201, &json!(2), &json!("Second")));
    assert_eq!(office.get("/merchants/2").await, added);
    let renamed = office.change("PATCH /merchants/2", &json!({"name": "Two"})).await.1;
    assert_eq!((&renamed["name"], &renamed["callback_url"]), (&json!("Two"), &json!(url)));
    let taken = office.change("PATCH /merchants/2", &json!({"callback_url": null})).await.1;
    assert_eq!(taken["callback_url"], Value::Null);
    let wanted_key = json!({
        "name": "till", "scopes": ["read"], "allowed_from": ["203.0.113.7"], "daily_cap_sun": 5,
    });
    let (status, key) = office.change("POST /merchants/1/keys", &wanted_key).await;
    assert_eq!((status, key["secret"].as_str().unwrap().len()), (201, 64));
    let text = key["key"].as_str().unwrap().to_owned();
    let open = json!({"scopes": ["read", "order"], "allowed_from": [], "daily_cap_sun": null});
    let opened = office.change(&format!("PATCH /keys/{text}"), &open).await.1;
    assert_eq!(opened["scopes"], json!(["read", "order"]));
    assert_eq!((&opened["allowed_from"], &opened["daily_cap_sun"]), (&json!([]), &Value::Null));
    assert_eq!((&opened["name"], opened.get("secret")), (&json!("till"), None));
    let listed = office.get("/merchants/1/keys").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let paused = office.change("PATCH /merchants/1", &json!({"paused": true})).await.1;
    assert_eq!(paused["paused"], json!(true));
    let payer = world.payer(plain);
    assert_eq!(world.ask(&wanted(payer, recipient_with())).await.status(), 400);
    office.change("PATCH /merchants/1", &json!({"paused": false})).await;
    office.change(&format!("POST /keys/{text}/revoke"), &json!({})).await;
    let again = office.change(&format!("POST /keys/{text}/revoke"), &json!({})).await;
    assert_eq!(again, (404, detail(&format!("there is no live key {text}"))));
    // What changes nothing leaves no line.
    office.change("PATCH /merchants/1", &json!({"paused": false})).await;
    let log = office.get("/audit-log").await;
    let lines: Vec<_> = log["items"].as_array().unwrap().iter().rev().collect();
    let told: Vec<_> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        [
            "token.add",
            "merchant.add",
            "merchant.change",
            "merchant.change",
            "key.add",
            "key.change",
            "merchant.pause",
            "merchant.resume",
            "key.revoke",
        ]
    );
    assert!(lines[1..].iter().all(|line| line["actor"] == json!("token billing")));
    assert_eq!(lines[6]["before"]["paused"], json!(false));
    assert_eq!(lines[6]["after"]["paused"], json!(true));
    assert!(!log.to_string().contains(key["secret"].as_str().unwrap()), "a secret is in the log");
    let first = office.get("/audit-log?limit=4").await;
    let path = format!("/audit-log?limit=9&after={}", first["next"].as_str().unwrap());
    let rest = office.get(&path).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 5);
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_changes_nothing() {
    let world = World::new().await;
    let all = AdminScope::ALL;
    let office = Office::open(&world, &all).await;
    let long = "x".repeat(101);
    for (line, body, status, part) in [
        ("POST /merchants", json!({"name": ""}), 400, "a name of 1 to 100 characters"),
        ("POST /merchants", json!({"name": long}), 400, "a name of 1 to 100 characters"),
        ("POST /merchants", json!({"nam": "x"}), 400, "unknown field `nam`"),
        ("POST /merchants", json!([]), 400, "The body cannot be used"),
        ("PATCH /merchants/9", json!({"name": "x"}), 404, "there is no merchant 9"),
        ("PATCH /merchants/x", json!({"name": "x"}), 404, "Not found."),
        ("POST /merchants/9/keys", json!({"name": "x"}), 404, "there is no merchant 9"),
        ("POST /merchants/1/keys", json!({"name": "x", "scopes": []}), 400, "at least one scope"),
        ("POST /merchants/1/keys", json!({"name": "x", "scopes": ["root"]}), 400, "not a scope"),
        (
            "POST /merchants/1/keys",
            json!({"name": "x", "allowed_from": ["here"]}),
            400,
            "neither an IP address nor a network",
        ),
        ("PATCH /keys/nobody", json!({}), 404, "there is no live key nobody"),
        ("PATCH /prices", json!({"energy": 1}), 400, "is not a price"),
        ("PATCH /prices", json!({"energy_price_sun": -1}), 400, "must be between 0 and"),
        ("PATCH /merchants/9/prices", json!({"energy_price_sun": 1}), 404, "no merchant 9"),
        (
            "POST /merchants/1/credit",
            json!({"amount_sun": 1, "reason": "x"}),
            400,
            "Idempotency-Key",
        ),
        ("POST /wallets/T1/disable", json!({}), 404, "Not found."),
        ("POST /orders/1/callback/replay", json!({}), 404, "there is no such order"),
    ] {
        let (found, said) = office.change(line, &body).await;
        let text = said["detail"].as_str().unwrap();
        assert_eq!(found, status, "{line} {body}: {text}");
        assert!(text.contains(part), "{line} {body}: {text}");
    }
    for (path, part) in [
        ("/orders?state=lost", "state must be"),
        ("/orders?limit=501", "limit must be"),
        ("/orders?what=1", "unknown field"),
        ("/orders?after=1", "after must be"),
        ("/orders?from=soon", "from must be"),
        ("/merchants/1/statement?after=x", "after must be"),
    ] {
        let answer = office.send(&format!("GET {path}"), &[], "").await;
        assert_eq!(answer.status(), 400, "{path}");
        assert!(answer.body.contains(part), "{path}: {}", answer.body);
    }
    let log = office.get("/audit-log").await;
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "the token's own line");
    world.finish().await;
}

#[tokio::test]
async fn a_credit_is_posted_once_however_often_it_is_sent() {
    for storage in [Storage::Memory, Storage::Threads] {
        let world = World::with(Setup { storage, ..Setup::default() }).await;
        let office = Office::open(&world, &[AdminScope::Read, AdminScope::Money]).await;
        let sends = (0..8).map(|_| office.pay("credit", "invoice-17", 5_000_000));
        let answers = futures::future::join_all(sends).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!((answers[0].0, &answers[0].1["available_sun"]), (200, &json!(105_000_000)));
        assert_eq!(world.balances().await.0, 105_000_000);
        let other = office.pay("credit", "invoice-17", 6_000_000).await;
        let reused = "this idempotency key was used for a different request";
        assert_eq!(other, (409, detail(reused)));
        assert_eq!(office.pay("debit", "invoice-17", 5_000_000).await.0, 409, "the other way");
        let debit = office.pay("debit", "back", 105_000_001).await;
        assert_eq!(debit, (409, detail("Shop has only 105 TRX available")));
        assert_eq!(office.pay("debit", "back", 105_000_000).await.0, 200);
        assert_eq!(world.balances().await.0, 0);
        for sun in [0, -1] {
            let nothing = office.pay("credit", "nothing", sun).await;
            assert_eq!(nothing, (400, detail("the amount must be more than nothing")));
        }
        let log = office.get("/audit-log").await;
        let actions: Vec<_> =
            log["items"].as_array().unwrap().iter().map(|line| line["action"].clone()).collect();
        assert_eq!(
            actions,
            [json!("merchant.debit"), json!("merchant.credit"), json!("token.add")]
        );
        assert_eq!(log["items"][1]["after"]["reason"], json!("invoice 17"));
        world.finish().await;
    }
}

#[tokio::test]
async fn prices_hold_from_the_next_order_on() {
    let mut world = World::new().await;
    let office = Office::open(&world, &[AdminScope::Read, AdminScope::Prices]).await;
    let bandwidth = world.config.price.bandwidth_price_sun;
    let charged = async |world: &mut World| {
        let payer = world.payer(plain);
        world.order(&wanted(payer, recipient_with())).await["amount"].as_i64().unwrap()
    };
    assert_eq!(charged(&mut world).await, PRICE);
    let set = office.change("PATCH /prices", &json!({"energy_price_sun": 100})).await;
    assert_eq!((set.0, &set.1["set"]), (200, &json!({"energy_price_sun": 100})));
    assert_eq!(set.1["effective"]["bandwidth_price_sun"], json!(bandwidth));
    assert_eq!(charged(&mut world).await, PRICE / 60 * 100);
    let own = json!({"energy_price_sun": 50});
    let set = office.change("PATCH /merchants/1/prices", &own).await.1;
    assert_eq!((&set["set"], &set["effective"]["energy_price_sun"]), (&own, &json!(50)));
    assert_eq!(charged(&mut world).await, PRICE / 60 * 50);
    let let_go = json!({"energy_price_sun": null});
    let set = office.change("PATCH /merchants/1/prices", &let_go).await.1;
    assert_eq!((&set["set"], &set["effective"]["energy_price_sun"]), (&json!({}), &json!(100)));
    assert_eq!(charged(&mut world).await, PRICE / 60 * 100);
    let log = office.get("/audit-log?limit=1").await;
    assert_eq!(log["items"][0]["subject"], json!("merchant 1"));
    assert_eq!(log["items"][0]["before"], own);
    world.finish().await;
}

#[tokio::test]
async fn orders_callbacks_and_wallets_are_shown_with_what_belongs_to_them() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let office = Office::open(&world, &AdminScope::ALL).await;
    let mut serials = Vec::new();
    for number in 0..3 {
        let payer = world.payer(plain);
        let mut body = wanted(payer, recipient_with());
        body["out_trade_no"] = json!(format!("invoice-{number}"));
        body["callback_url"] = json!(receiver.url());
        serials.push(world.order(&body).await["serial"].as_str().unwrap().to_owned());
    }
    world.settle().await;
    world.mine(2).await;
    let first = office.get("/orders?limit=2").await;
    let listed = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["order"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(&first), [serials[2].clone(), serials[1].clone()]);
    let rest =
        office.get(&format!("/orders?limit=2&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!((listed(&rest), &rest["next"]), (vec![serials[0].clone()], &Value::Null));
    assert_eq!(
        listed(&office.get("/orders?merchant=1&reference=invoice-1").await),
        [serials[1].clone()]
    );
    assert_eq!(listed(&office.get("/orders?merchant=2").await), [""; 0]);
    assert_eq!(listed(&office.get("/orders?state=refunded").await), [""; 0]);
    let now = world.clock.now().get();
    assert_eq!(listed(&office.get(&format!("/orders?from={now}")).await), [""; 0]);
    let shown = office.get(&format!("/orders/{}", serials[0])).await;
    assert_eq!((&shown["state"], &shown["price_sun"]), (&json!("delivered"), &json!(PRICE)));
    let leg = &shown["legs"][0];
    assert_eq!((&leg["kind"], &leg["state"]), (&json!("delegation"), &json!("included")));
    assert_eq!(leg["txs"][0]["road"], json!("out"));
    let facts: Vec<_> =
        shown["entries"].as_array().unwrap().iter().map(|entry| entry["fact"].clone()).collect();
    let [held, settled] = [json!("order_held"), json!("order_settled")];
    assert_eq!(facts, [held.clone(), held, settled.clone(), settled]);
    assert_eq!(shown["callback"]["state"], json!("delivered"));
    assert_eq!(shown["callback"]["attempts_made"][0]["http_status"], json!(200));
    let before = receiver.posts().len();
    assert_eq!(office.get("/callbacks?state=owed").await["items"], json!([]));
    let line = format!("POST /orders/{}/callback/replay", serials[0]);
    let (status, replayed) = office.change(&line, &json!({})).await;
    assert_eq!((status, &replayed["state"]), (200, &json!("owed")));
    let owed = office.get("/callbacks?state=owed&merchant=1").await;
    assert_eq!(listed(&owed), [serials[0].clone()]);
    world.settle().await;
    assert_eq!(receiver.posts().len(), before + 1);
    assert_eq!(listed(&office.get("/callbacks?state=delivered").await).len(), 3);
    let wallets = office.get("/wallets").await;
    let lender = wallets["items"].as_array().unwrap().iter().find(|row| row["role"] == "lender");
    let address = lender.unwrap()["address"].as_str().unwrap().to_owned();
    let line = format!("POST /wallets/{address}/disable");
    assert_eq!(office.change(&line, &json!({})).await.1["enabled"], json!(false));
    let clean = office.get("/audit").await;
    assert_eq!((&clean["clean"], &clean["differences"]), (&json!(true), &json!([])));
    assert_eq!(office.get("/audit?offline=true").await["orders"], json!(3));
    world.finish().await;
}

/// What the parts of a list show under this name, part by part, and how many parts there are.
async fn walk(office: &Office, path: &str, name: &str) -> (Vec<Value>, usize) {
    let (mut found, mut parts, mut after) = (Vec::new(), 0, String::new());
    loop {
        let part = office.get(&format!("{path}?limit=2{after}")).await;
        let items = part["items"].as_array().unwrap();
        assert!(items.len() <= 2, "{path}: {part}");
        found.extend(items.iter().map(|item| item[name].clone()));
        parts += 1;
        match part["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return (found, parts),
        }
    }
}

#[tokio::test]
async fn merchants_keys_and_wallets_are_listed_in_parts() {
    let setup = Setup { lender_stake_trx: vec![10_000; 4], ..Setup::default() };
    let world = World::with(setup).await;
    let office = Office::open(&world, &AdminScope::ALL).await;
    for number in 2..=5 {
        office.change("POST /merchants", &json!({"name": format!("shop {number}")})).await;
    }
    let (ids, parts) = walk(&office, "/merchants", "id").await;
    assert_eq!((ids, parts), ((1..=5).map(Value::from).collect(), 3));
    for number in 2..=6 {
        let name = json!({"name": format!("key {number}")});
        let (_, added) = office.change("POST /merchants/1/keys", &name).await;
        office
            .change(&format!("POST /keys/{}/revoke", added["key"].as_str().unwrap()), &json!({}))
            .await;
    }
    let (names, parts) = walk(&office, "/merchants/1/keys", "name").await;
    let expected = ["MY API", "key 2", "key 3", "key 4", "key 5", "key 6"];
    // Six fill three parts; whether there is a fourth is known only by asking.
    assert_eq!((names, parts), (expected.map(Value::from).to_vec(), 4));
    let whole = office.get("/wallets").await;
    let all: Vec<_> =
        whole["items"].as_array().unwrap().iter().map(|item| item["address"].clone()).collect();
    assert!(all.len() >= 5, "{whole}");
    assert_eq!(walk(&office, "/wallets", "address").await.0, all);
    for list in ["/merchants", "/merchants/1/keys", "/wallets", "/merchants/1/deposits"] {
        for wrong in ["limit=0", "limit=501", "after=!", "page=2"] {
            let answer = office.send(&format!("GET {list}?{wrong}"), &[], "").await;
            assert_eq!(answer.status(), 400, "{list}?{wrong}: {}", answer.body);
        }
    }
    world.finish().await;
}

impl World {
    /// A world's first wallet.
    pub(crate) async fn wallet(&self) -> String {
        use app::ports::Store;
        self.store.wallets().await.unwrap()[0].address.to_string()
    }
}

/// The real curl, as an operator's script would call it.
async fn curl(office: &Office, arguments: &[&str], path: &str) -> (String, Value) {
    let output = tokio::process::Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"])
        .args(["--header", &format!("Authorization: Bearer {}", office.token)])
        .args(arguments)
        .arg(format!("http://{}/admin/v1{path}", office.address))
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn curl_adds_a_merchant_credits_it_and_reads_its_statement() {
    let world = World::new().await;
    let scopes = [AdminScope::Read, AdminScope::Merchants, AdminScope::Money];
    let office = Office::open(&world, &scopes).await;
    let (status, added) = curl(&office, &["--data", r#"{"name": "Zoë"}"#], "/merchants").await;
    assert_eq!((status.as_str(), &added["name"]), ("201", &json!("Zoë")));
    let credit = [
        "--header",
        "Idempotency-Key: 2026-001",
        "--data",
        r#"{"amount_sun": 12500000, "reason": "invoice 1"}"#,
    ];
    for _ in 0..2 {
        let (status, credited) = curl(&office, &credit, "/merchants/2/credit").await;
        assert_eq!((status.as_str(), &credited["available_sun"]), ("200", &json!(12_500_000)));
    }
    let pause = ["--request", "PATCH", "--data", r#"{"paused": true}"#];
    assert_eq!(curl(&office, &pause, "/merchants/2").await.1["paused"], json!(true));
    let (_, statement) = curl(&office, &[], "/merchants/2/statement").await;
    let lines = statement["items"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["reason"], json!("invoice 1"));
    world.finish().await;
}
