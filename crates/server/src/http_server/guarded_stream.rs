//! The connection's bytes, with two things the HTTP library does not do: a limit on how long a
//! client may take nothing, and a body for the answers that the library makes by itself.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::answer::detail_json;
use super::connection::{MAX_HEAD_BYTES, MAX_HEADERS};

/// A TCP connection that guards what is written to it.
pub(super) struct GuardedStream {
    stream: TcpStream,
    write_timeout: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// What is written in place of a bare refusal, and how much of it is written already.
    replacement: Vec<u8>,
    replaced: usize,
}

impl GuardedStream {
    pub(super) fn new(stream: TcpStream, write_timeout: Duration) -> Self {
        Self { stream, write_timeout, stalled: None, replacement: Vec::new(), replaced: 0 }
    }

    /// Writes, or fails when the client has taken nothing for too long.
    fn poll_write_guarded(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(context, bytes) {
            self.stalled = None;
            return Poll::Ready(written);
        }
        let timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_replacement(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.replaced < self.replacement.len() {
            let rest = self.replacement[self.replaced..].to_vec();
            self.replaced += ready!(self.poll_write_guarded(context, &rest))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(context))?;
        let Some(refusal) = BareRefusal::of(bytes) else {
            return this.poll_write_guarded(context, bytes);
        };
        this.replacement = refusal.with_body();
        this.replaced = 0;
        // What does not fit now is written by the flush that follows.
        if let Poll::Ready(Err(error)) = this.poll_replacement(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        self.poll_write(context, first.map_or(&[], |buffer| buffer))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(context))?;
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

/// An answer that the HTTP library makes when a request cannot be parsed: a head and no body.
/// No handler makes one, because every error of ours has a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BareRefusal {
    Malformed,
    LongPath,
    LargeHead,
}

impl BareRefusal {
    fn of(bytes: &[u8]) -> Option<Self> {
        // The longest that the library writes for these is far below this.
        const MAX_BARE_BYTES: usize = 256;
        if bytes.len() > MAX_BARE_BYTES {
            return None;
        }
        let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?;
        let refusal = match status {
            "400" => Self::Malformed,
            "414" => Self::LongPath,
            "431" => Self::LargeHead,
            _ => return None,
        };
        lines.any(|line| line == "content-length: 0").then_some(refusal)
    }

    /// The same refusal as clients can read it. They know only 200 and 400.
    fn with_body(self) -> Vec<u8> {
        let body = detail_json(&match self {
            Self::Malformed => "The request is not valid HTTP. If a header holds a line break: a \
                signature from `xxd -p` does, use `xxd -p -c 64`."
                .to_owned(),
            Self::LongPath => "The request path is too long.".to_owned(),
            Self::LargeHead => format!(
                "The request head is larger than {MAX_HEAD_BYTES} bytes or has more than \
                 {MAX_HEADERS} headers."
            ),
        });
        let length = body.len();
        format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_refusals_are_replaced() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: now\r\n\r\n";
        assert_eq!(BareRefusal::of(bare.as_bytes()), Some(BareRefusal::Malformed));
        for other in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 4",
            "{\"detail\": \"content-length: 0\"}\r\n\r\n",
        ] {
            assert_eq!(BareRefusal::of(other.as_bytes()), None, "{other:?}");
        }
    }
}
