//! What the merchant's program does.

use app::ports::Clock;
use serde_json::{Value, json};
use tron::Address;

use super::http::{exchange, request};
use super::{Answer, KEY, SECRET, World};

const COLLECT: &str = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";

/// The body of an order for this address.
pub(crate) fn wanted(receiver: Address, recipient: Address) -> Value {
    json!({"scene": 0, "receive_address": receiver, "to_address": recipient})
}

/// The body of an order for energy.
pub(crate) fn rented(receiver: Address, energy: i64, period: &str) -> Value {
    json!({"energy_amount": energy, "period": period, "receive_address": receiver})
}

/// A request signed with the merchant's key as bytes, with further headers.
pub(crate) fn signed(now_secs: i64, body: &str, more: &[(&str, &str)]) -> Vec<u8> {
    signed_with(KEY, now_secs, body, more)
}

/// The same to a path below the prefix.
pub(crate) fn signed_to(path: &str, now_secs: i64, body: &str, more: &[(&str, &str)]) -> Vec<u8> {
    signed_line(&format!("POST /api/v1/frontend{path} HTTP/1.1"), KEY, now_secs, body, more)
}

/// A request signed with another key of the same secret.
pub(crate) fn signed_by(key: &str, now_secs: i64, body: &Value) -> Vec<u8> {
    signed_with(key, now_secs, &body.to_string(), &[])
}

fn signed_with(key: &str, now_secs: i64, body: &str, more: &[(&str, &str)]) -> Vec<u8> {
    signed_line(COLLECT, key, now_secs, body, more)
}

fn signed_line(line: &str, key: &str, now_secs: i64, body: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let timestamp = now_secs.to_string();
    let signature = wire::sign(SECRET.as_bytes(), &timestamp, body.as_bytes());
    let mut headers = vec![
        ("Content-Type", "application/json"),
        ("API-KEY", key),
        ("TIMESTAMP", timestamp.as_str()),
        ("SIGNATURE", signature.as_str()),
    ];
    headers.extend(more);
    request(line, &headers, body.as_bytes())
}

impl World {
    pub(crate) fn now_secs(&self) -> i64 {
        self.clock.now().get() / 1_000
    }

    /// A request of this body as the merchant would sign it now.
    pub(crate) fn signed(&self, body: &Value) -> Vec<u8> {
        signed(self.now_secs(), &body.to_string(), &[])
    }

    /// Sends bytes to the product.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Answer {
        exchange(self.address, bytes).await.expect("an answer")
    }

    /// Places an order; whatever is answered.
    pub(crate) async fn ask(&self, body: &Value) -> Answer {
        self.send(&self.signed(body)).await
    }

    /// Places an order with another key of the same secret.
    pub(crate) async fn ask_with(&self, key: &str, body: &Value) -> Answer {
        self.send(&signed_with(key, self.now_secs(), &body.to_string(), &[])).await
    }

    /// A request of this body to a path below the prefix, as the owner of this key would sign it now.
    pub(crate) fn signed_post(&self, key: &str, path: &str, body: &Value) -> Vec<u8> {
        let line = format!("POST /api/v1/frontend{path} HTTP/1.1");
        signed_line(&line, key, self.now_secs(), &body.to_string(), &[])
    }

    /// Posts to a path below the prefix; whatever is answered.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&self.signed_post(KEY, path, body)).await
    }

    /// Gets a path below the prefix; whatever is answered.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let line = format!("GET /api/v1/frontend{path} HTTP/1.1");
        self.send(&request(&line, &[("API-KEY", KEY)], b"")).await
    }

    /// Orders energy for a period, which must be accepted.
    pub(crate) async fn rent(&self, receiver: Address, energy: i64, period: &str) -> Value {
        self.rent_with(receiver, energy, period, json!({})).await
    }

    /// As [`Self::rent`], with further members.
    pub(crate) async fn rent_with(
        &self,
        receiver: Address,
        energy: i64,
        period: &str,
        more: Value,
    ) -> Value {
        let mut body = rented(receiver, energy, period);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("/order", &body).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        answer.json()
    }

    /// What a query shows of an order that was answered.
    pub(crate) async fn shown(&self, order: &Value) -> Value {
        self.query(&format!("serial={}", order["serial"].as_str().unwrap())).await
    }

    /// Places an order that must be accepted.
    pub(crate) async fn order(&self, body: &Value) -> Value {
        let answer = self.ask(body).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        answer.json()
    }

    /// Asks for an order.
    pub(crate) async fn query(&self, parameters: &str) -> Value {
        let line = format!("GET /api/v1/frontend/order/query?{parameters} HTTP/1.1");
        let answer = self.send(&request(&line, &[("API-KEY", KEY)], b"")).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        answer.json()
    }

    /// The status of an order that was answered.
    pub(crate) async fn status(&self, order: &Value) -> i64 {
        let serial = order["serial"].as_str().unwrap();
        self.query(&format!("serial={serial}")).await["status"].as_i64().unwrap()
    }
}
