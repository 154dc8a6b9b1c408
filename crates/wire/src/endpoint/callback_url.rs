//! Whether a text can be a callback URL, by its shape alone.
//!
//! Not here: whether the host is public. The server asks that of the address that it is about to
//! connect to, with a full URL parser.

use std::net::Ipv6Addr;

use crate::canon::Object;
use crate::describe::{Field, Kind};
use crate::error::{self, FieldErrors};
use crate::{endpoint::field, names};

/// The longest callback URL, characters.
pub const MAX_CALLBACK_URL_CHARS: usize = 255;
/// The longest host name and the longest part of one, characters (RFC 1035).
const MAX_HOST_CHARS: usize = 253;
const MAX_LABEL_CHARS: usize = 63;
/// What RFC 3986 allows beside letters and digits.
const URL_PUNCTUATION: &str = "-._~:/?#[]@!$&'()*+,;=%";

/// The member of a request that names one.
pub(super) const DESCRIBED: Field = Field::new(
    names::CALLBACK_URL,
    Kind::Nullable(&Kind::Url(MAX_CALLBACK_URL_CHARS)),
    r#""https://merchant.example/callback""#,
    "where the result is posted; otherwise the account's own URL",
)
.optional();

/// The callback URL of a request, if it names one.
pub(super) fn callback_url(body: &Object, errors: &mut FieldErrors) -> Option<String> {
    let text = field::optional_text(body, names::CALLBACK_URL, errors)?;
    if text.chars().count() > MAX_CALLBACK_URL_CHARS {
        errors.push(names::CALLBACK_URL, error::longer_than(MAX_CALLBACK_URL_CHARS));
        return None;
    }
    if !is_http_url(text) {
        errors.push(names::CALLBACK_URL, error::NOT_A_URL);
        return None;
    }
    Some(text.to_owned())
}

/// `http` or `https`, a host, maybe a port, and only characters that a URL may hold.
///
/// Braces are not among them, so a placeholder that was never filled in, such as the `{mydomain}` of
/// the documents, is noticed when the order is placed and not when its callback is lost. A user name
/// is refused: it would be stored and shown with every attempt.
fn is_http_url(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || URL_PUNCTUATION.contains(c);
    if !text.chars().all(is_allowed) {
        return false;
    }
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some(inside) = authority.strip_prefix('[') {
        let Some((host, port)) = inside.split_once(']') else { return false };
        return host.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || is_port(port));
    }
    match authority.find(':') {
        Some(colon) => is_host_name(&authority[..colon]) && is_port(&authority[colon..]),
        None => is_host_name(authority),
    }
}

/// A colon and a port that one can connect to.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// A name or an IPv4 address; international names in their ASCII form.
fn is_host_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        (1..=MAX_LABEL_CHARS).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.len() <= MAX_HOST_CHARS && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_can_be_called_are_accepted() {
        for url in [
            "https://mydomain.com/callback",
            "http://merchant.example",
            "HTTPS://Merchant.Example:8443/a/b?x=1&y=%20#z",
            "http://127.0.0.1:18080/callback",
            "http://localhost/",
            "http://[2001:db8::1]:80/cb",
            "http://xn--bcher-kva.example./cb",
            "http://a_b.example?x",
        ] {
            assert!(is_http_url(url), "{url}");
        }
    }

    #[test]
    fn urls_that_cannot_be_called_are_refused() {
        let long_label = format!("http://{}.example/", "a".repeat(64));
        let long_host = format!("http://{}/", "abcdefgh.".repeat(29));
        for url in [
            "http://{mydomain}/callback",
            "ftp://merchant.example/cb",
            "//merchant.example/cb",
            "merchant.example/cb",
            "http://",
            "http:///cb",
            "http://:80/cb",
            "http://a..b/",
            "http://user:word@merchant.example/",
            "http://user@merchant.example/",
            "http://merchant.example:0/",
            "http://merchant.example:65536/",
            "http://merchant.example:+80/",
            "http://merchant.example:/",
            "http://[::1/",
            "http://[zz]/",
            "http://[::1]x/",
            "http://merchant.example/a b",
            "http://merchant.example\\@evil.example/",
            "http://merchant.example/\u{7f}",
            "http://bücher.example/",
            long_label.as_str(),
            long_host.as_str(),
        ] {
            assert!(!is_http_url(url), "{url}");
        }
    }
}
