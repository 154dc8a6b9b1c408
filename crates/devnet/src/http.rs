//! HTTP around a devnet, and the task that produces blocks in real time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{Method, Request as HttpRequest, Response, StatusCode, Uri, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::config::ClockMode;
use crate::devnet::Devnet;
use crate::json::Failure;
use crate::request::{Fate, Params, Reply, Request};

/// Largest request body.
const MAX_BODY_BYTES: usize = 4 * 1_024 * 1_024;
/// Connections served at a time; others wait.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a client may take to send its request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to send its request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a connection could not be accepted, so that a lack of file handles does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest that the producer sleeps before it looks at the clock again.
const PRODUCER_NAP_MS: u64 = 1_000;

/// Marks a response that must not reach the client.
#[derive(Clone, Copy)]
struct LostAnswer;

/// Why a connection was cut: a fault asked for it.
#[derive(Debug, thiserror::Error)]
#[error("answer lost on request")]
struct CutConnection;

impl Devnet {
    /// All paths as a router, for a server of one's own. Answers that a fault loses break off in the
    /// body there; [`serve`] cuts the connection before the first byte.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }
}

async fn handle(State(devnet): State<Devnet>, request: HttpRequest<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let params = match *request.method() {
        Method::GET => Ok(Params::Query(query(request.uri()))),
        Method::POST => read_body(request).await.and_then(|body| posted(&body)),
        _ => Err(Reply::error(405, "GET or POST")),
    };
    let params = match params {
        Ok(params) => params,
        Err(reply) => return respond(&reply),
    };
    let reply = devnet.call(&Request { path, params });
    match reply.fate {
        Fate::Answered => respond(&reply),
        Fate::Late { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            respond(&reply)
        }
        Fate::Lost => lost(),
    }
}

/// The whole body, unless it is too large or too slow.
async fn read_body(request: HttpRequest<Body>) -> Result<Bytes, Reply> {
    let too_large =
        || Reply::error(413, &format!("body size is too big, the limit is {MAX_BODY_BYTES}"));
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > MAX_BODY_BYTES) {
        return Err(too_large());
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES);
    match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(Reply::error(408, "the body took too long")),
    }
}

fn query(uri: &Uri) -> Value {
    match Query::<BTreeMap<String, String>>::try_from_uri(uri) {
        Ok(Query(fields)) => json!(fields),
        Err(_) => json!({}),
    }
}

/// A body is JSON, or a form, or nothing.
fn posted(body: &Bytes) -> Result<Params, Reply> {
    if body.trim_ascii().is_empty() {
        return Ok(Params::Body(json!({})));
    }
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(Params::Body(value));
    }
    let is_form = std::str::from_utf8(body)
        .ok()
        .filter(|text| text.contains('=') && !text.contains(['{', '[', ' ']))
        .and_then(|text| format!("/?{text}").parse::<Uri>().ok());
    match is_form {
        Some(uri) => Ok(Params::Query(query(&uri))),
        None => Err(Reply::ok(Failure::json("syntax error").body())),
    }
}

fn respond(reply: &Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

fn lost() -> Response<Body> {
    let mut response = Response::new(Body::new(BrokenBody));
    response.extensions_mut().insert(LostAnswer);
    response
}

/// A body that breaks off at once.
struct BrokenBody;

impl hyper::body::Body for BrokenBody {
    type Data = Bytes;
    type Error = CutConnection;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, CutConnection>>> {
        std::task::Poll::Ready(Some(Err(CutConnection)))
    }
}

/// Serves a devnet until `shutdown`, and produces its blocks when its clock is automatic.
///
/// Shape: at most 1 024 connections at a time.
///
/// Errors: none after the listener is bound; connections that fail are dropped.
pub async fn serve(listener: TcpListener, devnet: Devnet, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(());
    let producer = {
        let mut stopped = stopped.clone();
        let devnet = devnet.clone();
        tokio::spawn(async move {
            produce_blocks(devnet, async move {
                // The sender is dropped, never used: both mean "stop".
                let _ = stopped.changed().await;
            })
            .await;
        })
    };
    let router = devnet.router();
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let seat = Arc::clone(&room).acquire_owned().await;
            (seat, listener.accept().await)
        };
        let (seat, accepted) = tokio::select! {
            () = &mut shutdown => break,
            next = next => next,
        };
        let (Ok(seat), Ok((stream, _))) = (seat, accepted) else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (router, mut stopped) = (router.clone(), stopped.clone());
        tokio::spawn(async move {
            let _seat = seat;
            tokio::select! {
                () = connection(stream, router) => {}
                _ = stopped.changed() => {}
            }
        });
    }
    drop(stop);
    // The producer only ends; a panic in it has been reported by the runtime.
    let _ = producer.await;
}

async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: HttpRequest<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let response: Result<Response<Body>, Infallible> =
                router.oneshot(request.map(Body::new)).await;
            let Ok(response) = response;
            if response.extensions().get::<LostAnswer>().is_some() {
                return Err(CutConnection);
            }
            Ok(response)
        }
    });
    // A client that goes away, or that a fault cuts off, is nothing to report.
    let _: Result<(), hyper::Error> = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Produces a block whenever one is due, until `shutdown`; with a manual clock it only waits.
pub async fn produce_blocks(devnet: Devnet, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    if devnet.clock() == ClockMode::Manual {
        shutdown.await;
        return;
    }
    loop {
        let nap = devnet.due_in_ms().clamp(1, PRODUCER_NAP_MS);
        tokio::select! {
            () = &mut shutdown => return,
            () = tokio::time::sleep(Duration::from_millis(nap)) => devnet.tick(),
        }
    }
}
