//! Taking an address to listen on.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Binds to an address; port 0 takes a free one.
///
/// Errors: what the system says, with the address, which it does not name: usually that it is taken.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}
