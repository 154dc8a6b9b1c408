//! Where a list is, as its reader sees it: what the links to its other pages begin with.

use axum::http::{HeaderMap, header};
use url::Url;
use wire::ListPlace;

use crate::route::Edge;

/// Header of a proxy: how the client reached it.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The list at this path, asked for with these parameters.
///
/// The configured public URL counts; without one the request's own host, over HTTPS if a proxy says
/// so. A host that cannot be one leaves the links without it.
#[must_use]
pub fn list_place(
    edge: &Edge,
    headers: &HeaderMap,
    path: &str,
    parameters: &[(String, String)],
) -> ListPlace {
    let asked = || asked_origin(headers);
    let origin = edge.public_url.clone().or_else(asked);
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    ListPlace::new(origin.as_ref(), path, pairs)
}

fn asked_origin(headers: &HeaderMap) -> Option<Url> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let host = text(header::HOST).filter(|host| !host.contains(['/', '?', '#', '@', '\\']))?;
    let is_tls = text(header::HeaderName::from_static(FORWARDED_PROTO))
        .is_some_and(|proto| proto == "https");
    let scheme = if is_tls { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{host}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(headers: &[(&'static str, &'static str)]) -> Option<String> {
        let pairs = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
        });
        asked_origin(&pairs.collect()).map(Into::into)
    }

    #[test]
    fn the_host_of_the_request_counts_and_what_the_proxy_says_of_it() {
        assert_eq!(origin(&[("host", "pool.example:8080")]).unwrap(), "http://pool.example:8080/");
        let proxied = [("host", "pool.example"), ("x-forwarded-proto", "https")];
        assert_eq!(origin(&proxied).unwrap(), "https://pool.example/");
        let odd = [("host", "[::1]:80"), ("x-forwarded-proto", "javascript")];
        assert_eq!(origin(&odd).unwrap(), "http://[::1]/");
    }

    #[test]
    fn a_host_that_is_none_is_left_out() {
        for host in ["", "a b", "user@pool.example", "pool.example/path", "a\\b", "x?y", "a:b"] {
            assert_eq!(origin(&[("host", host)]), None, "{host}");
        }
        assert_eq!(origin(&[]), None);
    }
}
