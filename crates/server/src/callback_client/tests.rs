//! The client against small servers on loopback.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

/// Names of the test, instead of the system's.
struct Table(BTreeMap<&'static str, Vec<IpAddr>>);

impl Lookup for Table {
    fn lookup(&self, host: &str) -> LookupFuture {
        let found = self.0.get(host).cloned();
        Box::pin(async move { found.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    }
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));

fn client(targets: TargetPolicy, timeout: Duration) -> CallbackClient {
    let names = BTreeMap::from([
        ("inside.example", vec![LOOPBACK]),
        ("mixed.example", vec![PUBLIC, LOOPBACK]),
        ("nothing.example", vec![]),
    ]);
    let settings = CallbackSettings { timeout, targets };
    CallbackClient::with_lookup(settings, Arc::new(Table(names))).unwrap()
}

/// A client that may call loopback and has all the time it needs.
fn open_client() -> CallbackClient {
    client(TargetPolicy::everything(), Duration::from_secs(30))
}

/// A server for one connection: reads one request, hands it to `answer` with the connection.
async fn serve_once<F, A>(answer: F) -> (u16, JoinHandle<String>)
where
    F: FnOnce(TcpStream) -> A + Send + 'static,
    A: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // No test lets a second connection in.
        drop(listener);
        let request = read_request(&mut stream).await;
        answer(stream).await;
        request
    });
    (port, served)
}

/// Reads up to the end of the body `{"a":1}`, which every test posts.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while !text.ends_with(BODY) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "the client closed before the request was complete");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

const BODY: &str = r#"{"a":1}"#;

async fn post(client: &CallbackClient, url: &str) -> PostOutcome {
    let headers = [("Content-Type", "application/json"), ("TIMESTAMP", "1686796826")];
    client.post(url, &headers, BODY.as_bytes()).await
}

async fn answer_with(bytes: &'static str) -> (u16, JoinHandle<String>) {
    serve_once(async move |mut stream| stream.write_all(bytes.as_bytes()).await.unwrap()).await
}

fn status_and_excerpt(outcome: PostOutcome) -> (u16, String) {
    match outcome {
        PostOutcome::Answered { status, body_excerpt, .. } => (status, body_excerpt),
        other @ (PostOutcome::Refused(_) | PostOutcome::Failed(_)) => {
            panic!("no answer: {other:?}")
        }
    }
}

#[tokio::test]
async fn an_answer_is_reported_and_the_request_is_as_given() {
    let (port, served) = answer_with("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let outcome = post(&open_client(), &format!("http://127.0.0.1:{port}/cb?x=1")).await;
    assert_eq!(status_and_excerpt(outcome), (200, "{}".to_owned()));
    let request = served.await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("post /cb?x=1 http/1.1\r\n"), "{request}");
    for header in [
        "content-type: application/json",
        "timestamp: 1686796826",
        concat!("user-agent: sunsweep/", env!("CARGO_PKG_VERSION")),
        "content-length: 7",
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header} in {request}");
    }
    assert!(!request.contains("cookie"), "{request}");
}

#[tokio::test]
async fn a_nul_in_an_answer_is_kept_as_its_picture() {
    let answer = "HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\na\0b";
    let (port, served) = answer_with(answer).await;
    let outcome = post(&open_client(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(status_and_excerpt(outcome), (500, "a\u{2400}b".to_owned()));
    served.await.unwrap();
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let (port, served) = answer_with(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let outcome = post(&open_client(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(status_and_excerpt(outcome), (302, String::new()));
    served.await.unwrap();
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let (port, served) = serve_once(async |mut stream| {
        // Until the client closes.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let client = client(TargetPolicy::everything(), Duration::from_millis(50));
    let outcome = post(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, PostOutcome::Failed(FailureKind::TimedOut));
    served.await.unwrap();
}

#[tokio::test]
async fn an_answer_whose_body_never_comes_still_counts() {
    let (port, served) = serve_once(async |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok").await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let client = client(TargetPolicy::everything(), Duration::from_millis(500));
    let outcome = post(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(status_and_excerpt(outcome), (200, "ok".to_owned()));
    served.await.unwrap();
}

#[tokio::test]
async fn a_body_without_end_is_cut_and_the_connection_dropped() {
    let (port, served) = serve_once(async |mut stream| {
        stream.write_all(b"HTTP/1.1 500 No\r\n\r\n").await.unwrap();
        // Ends only because the client closes.
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let outcome = post(&open_client(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(status_and_excerpt(outcome), (500, "x".repeat(MAX_EXCERPT_BYTES)));
    served.await.unwrap();
}

#[tokio::test]
async fn a_head_without_end_is_cut() {
    let (port, served) = serve_once(async |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.unwrap();
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let outcome = post(&open_client(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, PostOutcome::Failed(FailureKind::BadAnswer));
    served.await.unwrap();
}

#[tokio::test]
async fn failures_are_told_apart() {
    let client = open_client();
    let (port, served) = serve_once(async |stream| drop(stream)).await;
    let outcome = post(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, PostOutcome::Failed(FailureKind::Closed));
    served.await.unwrap();
    // The listener is gone now.
    let outcome = post(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, PostOutcome::Failed(FailureKind::Connect));

    let (port, served) = answer_with("SSH-2.0-nothing\r\n").await;
    let outcome = post(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, PostOutcome::Failed(FailureKind::BadAnswer));
    served.await.unwrap();

    for url in ["http://unknown.example/", "http://nothing.example/"] {
        assert_eq!(post(&client, url).await, PostOutcome::Failed(FailureKind::Dns), "{url}");
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_speak_tls_is_a_tls_failure() {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // 22 opens a TLS handshake: the client did try.
        first[0]
    });
    let outcome = post(&open_client(), &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, PostOutcome::Failed(FailureKind::Tls));
    assert_eq!(served.await.unwrap(), 22);
}

#[tokio::test]
async fn names_for_private_addresses_are_refused_even_among_public_ones() {
    let client = client(TargetPolicy::public_only(), Duration::from_secs(30));
    for url in ["http://inside.example/", "https://mixed.example/", "http://127.0.0.1/"] {
        let outcome = post(&client, url).await;
        assert_eq!(outcome, PostOutcome::Refused(PostRefused::PrivateAddress), "{url}");
    }
    assert_eq!(client.check_url("http://inside.example/"), Ok(()), "names are checked on posting");
    assert_eq!(client.check_url("http://127.0.0.1/"), Err(PostRefused::PrivateAddress));
}

#[tokio::test]
async fn an_allowed_name_may_stand_for_a_private_address() {
    let targets = TargetPolicy::public_only().allowing_host("inside.example").unwrap();
    let client = client(targets, Duration::from_secs(30));
    let (port, served) = answer_with("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let outcome = post(&client, &format!("http://inside.example:{port}/")).await;
    assert_eq!(status_and_excerpt(outcome), (200, String::new()));
    let request = served.await.unwrap();
    assert!(request.contains(&format!("host: inside.example:{port}\r\n")), "{request}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let client = open_client();
    let header = client.post("http://127.0.0.1:1/", &[("A", "b\nc")], b"").await;
    assert_eq!(header, PostOutcome::Refused(PostRefused::Header));
    // The placeholder of the documents is a URL, but nothing that can be asked for.
    let placeholder = post(&client, "http://{mydomain}/callback").await;
    assert_eq!(placeholder, PostOutcome::Refused(PostRefused::NotAUrl));
    assert_eq!(post(&client, "mailto:a@b").await, PostOutcome::Refused(PostRefused::Scheme));
}
