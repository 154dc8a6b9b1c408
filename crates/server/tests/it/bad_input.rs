//! Every row of the table of bad inputs: the answer, and that nothing was charged.

use app::ports::Store;
use devnet::{Fault, When};
use domain::admin::AdminScope;
use serde_json::{Value, json};
use sunsweep::config::Config;

use crate::admin::Office;
use crate::console::{Browser, form_token};
use crate::support::chain::{recipient_with, recipient_without};
use crate::support::http::request;
use crate::support::merchant::{signed, wanted};
use crate::support::{Answer, KEY, Receiver, SECRET, Setup, World, plain};

const COLLECT: &str = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";
const UNREADABLE: &str =
    "The TRON network cannot be read at the moment. Nothing was charged; please try again.";

fn public_only(config: &mut Config) {
    config.callback.allow_private = false;
}

impl World {
    /// Nothing came of it: no order, no money, nothing sent.
    async fn assert_untouched(&self) {
        assert_eq!(self.store.audit().await.unwrap().orders, 0);
        assert_eq!(self.balances().await, (self.setup.balance_sun, 0));
        assert_eq!(self.chain.calls("wallet/broadcast"), 0);
    }
}

fn detail(answer: &Answer) -> String {
    assert_eq!(answer.status(), 400, "{answer:?}");
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    body["detail"].as_str().unwrap().to_owned()
}

/// The fields that are complained about, each with at least one sentence.
fn fields(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status(), 400, "{answer:?}");
    let body = answer.json();
    let fields = body.as_object().unwrap().iter();
    fields
        .map(|(field, sentences)| {
            let sentences = sentences.as_array().unwrap_or_else(|| panic!("{field}: {body}"));
            assert!(sentences.iter().all(Value::is_string) && !sentences.is_empty(), "{body}");
            field.clone()
        })
        .collect()
}

#[tokio::test]
async fn who_is_calling() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let body = wanted(payer, recipient_with()).to_string();
    let now = world.now_secs();
    let signature = |secs: i64| wire::sign(SECRET.as_bytes(), &secs.to_string(), body.as_bytes());
    let (good, old, early) = (signature(now), signature(now - 301), signature(now + 301));
    let (now_text, old_text, early_text) =
        (now.to_string(), (now - 301).to_string(), (now + 301).to_string());
    let other = "0".repeat(64);
    let rows: [(&str, [Option<&str>; 3], &str); 8] = [
        ("no key", [None, Some(&now_text), Some(&good)], "API not found"),
        ("unknown key", [Some(&KEY[1..]), Some(&now_text), Some(&good)], "API not found"),
        ("no time", [Some(KEY), None, Some(&good)], "Invalid timestamp"),
        ("no signature", [Some(KEY), Some(&now_text), None], "Invalid signature"),
        ("short signature", [Some(KEY), Some(&now_text), Some(&good[4..])], "Invalid signature"),
        ("other signature", [Some(KEY), Some(&now_text), Some(&other)], "Invalid signature"),
        ("late clock", [Some(KEY), Some(&old_text), Some(&old)], "301 seconds behind server time"),
        (
            "early clock",
            [Some(KEY), Some(&early_text), Some(&early)],
            "301 seconds ahead of server",
        ),
    ];
    for (name, values, expected) in rows {
        let headers = ["API-KEY", "TIMESTAMP", "SIGNATURE"].into_iter().zip(values);
        let headers: Vec<_> = headers.filter_map(|(name, value)| Some((name, value?))).collect();
        let answer = world.send(&request(COLLECT, &headers, body.as_bytes())).await;
        assert!(detail(&answer).contains(expected), "{name}: {}", answer.body);
    }
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

#[tokio::test]
async fn what_is_not_an_order() {
    let world = World::with(Setup { tune: public_only, ..Setup::default() }).await;
    let rows: [(&str, &[&str]); 6] = [
        ("", &["receive_address", "scene"]),
        ("scene=1", &["non_field_errors"]),
        ("[1]", &["non_field_errors"]),
        ("\"text\"", &["non_field_errors"]),
        (r#"{"scene":1,"scene":1}"#, &["non_field_errors"]),
        (r#"{"scene":1"#, &["non_field_errors"]),
    ];
    for (body, expected) in rows {
        let answer = world.send(&signed(world.now_secs(), body, &[])).await;
        assert_eq!(fields(&answer), expected, "{body}: {}", answer.body);
    }
    let too_deep = format!("{{\"a\":{}1{}}}", "[".repeat(20), "]".repeat(20));
    let answer = world.send(&signed(world.now_secs(), &too_deep, &[])).await;
    assert_eq!(fields(&answer), ["non_field_errors"], "{}", answer.body);
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

#[tokio::test]
async fn fields_that_cannot_be() {
    let mut world = World::with(Setup { tune: public_only, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let (payer, to) = (payer.to_string(), recipient_with().to_string());
    let broken = format!("{}1", &payer[..33]);
    let long = "x".repeat(65);
    let rows = [
        ("scene", json!(3)),
        ("scene", json!(-1)),
        ("scene", json!(1.0)),
        ("scene", json!("one")),
        ("scene", json!([0])),
        ("scene", json!(null)),
        ("receive_address", json!(broken)),
        ("receive_address", json!("0x0000000000000000000000000000000000000000")),
        ("receive_address", json!(7)),
        ("receive_address", json!(world.chain.usdt())),
        ("to_address", json!(broken)),
        ("to_address", json!(payer)),
        ("callback_url", json!("ftp://merchant.example/callback")),
        ("callback_url", json!("merchant.example/callback")),
        ("callback_url", json!("https://user:word@merchant.example/")),
        ("callback_url", json!("http://{mydomain}/callback")),
        ("callback_url", json!(format!("https://merchant.example/{}", "x".repeat(255)))),
        ("out_trade_no", json!(long)),
        ("out_trade_no", json!("a\u{7f}b")),
        ("out_trade_no", json!("a<b")),
        ("out_trade_no", json!("\u{8ba2}\u{5355}")),
        ("out_trade_no", json!({"a": 1})),
        ("out_trade_no", json!(1.5)),
    ];
    for (field, value) in rows {
        let mut body = json!({"scene": 0, "receive_address": payer, "to_address": to});
        body[field] = value;
        let answer = world.ask(&body).await;
        assert_eq!(fields(&answer), [field], "{body}: {}", answer.body);
    }
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

/// Addresses that a merchant could use to make us call our own network.
const PRIVATE: [&str; 12] = [
    "http://127.0.0.1/",
    "http://127.1:8080/",
    "http://2130706433/",
    "http://localhost/",
    "http://api.localhost/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
];

#[tokio::test]
async fn callbacks_to_private_addresses() {
    let mut world = World::with(Setup { tune: public_only, ..Setup::default() }).await;
    let payer = world.payer(plain);
    for url in PRIVATE {
        let mut body = wanted(payer, recipient_with());
        body["callback_url"] = json!(url);
        let answer = world.ask(&body).await;
        assert_eq!(fields(&answer), ["callback_url"], "{url}: {}", answer.body);
    }
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

/// A name says nothing until it is looked up: then the post is refused, and nothing was connected to.
#[tokio::test]
async fn a_name_that_stands_for_a_private_address_is_never_called() {
    let mut world = World::with(Setup { tune: public_only, ..Setup::default() }).await;
    let receiver = Receiver::start().await;
    let payer = world.payer(crate::support::has_energy);
    let mut body = wanted(payer, recipient_with());
    body["callback_url"] =
        json!(format!("http://merchant.example:{}/callback", receiver.address.port()));
    let order = world.order(&body).await;
    world.settle().await;
    let id = domain::OrderId::parse(order["serial"].as_str().unwrap()).unwrap();
    let attempts = world.store.attempts(id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].status, None);
    assert!(attempts[0].note.contains("not public"), "{}", attempts[0].note);
    assert!(receiver.posts().is_empty());
    world.leave(1, 1).await;
}

#[tokio::test]
async fn not_enough_money() {
    let mut world = World::with(Setup { balance_sun: 3_857_099, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let answer = world.ask(&wanted(payer, recipient_with())).await;
    assert_eq!(detail(&answer), "Insufficient funds");
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

#[tokio::test]
async fn a_sender_that_the_token_refuses() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let blacklist = json!({"address": payer, "blacklisted": true});
    world.chain.control("blacklist", &blacklist).unwrap();
    for recipient in [recipient_with(), recipient_without()] {
        let answer = world.ask(&wanted(payer, recipient)).await;
        assert_eq!(fields(&answer), ["receive_address"]);
        assert!(answer.body.contains("refuses a transfer"), "{}", answer.body);
    }
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

#[tokio::test]
async fn a_node_that_is_gone() {
    let mut world = World::new().await;
    world.expect_log("the chain could not be read");
    let payer = world.payer(plain);
    world.node_stop.cancel();
    assert_eq!(detail(&world.ask(&wanted(payer, recipient_with())).await), UNREADABLE);
    assert_eq!(world.store.audit().await.unwrap().orders, 0);
    assert_eq!(world.balances().await, (world.setup.balance_sun, 0));
    world.leave_without_chain(0, 0).await;
}

#[tokio::test]
async fn a_node_that_does_not_answer() {
    let mut world = World::with(Setup {
        tune: |config| config.node.request_timeout_ms = 150,
        ..Setup::default()
    })
    .await;
    world.expect_log("the chain could not be read");
    let payer = world.payer(plain);
    world.fault("wallet/*", When::Always, Fault::Delay { delay_ms: 60_000 });
    assert_eq!(detail(&world.ask(&wanted(payer, recipient_with())).await), UNREADABLE);
    world.chain.clear_faults();
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

#[tokio::test]
async fn reads_that_fail_one_by_one() {
    let mut world = World::new().await;
    world.expect_log("the chain could not be read");
    let payer = world.payer(plain);
    for path in ["wallet/getaccount", "wallet/triggerconstantcontract"] {
        for fault in [Fault::Status { status: 500 }, Fault::Limiter, Fault::LoseAnswer] {
            world.fault(path, When::Always, fault.clone());
            let answer = world.ask(&wanted(payer, recipient_with())).await;
            assert_eq!(detail(&answer), UNREADABLE, "{path} {fault:?}");
            world.chain.clear_faults();
        }
    }
    world.assert_untouched().await;
    world.leave(0, 0).await;
}

/// A provider that wants no more requests gets none for a while: orders are refused at once.
#[tokio::test]
async fn a_node_that_wants_fewer_requests() {
    let mut world = World::new().await;
    world.expect_log("the chain could not be read");
    let payer = world.payer(plain);
    world.fault("wallet/getaccount", When::Next(1), Fault::Status { status: 429 });
    for _ in 0..3 {
        assert_eq!(detail(&world.ask(&wanted(payer, recipient_with())).await), UNREADABLE);
    }
    assert_eq!(world.chain.calls("wallet/triggerconstantcontract"), 2, "of the first order");
    world.assert_untouched().await;
    world.restart().await;
    world.leave(0, 0).await;
}

/// Weight and prices come with the first block; without them nothing is guessed.
#[tokio::test]
async fn prices_and_weights_that_cannot_be_read() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    for path in ["wallet/getaccountresource", "wallet/getchainparameters"] {
        world.fault(path, When::Always, Fault::Status { status: 500 });
        world.restart().await;
        world.watch().await;
        let failed = std::mem::take(&mut world.failures);
        assert!(failed[0].contains("could not be read"), "{failed:?}");
        assert_eq!(detail(&world.ask(&wanted(payer, recipient_with())).await), UNREADABLE);
        let ready = world.send(&request("GET /readyz HTTP/1.1", &[], b"")).await;
        assert_eq!((ready.status(), ready.json()["chain"].clone()), (503, json!(false)));
        world.chain.clear_faults();
    }
    world.watch().await;
    world.assert_untouched().await;
    world.order(&wanted(payer, recipient_with())).await;
    world.finish().await;
}

#[tokio::test]
async fn orders_that_are_not_there_or_not_ours() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let mut body = wanted(payer, recipient_with());
    body["out_trade_no"] = json!("mine");
    let serial = world.order(&body).await["serial"].as_str().unwrap().to_owned();
    let missing = json!({"errno": 404, "message": "Order not found"});
    for parameters in [
        "serial=ffffffffffffffffffffffffffffffff",
        "serial=%00",
        "serial=1%27%20OR%201=1",
        "out_trade_no=somebody",
    ] {
        assert_eq!(world.query(parameters).await, missing, "{parameters}");
    }
    let other = world.add_merchant_with_key("00000000000000000000000000000002").await;
    for parameters in [format!("serial={serial}"), "out_trade_no=mine".to_owned()] {
        let line = format!("GET /api/v1/frontend/order/query?{parameters} HTTP/1.1");
        let answer = world.send(&request(&line, &[("API-KEY", &other)], b"")).await;
        assert_eq!((answer.status(), answer.json()), (200, missing.clone()));
    }
    world.finish().await;
}

#[tokio::test]
async fn nul_is_refused_wherever_text_is_taken_and_finds_nothing() {
    let mut world = World::new().await;
    world.expect_log("somebody did not get into the console");
    for (name, value) in [("out_trade_no", "a\0b"), ("callback_url", "http://shop.example/\0")] {
        let mut body = json!({"scene": 0, "receive_address": recipient_with()});
        body[name] = json!(value);
        assert_eq!(fields(&world.ask(&body).await), [name]);
    }
    let body = json!({"scene": 0, "receive_address": recipient_with()}).to_string();
    let bytes = signed(world.now_secs(), &body, &[("Idempotency-Key", "a\0b")]);
    assert_eq!(world.send(&bytes).await.status(), 400);
    assert_eq!(world.query("out_trade_no=a%00b").await["errno"], 404);
    assert_eq!(world.query("serial=a%00b").await["errno"], 404);

    let office = Office::open(&world, &AdminScope::ALL).await;
    let key = format!("PATCH /keys/{KEY}");
    for (line, body) in [
        ("POST /merchants", json!({"name": "a\0b"})),
        ("POST /merchants", json!({"name": "a", "callback_url": "http://shop.example/\0"})),
        ("PATCH /merchants/1", json!({"name": "a\0b"})),
        ("POST /merchants/1/keys", json!({"name": "a\0b"})),
        (key.as_str(), json!({"name": "a\0b"})),
        (
            "POST /batches",
            json!({"merchant": 1, "key": KEY, "name": "a\0b", "csv": recipient_with()}),
        ),
        (
            "POST /batches",
            json!({"merchant": 1, "key": KEY, "name": "a",
                   "csv": format!("{},,a\0b", recipient_with())}),
        ),
    ] {
        let (status, said) = office.change(line, &body).await;
        assert_eq!(status, 400, "{line} {body}: {said}");
    }
    let body = json!({"amount_sun": 1, "reason": "a\0b"}).to_string();
    let credit = office.send("POST /merchants/1/credit", &[("Idempotency-Key", "1")], &body).await;
    assert_eq!(credit.status(), 400, "{credit:?}");
    let (status, _) = office.change("POST /keys/a%00b/revoke", &json!({})).await;
    assert_eq!(status, 404);

    let mut browser = Browser::new(&world);
    let form = browser.get("/console/sign-in").await;
    let fields = [("name", "a\0b"), ("password", "a\0b"), ("code", "000000")];
    let answer = browser.post("/console/sign-in", &form_token(&form), &fields).await;
    assert!((400..500).contains(&answer.status()), "{answer:?}");
    world.leave(0, 0).await;
}
