//! The callback receiver: a small HTTP server that wakes whoever waits for an order.
//!
//! A callback is a hint and no proof: it only makes the sweeper ask the server at once. So a forged
//! one costs a question; its signature is checked all the same, and a bad one wakes nobody.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use domain::OrderId;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::{Object, Value, names};
use zeroize::Zeroizing;

/// Largest body that is read, in bytes; a callback has a few hundred.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Who waits for which order.
#[derive(Clone, Default)]
pub struct Wakes {
    waiting: Arc<Mutex<HashMap<OrderId, Arc<Notify>>>>,
}

impl Wakes {
    /// Ends when the order's callback came; also if it came before anybody waited.
    pub async fn of(&self, order: OrderId) {
        let notify = self.entry(order);
        notify.notified().await;
        self.lock().remove(&order);
    }

    fn wake(&self, order: OrderId) {
        self.entry(order).notify_one();
    }

    fn entry(&self, order: OrderId) -> Arc<Notify> {
        Arc::clone(self.lock().entry(order).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OrderId, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Receiver {
    wakes: Wakes,
    secret: Zeroizing<Vec<u8>>,
}

/// Takes callbacks until told to stop; the address that it listens on.
///
/// Errors: the address cannot be listened on.
pub async fn listen(
    address: SocketAddr,
    secret: &str,
    wakes: Wakes,
    stop: CancellationToken,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let secret = Zeroizing::new(secret.as_bytes().to_vec());
    let receiver = Arc::new(Receiver { wakes, secret });
    let router = Router::new()
        .fallback(take)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(receiver);
    tokio::spawn(async move {
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::warn!(%error, "the callback receiver ended; orders are asked for instead");
        }
    });
    Ok(address)
}

async fn take(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (timestamp, signature) = (header(names::TIMESTAMP), header(names::SIGNATURE));
    if wire::verify(&receiver.secret, timestamp, &body, signature).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let serial = Object::parse(&body).ok().and_then(|object| {
        object.get(names::SERIAL).and_then(Value::as_text).and_then(OrderId::parse)
    });
    match serial {
        Some(order) => {
            receiver.wakes.wake(order);
            StatusCode::OK
        }
        None => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_callback_wakes_whoever_waits_even_if_it_came_first() {
        let wakes = Wakes::default();
        let (one, two) = (OrderId([1; 16]), OrderId([2; 16]));
        wakes.wake(one);
        wakes.of(one).await;
        let (woken, ()) = tokio::join!(wakes.of(two), async { wakes.wake(two) });
        assert_eq!(woken, ());
        assert!(wakes.lock().is_empty());
    }
}
