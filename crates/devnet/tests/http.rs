//! The devnet over HTTP: methods, bodies, limits, cut connections, real-time blocks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::net::SocketAddr;
use std::time::Duration;

use devnet::{Devnet, DevnetConfig, Fault, FaultRule, When, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    net: Devnet,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(config: DevnetConfig) -> Self {
        let net = Devnet::new(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            stopped.await.unwrap();
        };
        let task = tokio::spawn(serve(listener, net.clone(), shutdown));
        Self { net, address, stop, task }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }

    /// Everything that comes back on one connection.
    async fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        answer
    }

    /// Status and body.
    async fn ask(&self, method: &str, target: &str, body: &str) -> (u16, String) {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = self.raw(format!("{head}{body}").as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    async fn json(&self, method: &str, target: &str, body: &str) -> Value {
        let (status, body) = self.ask(method, target, body).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn queries_bodies_forms_and_nothing_are_all_read() {
    let server = Server::start(DevnetConfig::default()).await;
    let head = server.net.head().number;
    let number = |block: &Value| block["block_header"]["raw_data"]["number"].as_u64().unwrap();
    for (method, target, body) in [
        ("GET", "/wallet/getnowblock", ""),
        ("POST", "/wallet/getnowblock", ""),
        ("POST", "/wallet/getnowblock", "{}"),
        ("GET", &*format!("/wallet/getblockbynum?num={head}"), ""),
        ("POST", "/wallet/getblockbynum", &*format!("{{\"num\": {head}}}")),
        ("POST", "/wallet/getblockbynum", &*format!("num={head}")),
    ] {
        assert_eq!(number(&server.json(method, target, body).await), head, "{method} {target}");
    }
    assert!(server.json("POST", "/wallet/getaccount", "{oops").await["Error"].is_string());
    assert_eq!(server.ask("PUT", "/wallet/getnowblock", "").await.0, 405);
    assert_eq!(server.ask("GET", "/", "").await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_body_over_four_mebibytes_is_refused() {
    let server = Server::start(DevnetConfig::default()).await;
    let head = format!(
        "POST /wallet/gettransactionbyid HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        4 * 1_024 * 1_024 + 1
    );
    let answer = server.raw(head.as_bytes()).await;
    assert!(String::from_utf8(answer).unwrap().starts_with("HTTP/1.1 413 "));
    server.stop().await;
}

#[tokio::test]
async fn a_lost_answer_cuts_the_connection_after_the_work_is_done() {
    let server = Server::start(DevnetConfig::default()).await;
    let rule =
        |fault| FaultRule { path: "wallet/getnowblock".to_owned(), when: When::Next(1), fault };
    server.net.add_fault(rule(Fault::LoseAnswer)).unwrap();
    let request = b"GET /wallet/getnowblock HTTP/1.1\r\nhost: x\r\n\r\n";
    assert_eq!(server.raw(request).await, b"");
    assert_eq!(server.net.calls("wallet/getnowblock"), 1);
    server.net.add_fault(rule(Fault::Status { status: 429 })).unwrap();
    assert_eq!(server.ask("GET", "/wallet/getnowblock", "").await.0, 429);
    server.net.add_fault(rule(Fault::Delay { delay_ms: 1 })).unwrap();
    assert_eq!(server.ask("GET", "/wallet/getnowblock", "").await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn controls_are_served_or_not() {
    let server = Server::start(DevnetConfig::default()).await;
    let before = server.net.head().number;
    let status = server.json("POST", "/devnet/mine", "{\"blocks\": 3}").await;
    assert_eq!(status["head"]["number"], before + 3);
    let (code, text) = server.ask("POST", "/devnet/mine", "{\"blocks\": -3}").await;
    assert!(code == 400 && text.contains("Error"), "{text}");
    server.stop().await;
    let server =
        Server::start(DevnetConfig { has_controls: false, ..DevnetConfig::default() }).await;
    assert_eq!(server.ask("POST", "/devnet/mine", "{}").await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn an_automatic_clock_produces_blocks_in_real_time() {
    let server = Server::start(DevnetConfig::auto(10)).await;
    let first = server.net.head();
    let grown = async {
        while server.net.head().number < first.number + 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, grown).await.unwrap();
    let last = server.net.head();
    assert_eq!(last.timestamp_ms % 10, 0);
    assert!(last.timestamp_ms >= first.timestamp_ms + 50);
    assert!(json!(server.net.invariants())["holds"].as_bool().unwrap());
    assert!(server.net.control("advance", &json!({ "ms": 1 })).is_err());
    server.stop().await;
}
