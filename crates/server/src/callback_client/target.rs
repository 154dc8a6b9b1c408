//! Which callback addresses may be called.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

use super::PostRefused;
use super::public_address::is_public;

/// The longest callback address that is called, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// Which targets are allowed beyond public ones.
#[derive(Debug, Clone, Default)]
pub struct TargetPolicy {
    allow_private: bool,
    /// As the `url` crate writes hosts: lower case, IPv6 in brackets.
    allow_hosts: BTreeSet<String>,
}

impl TargetPolicy {
    /// Public addresses only.
    #[must_use]
    pub fn public_only() -> Self {
        Self::default()
    }

    /// Every address, for playgrounds whose receivers are on the same machine.
    #[must_use]
    pub fn everything() -> Self {
        Self { allow_private: true, allow_hosts: BTreeSet::new() }
    }

    /// The same policy, with one more host that may stand for any address: a name or an address,
    /// without port.
    ///
    /// Errors: the text, if it is not a host.
    pub fn allowing_host(mut self, host: &str) -> Result<Self, NotAHost> {
        let parsed = match host.parse::<Ipv6Addr>() {
            Ok(address) => Ok(Host::Ipv6(address)),
            Err(_) => Host::parse(host),
        };
        let parsed = parsed.map_err(|_| NotAHost(host.to_owned()))?;
        self.allow_hosts.insert(parsed.to_string());
        Ok(self)
    }

    /// The URL, if it may be called as far as its text says.
    ///
    /// Errors: [`PostRefused`].
    pub(super) fn check(&self, text: &str) -> Result<Url, PostRefused> {
        // A parser would drop some of them, and the rest is no part of a URL.
        if text.chars().any(char::is_control) {
            return Err(PostRefused::NotAUrl);
        }
        if text.len() > MAX_URL_BYTES {
            return Err(PostRefused::TooLong);
        }
        let url = Url::parse(text).map_err(|_| PostRefused::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PostRefused::Scheme);
        }
        // The parser has already turned 2130706433, 0x7f.1 and 0177.0.0.1 into 127.0.0.1.
        let is_private = match url.host().ok_or(PostRefused::NotAUrl)? {
            Host::Domain(name) => is_local_name(name),
            Host::Ipv4(address) => !is_public(IpAddr::V4(address)),
            Host::Ipv6(address) => !is_public(IpAddr::V6(address)),
        };
        let host = url.host_str().ok_or(PostRefused::NotAUrl)?;
        if is_private && !self.allows_any_address(host) {
            return Err(PostRefused::PrivateAddress);
        }
        Ok(url)
    }

    /// Whether a host may stand for any address, private ones included.
    pub(super) fn allows_any_address(&self, host: &str) -> bool {
        self.allow_private || self.allow_hosts.contains(host)
    }
}

/// A text that is not a host name or address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a host name or address (write it without scheme and port)")]
pub struct NotAHost(
    /// The text.
    pub String,
);

/// Names that stand for this machine everywhere, without asking. Source: RFC 6761 6.3.
fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(policy: &TargetPolicy, url: &str) -> Option<PostRefused> {
        policy.check(url).err()
    }

    #[test]
    fn private_literals_are_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::a00:1]",
            "[fd00:ec2::254]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "api.localhost",
            "user:password@127.0.0.1",
        ] {
            let url = format!("http://{host}:8080/callback");
            let expected = Some(PostRefused::PrivateAddress);
            assert_eq!(refused(&TargetPolicy::public_only(), &url), expected, "{url}");
            assert_eq!(refused(&TargetPolicy::everything(), &url), None, "{url}");
        }
    }

    #[test]
    fn only_absolute_http_and_https_are_called() {
        let policy = TargetPolicy::everything();
        for url in ["ftp://example.com/", "file:///etc/passwd", "javascript:1", "gopher://a:70/"] {
            assert_eq!(refused(&policy, url), Some(PostRefused::Scheme), "{url}");
        }
        for url in ["", "/callback", "example.com/callback", "http://", "http://a b/", "http://:80"]
        {
            assert_eq!(refused(&policy, url), Some(PostRefused::NotAUrl), "{url}");
        }
    }

    #[test]
    fn public_targets_and_the_documents_placeholder_pass() {
        let policy = TargetPolicy::public_only();
        for url in [
            "http://example.com/callback",
            "https://example.com:8443/a?b=c",
            "http://8.8.8.8/",
            "http://[2606:4700::1111]/",
            // Every sample of the platform's documents sends this one, braces included.
            "http://{mydomain}/callback",
        ] {
            assert_eq!(refused(&policy, url), None, "{url}");
        }
    }

    #[test]
    fn the_length_is_limited() {
        let policy = TargetPolicy::public_only();
        let of = |length: usize| {
            let start = "http://example.com/";
            format!("{start}{}", "a".repeat(length - start.len()))
        };
        assert_eq!(refused(&policy, &of(MAX_URL_BYTES)), None);
        assert_eq!(refused(&policy, &of(MAX_URL_BYTES + 1)), Some(PostRefused::TooLong));
    }

    #[test]
    fn an_allowed_host_is_allowed_in_any_spelling_and_nothing_else_is() {
        let policy = TargetPolicy::public_only()
            .allowing_host("10.0.0.5")
            .and_then(|policy| policy.allowing_host("::1"))
            .and_then(|policy| policy.allowing_host("Hooks.Example"))
            .unwrap();
        for url in ["http://10.0.0.5/", "http://167772165/", "http://[::1]:80/"] {
            assert_eq!(refused(&policy, url), None, "{url}");
        }
        assert!(policy.allows_any_address("hooks.example"));
        assert!(!policy.allows_any_address("other.example"));
        assert_eq!(refused(&policy, "http://10.0.0.6/"), Some(PostRefused::PrivateAddress));
        for bad in ["", "http://a", "a b", "a:80", "a/b"] {
            let error = TargetPolicy::public_only().allowing_host(bad).err();
            assert_eq!(error, Some(NotAHost(bad.to_owned())));
        }
    }
}
