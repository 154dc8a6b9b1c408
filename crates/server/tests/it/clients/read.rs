//! What clients read before and after ordering: `index-data`, `userapi/summary`, `order/query`.

use serde_json::json;

use super::{Form, integer, text};
use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::{KEY, World, plain};

/// Row 1: sends `TIMESTAMP` on GETs too; an empty POST signs `timestamp&`; reads `balance` and
/// `platform_avail_energy`.
#[tokio::test]
async fn row_01_python_package() {
    let world = World::new().await;
    let headers =
        [("API-KEY", KEY), ("TIMESTAMP", "1686796826"), ("Content-Type", "application/json")];
    let data = world.client_get("/index-data", &headers).await.json();
    assert!(integer(&data, "balance") > 0 && integer(&data, "platform_avail_energy") > 0);
    let empty = world.client_post("/order/collect-manual", Form::plain("")).await;
    assert_eq!(empty.status(), 400);
    assert!(empty.json()["receive_address"].is_array(), "raises with the parsed body");
    world.leave(0, 0).await;
}

/// Row 1 asks everything else with a `TIMESTAMP` too, and hands on what it is answered.
#[tokio::test]
async fn row_01_python_package_reads_the_rest() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    let headers = [("API-KEY", KEY), ("TIMESTAMP", "1686796826")];
    let query = format!("/order/query?serial={}", text(&order, "serial"));
    for path in [
        "/order/price?period=1H&energy_amount=32000",
        &query,
        "/userapi/summary",
        "/auto-delegate-policy",
    ] {
        let answer = world.client_get(path, &headers).await;
        assert_eq!(answer.status(), 200, "{path}: {}", answer.body);
        assert!(answer.json().is_object());
    }
    world.finish().await;
}

/// Row 3: HTTP 200 exactly, strict integers, and refuses locally what the bounds do not allow: so the
/// bounds must allow what we would accept.
#[tokio::test]
async fn row_03_go_wallet() {
    let mut world = World::new().await;
    let answer = world.client_get("/index-data", &[("API-KEY", KEY)]).await;
    assert_eq!(answer.status(), 200);
    let data = answer.json();
    for name in [
        "platform_avail_energy",
        "platform_max_energy",
        "minimum_order_energy",
        "maximum_order_energy",
        "small_amount",
        "usdt_energy_need_old",
        "usdt_energy_need_new",
        "balance",
    ] {
        integer(&data, name);
    }
    assert!(data["small_addition"].is_f64());
    assert!(integer(&data, "platform_max_energy") <= integer(&data, "platform_avail_energy"));
    assert!(integer(&data, "platform_max_energy") > integer(&data, "minimum_order_energy"));
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.mine(2).await;
    let query = format!("/order/query?serial={}", text(&order, "serial"));
    let found = world.client_get(&query, &[("API-KEY", KEY)]).await.json();
    assert_eq!(found["order_no"], order["serial"]);
    integer(&found, "status");
    integer(&found, "period");
    integer(&found, "refund_amount");
    assert_eq!(text(&found, "delegate_hash").len(), 64, "at the top level");
    text(&found, "reclaim_hash");
    assert!(found.get("reclaim_time_real").is_some());
    world.finish().await;
}

/// Row 4: polls the summary as its alarm.
#[tokio::test]
async fn row_04_java_reseller_summary() {
    let world = World::new().await;
    let summary = world.client_get("/userapi/summary", &[("API-KEY", KEY)]).await.json();
    for name in ["balance", "total_count", "total_sum_energy", "total_sum_trx"] {
        integer(&summary, name);
    }
    world.leave(0, 0).await;
}

/// Row 5: a missing balance is a failure; asks each second until 0, 40, 41 or 43 and then reads the
/// hashes of the delegations. Its reader yields nothing on any status but 200.
#[tokio::test]
async fn row_05_php_library() {
    let mut world = World::new().await;
    let data = world.client_get("/index-data", &[("API-KEY", KEY)]).await.json();
    assert!(data.get("balance").is_some());
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    let query = format!("/order/query?serial={}", text(&order, "serial"));
    for path in [query.as_str(), "/order/query?serial=0", "/order/query"] {
        assert_eq!(world.client_get(path, &[("API-KEY", KEY)]).await.status(), 200, "{path}");
    }
    world.mine(2).await;
    let found = world.client_get(&query, &[("API-KEY", KEY)]).await.json();
    assert_eq!(integer(&found, "status"), 40);
    let details = found["details"].as_array().unwrap();
    assert!(!details.is_empty());
    assert!(details.iter().all(|detail| text(detail, "delegate_hash").len() == 64));
    world.finish().await;
}

/// Row 12: fails on any missing key of the ten; integers are 64 bits.
#[tokio::test]
async fn row_12_rust_crate() {
    let world = World::new().await;
    let data = world.client_get("/index-data", &[("API-KEY", KEY)]).await.json();
    for tier in data["tiered_pricing"].as_array().unwrap() {
        assert_eq!(tier.as_object().unwrap().len(), 2, "period and price, and no other spelling");
        integer(tier, "period");
        integer(tier, "price");
    }
    assert!(!data["tiered_pricing"].as_array().unwrap().is_empty());
    assert!(integer(&data, "balance") > 0);
    world.leave(0, 0).await;
}

/// Row 13: tries `API-KEY`, then two other spellings, then a signed GET, and takes 401 as "next".
#[tokio::test]
async fn row_13_price_board() {
    let world = World::new().await;
    assert_eq!(world.client_get("/index-data", &[("API-KEY", KEY)]).await.status(), 200);
    for spelling in ["X-API-KEY", "API_KEY"] {
        let answer = world.client_get("/index-data", &[(spelling, KEY)]).await;
        assert_eq!(answer.status(), 200, "no key: the public data");
        assert!(answer.json().get("balance").is_none());
    }
    let timestamp = world.now_secs().to_string();
    let signature = wire::sign(crate::support::SECRET.as_bytes(), &timestamp, b"{}");
    let headers = [("API-KEY", KEY), ("TIMESTAMP", &*timestamp), ("SIGNATURE", &*signature)];
    assert!(world.client_get("/index-data", &headers).await.json()["balance"].is_i64());
    world.leave(0, 0).await;
}

/// Row 15: `int(data.get("status", 0))`, and three hashes at the top level of a query.
#[tokio::test]
async fn row_15_python_indexer_query() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.mine(2).await;
    let query = format!("/order/query?serial={}", text(&order, "serial"));
    let found = world.client_get(&query, &[("API-KEY", KEY)]).await.json();
    assert_eq!(integer(&found, "status"), 40);
    assert_eq!(text(&found, "txid").len(), 64);
    assert_eq!((&found["bandwidth_hash"], &found["active_hash"]), (&json!(""), &json!("")));
    world.finish().await;
}

/// Rows 19 and 20: read the public data without any key.
#[tokio::test]
async fn rows_19_and_20_without_a_key() {
    let world = World::new().await;
    let data = world.client_get("/index-data", &[]).await.json();
    assert!(integer(&data, "platform_total_energy") >= integer(&data, "platform_avail_energy"));
    assert_eq!(data["tiered_pricing"][0]["price"], data["default_price"]);
    for name in [
        "collection_address",
        "collection_hour_address",
        "collection_one_day_address",
        "collection_three_days_address",
        "collection_thirty_days_address",
    ] {
        text(&data, name);
    }
    assert!(data["demo_burn_trx"].as_f64().unwrap() > 0.0);
    world.leave(0, 0).await;
}
