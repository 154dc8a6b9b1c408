//! The HTTP server under the routes: connections, limits, deadlines, the shape of errors.
//!
//! Not here: routes, authentication (put it on with `route_layer`, because `layer` would also wrap
//! the answer to unknown paths), anything that knows what a request means.
//!
//! Invariants: every error body is a JSON object; a client can hold one connection, one head of
//! bounded size and one body of bounded size, each for a bounded time; stopping lets started
//! requests finish.

mod answer;
mod connection;
mod guarded_stream;
mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::listen;

pub use answer::error_answer;
pub use connection::{LINGER_BYTES, LINGER_MS, MAX_HEAD_BYTES, MAX_HEADERS};

/// How long accepting pauses when the system has no descriptor left for a connection.
pub const ACCEPT_PAUSE_MS: u64 = 100;

/// Paths whose bodies may be a whole batch of rows.
pub const LARGE_BODY_PATHS: [&str; 1] = ["/admin/v1/batches"];
/// The longest body on [`LARGE_BODY_PATHS`], in bytes: the CSV of a batch, each line break and comma of
/// it encoded.
pub const LARGE_BODY_BYTES: usize = 3 * 1024 * 1024;

/// What the server allows.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// The most connections at once; one more is closed at once.
    pub max_connections: usize,
    /// The longest that a request's head may take, and that a connection may be idle.
    pub header_read_timeout: Duration,
    /// The longest from the end of the head to the beginning of the answer, body included.
    pub request_deadline: Duration,
    /// The longest that a client may take no byte of an answer.
    pub write_timeout: Duration,
    /// The longest body, in bytes. Handlers see it through axum's extractors.
    pub body_limit_bytes: usize,
    /// Paths that begin with this may have larger ones, of so many bytes.
    pub larger_bodies: Option<(&'static str, usize)>,
    /// The longest that started requests may take to finish once the server stops.
    pub drain_deadline: Duration,
}

impl HttpLimits {
    /// The longest body of a request to this path, in bytes.
    fn body_limit_of(&self, path: &str) -> usize {
        match self.larger_bodies {
            Some((prefix, bytes)) if path.starts_with(prefix) => bytes,
            Some(_) | None if LARGE_BODY_PATHS.contains(&path) => {
                self.body_limit_bytes.max(LARGE_BODY_BYTES)
            }
            Some(_) | None => self.body_limit_bytes,
        }
    }
}

/// What the server counts.
#[derive(Debug, Default)]
pub struct HttpCounters {
    accepted: AtomicU64,
    refused: AtomicU64,
}

/// A server that is bound to its address and does not answer yet.
pub struct HttpServer {
    listener: TcpListener,
    local_address: SocketAddr,
    limits: HttpLimits,
    counters: Arc<HttpCounters>,
    places: Arc<Semaphore>,
}

impl HttpCounters {
    /// Connections that were served or are being served.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections that were closed at once because there were too many.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl HttpServer {
    /// Binds to an address; port 0 takes a free one.
    ///
    /// Errors: see [`listen::bind`].
    pub async fn bind(address: SocketAddr, limits: HttpLimits) -> io::Result<Self> {
        let listener = listen::bind(address).await?;
        let local_address = listener.local_addr()?;
        let places = Arc::new(Semaphore::new(limits.max_connections));
        Ok(Self { listener, local_address, limits, counters: Arc::default(), places })
    }

    /// The address that was bound, with the real port.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// The server's counters; they stay readable while it runs.
    #[must_use]
    pub fn counters(&self) -> Arc<HttpCounters> {
        self.counters.clone()
    }

    /// Serves until `stop` is cancelled, then lets started requests finish within the drain
    /// deadline and closes what is left. Never fails.
    pub async fn run(self, router: Router, stop: CancellationToken) {
        let router = router.layer(DefaultBodyLimit::max(self.limits.body_limit_bytes));
        let connections = TaskTracker::new();
        let abort = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            };
            self.place(stream, peer, &router, &connections, &stop, &abort);
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(self.limits.drain_deadline, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "closed connections that did not end");
            abort.cancel();
            connections.wait().await;
        }
    }

    /// Starts to serve a connection if there is a place for it, else closes it.
    fn place(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        router: &Router,
        connections: &TaskTracker,
        stop: &CancellationToken,
        abort: &CancellationToken,
    ) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            return;
        };
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        let (router, limits, stop, abort) =
            (router.clone(), self.limits, stop.clone(), abort.clone());
        connections.spawn(async move {
            let served = connection::serve(stream, peer, router, limits, stop);
            tokio::select! {
                () = served => {}
                () = abort.cancelled() => {}
            }
            drop(place);
        });
    }
}

/// A connection that broke before it was accepted is the peer's affair. Anything else means that
/// the system is short of something: trying again at once would only burn a core.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(cause = %crate::logging::chain(error), "connections cannot be accepted");
    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
}

#[cfg(test)]
mod tests;
