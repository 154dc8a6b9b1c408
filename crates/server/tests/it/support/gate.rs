//! A node in front of the devnet that can hold requests back.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use devnet::{Devnet, Request};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

struct Desk {
    chain: Devnet,
    /// How many have to wait before the gate opens for good.
    wanted: AtomicUsize,
    /// How many have come since it was closed.
    came: watch::Sender<usize>,
    passed: AtomicUsize,
}

/// See [`Gate::close_until`].
pub(crate) struct Gate {
    address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Gate {
    /// An open gate.
    pub(crate) async fn before(chain: &Devnet) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk {
            chain: chain.clone(),
            wanted: AtomicUsize::new(0),
            came: watch::Sender::new(0),
            passed: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(pass).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, desk, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Holds every request back until so many wait together; then it stays open.
    pub(crate) fn close_until(&self, together: usize) {
        self.desk.wanted.store(together, Ordering::SeqCst);
        self.desk.passed.store(0, Ordering::SeqCst);
        self.desk.came.send_replace(0);
    }

    /// Requests that got through since it was closed.
    pub(crate) fn passed(&self) -> usize {
        self.desk.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(desk): State<Arc<Desk>>, uri: Uri, body: Bytes) -> String {
    let mut came = desk.came.subscribe();
    desk.came.send_modify(|count| *count += 1);
    let wanted = desk.wanted.load(Ordering::SeqCst);
    drop(came.wait_for(|count| *count >= wanted).await.unwrap());
    desk.passed.fetch_add(1, Ordering::SeqCst);
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| serde_json::json!({}));
    desk.chain.call(&Request::post(uri.path(), body)).body.to_string()
}
