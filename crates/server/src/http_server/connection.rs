//! One connection, from its first byte to its close.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::guarded_stream::GuardedStream;
use super::{HttpLimits, request};

/// The longest head of a request, in bytes.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most headers of a request. It is the parser's own default, which needs no allocation.
pub const MAX_HEADERS: usize = 100;
/// How many bytes a client may still send after the last answer before it is cut off.
pub const LINGER_BYTES: u64 = 1024 * 1024;
/// How long it may take for that, in milliseconds.
pub const LINGER_MS: u64 = 1000;

/// How much the parser reads ahead at most, in bytes.
const READ_BUFFER_BYTES: usize = 2 * MAX_HEAD_BYTES;

/// Serves one connection until it ends; `stop` lets it finish the request it is in.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: HttpLimits,
    stop: CancellationToken,
) {
    // Answers are written whole; waiting for more to send would only add delay. A connection that
    // is gone already shows up at the first read.
    let _ = stream.set_nodelay(true);
    let service = service_fn(
        move |request: Request<Incoming>| -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
            let answer = request::answer(request, peer, router.clone(), limits);
            Box::pin(async move { Ok(answer.await) })
        },
    );
    let guarded = GuardedStream::new(stream, limits.write_timeout);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(READ_BUFFER_BYTES)
        .serve_connection(TokioIo::new(guarded), service);
    let mut stopped = pin!(stop.cancelled());
    let mut is_stopping = false;
    let ended = poll_fn(|context| {
        if !is_stopping && stopped.as_mut().poll(context).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(context)
    })
    .await;
    // Time-outs and broken connections are not worth a farewell.
    if ended.is_ok() || ended.is_err_and(|error| error.is_parse()) {
        linger(connection.into_parts().io.into_inner()).await;
    }
}

/// Says that no more comes, then takes what the client still sends, within limits. Closing at once
/// while bytes wait unread would reset the connection, and the client would lose the answer.
async fn linger(mut stream: GuardedStream) {
    let drained = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Whatever happens here, the answer was given.
    let _ = tokio::time::timeout(Duration::from_millis(LINGER_MS), drained).await;
}
