//! The HTTP transport against servers on loopback that behave badly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};
use futures::StreamExt;
use node::{
    Endpoint, EndpointError, HttpLimits, HttpTransport, JsonNode, NodeSettings, RequestLimit,
    Transport, TransportError, TronNode, Verdict,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{head, txid};

/// Used only where a fake never answers; everywhere else the limits are far away.
const TINY: Duration = Duration::from_millis(30);

fn limits() -> HttpLimits {
    let far = Duration::from_secs(60);
    HttpLimits {
        connect_timeout: far,
        read_timeout: far,
        call_timeout: far,
        ..HttpLimits::default()
    }
}

/// What a server got: path, body, headers.
type Seen = Arc<Mutex<Vec<(String, Vec<u8>, HeaderMap)>>>;

/// A server that answers every request so.
async fn serve(
    answer: impl Fn() -> Response<Body> + Clone + Send + Sync + 'static,
) -> (String, Seen) {
    let seen = Seen::default();
    let inner = Arc::clone(&seen);
    let app = Router::new().fallback(move |request: Request| {
        let (answer, seen) = (answer.clone(), Arc::clone(&inner));
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1_000_000).await.unwrap().to_vec();
            seen.lock().unwrap().push((parts.uri.to_string(), body, parts.headers));
            answer()
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

fn status(status: u16, text: &'static str) -> Response<Body> {
    Response::builder().status(status).body(Body::from(text)).unwrap()
}

fn transport(url: &str, limits: HttpLimits) -> HttpTransport {
    HttpTransport::new(Endpoint::new(url).unwrap(), limits).unwrap()
}

async fn call(transport: &HttpTransport) -> Result<Value, TransportError> {
    transport.call("wallet/getblock", json!({"detail": false})).await
}

#[tokio::test]
async fn a_question_is_a_post_of_json_with_the_key_below_the_base_path() {
    let (url, seen) = serve(|| status(200, r#"{"ok":9007199254740993}"#)).await;
    let endpoint = Endpoint::new(&format!("{url}/some/base"))
        .unwrap()
        .with_solidity_url(&format!("{url}/solid/"))
        .unwrap()
        .with_api_key("secret-key")
        .unwrap();
    let transport = HttpTransport::new(endpoint, limits()).unwrap();
    let answer = call(&transport).await.unwrap();
    assert_eq!(answer["ok"].as_i64(), Some(9_007_199_254_740_993), "past the reach of doubles");
    transport.call("walletsolidity/getblock", json!({})).await.unwrap();

    let seen = seen.lock().unwrap();
    let (path, body, headers) = &seen[0];
    assert_eq!(path, "/some/base/wallet/getblock");
    assert_eq!(body, br#"{"detail":false}"#);
    assert_eq!(headers["tron-pro-api-key"], "secret-key");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(seen[1].0, "/solid/walletsolidity/getblock");
}

#[tokio::test]
async fn the_typed_client_works_over_http() {
    let body = Body::from(head(7, 21_000).to_string());
    let body = Mutex::new(Some(body));
    let body = Arc::new(body);
    let (url, _) = serve(move || Response::new(body.lock().unwrap().take().unwrap())).await;
    let node = JsonNode::new(transport(&url, limits()), NodeSettings::default());
    assert_eq!(node.head().await.unwrap().number, 7);
    assert_eq!(node.transport().suspended_for(), None);
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let transport = transport(&url, HttpLimits { call_timeout: TINY, ..limits() });
    assert_eq!(call(&transport).await, Err(TransportError::Timeout { limit: TINY }));
    drop(listener);
}

#[tokio::test]
async fn a_body_that_stops_in_the_middle_is_a_timeout() {
    let (url, _) = serve(|| {
        let begin = futures::stream::iter([Ok::<_, std::io::Error>("{\"block")]);
        Response::new(Body::from_stream(begin.chain(futures::stream::pending())))
    })
    .await;
    let transport = transport(&url, HttpLimits { read_timeout: TINY, ..limits() });
    assert_eq!(call(&transport).await, Err(TransportError::Timeout { limit: TINY }));
}

#[tokio::test]
async fn a_body_that_drips_is_bounded_by_the_whole_call() {
    let (url, _) = serve(|| {
        let drip = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(" "));
        Response::new(Body::from_stream(drip))
    })
    .await;
    let limits = HttpLimits { call_timeout: TINY, answer_bytes_max: usize::MAX, ..limits() };
    assert_eq!(call(&transport(&url, limits)).await, Err(TransportError::Timeout { limit: TINY }));
}

#[tokio::test]
async fn an_oversized_body_is_not_read_to_its_end() {
    let limits = HttpLimits { answer_bytes_max: 10, ..limits() };
    let too_large = Err(TransportError::TooLarge { limit_bytes: 10 });
    let (announced, _) = serve(|| status(200, "{\"a\":12345}")).await;
    assert_eq!(call(&transport(&announced, limits)).await, too_large);
    let (endless, _) = serve(|| {
        let drip = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("        "));
        Response::new(Body::from_stream(drip))
    })
    .await;
    assert_eq!(call(&transport(&endless, limits)).await, too_large);
    let (exact, _) = serve(|| status(200, "{\"a\":1234}")).await;
    assert_eq!(call(&transport(&exact, limits)).await, Ok(json!({"a": 1234})));
}

#[tokio::test]
async fn an_announced_length_is_not_believed_for_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 1_024];
        let _read = socket.read(&mut request).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}").await.unwrap();
    });
    let broken = call(&transport(&url, limits())).await.unwrap_err();
    assert!(matches!(broken, TransportError::Broken { .. }), "{broken:?}");
}

#[tokio::test]
async fn a_suspension_silences_every_call_to_the_endpoint() {
    let text = r#"{"Error":"The key exceeds the frequency limit(15), and the query server is suspended for 30s"}"#;
    for code in [200, 403, 429, 503] {
        let (url, seen) = serve(move || status(code, text)).await;
        let transport = transport(&url, limits());
        let first = call(&transport).await;
        if code != 200 {
            let retry_after = Duration::from_secs(30);
            assert_eq!(first, Err(TransportError::Suspended { retry_after }));
        }
        for path in ["wallet/getaccount", "wallet/broadcasthex", "walletsolidity/getblock"] {
            let error = transport.call(path, json!({})).await.unwrap_err();
            let TransportError::Suspended { retry_after } = error else { panic!("{error:?}") };
            assert!(retry_after <= Duration::from_secs(30));
        }
        assert_eq!(seen.lock().unwrap().len(), 1, "status {code}");
        assert!(transport.suspended_for().is_some());
    }
}

#[tokio::test]
async fn a_retry_after_header_is_followed() {
    let (url, _) = serve(|| {
        Response::builder().status(429).header("retry-after", "7").body(Body::empty()).unwrap()
    })
    .await;
    let retry_after = Duration::from_secs(7);
    let error = call(&transport(&url, limits())).await.unwrap_err();
    assert_eq!(error, TransportError::Suspended { retry_after });
    assert_eq!(error.verdict(), Verdict::RetryAfter(retry_after));
}

#[tokio::test]
async fn other_refusals_are_told_and_do_not_suspend() {
    for (code, text, retries) in [
        (403, "forbidden", false),
        (404, r#"{"Error":"this API is unavailable due to config"}"#, false),
        (405, "", false),
        (413, "body too large", false),
        (500, "oops", true),
        (502, "bad gateway", true),
        (302, "elsewhere", false),
    ] {
        let (url, seen) = serve(move || {
            let mut response = status(code, text);
            response.headers_mut().insert("location", "/elsewhere".parse().unwrap());
            response
        })
        .await;
        let transport = transport(&url, limits());
        for _ in 0..2 {
            let error = call(&transport).await.unwrap_err();
            assert_eq!(error, TransportError::Status { status: code, text: text.to_owned() });
            assert_eq!(matches!(error.verdict(), Verdict::RetryAfter(_)), retries, "{code}");
        }
        assert_eq!(seen.lock().unwrap().len(), 2, "{code}: asked twice, redirected never");
    }
}

#[tokio::test]
async fn a_refusal_with_an_endless_text_is_cut() {
    let (url, _) = serve(|| {
        let drip = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1_000)));
        let mut response = Response::new(Body::from_stream(drip));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
    .await;
    let error = call(&transport(&url, limits())).await.unwrap_err();
    let text = "x".repeat(node::json::TEXT_CHARS_MAX);
    assert_eq!(error, TransportError::Status { status: 500, text });
}

#[tokio::test]
async fn what_is_not_json_is_said_to_be_so() {
    for body in ["", "this API is closed because this node is a lite fullnode", "{\"a\":", "{} {}"]
    {
        let (url, _) = serve(move || status(200, body)).await;
        let error = call(&transport(&url, limits())).await.unwrap_err();
        assert_eq!(error, TransportError::NotJson { text: body.to_owned() });
    }
    let (url, _) = serve(|| Response::new(Body::from("[".repeat(100_000)))).await;
    let error = call(&transport(&url, limits())).await.unwrap_err();
    assert!(matches!(error, TransportError::NotJson { .. }), "deep nesting is no stack overflow");
}

#[tokio::test]
async fn nobody_listening_is_told_without_the_path_of_the_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token-in-path", listener.local_addr().unwrap());
    drop(listener);
    let transport = transport(&url, limits());
    let error = call(&transport).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
    assert!(!error.to_string().contains("token-in-path"), "{error}");

    let node = JsonNode::new(transport, NodeSettings::default());
    let sent = node.broadcast(txid(), &[1]).await;
    assert!(!format!("{sent:?}").contains("token-in-path"), "{sent:?}");
}

#[tokio::test]
async fn our_own_limit_refuses_before_anything_is_sent() {
    let (url, seen) = serve(|| status(200, "{}")).await;
    // The third turn is half a minute away, past the time of the call.
    let requests = RequestLimit { interval: Duration::from_secs(30), burst: 2, concurrent: 4 };
    let call_timeout = Duration::from_secs(5);
    let transport = transport(&url, HttpLimits { requests, call_timeout, ..limits() });
    for _ in 0..2 {
        call(&transport).await.unwrap();
    }
    let error = call(&transport).await.unwrap_err();
    assert!(matches!(error, TransportError::Limited { .. }), "{error:?}");
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[test]
fn endpoints_are_checked_and_keep_their_secrets() {
    for bad in ["", "localhost", "ftp://host/", "http://", "//host", "unix:/socket"] {
        assert_eq!(Endpoint::new(bad).err(), Some(EndpointError::Url), "{bad}");
    }
    let endpoint = Endpoint::new("https://node.example:8090/token?key=1").unwrap();
    assert_eq!(endpoint.name(), "node.example:8090");
    assert_eq!(endpoint.clone().with_api_key("a\nb").err(), Some(EndpointError::ApiKey));
    assert_eq!(endpoint.clone().with_solidity_url("x").err(), Some(EndpointError::Url));
    assert_eq!(Endpoint::new("https://node.example").unwrap().name(), "node.example");
    HttpTransport::new(endpoint, HttpLimits::default()).unwrap();
}
