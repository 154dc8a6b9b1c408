//! What is too much or too odd for HTTP is refused without reaching a handler.

use serde_json::json;
use tokio::net::TcpStream;

use crate::support::http::{exchange, request};
use crate::support::merchant::signed;
use crate::support::{Setup, World};

const BODY_MAX: usize = 64 * 1_024;

#[tokio::test]
async fn a_body_may_have_64_kib_and_not_one_byte_more() {
    let world = World::new().await;
    let body = |bytes: usize| {
        let frame = json!({"scene": 9, "x": ""}).to_string().len();
        json!({"scene": 9, "x": "x".repeat(bytes - frame)}).to_string()
    };
    let fits = world.send(&signed(world.now_secs(), &body(BODY_MAX), &[])).await;
    assert_eq!(fits.status(), 400);
    assert!(fits.body.contains("is not a valid choice"), "read and judged: {}", fits.body);
    let too_long = world.send(&signed(world.now_secs(), &body(BODY_MAX + 1), &[])).await;
    assert_eq!(too_long.status(), 400);
    assert!(too_long.json()["detail"].as_str().unwrap().contains("larger than 65536 bytes"));
    world.leave(0, 0).await;
}

/// `xxd -p` wraps a signature after 60 digits: the page's shell sample sends it over two lines.
#[tokio::test]
async fn a_signature_over_two_lines_is_answered_with_what_to_do() {
    let world = World::new().await;
    let two_lines = format!("{}\n{}", "a".repeat(60), "b".repeat(4));
    let headers = [("API-KEY", crate::support::KEY), ("SIGNATURE", &two_lines)];
    let line = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";
    let answer = world.send(&request(line, &headers, b"{}")).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.json()["detail"].as_str().unwrap().contains("xxd -p -c 64"));
    world.leave(0, 0).await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let tune = |config: &mut sunsweep::config::Config| config.server.max_connections = 2;
    let world = World::with(Setup { tune, ..Setup::default() }).await;
    let held = [TcpStream::connect(world.address).await, TcpStream::connect(world.address).await];
    let alive = request("GET /healthz HTTP/1.1", &[], b"");
    assert_eq!(exchange(world.address, &alive).await, None);
    drop(held);
    world.leave(0, 0).await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_json() {
    let world = World::new().await;
    let rows = [
        ("GET /api/v1/frontend/order/collect-manual HTTP/1.1", 405),
        ("POST /api/v1/frontend/order/query HTTP/1.1", 405),
        ("GET /api/v1/frontend/order/query/ HTTP/1.1", 404),
        ("GET /api/v1/frontend/order/prices HTTP/1.1", 404),
        ("GET / HTTP/1.1", 404),
    ];
    for (line, status) in rows {
        let answer = world.send(&request(line, &[], b"")).await;
        assert_eq!(answer.status(), status, "{line}");
        assert!(answer.json()["detail"].is_string(), "{line}: {}", answer.body);
    }
    world.leave(0, 0).await;
}
