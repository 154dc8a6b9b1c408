//! Cookies, few and simple: the session, the visitor's token before it, language and theme.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session's token.
pub(super) const SESSION: &str = "sunsweep_session";
/// A token for the forms of who is not signed in. It never becomes a session.
pub(super) const VISITOR: &str = "sunsweep_visitor";
/// `en` or `zh`.
pub(super) const LANGUAGE: &str = "sunsweep_language";
/// `light` or `dark`; absent: as the system is set.
pub(super) const THEME: &str = "sunsweep_theme";

/// How long a preference is kept, in seconds.
const PREFERENCE_SECS: u32 = 31_536_000;

/// The value of a cookie, if it came exactly once: two of a name are somebody's trick.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// A cookie that ends with the browser's session, that no script reads and that other sites never send.
pub(super) fn secret(name: &str, value: &str, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    line(&format!("{name}={value}; Path=/console; HttpOnly; SameSite=Strict{secure}"))
}

/// A cookie that is kept.
pub(super) fn preference(name: &str, value: &str, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let rest =
        format!("Path=/console; Max-Age={PREFERENCE_SECS}; HttpOnly; SameSite=Strict{secure}");
    line(&format!("{name}={value}; {rest}"))
}

/// Takes a cookie away.
pub(super) fn gone(name: &str) -> HeaderValue {
    line(&format!("{name}=; Path=/console; Max-Age=0; HttpOnly; SameSite=Strict"))
}

fn line(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("our cookies are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_is_read_once_or_not_at_all() {
        for (lines, expected) in [
            (&["sunsweep_session=a"][..], Some("a")),
            (&["x=1; sunsweep_session=a; y=2"], Some("a")),
            (&["x=1", "sunsweep_session=a"], Some("a")),
            (&["sunsweep_session=a; sunsweep_session=b"], None),
            (&["sunsweep_session=a", "sunsweep_session=b"], None),
            (&["xsunsweep_session=a"], None),
            (&[], None),
        ] {
            assert_eq!(read(&headers(lines), SESSION), expected, "{lines:?}");
        }
    }
}
