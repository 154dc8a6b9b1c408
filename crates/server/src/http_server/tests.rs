//! The server as raw bytes on loopback see it.

use std::net::Ipv4Addr;

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

/// Limits that no test runs into unless it means to.
const AMPLE: HttpLimits = HttpLimits {
    max_connections: 100,
    header_read_timeout: Duration::from_secs(60),
    request_deadline: Duration::from_secs(60),
    write_timeout: Duration::from_secs(60),
    body_limit_bytes: 65536,
    larger_bodies: None,
    drain_deadline: Duration::from_secs(60),
};
const TINY: Duration = Duration::from_millis(50);
const GET_HELLO: &str = "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n";

struct Running {
    address: SocketAddr,
    counters: Arc<HttpCounters>,
    places: Arc<Semaphore>,
    stop: CancellationToken,
    ended: JoinHandle<()>,
    started: Arc<Notify>,
    finish: Arc<Notify>,
}

async fn run(limits: HttpLimits) -> Running {
    let server = HttpServer::bind((Ipv4Addr::LOCALHOST, 0).into(), limits).await.unwrap();
    let stop = CancellationToken::new();
    let (started, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (say_started, wait_finish) = (started.clone(), finish.clone());
    let router = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        )
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/large", get(|| async { vec![b'x'; 32 * 1024 * 1024] }))
        .route("/panic", get(|| async { panic!("a broken invariant") as String }))
        .route("/page", get(|| async { (StatusCode::FORBIDDEN, Html("<p>no</p>")) }))
        .route(
            "/slow",
            get(async move || {
                say_started.notify_one();
                wait_finish.notified().await;
                "done"
            }),
        );
    Running {
        address: server.local_address(),
        counters: server.counters(),
        places: server.places.clone(),
        stop: stop.clone(),
        ended: tokio::spawn(server.run(router, stop)),
        started,
        finish,
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a connection of their own and reads until the server closes it.
    async fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_to_close(&mut stream).await
    }

    /// A request on a connection of its own.
    async fn ask(&self, request_line: &str) -> Answer {
        let head = format!("{request_line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        self.exchange(head.as_bytes()).await
    }

    /// Waits until every connection has given its place back.
    async fn all_closed(&self) {
        let all = u32::try_from(AMPLE.max_connections).unwrap();
        let _places = self.places.acquire_many(all).await.unwrap();
    }
}

struct Answer(String);

impl Answer {
    fn status(&self) -> u16 {
        self.0.get(9..12).unwrap_or_else(|| panic!("no answer: {:?}", self.0)).parse().unwrap()
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").unwrap().1
    }

    /// The text of an error, whose body must be a JSON object with nothing else.
    fn detail(&self) -> String {
        assert!(self.0.contains("\r\ncontent-type: application/json\r\n"), "{}", self.0);
        let object: Value = serde_json::from_str(self.body()).unwrap();
        assert_eq!(object.as_object().unwrap().len(), 1, "{object}");
        object["detail"].as_str().unwrap().to_owned()
    }
}

async fn read_to_close(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    Answer(String::from_utf8(bytes).unwrap())
}

/// Reads one answer whose body is `end`, without waiting for the connection to close.
async fn read_until(stream: &mut TcpStream, end: &str) -> Answer {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while !text.ends_with(end) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    Answer(text)
}

fn length_request(length: usize) -> Vec<u8> {
    let head = format!(
        "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    bytes.resize(bytes.len() + length, b'x');
    bytes
}

#[tokio::test]
async fn a_connection_serves_several_requests_and_knows_its_peer() {
    let server = run(AMPLE).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(GET_HELLO.as_bytes()).await.unwrap();
        assert_eq!(read_until(&mut stream, "hello").await.status(), 200);
    }
    assert_eq!(server.ask("GET /peer").await.body(), "127.0.0.1");
    assert_eq!(server.counters.accepted(), 2);
    assert_eq!(server.counters.refused(), 0);
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let server = run(HttpLimits { header_read_timeout: TINY, ..AMPLE }).await;
    for partial in ["", "POST", "POST / HTTP/1.1\r\nhost: a\r\nAPI-KEY:"] {
        assert_eq!(server.exchange(partial.as_bytes()).await.0, "", "{partial:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    // The same limit holds for the head, which must come through on a busy machine.
    let header_read_timeout = Duration::from_millis(500);
    let server = run(HttpLimits { header_read_timeout, ..AMPLE }).await;
    let answer = server.exchange(GET_HELLO.as_bytes()).await;
    assert_eq!((answer.status(), answer.body()), (200, "hello"));
}

#[tokio::test]
async fn bodies_are_limited_and_the_client_can_read_why() {
    let server = run(AMPLE).await;
    let largest = server.exchange(&length_request(65536)).await;
    assert_eq!((largest.status(), largest.body()), (200, "65536"));
    let why = "The request body is larger than 65536 bytes.";
    for length in [65537, 512 * 1024] {
        let answer = server.exchange(&length_request(length)).await;
        assert_eq!((answer.status(), answer.detail().as_str()), (400, why), "{length}");
    }
    let mut chunked = b"POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        transfer-encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..17 {
        chunked.extend_from_slice(b"1000\r\n");
        chunked.resize(chunked.len() + 4096, b'x');
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let answer = server.exchange(&chunked).await;
    assert_eq!((answer.status(), answer.detail().as_str()), (400, why));
}

#[tokio::test]
async fn a_line_break_inside_a_header_is_answered_in_json() {
    let server = run(AMPLE).await;
    // As curl sends what `xxd -p` makes of a signature: 60 digits, a bare line feed, 4 digits.
    let request = format!(
        "POST /length HTTP/1.1\r\nHost: a\r\nAPI-KEY: K\r\nTIMESTAMP: 1686796826\r\n\
         SIGNATURE: {}\n{}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        "ab".repeat(30),
        "abcd",
    );
    let answer = server.exchange(request.as_bytes()).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.detail().contains("xxd -p -c 64"), "{}", answer.0);
}

#[tokio::test]
async fn what_is_not_http_is_answered_in_json() {
    let server = run(AMPLE).await;
    for request in
        ["\0\0\0\0\r\n\r\n", "GET /hello\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"]
    {
        let answer = server.exchange(request.as_bytes()).await;
        assert_eq!(answer.status(), 400, "{request:?}");
        assert!(answer.detail().starts_with("The request is not valid HTTP."), "{request:?}");
    }
}

#[tokio::test]
async fn heads_are_limited() {
    let server = run(AMPLE).await;
    let long_value = format!("GET /hello HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(MAX_HEAD_BYTES));
    let many = format!("GET /hello HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(MAX_HEADERS + 1));
    for request in [long_value, many] {
        let answer = server.exchange(request.as_bytes()).await;
        assert_eq!(answer.status(), 400);
        assert!(answer.detail().starts_with("The request head is larger than 16384 bytes"));
    }
    let as_many_as_allowed =
        format!("GET /hello HTTP/1.1\r\nconnection: close\r\n{}\r\n", "x: y\r\n".repeat(99));
    assert_eq!(server.exchange(as_many_as_allowed.as_bytes()).await.status(), 200);
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_places_come_back() {
    let server = run(HttpLimits { max_connections: 1, ..AMPLE }).await;
    let mut first = server.connect().await;
    first.write_all(GET_HELLO.as_bytes()).await.unwrap();
    read_until(&mut first, "hello").await;
    let mut second = server.connect().await;
    let mut byte = [0];
    // Closed in either way, and without an answer.
    assert!(matches!(second.read(&mut byte).await, Ok(0) | Err(_)));
    assert_eq!(server.counters.refused(), 1);
    drop(first);
    drop(server.places.acquire().await.unwrap());
    assert_eq!(server.ask("GET /hello").await.status(), 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_and_panics_are_answered_in_json() {
    let server = run(AMPLE).await;
    for (request_line, status, detail) in [
        ("GET /nothing", 404, "Not found."),
        ("DELETE /hello", 405, "Method \"DELETE\" not allowed."),
        ("GET /panic", 500, "Internal error."),
    ] {
        let answer = server.ask(request_line).await;
        assert_eq!((answer.status(), answer.detail().as_str()), (status, detail));
    }
    assert!(server.ask("DELETE /hello").await.0.contains("\r\nallow: GET,HEAD\r\n"));
    assert_eq!(server.ask("GET /page").await.body(), "<p>no</p>", "pages are left as they are");
}

#[tokio::test]
async fn requests_have_a_deadline_body_included() {
    let server = run(HttpLimits { request_deadline: TINY, ..AMPLE }).await;
    let mut half = length_request(10);
    half.truncate(half.len() - 5);
    let slow_body = server.exchange(&half).await;
    let slow_handler = server.ask("GET /slow").await;
    for answer in [slow_body, slow_handler] {
        assert_eq!(answer.status(), 503);
        assert!(answer.detail().starts_with("The request was not finished in time."));
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let server = run(HttpLimits { write_timeout: TINY, ..AMPLE }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    // The first byte proves that the connection is being served.
    stream.read_exact(&mut [0]).await.unwrap();
    server.all_closed().await;
}

#[tokio::test]
async fn stopping_finishes_started_requests_and_closes_idle_connections() {
    let server = run(AMPLE).await;
    let mut idle = server.connect().await;
    idle.write_all(GET_HELLO.as_bytes()).await.unwrap();
    read_until(&mut idle, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.started.notified().await;

    server.stop.cancel();
    assert_eq!(read_to_close(&mut idle).await.0, "");
    drop(idle);
    server.finish.notify_one();
    let answer = read_to_close(&mut busy).await;
    assert_eq!((answer.status(), answer.body()), (200, "done"));
    drop(busy);
    server.ended.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let server = run(HttpLimits { drain_deadline: TINY, ..AMPLE }).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.started.notified().await;
    server.stop.cancel();
    server.ended.await.unwrap();
    assert_eq!(read_to_close(&mut busy).await.0, "");
}
