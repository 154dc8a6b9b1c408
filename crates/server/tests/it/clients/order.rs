//! What clients order: `order`, `order/price`, `order/reclaim`, each as it is really written.

use serde_json::{Value, json};

use super::{Form, integer, text};
use crate::support::chain::{never_activated, recipient_with};
use crate::support::http::request;
use crate::support::{KEY, Receiver, SECRET, Setup, World, plain};

/// What every client finds in an accepted order.
fn accepted(answer: &crate::support::Answer) -> Value {
    assert_eq!(answer.status(), 200, "{}", answer.body);
    let order = answer.json();
    assert_eq!(integer(&order, "errno"), 0);
    assert_eq!(text(&order, "serial").len(), 32);
    integer(&order, "amount");
    integer(&order, "balance");
    order
}

fn key() -> [(&'static str, &'static str); 1] {
    [("API-KEY", KEY)]
}

/// Row 1: five fields, sorted, compact, ASCII; a 400 is raised with its parsed body.
#[tokio::test]
async fn row_01_python_package() {
    let mut world = World::new().await;
    let (payer, receiver) = (world.payer(plain), Receiver::start().await);
    let body = format!(
        r#"{{"callback_url":"{}","energy_amount":32000,"out_trade_no":"\u8ba2-1","period":"1H","receive_address":"{payer}"}}"#,
        receiver.url()
    );
    let refused = world.client_post("/order", Form::plain(&body)).await;
    assert_eq!(refused.status(), 400, "not plain ASCII");
    assert!(refused.json()["out_trade_no"].is_array());
    let body = body.replace(r"\u8ba2", "S");
    let order = accepted(&world.client_post("/order", Form::plain(&body)).await);
    let reclaim = format!(r#"{{"serial":"{}"}}"#, text(&order, "serial"));
    world.mine(2).await;
    // Its verifier writes the parsed body again, sorted, compact, ASCII.
    let post = receiver.posts().remove(0);
    assert!(post.is_genuine && post.body.is_ascii());
    assert_eq!(post.json().to_string().as_bytes(), post.body);
    let answer = world.client_post("/order/reclaim", Form::plain(&reclaim)).await;
    assert_eq!(answer.json(), json!({"errno": 0, "message": "request accept"}));
    world.finish().await;
}

/// Row 3: three fields from a Go map; refuses locally by `index-data`, whose bounds are those of `order`.
#[tokio::test]
async fn row_03_go_wallet() {
    let mut world = World::new().await;
    let data = world.client_get("/index-data", &key()).await.json();
    let payer = world.payer(plain);
    let order = async |energy: i64| {
        let body =
            format!(r#"{{"energy_amount":{energy},"period":"1H","receive_address":"{payer}"}}"#);
        world.client_post("/order", Form::plain(&body)).await
    };
    let (least, most) =
        (integer(&data, "minimum_order_energy"), integer(&data, "maximum_order_energy"));
    for (energy, sentence) in [
        (least - 1, format!("Ensure this value is greater than or equal to {least}.")),
        (most + 1, format!("Ensure this value is less than or equal to {most}.")),
    ] {
        let refused = order(energy).await;
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.json()["energy_amount"], json!([sentence]));
    }
    accepted(&order(least).await);
    world.finish().await;
}

/// What one order can get is said to the unit: that much is given, and one unit more is not.
#[tokio::test]
async fn row_03_what_is_offered_is_given() {
    let setup = Setup {
        lender_stake_trx: vec![40_000, 10_000],
        balance_sun: 1_000_000_000_000,
        ..Setup::default()
    };
    let mut world = World::with(setup).await;
    let data = world.client_get("/index-data", &key()).await.json();
    let most = integer(&data, "platform_max_energy");
    let payer = world.payer(plain);
    let body = |energy: i64| {
        format!(r#"{{"energy_amount":{energy},"period":"1H","receive_address":"{payer}"}}"#)
    };
    world.expect_log("want of capacity");
    let refused = world.client_post("/order", Form::plain(&body(most + 1))).await;
    assert_eq!(refused.status(), 400, "{}", refused.body);
    assert!(text(&refused.json(), "detail").contains("Not enough energy"));
    accepted(&world.client_post("/order", Form::plain(&body(most))).await);
    world.finish().await;
}

/// Row 4: all five fields, a UUID as label; matches two fragments of `detail`, whatever the status;
/// prices by `to_address` and orders exactly the `energy_amount` that was answered.
#[tokio::test]
async fn row_04_java_reseller() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let (payer, stranger) = (world.payer(plain), world.payer(never_activated));
    let price = format!("/order/price?period=1H&to_address={}", recipient_with());
    let price = world.client_get(&price, &key()).await.json();
    for name in ["total_price", "price", "addition", "energy_amount"] {
        integer(&price, name);
    }
    // Where it knows the amount it sends its receiver along, which changes nothing.
    let known = format!("/order/price?period=1H&to_address={payer}&energy_amount=65000");
    let known = world.client_get(&known, &key()).await.json();
    assert_eq!(integer(&known, "energy_amount"), 65_000);
    let body = |receiver_address: tron::Address| {
        format!(
            r#"{{"callback_url":"{}","energy_amount":{},"out_trade_no":"9f1c0a52-6c1d-4b64-a0f1-8a5f3c0b7e11","period":"1H","receive_address":"{receiver_address}"}}"#,
            receiver.url(),
            price["energy_amount"],
        )
    };
    let inactive = world.client_post("/order", Form::plain(&body(stranger))).await;
    assert_eq!(inactive.status(), 400);
    assert!(text(&inactive.json(), "detail").contains("is the inactive address."));
    let order = accepted(&world.client_post("/order", Form::plain(&body(payer))).await);
    assert_eq!(order["amount"], price["total_price"]);
    world.mine(2).await;
    world.settle().await;
    let post = receiver.posts()[0].clone();
    let event = post.json();
    // Reads the body with nulls kept, sorts, writes compactly, compares.
    assert_eq!(event.to_string().as_bytes(), post.body);
    assert!(post.is_genuine);
    assert_eq!(event["out_trade_no"], "9f1c0a52-6c1d-4b64-a0f1-8a5f3c0b7e11");
    assert_eq!((&event["source"], &event["status"]), (&json!("api"), &json!(40)));
    assert_eq!(event["period"], "1H");
    assert_eq!(event["amount"], order["amount"]);
    world.finish().await;
}

#[tokio::test]
async fn row_04_java_reseller_without_funds() {
    let mut world = World::with(Setup { balance_sun: 1_000_000, ..Setup::default() }).await;
    let payer = world.payer(plain);
    let body = format!(r#"{{"energy_amount":65000,"period":"1H","receive_address":"{payer}"}}"#);
    let answer = world.client_post("/order", Form::plain(&body)).await;
    assert_eq!(answer.status(), 400);
    assert!(text(&answer.json(), "detail").contains("Insufficient funds"));
    world.leave(0, 0).await;
}

/// Row 5: signs the sorted fields, transmits them unsorted and with `\/`; the label is an integer; a
/// leading blank in the content type; `3H` can arrive.
#[tokio::test]
async fn row_05_php_library() {
    let mut world = World::new().await;
    let (payer, receiver) = (world.payer(plain), Receiver::start().await);
    let signed = format!(
        r#"{{"callback_url":"{}","energy_amount":32000,"out_trade_no":17,"period":"1D","receive_address":"{payer}"}}"#,
        receiver.url()
    );
    let sent = format!(
        r#"{{"energy_amount":32000,"period":"1D","receive_address":"{payer}","out_trade_no":17,"callback_url":"{}"}}"#,
        receiver.url().replace('/', r"\/")
    );
    let form = Form { signed: &signed, sent: &sent, content_type: " application/json" };
    let order = accepted(&world.client_post("/order", form).await);
    let query = format!("/order/query?serial={}", text(&order, "serial"));
    assert_eq!(world.client_get(&query, &key()).await.json()["out_trade_no"], "17");
    let hours = signed.replace("1D", "3H");
    let refused = world.client_post("/order", Form::plain(&hours)).await;
    assert_eq!(refused.json(), json!({"period": ["\"3H\" is not a valid choice."]}));
    world.finish().await;
}

/// Rows 6 and 14: all five fields, for a day and for an hour; `errno` is there and 0.
#[tokio::test]
async fn rows_06_and_14_five_fields() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    for (energy, period) in [(32_000, "1D"), (32_000, "1H"), (66_000, "1H")] {
        let payer = world.payer(plain);
        let body = format!(
            r#"{{"callback_url":"{}","energy_amount":{energy},"out_trade_no":"202401010000123","period":"{period}","receive_address":"{payer}"}}"#,
            receiver.url()
        );
        accepted(&world.client_post("/order", Form::plain(&body)).await);
    }
    world.finish().await;
}

/// Rows 7, 8 and 16: three fields; row 8 takes a missing `errno` for a no and reads `total_price`.
#[tokio::test]
async fn rows_07_08_and_16_three_fields() {
    let mut world = World::new().await;
    for energy in [65_000, 131_000, 32_000] {
        let payer = world.payer(plain);
        let path = format!("/order/price?energy_amount={energy}&period=1H");
        let price = world.client_get(&path, &key()).await.json();
        let body =
            format!(r#"{{"energy_amount":{energy},"period":"1H","receive_address":"{payer}"}}"#);
        let order = accepted(&world.client_post("/order", Form::plain(&body)).await);
        assert_eq!(integer(&order, "amount"), integer(&price, "total_price"));
    }
    world.finish().await;
}

/// Row 17: five fields with a UUID, its clock a second behind; any 200 is bought, so a no is none.
#[tokio::test]
async fn row_17_next_route() {
    let mut world = World::new().await;
    let (payer, receiver) = (world.payer(plain), Receiver::start().await);
    let timestamp = (world.now_secs() - 1).to_string();
    let order = async |energy: i64| {
        let body = format!(
            r#"{{"callback_url":"{}","energy_amount":{energy},"out_trade_no":"9f1c0a52-6c1d-4b64-a0f1-8a5f3c0b7e11","period":"1H","receive_address":"{payer}"}}"#,
            receiver.url()
        );
        let signature = wire::sign(SECRET.as_bytes(), &timestamp, body.as_bytes());
        let headers = [("API-KEY", KEY), ("TIMESTAMP", &*timestamp), ("SIGNATURE", &*signature)];
        world
            .send(&request("POST /api/v1/frontend/order HTTP/1.1", &headers, body.as_bytes()))
            .await
    };
    let refused = order(1).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.json()["energy_amount"].is_array());
    accepted(&order(65_000).await);
    world.finish().await;
}

/// Rows 7 and 13: add `addition` to `total_price`, or show it: the key is always there.
#[tokio::test]
async fn rows_07_and_13_the_price_has_an_addition() {
    let world = World::new().await;
    for (energy, addition) in [(32_000, 600_000), (65_000, 0)] {
        let path = format!("/order/price?period=1H&energy_amount={energy}");
        let price = world.client_get(&path, &key()).await.json();
        assert_eq!(integer(&price, "addition"), addition);
        assert_eq!(integer(&price, "total_price"), energy * integer(&price, "price") + addition);
    }
    world.leave(0, 0).await;
}

/// Row 9: signs sorted, transmits unsorted; a GET carries an `API-SECRET` header, which is ignored and
/// never logged; `typeof total_price === 'number'`.
#[tokio::test]
async fn row_09_node_installer() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let signed = format!(r#"{{"energy_amount":65000,"period":"1H","receive_address":"{payer}"}}"#);
    let sent = format!(r#"{{"period":"1H","energy_amount":65000,"receive_address":"{payer}"}}"#);
    let form = Form { signed: &signed, sent: &sent, content_type: "application/json" };
    accepted(&world.client_post("/order", form).await);
    let headers = [("API-KEY", KEY), ("API-SECRET", SECRET), ("Content-Type", "application/json")];
    let path = "/order/price?period=1H&energy_amount=65000";
    let price = world.client_get(path, &headers).await.json();
    assert!(price["total_price"].is_i64());
    world.finish().await;
}

/// Row 10: five fields, sorted, non-ASCII as raw UTF-8 (in a member that we do not read).
#[tokio::test]
async fn row_10_php_sweep() {
    let mut world = World::new().await;
    let (payer, receiver) = (world.payer(plain), Receiver::start().await);
    let body = format!(
        r#"{{"callback_url":"{}","energy_amount":65000,"out_trade_no":"2024010100001","period":"1H","receive_address":"{payer}","remark":"归集"}}"#,
        receiver.url()
    );
    accepted(&world.client_post("/order", Form::plain(&body)).await);
    world.finish().await;
}

/// Row 11: `active` and `exclusive`; queries by label too; a charset in the content type.
#[tokio::test]
async fn row_11_java_toolkit() {
    let mut world = World::new().await;
    let payer = world.payer(never_activated);
    let body = format!(
        r#"{{"active":1,"energy_amount":65000,"exclusive":0,"out_trade_no":"toolkit-1","period":"1H","receive_address":"{payer}"}}"#
    );
    let form = Form { signed: &body, sent: &body, content_type: "application/json; charset=utf-8" };
    let order = accepted(&world.client_post("/order", form).await);
    assert_eq!(integer(&order, "amount"), 65_000 * 60 + 1_500_000, "with the activation");
    let found = world.client_get("/order/query?out_trade_no=toolkit-1", &key()).await.json();
    assert_eq!(integer(&found, "errno"), 0);
    assert_eq!(found["order_no"], order["serial"]);
    world.mine(4).await;
    let query = format!("/order/query?serial={}", text(&order, "serial"));
    let found = world.client_get(&query, &key()).await.json();
    assert_eq!(text(&found["details"][0], "delegate_hash").len(), 64);
    for (what, energy) in
        [("energy_amount=65000", 65_000), (&*format!("to_address={payer}"), 65_000)]
    {
        let path = format!("/order/price?period=1H&{what}");
        let price = world.client_get(&path, &key()).await.json();
        assert!(integer(&price, "energy_amount") <= energy && integer(&price, "total_price") > 0);
    }
    world.finish().await;
}

/// Row 12: the receiver's address as the label of every order: none of them is refused.
#[tokio::test]
async fn row_12_rust_crate() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let body = format!(
        r#"{{"energy_amount":32000,"out_trade_no":"{payer}","period":"1H","receive_address":"{payer}"}}"#
    );
    let first = accepted(&world.client_post("/order", Form::plain(&body)).await);
    world.clock.advance_ms(1_000);
    let second = accepted(&world.client_post("/order", Form::plain(&body)).await);
    assert_ne!(first["serial"], second["serial"]);
    let price = format!("/order/price?period=1H&to_address={}", recipient_with());
    let price = world.client_get(&price, &key()).await.json();
    assert_eq!(text(&price, "period"), "1H");
    world.finish().await;
}

/// Row 15: looks at data and price first; 32 characters of a UUID as the label; sorted recursively, raw
/// UTF-8; believes a callback whose time is within two minutes of its own clock.
#[tokio::test]
async fn row_15_python_indexer() {
    let mut world = World::new().await;
    let (payer, receiver) = (world.payer(plain), Receiver::start().await);
    let data = world.client_get("/index-data", &key()).await.json();
    assert!(data.get("errno").is_none() && integer(&data, "balance") > 0, "flat, without errno");
    let price = "/order/price?energy_amount=65000&period=1H";
    assert!(integer(&world.client_get(price, &key()).await.json(), "total_price") > 0);
    let body = format!(
        r#"{{"callback_url":"{}","energy_amount":65000,"out_trade_no":"9f1c0a526c1d4b64a0f18a5f3c0b7e11","period":"1H","receive_address":"{payer}"}}"#,
        receiver.url()
    );
    let order = accepted(&world.client_post("/order", Form::plain(&body)).await);
    let reclaim = format!(r#"{{"serial":"{}"}}"#, text(&order, "serial"));
    world.mine(2).await;
    let post = receiver.posts().remove(0);
    let told: i64 = post.header("TIMESTAMP").parse().unwrap();
    assert!(post.is_genuine && (world.now_secs() - told).abs() <= 120);
    assert_eq!(post.json().to_string().as_bytes(), post.body, "sorted, compact, raw UTF-8");
    assert_eq!(post.json()["serial"], order["serial"]);
    for _ in 0..2 {
        let answer = world.client_post("/order/reclaim", Form::plain(&reclaim)).await;
        assert_eq!((answer.status(), &answer.json()["errno"]), (200, &json!(0)));
        world.clock.advance_ms(1_000);
    }
    world.finish().await;
}

/// Row 18: the same label and the same body for every order, a second apart: each is an order.
#[tokio::test]
async fn row_18_wallet_service() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let body = format!(
        r#"{{"energy_amount":32000,"out_trade_no":"123456","period":"1H","receive_address":"{payer}"}}"#
    );
    let mut serials = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let order = accepted(&world.client_post("/order", Form::plain(&body)).await);
        serials.insert(text(&order, "serial").to_owned());
        world.clock.advance_ms(1_000);
    }
    assert_eq!(serials.len(), 3);
    let unfilled = body.replace(
        r#""out_trade_no""#,
        r#""callback_url":"http://{mydomain}/callback","out_trade_no""#,
    );
    let refused = world.client_post("/order", Form::plain(&unfilled)).await;
    assert_eq!(refused.json(), json!({"callback_url": ["Enter a valid URL."]}));
    world.finish().await;
}
