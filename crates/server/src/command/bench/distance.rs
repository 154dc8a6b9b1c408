//! A database that is far away: a relay before its socket that keeps every byte back for half a round trip.
//! Nothing is thinned out: bytes that come together arrive together, that much later.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

/// From a server to its database and back.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(2);

/// Bytes that are read at once, at most.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that are on their way at once, at most.
const CHUNKS_UNDER_WAY: usize = 64;

/// Relays for as long as it is kept.
pub(super) struct Distance {
    pub(super) address: SocketAddr,
    _relay: AbortOnDropHandle<()>,
}

impl Distance {
    /// Begins to relay to the socket at this path.
    ///
    /// Errors: no port is to be had.
    pub(super) async fn before(socket: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let socket: Arc<PathBuf> = Arc::new(socket.to_owned());
        let relay = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // Whoever is cut off by an error sees a closed connection, as from any network.
                tokio::spawn(relay(near, socket.clone()));
            }
        });
        Ok(Self { address, _relay: AbortOnDropHandle::new(relay) })
    }
}

async fn relay(near: TcpStream, socket: Arc<PathBuf>) -> std::io::Result<()> {
    near.set_nodelay(true)?;
    let far = UnixStream::connect(socket.as_path()).await?;
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::try_join!(carry(near_read, far_write), carry(far_read, near_write))?;
    Ok(())
}

/// Carries bytes one way until they end.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let (departed, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS_UNDER_WAY);
    let read = async move {
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let is_end = from.read_buf(&mut chunk).await? == 0;
            let is_cut = departed.send((Instant::now() + ROUND_TRIP / 2, chunk)).await.is_err();
            if is_end || is_cut {
                return std::io::Result::Ok(());
            }
        }
    };
    let write = async move {
        while let Some((due, chunk)) = arriving.recv().await {
            sleep_until(due).await;
            to.write_all(&chunk).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(read, write)?;
    Ok(())
}
