//! One request: body limit, deadline, panics, the shape of errors.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use futures::FutureExt;
use hyper::body::Incoming;
use tower::ServiceExt;

use super::HttpLimits;
use super::answer::{error_answer, shaped, too_large};

/// Answers one request, always, within the deadline.
pub(super) async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    router: Router,
    limits: HttpLimits,
) -> Response<Body> {
    let limit_bytes = limits.body_limit_of(request.uri().path());
    // Refused before a byte of it is read; bodies without a length are cut by the extractor.
    if request.body().size_hint().lower() > limit_bytes as u64 {
        return too_large(limit_bytes);
    }
    let method = request.method().clone();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let handled = AssertUnwindSafe(router.oneshot(request)).catch_unwind();
    match tokio::time::timeout(limits.request_deadline, handled).await {
        Ok(Ok(Ok(response))) => shaped(response, &method, limit_bytes),
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(panic)) => {
            tracing::error!(cause = panic_message(panic.as_ref()), "a request handler panicked");
            error_answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal error.")
        }
        Err(_) => error_answer(
            StatusCode::SERVICE_UNAVAILABLE,
            "The request was not finished in time. It may have taken effect: query before you \
             repeat it.",
        ),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
