//! A merchant's receiver of callbacks: verifies, writes down, and answers as it is told.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::SECRET;

/// One post as it came.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The signature holds for the body as it came.
    pub(crate) is_genuine: bool,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    RedirectTo(String),
    /// Nothing, until the receiver is let go.
    Hang,
}

struct Desk {
    posts: watch::Sender<Vec<Post>>,
    replies: Mutex<VecDeque<Reply>>,
    default: Mutex<Reply>,
    gate: Semaphore,
}

/// A receiver on loopback.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk {
            posts: watch::Sender::new(Vec::new()),
            replies: Mutex::default(),
            default: Mutex::new(Reply::Status(200)),
            gate: Semaphore::new(0),
        });
        let router = Router::new().fallback(take).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, desk, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    /// What is answered from now on, unless something else was put in line.
    pub(crate) fn always(&self, reply: Reply) {
        *self.desk.default.lock().unwrap() = reply;
    }

    /// What is answered next.
    pub(crate) fn next(&self, reply: Reply) {
        self.desk.replies.lock().unwrap().push_back(reply);
    }

    /// Answers everybody who hangs, now and later.
    pub(crate) fn let_go(&self) {
        self.desk.gate.add_permits(1_000);
    }

    pub(crate) fn posts(&self) -> Vec<Post> {
        self.desk.posts.borrow().clone()
    }

    /// Waits until so many posts have come.
    pub(crate) async fn wait_for(&self, count: usize) {
        let mut posts = self.desk.posts.subscribe();
        posts.wait_for(|posts| posts.len() >= count).await.unwrap();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(
    State(desk): State<Arc<Desk>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    let verified =
        wire::verify(SECRET.as_bytes(), text("TIMESTAMP"), &body, text("SIGNATURE")).is_ok();
    let post = Post {
        path: uri.to_string(),
        headers: headers.clone(),
        body: body.to_vec(),
        is_genuine: verified,
    };
    desk.posts.send_modify(|posts| posts.push(post));
    let reply = desk.replies.lock().unwrap().pop_front();
    match reply.unwrap_or_else(|| desk.default.lock().unwrap().clone()) {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::RedirectTo(target) => (StatusCode::FOUND, [("location", target)]).into_response(),
        Reply::Hang => {
            drop(desk.gate.acquire().await.unwrap());
            StatusCode::OK.into_response()
        }
    }
}
