//! A load generator: prepared requests over loopback, on a thread of its own as a client would be.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Whole requests as they go out, head and body.
pub(super) type Requests = Arc<Vec<Vec<u8>>>;

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// What came of a run in which every answer was a success.
#[derive(Debug)]
pub(super) struct Tally {
    /// Requests that were answered.
    pub(super) answered: usize,
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// How long each answer took, in microseconds, by the request's position.
    pub(super) latencies_us: Vec<(usize, u64)>,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// Each connection sends its next request when it has its answer, until this long has passed.
    Closed(Duration),
    /// Requests begin at this distance, whether or not earlier ones were answered.
    Open(Duration),
}

/// Sends prepared requests until they or the time are used up.
///
/// Errors: an answer that is not a success, or none.
pub(super) async fn run(
    server: SocketAddr,
    requests: Requests,
    connections: usize,
    pace: Pace,
) -> anyhow::Result<Tally> {
    let generator = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(generate(server, &requests, connections, pace))
    };
    tokio::task::spawn_blocking(generator).await?
}

async fn generate(
    server: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    pace: Pace,
) -> anyhow::Result<Tally> {
    let clients = try_join_all((0..connections).map(|_| Client::connect(server))).await?;
    let next = Cell::new(0);
    let start = Instant::now();
    let runs = clients.into_iter().map(|client| {
        let next = &next;
        async move {
            match pace {
                Pace::Closed(lasts) => closed(client, requests, next, start, lasts).await,
                Pace::Open(distance) => open(client, requests, next, start, distance).await,
            }
        }
    });
    let latencies_us: Vec<_> = try_join_all(runs).await?.into_iter().flatten().collect();
    Ok(Tally { answered: latencies_us.len(), took: start.elapsed(), latencies_us })
}

/// The position of the next request that nobody took.
fn take(next: &Cell<usize>) -> usize {
    let index = next.get();
    next.set(index + 1);
    index
}

async fn closed(
    mut client: Client,
    requests: &[Vec<u8>],
    next: &Cell<usize>,
    start: Instant,
    lasts: Duration,
) -> anyhow::Result<Vec<(usize, u64)>> {
    let mut latencies = Vec::new();
    while start.elapsed() < lasts {
        let index = take(next);
        let Some(request) = requests.get(index) else { break };
        let began = Instant::now();
        client.exchange(request).await?;
        latencies.push((index, micros(began.elapsed())));
    }
    Ok(latencies)
}

async fn open(
    mut client: Client,
    requests: &[Vec<u8>],
    next: &Cell<usize>,
    start: Instant,
    distance: Duration,
) -> anyhow::Result<Vec<(usize, u64)>> {
    let mut latencies = Vec::new();
    loop {
        let index = take(next);
        let Some(request) = requests.get(index) else { break };
        let due = start + distance * u32::try_from(index)?;
        let now = Instant::now();
        // A late timer is the generator's; a request that had to wait for a connection is late
        // because of the server, and counts from when it was due.
        let began = match due > now {
            true => {
                tokio::time::sleep_until(due.into()).await;
                Instant::now()
            }
            false => due,
        };
        client.exchange(request).await?;
        latencies.push((index, micros(began.elapsed())));
    }
    Ok(latencies)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// One connection that is kept.
pub(super) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(super) async fn connect(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096) })
    }

    /// Sends a request, and returns the body of its answer.
    ///
    /// Errors: no answer, or one that is not a success.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let answer = loop {
            if let Some(answer) = Answer::read(&self.buffer) {
                break answer;
            }
            ensure!(self.buffer.len() <= ANSWER_BYTES_MAX, "an answer is too long");
            let read = self.stream.read_buf(&mut self.buffer);
            let count = tokio::time::timeout(ANSWER_TIMEOUT, read).await.context("no answer")??;
            ensure!(count > 0, "the server closed a connection");
        };
        let body = &self.buffer[answer.head_bytes..];
        let is_refused = body.starts_with(ERRNO) && !body.starts_with(SUCCESS);
        if answer.status != 200 || is_refused {
            bail!("refused with {}: {}", answer.status, String::from_utf8_lossy(body));
        }
        Ok(body)
    }
}

/// How a body begins that says by a number how it went.
const ERRNO: &[u8] = br#"{"errno":"#;
/// How it begins when it went well.
const SUCCESS: &[u8] = br#"{"errno":0"#;

/// A whole answer in the buffer.
struct Answer {
    status: u16,
    head_bytes: usize,
}

impl Answer {
    /// `None` until all of it has come. Only for our own server: it always says how long a body is.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let status = head.get(9..12)?.parse().ok()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        let head_bytes = end + 4;
        (bytes.len() >= head_bytes + length.parse::<usize>().ok()?)
            .then_some(Self { status, head_bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let answer = Answer::read(whole).unwrap();
        assert_eq!((answer.status, &whole[answer.head_bytes..]), (200, &b"{}"[..]));
        for part in 0..whole.len() {
            assert!(Answer::read(&whole[..part]).is_none(), "{part}");
        }
    }
}
