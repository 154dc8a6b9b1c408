//! Where a request comes from: the peer of its connection, or what a trusted proxy says.
//!
//! `X-Forwarded-For` is read from its end, where the nearest proxy wrote, and only as far as the proxies
//! are ours: everything further left is what a client claims about itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use domain::key::AllowList;

use crate::refusal::Refusal;
use crate::route::Edge;

/// The header in which proxies say whom they serve.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client behind these headers and this peer.
    ///
    /// A proxy's entry that is no address stops the search: then the proxy that wrote it is the client.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, proxies: &AllowList) -> Self {
        // As bytes: what a client wrote must not hide what a proxy has added to it.
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let entries =
            lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).rev();
        let mut client = peer.to_canonical();
        for entry in entries {
            if !proxies.contains(client) {
                break;
            }
            match std::str::from_utf8(entry).ok().and_then(|entry| address(entry.trim())) {
                Some(address) => client = address,
                None => break,
            }
        }
        Self(client)
    }
}

impl ClientAddress {
    /// The client of a request that came in through the HTTP server.
    #[must_use]
    pub fn of_request(extensions: &Extensions, headers: &HeaderMap, edge: &Edge) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) = peer.expect("the HTTP server says who its peer is");
        Self::of(peer.ip(), headers, &edge.trusted_proxies)
    }
}

impl FromRequestParts<Arc<Edge>> for ClientAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<Edge>) -> Result<Self, Refusal> {
        Ok(Self::of_request(&parts.extensions, &parts.headers, edge))
    }
}

/// An address with or without a port, as proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let alone = bare.parse().ok();
    let address = alone.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let proxies = AllowList::of(["10.0.0.0/8", "2001:db8::1"]).unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        ClientAddress::of(peer.parse().unwrap(), &headers, &proxies).0.to_string()
    }

    /// A line that is not text was dropped as a whole, and the proxy was taken for the client.
    #[test]
    fn what_a_client_writes_does_not_hide_what_a_proxy_wrote() {
        let proxies = AllowList::of(["10.0.0.0/8"]).unwrap();
        for (line, expected) in [
            (&b"\xff, 198.51.100.1"[..], "198.51.100.1"),
            (b"\xff, 198.51.100.1, 10.2.3.4", "198.51.100.1"),
            (b"198.51.100.1, \xff", "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
            let client = ClientAddress::of([10, 0, 0, 1].into(), &headers, &proxies);
            assert_eq!(client.0.to_string(), expected, "{line:?}");
        }
    }

    #[test]
    fn only_our_proxies_are_believed_and_only_what_they_wrote() {
        for (peer, lines, expected) in [
            ("198.51.100.7", &[][..], "198.51.100.7"),
            ("198.51.100.7", &["203.0.113.1"], "198.51.100.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.1"], "203.0.113.1"),
            ("::ffff:10.0.0.1", &["203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", &["6.6.6.6, 203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", &["6.6.6.6, 203.0.113.1, 10.2.3.4"], "203.0.113.1"),
            ("10.0.0.1", &["6.6.6.6", "203.0.113.1", "10.2.3.4"], "203.0.113.1"),
            ("10.0.0.1", &["203.0.113.1:4711"], "203.0.113.1"),
            ("2001:db8::1", &["[2001:db8::2]:80"], "2001:db8::2"),
            ("2001:db8::1", &["[2001:db8::2]"], "2001:db8::2"),
            ("10.0.0.1", &["203.0.113.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.1, , 10.2.3.4"], "10.2.3.4"),
        ] {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }
}
