//! The platform's contract, section 12, point by point and in its order.

use serde_json::{Value, json};

use crate::support::chain::recipient_with;
use crate::support::http::request;
use crate::support::merchant::wanted;
use crate::support::{
    Answer, KEY, Receiver, Reply, SECRET, Setup, World, has_energy, never_activated, plain,
};

const COLLECT: &str = "/api/v1/frontend/order/collect-manual";
const ORDER: &str = "/api/v1/frontend/order";
const NOW: &str = "1686796826";

/// A POST whose signature was made over `signed` while `sent` goes over the wire.
async fn post(world: &World, path: &str, signed: &str, sent: &str, content_type: &str) -> Answer {
    let signature = wire::sign(SECRET.as_bytes(), NOW, signed.as_bytes());
    let headers = [
        ("Content-Type", content_type),
        ("API-KEY", KEY),
        ("TIMESTAMP", NOW),
        ("SIGNATURE", &signature),
    ];
    world.send(&request(&format!("POST {path} HTTP/1.1"), &headers, sent.as_bytes())).await
}

async fn get(world: &World, path: &str, key: Option<&str>) -> Answer {
    let headers: Vec<_> = key.iter().map(|key| ("API-KEY", *key)).collect();
    let line = format!("GET /api/v1/frontend{path} HTTP/1.1");
    world.send(&request(&line, &headers, b"")).await
}

/// V1 to V10 of the contract: message after the ampersand, and signature.
const VECTORS: [(&str, &str); 10] = [
    (
        r#"{"callback_url":"http://{mydomain}/callback","energy_amount":32000,"out_trade_no":"123456","period":"1D","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#,
        "07c125cabfe006614a02131f927cca9e7a654f7644a817b155fad591e1c50f7b",
    ),
    (
        r#"{"callback_url":"http://{mydomain}/callback","energy_amount":32000,"out_trade_no":"123456","period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#,
        "97befcf19587cf2fcb0091d69afcceca7e8d37b6f574fd280148ac901e913f33",
    ),
    (
        r#"{"callback_url":"http://{mydomain}/callback","out_trade_no":"123456","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","scene":2}"#,
        "25e9715f691b56a0b4e4c91f7b2e9ad03c601f33c3878daaeb4e5a590747091b",
    ),
    (
        r#"{"scene":2,"receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","callback_url":"http://{mydomain}/callback","out_trade_no":"123456"}"#,
        "024bf302f03bb3469b3f0335ceb494539836226d24402a21c8c90655421ffece",
    ),
    (
        r#"{"serial":"1bcb40c612aababdcb166ac2cd7e3525"}"#,
        "e508a1950890e00e40930e1fc4ba48a2e6bb8f08040b65fe60d593ff41604e4f",
    ),
    (
        r#"{"energy_amount":65000,"out_trade_no":"\u8ba2\u53551","period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#,
        "0b2e8c0704ee792af78b1c063c2421613ec6e5b2f3f650b48818d262f87a6f20",
    ),
    (
        r#"{"energy_amount":65000,"out_trade_no":"订单1","period":"1H","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#,
        "b3356469008929d22dc286463296340c80547e366677839c474ce32d62f56a30",
    ),
    (
        r#"{"callback_url":"http://{mydomain}/callback","energy_amount":32000,"out_trade_no":17,"period":"1D","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"}"#,
        "e9bd728ebc1e7afde423e1e1792403fd2628538e899f3e8e354b7edf64563615",
    ),
    ("", "995069fa9b18484cd0c4a869e0cbf0dff5d05fc60ae02b8d72517c763404b0aa"),
    ("{}", "4713c1028cff7fa308f4f4b755c484cfe259af903ec7cb3797865766d8477e0a"),
];

/// 1. V1–V10 verify; V8b's body with V8's signature is accepted; a duplicate key is refused.
#[tokio::test]
async fn point_01_signatures() {
    let world = World::new().await;
    let send = async |body: &str, signature: &str| {
        let headers = [("API-KEY", KEY), ("TIMESTAMP", NOW), ("SIGNATURE", signature)];
        let line = format!("POST {COLLECT} HTTP/1.1");
        world.send(&request(&line, &headers, body.as_bytes())).await.body
    };
    for (body, signature) in VECTORS {
        let answer = send(body, signature).await;
        // Judged by its fields, so the signature held.
        assert!(!answer.contains("signature") && answer.contains("[\""), "{body}: {answer}");
    }
    let v8 = VECTORS[7].1;
    let v8b = r#"{"energy_amount":32000,"period":"1D","receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","out_trade_no":17,"callback_url":"http:\/\/{mydomain}\/callback"}"#;
    let answer = send(v8b, v8).await;
    assert!(!answer.contains("signature") && answer.contains("[\""), "{answer}");
    let wrong = send(v8b, VECTORS[0].1).await;
    assert_eq!(wrong, r#"{"detail":"Invalid signature"}"#);
    let twice = r#"{"scene":1,"scene":2}"#;
    let answer = post(&world, COLLECT, twice, twice, "application/json").await;
    assert_eq!(answer.status(), 400);
    assert!(answer.json()["non_field_errors"][0].as_str().unwrap().contains("JSON parse error"));
    world.leave(0, 0).await;
}

/// Every number in it is an integer, except where the contract says otherwise.
fn assert_integers(value: &Value, at: &str) {
    match value {
        Value::Number(number) => {
            assert!(number.is_i64() || ["small_addition", "demo_burn_trx"].contains(&at), "{at}");
        }
        Value::Array(items) => items.iter().for_each(|item| assert_integers(item, at)),
        Value::Object(members) => members.iter().for_each(|(name, it)| assert_integers(it, name)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// 2. Every success is 200 with JSON; no redirects; integers are integers.
#[tokio::test]
async fn point_02_successes() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    let serial = order["serial"].as_str().unwrap();
    assert_integers(&order, "");
    let is_success = |answer: &Answer, path: &str| {
        assert_eq!(answer.status(), 200, "{path}: {}", answer.body);
        assert_eq!(answer.header("location"), None);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert_integers(&answer.json(), "");
    };
    for (path, body) in [
        ("/order", json!({"energy_amount": 65_000, "period": "1H", "receive_address": payer})),
        ("/order/reclaim", json!({"serial": serial})),
        ("/order/transfer", json!({"amount": 345_000, "receive_address": payer})),
        ("/count-delegate-policy", json!({"times": 5, "receive_address": payer})),
        ("/count-delegate-policy/edit-address", json!({"pause": true, "receive_address": payer})),
        ("/auto-delegate-policy", json!({"period": 1, "receive_address": payer})),
        ("/auto-delegate-policy/2/change-status", json!({"status": 0})),
    ] {
        let body = body.to_string();
        let whole = format!("/api/v1/frontend{path}");
        is_success(&post(&world, &whole, &body, &body, "application/json").await, path);
    }
    for path in [
        format!("/order/query?serial={serial}"),
        format!("/order-query?serial={serial}"),
        "/order/price?period=1H&energy_amount=65000".to_owned(),
        "/order-price?period=1H&energy_amount=65000".to_owned(),
        "/index-data".to_owned(),
        "/userapi/summary".to_owned(),
        "/count-delegate-policy".to_owned(),
        "/auto-delegate-policy".to_owned(),
    ] {
        let answer = get(&world, &path, Some(KEY)).await;
        is_success(&answer, &path);
        let slash = path.replace('?', "/?");
        let slash = if path.contains('?') { slash } else { format!("{path}/") };
        assert_eq!(get(&world, &slash, Some(KEY)).await.status(), 404, "no redirect: {slash}");
    }
    world.finish().await;
}

/// 3. `order` answers the four fields; inactive and unfunded cases contain the two fragments under
/// `detail` with 400.
#[tokio::test]
async fn point_03_orders() {
    let mut world = World::with(Setup { balance_sun: 5_000_000, ..Setup::default() }).await;
    let (payer, stranger) = (world.payer(plain), world.payer(never_activated));
    let order = async |world: &World, energy: i64, receiver: tron::Address| {
        let body = json!({"energy_amount": energy, "period": "1H", "receive_address": receiver});
        let body = body.to_string();
        post(world, ORDER, &body, &body, "application/json").await
    };
    let inactive = order(&world, 65_000, stranger).await;
    assert_eq!(inactive.status(), 400);
    assert!(inactive.json()["detail"].as_str().unwrap().contains("is the inactive address."));
    let accepted = order(&world, 65_000, payer).await;
    assert_eq!(accepted.status(), 200, "{}", accepted.body);
    let members: Vec<_> = accepted.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members.len(), 4, "{members:?}");
    for name in ["errno", "serial", "amount", "balance"] {
        assert!(members.iter().any(|member| member == name), "{name}");
    }
    let unfunded = order(&world, 66_000, payer).await;
    assert_eq!(unfunded.status(), 400);
    assert!(unfunded.json()["detail"].as_str().unwrap().contains("Insufficient funds"));
    world.finish().await;
}

/// 4. Two orders with the same `out_trade_no` both succeed; query by it returns the newer.
#[tokio::test]
async fn point_04_labels() {
    let mut world = World::new().await;
    let mut serials = Vec::new();
    for energy in [65_000, 66_000] {
        let body = json!({
            "energy_amount": energy, "period": "1H", "receive_address": world.payer(plain),
            "out_trade_no": "123456",
        });
        let body = body.to_string();
        let answer = post(&world, ORDER, &body, &body, "application/json").await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        serials.push(answer.json()["serial"].clone());
    }
    let found = get(&world, "/order/query?out_trade_no=123456", Some(KEY)).await.json();
    assert_eq!(found["order_no"], serials[1]);
    world.finish().await;
}

/// 5. `order/query` of an unknown or foreign serial: 200, `errno` 404.
#[tokio::test]
async fn point_05_unknown_orders() {
    let mut world = World::new().await;
    let other = world.add_merchant_with_key("00000000000000000000000000000002").await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    let serial = order["serial"].as_str().unwrap();
    let missing = json!({"errno": 404, "message": "Order not found"});
    let unknown = get(&world, "/order/query?serial=7297a8a2a9e39b86fc5bad0d2e9edda2", Some(KEY));
    let foreign = format!("/order/query?serial={serial}");
    for answer in [unknown.await, get(&world, &foreign, Some(&other)).await] {
        assert_eq!((answer.status(), answer.json()), (200, missing.clone()));
    }
    world.finish().await;
}

/// 6. `price` has no mandatory `errno`, `period` is a string, `addition` always present,
/// `total_price` includes it and equals `amount` of the order placed next.
#[tokio::test]
async fn point_06_prices() {
    let setup = Setup { balance_sun: 1_000_000_000, ..Setup::default() };
    let mut world = World::with(setup).await;
    for (energy, period) in [(32_000, "1H"), (65_000, "1H"), (32_000, "3D"), (65_000, "30D")] {
        let path = format!("/order/price?period={period}&energy_amount={energy}");
        let price = get(&world, &path, Some(KEY)).await.json();
        assert_eq!((&price["period"], &price["energy_amount"]), (&json!(period), &json!(energy)));
        assert!(price["addition"].is_i64() && price["price"].is_i64(), "{price}");
        let body = json!({
            "energy_amount": energy, "period": period, "receive_address": world.payer(plain),
        });
        let total = price["total_price"].as_i64().unwrap();
        let body = body.to_string();
        let answer = post(&world, ORDER, &body, &body, "application/json").await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        assert_eq!(answer.json()["amount"], total);
    }
    world.finish().await;
}

const TEN_KEYS: [&str; 10] = [
    "platform_avail_energy",
    "platform_max_energy",
    "minimum_order_energy",
    "maximum_order_energy",
    "small_amount",
    "small_addition",
    "usdt_energy_need_old",
    "usdt_energy_need_new",
    "tiered_pricing",
    "balance",
];

/// 7. `index-data` without key: 200 with public fields; with key: all ten fields + `balance`.
#[tokio::test]
async fn point_07_index_data() {
    let world = World::new().await;
    let public = get(&world, "/index-data", None).await.json();
    for name in &TEN_KEYS[..9] {
        assert!(!public[name].is_null(), "{name}");
    }
    assert_eq!(public.get("balance"), None);
    assert!(public["platform_avail_energy"].as_i64().unwrap() > 0);
    let mine = get(&world, "/index-data", Some(KEY)).await.json();
    for name in TEN_KEYS {
        assert!(!mine[name].is_null(), "{name}");
    }
    assert_eq!(mine["balance"], world.balances().await.0);
    let unknown = get(&world, "/index-data", Some("00000000000000000000000000000000")).await;
    assert_eq!((unknown.status(), unknown.body.as_str()), (200, "{}"));
    world.leave(0, 0).await;
}

/// 8. `summary` with a wrong key: 403; with a good one: `balance` present.
#[tokio::test]
async fn point_08_summary() {
    let mut world = World::new().await;
    let wrong = get(&world, "/userapi/summary", Some("00000000000000000000000000000000")).await;
    assert_eq!((wrong.status(), wrong.json()), (403, json!({"detail": "API not found"})));
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    let summary = get(&world, "/userapi/summary", Some(KEY)).await.json();
    assert_eq!(summary["balance"], order["balance"]);
    assert_eq!(summary["total_count"], 1);
    assert_eq!(summary["today_sum_trx"], order["amount"]);
    assert_eq!(summary["today_sum_energy"], order["energy_amount"]);
    assert_eq!(summary["yesterday_count"], 0);
    world.finish().await;
}

/// 9. `count-delegate-policy` accepts `times: 0`, `unused_times_threshold: ""`, and a stray `bandwidth`.
#[tokio::test]
async fn point_09_policies() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let body = json!({
        "times": 0, "receive_address": payer, "unused_times_threshold": "", "bandwidth": 1,
    });
    let body = body.to_string();
    let path = "/api/v1/frontend/count-delegate-policy";
    let answer = post(&world, path, &body, &body, "application/json").await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(answer.json()["errno"], 0);
    assert!(answer.json()["balance"].is_i64());
    let listed = get(&world, "/count-delegate-policy", Some(KEY)).await.json();
    assert_integers(&listed, "");
    assert_eq!(listed["results"][0]["unused_times_threshold"], 2);
    world.leave(0, 0).await;
}

/// When an attempt that failed is followed by another one.
const SCHEDULE_SECS: [i64; 7] = [15, 15, 30, 180, 600, 1_200, 1_800];

/// 10. Callback: sorted compact ASCII body = signed bytes; only integers; re-signed per attempt; one
/// terminal callback per serial; schedule 15/15/30/180/600/1200/1800; verified with the verifiers of C1,
/// C4, C5's formula and C15.
#[tokio::test]
async fn point_10_callback() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Reply::Status(500));
    let payer = world.payer(has_energy);
    let mut body = wanted(payer, recipient_with());
    body["callback_url"] = json!(receiver.url());
    world.order(&body).await;
    world.settle().await;
    let mut posted_secs = vec![world.now_secs()];
    for delay_secs in SCHEDULE_SECS {
        world.pass_without_blocks(delay_secs - 1);
        world.work().await;
        assert_eq!(receiver.posts().len(), posted_secs.len(), "before {delay_secs} s are over");
        if posted_secs.len() == SCHEDULE_SECS.len() {
            receiver.always(Reply::Status(200));
        }
        world.pass_without_blocks(1);
        world.work().await;
        posted_secs.push(world.now_secs());
    }
    world.finish().await;
    let posts = receiver.posts();
    assert_eq!(posts.len(), SCHEDULE_SECS.len() + 1, "none after the one that was taken");
    let mut signatures = std::collections::BTreeSet::new();
    for (post, at_secs) in posts.iter().zip(posted_secs) {
        assert_eq!(post.body, posts[0].body, "one terminal callback");
        assert_eq!(post.header("TIMESTAMP"), at_secs.to_string(), "within the 120 s of C15");
        signatures.insert(post.header("SIGNATURE").to_owned());
        let parsed = post.json();
        assert_integers(&parsed, "");
        assert_eq!((&parsed["status"], &parsed["out_trade_no"]), (&json!(40), &Value::Null));
        for written in [as_c1_and_c5_write(&parsed), as_c4_and_c15_write(&parsed)] {
            assert_eq!(written.as_bytes(), post.body);
            let signature =
                wire::sign(SECRET.as_bytes(), post.header("TIMESTAMP"), written.as_bytes());
            assert_eq!(signature, post.header("SIGNATURE"));
        }
    }
    assert_eq!(signatures.len(), posts.len(), "each attempt is signed afresh");
}

/// Sorted, compact, raw UTF-8, nulls kept: Java's `TreeMap` through Gson, Python without
/// `ensure_ascii`. The library keeps keys in order.
fn as_c4_and_c15_write(parsed: &Value) -> String {
    parsed.to_string()
}

/// The same with `\u` for what is not ASCII: Python's default, PHP's `JSON_UNESCAPED_SLASHES`.
fn as_c1_and_c5_write(parsed: &Value) -> String {
    let escaped = |unit: u16| format!("\\u{unit:04x}");
    let written = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| escaped(*unit)).collect(),
    };
    parsed.to_string().chars().map(written).collect()
}

/// 11. Empty body, non-JSON body, JSON array, missing headers: 400 with a JSON object.
#[tokio::test]
async fn point_11_bodies_that_are_none() {
    let world = World::new().await;
    for path in [
        COLLECT,
        ORDER,
        "/api/v1/frontend/order/reclaim",
        "/api/v1/frontend/order/transfer",
        "/api/v1/frontend/count-delegate-policy",
        "/api/v1/frontend/count-delegate-policy/edit-address",
        "/api/v1/frontend/auto-delegate-policy",
        "/api/v1/frontend/auto-delegate-policy/1/change-status",
    ] {
        for body in ["", "scene=1", "[1]", "\"text\"", "null", "{", "{\"a\":1,}"] {
            let answer = post(&world, path, body, body, "application/json").await;
            assert_eq!(answer.status(), 400, "{path} {body}: {}", answer.body);
            assert!(answer.json().is_object(), "{path} {body}: {}", answer.body);
        }
        let line = format!("POST {path} HTTP/1.1");
        let all = [("API-KEY", KEY), ("TIMESTAMP", NOW), ("SIGNATURE", VECTORS[9].1)];
        for missing in 0..3 {
            let mut headers = all.to_vec();
            headers.remove(missing);
            let answer = world.send(&request(&line, &headers, b"{}")).await;
            assert_eq!(answer.status(), 400, "without {}", all[missing].0);
            assert!(answer.json()["detail"].is_string());
        }
    }
    world.leave(0, 0).await;
}

/// 12. `Content-Type` with charset or leading blank is accepted.
#[tokio::test]
async fn point_12_content_types() {
    let mut world = World::new().await;
    for kind in ["application/json; charset=utf-8", " application/json", "text/plain"] {
        let payer = world.payer(plain);
        let body = wanted(payer, recipient_with()).to_string();
        let answer = post(&world, COLLECT, &body, &body, kind).await;
        assert_eq!(answer.status(), 200, "{kind}: {}", answer.body);
    }
    world.finish().await;
}
