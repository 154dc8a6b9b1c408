//! The clients in use, as the platform's contract lists them in its section 9: each sends what it
//! really sends (form, order of keys, escapes, types) and finds what it depends on.
//!
//! The page's own samples in six languages (row 2) run as programs: `clients/check.py`.

use serde_json::Value;

use crate::support::http::request;
use crate::support::{Answer, KEY, SECRET, World};

mod order;
mod policy;
mod read;
mod transfer;

const PREFIX: &str = "/api/v1/frontend";

/// How a client writes a POST.
struct Form<'a> {
    /// The text that it signs.
    signed: &'a str,
    /// The bytes that it sends.
    sent: &'a str,
    content_type: &'a str,
}

impl<'a> Form<'a> {
    /// What is signed is what is sent.
    fn plain(body: &'a str) -> Self {
        Self { signed: body, sent: body, content_type: "application/json" }
    }
}

impl World {
    /// A POST below the prefix in this client's form.
    async fn client_post(&self, path: &str, form: Form<'_>) -> Answer {
        let timestamp = self.now_secs().to_string();
        let signature = wire::sign(SECRET.as_bytes(), &timestamp, form.signed.as_bytes());
        let headers = [
            ("Content-Type", form.content_type),
            ("API-KEY", KEY),
            ("TIMESTAMP", &timestamp),
            ("SIGNATURE", &signature),
        ];
        let line = format!("POST {PREFIX}{path} HTTP/1.1");
        self.send(&request(&line, &headers, form.sent.as_bytes())).await
    }

    /// A GET below the prefix with these headers.
    async fn client_get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(&request(&format!("GET {PREFIX}{path} HTTP/1.1"), headers, b"")).await
    }
}

/// A member that a strictly typed client reads into an integer.
fn integer(value: &Value, name: &str) -> i64 {
    value[name].as_i64().unwrap_or_else(|| panic!("{name} is not an integer in {value}"))
}

/// A member that a strictly typed client reads into a string.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is not a text in {value}"))
}

/// The tests, which name the rows that they send the requests of.
const TESTS: [&str; 4] = [
    include_str!("clients/order.rs"),
    include_str!("clients/policy.rs"),
    include_str!("clients/read.rs"),
    include_str!("clients/transfer.rs"),
];

/// Row 2, the platform's own samples, needs six languages installed: `clients/check.py`.
#[test]
fn every_row_has_a_test() {
    let names = TESTS.iter().flat_map(|text| text.split("async fn row").skip(1));
    let names = names.map(|text| text.split_once("()").unwrap().0);
    let rows: std::collections::BTreeSet<u32> =
        names.flat_map(|name| name.split('_')).filter_map(|part| part.parse().ok()).collect();
    let listed = (1..=20).filter(|row| *row != 2);
    assert_eq!(rows, listed.collect());
}
