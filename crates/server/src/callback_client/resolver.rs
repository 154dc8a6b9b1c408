//! Names to addresses: looked up, checked, and pinned to the connection that asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::public_address::is_public;
use super::target::TargetPolicy;

/// The most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// The answer of a [`Lookup`].
pub type LookupFuture = BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// Where names are looked up.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a host name.
    fn lookup(&self, host: &str) -> LookupFuture;
}

/// The system's own resolver.
pub struct SystemLookup;

/// One of the name's addresses is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name stands for an address that is not public")]
pub(super) struct PrivateTarget;

/// The name stands for no address.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be looked up")]
pub(super) struct LookupFailed(#[source] io::Error);

/// What the HTTP client asks for addresses. It connects to nothing but what this returns, so the
/// addresses that were checked are the ones used.
pub(super) struct CheckedResolver {
    lookup: Arc<dyn Lookup>,
    targets: Arc<TargetPolicy>,
}

impl CheckedResolver {
    pub(super) fn new(lookup: Arc<dyn Lookup>, targets: Arc<TargetPolicy>) -> Self {
        Self { lookup, targets }
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> LookupFuture {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looked_up = self.lookup.lookup(name.as_str());
        let any_address_will_do = self.targets.allows_any_address(name.as_str());
        Box::pin(async move {
            let addresses = looked_up.await.map_err(LookupFailed)?;
            // One private address is enough to refuse: a name with both kinds is an attack or a
            // mistake, and which one gets connected to would be chance.
            if !any_address_will_do && !addresses.iter().copied().all(is_public) {
                return Err(PrivateTarget.into());
            }
            if addresses.is_empty() {
                return Err(LookupFailed(io::ErrorKind::NotFound.into()).into());
            }
            // Port 0 is replaced by the port of the URL.
            let addresses = addresses.into_iter().take(MAX_ADDRESSES);
            Ok(Box::new(addresses.map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
