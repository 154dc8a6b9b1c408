//! A cable to the database that can fall silent: nothing passes, and nobody is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cluster::cluster;

/// See [`Cable::to_database`].
pub(crate) struct Cable {
    address: SocketAddr,
    is_up: watch::Sender<bool>,
    relay: JoinHandle<()>,
}

impl Cable {
    /// A cable to the PostgreSQL of the tests.
    pub(crate) async fn to_database() -> Self {
        let socket = cluster().expect("PostgreSQL is installed").socket();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_up, up) = watch::channel(true);
        let relay = tokio::spawn(relay(listener, socket, up));
        Self { address, is_up, relay }
    }

    /// The URL of the same database at the other end of this cable.
    pub(crate) fn url_instead_of(&self, url: &str) -> String {
        let name = url.rsplit_once('/').unwrap().1;
        format!("postgres://sunsweep@{}/{name}?sslmode=disable", self.address)
    }

    /// From now on nothing passes.
    pub(crate) fn fall_silent(&self) {
        self.is_up.send_replace(false);
    }

    /// Everything passes again, what waited first.
    pub(crate) fn heal(&self) {
        self.is_up.send_replace(true);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

async fn relay(listener: TcpListener, socket: PathBuf, up: watch::Receiver<bool>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let far = UnixStream::connect(&socket).await.unwrap();
        let (near_read, near_write) = near.into_split();
        let (far_read, far_write) = far.into_split();
        tokio::spawn(pass(near_read, far_write, up.clone()));
        tokio::spawn(pass(far_read, near_write, up.clone()));
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut up: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 64 * 1_024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if up.wait_for(|is_up| *is_up).await.is_err()
            || to.write_all(&bytes[..count]).await.is_err()
        {
            break;
        }
    }
    // The other end is gone as well.
    let _closed = to.shutdown().await;
}
