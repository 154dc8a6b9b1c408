//! What every page is drawn with: who looks at it, in what language, at which place.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use domain::Access;
use url::Url;

use super::phrase::Tongue;
use super::shown::{self, Html};
use super::{PREFIX, cookie, token};

/// What every page is drawn with.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// The language.
    pub(super) tongue: Tongue,
    /// `light` or `dark`; empty: as the system is set.
    pub(super) theme: &'static str,
    /// What forms carry to show that they are ours; empty where there are none.
    pub(super) form_token: String,
    /// Where we are, below the prefix, as `/orders`.
    pub(super) place: String,
    /// The query, without its question mark.
    pub(super) query: String,
    /// Whether only the changing part of the page is wanted.
    pub(super) is_fragment: bool,
    /// Who is signed in.
    pub(super) who: Option<Who>,
}

/// Who is signed in, as pages show it.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// The name.
    pub(super) name: String,
    /// What may be seen and changed.
    pub(super) access: Access,
}

/// A place that the navigation leads to.
pub(super) struct Place {
    /// Below the prefix.
    path: &'static str,
    /// The key of its name.
    phrase: &'static str,
    /// Whether only the operator's people go there.
    is_operators: bool,
}

/// Every place, in the order of the navigation.
const PLACES: &[Place] = &[
    Place { path: "/overview", phrase: "overview.title", is_operators: false },
    Place { path: "/orders", phrase: "orders.title", is_operators: false },
    Place { path: "/batches", phrase: "batches.title", is_operators: false },
    Place { path: "/policies", phrase: "policies.title", is_operators: false },
    Place { path: "/callbacks", phrase: "callbacks.title", is_operators: false },
    Place { path: "/keys", phrase: "keys.title", is_operators: false },
    Place { path: "/merchants", phrase: "merchants.title", is_operators: false },
    Place { path: "/deposits", phrase: "deposits.title", is_operators: false },
    Place { path: "/prices", phrase: "prices.title", is_operators: false },
    Place { path: "/wallets", phrase: "wallets.title", is_operators: true },
    Place { path: "/people", phrase: "people.title", is_operators: false },
    Place { path: "/tokens", phrase: "tokens.title", is_operators: true },
    Place { path: "/audit", phrase: "audit.title", is_operators: true },
    Place { path: "/log", phrase: "log.title", is_operators: true },
];

/// Header with which a part of a page is asked for.
const FRAGMENT: &str = "hx-request";

impl Frame {
    /// The frame of a request of whom nobody knows who sent it.
    pub(super) fn of(parts: &Parts) -> Self {
        let headers = &parts.headers;
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let chosen = cookie::read(headers, cookie::LANGUAGE).and_then(Tongue::of_code);
        let tongue = chosen.or_else(|| accepted.and_then(Tongue::of_header));
        let full = parts.uri.path();
        Self {
            tongue: tongue.unwrap_or(Tongue::English),
            theme: theme(cookie::read(headers, cookie::THEME).unwrap_or_default()),
            form_token: token_holder(headers).map(token::of_forms).unwrap_or_default(),
            place: full.strip_prefix(PREFIX).unwrap_or(full).to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            is_fragment: headers.contains_key(FRAGMENT),
            who: None,
        }
    }

    /// A phrase.
    pub(super) fn say<'a>(&self, key: &'a str) -> &'a str {
        self.tongue.say(key)
    }

    /// A phrase with its gap `{what}` filled.
    pub(super) fn fill(&self, key: &str, what: impl ToString) -> String {
        self.tongue.fill(key, &[("what", &what.to_string())])
    }

    /// A moment.
    pub(super) fn moment(&self, at: &domain::UnixMillis) -> Html {
        shown::moment(*at)
    }

    /// A whole number with its thousands apart.
    pub(super) fn number(&self, number: impl ToString) -> String {
        shown::apart(&number.to_string())
    }

    /// Where the navigation leads whoever looks.
    pub(super) fn places(&self) -> impl Iterator<Item = &'static Place> {
        let access = self.who.as_ref().map(|who| who.access);
        PLACES.iter().filter(move |place| {
            access.is_some_and(|access| access.is_operator() || !place.is_operators)
        })
    }

    /// What a place is called for whoever looks: a member has one merchant, its own.
    pub(super) fn name_of(&self, place: &Place) -> &'static str {
        match (place.phrase, self.is_operator()) {
            ("merchants.title", false) => "merchants.statement",
            (phrase, _) => phrase,
        }
    }

    /// Whether we are at a place or below it.
    pub(super) fn is_at(&self, place: &Place) -> bool {
        self.place
            .strip_prefix(place.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether whoever looks may change things.
    pub(super) fn may_change(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.access.may_change())
    }

    /// Whether one of the operator's people looks.
    pub(super) fn is_operator(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.access.is_operator())
    }

    /// What the access of whoever is signed in is called.
    pub(super) fn access_phrase(&self, access: &Access) -> &'static str {
        match (access.is_operator(), access.may_change()) {
            (true, true) => "access.operator-admin",
            (true, false) => "access.operator-viewer",
            (false, true) => "access.merchant-admin",
            (false, false) => "access.merchant-viewer",
        }
    }

    /// Where this very page is, for coming back to it.
    pub(super) fn here(&self) -> String {
        match self.query.is_empty() {
            true => self.here_alone(),
            false => format!("{}?{}", self.here_alone(), self.query),
        }
    }

    /// Where this page is, without what was asked of it.
    pub(super) fn here_alone(&self) -> String {
        format!("{PREFIX}{}", self.place.trim_end_matches('/'))
    }

    /// Where events about pages come from.
    pub(super) fn live(&self) -> String {
        format!("{PREFIX}/live")
    }

    /// The status with which a browser is led elsewhere after a change.
    pub(super) fn gone_status(&self) -> StatusCode {
        if self.is_fragment { StatusCode::OK } else { StatusCode::SEE_OTHER }
    }

    /// The sentence that says what was just done, if the query names one of ours.
    pub(super) fn done(&self) -> Option<&'static str> {
        let name = self.query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
        // A name without a phrase would be somebody else's text on our page.
        self.tongue.known(&format!("done.{name}"))
    }
}

impl Place {
    /// Its address.
    pub(super) fn href(&self) -> String {
        format!("{PREFIX}{}", self.path)
    }
}

/// The cookie that the form token follows from: the session's, else the visitor's.
pub(super) fn token_holder(headers: &axum::http::HeaderMap) -> Option<&str> {
    let session = cookie::read(headers, cookie::SESSION);
    let holder = session.or_else(|| cookie::read(headers, cookie::VISITOR));
    holder.filter(|text| token::is_shaped(text))
}

fn theme(word: &str) -> &'static str {
    match word {
        "light" => "light",
        "dark" => "dark",
        _ => "",
    }
}

/// Whether an address is one of the console's own, so that it may be gone to.
pub(super) fn is_ours(address: &str) -> bool {
    let Ok(base) = Url::parse("http://console.invalid") else { return false };
    let is_below = address == PREFIX || address.starts_with(&format!("{PREFIX}/"));
    let joined = base.join(address);
    is_below
        && joined.is_ok_and(|joined| joined.host_str() == base.host_str())
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_the_console_are_gone_to() {
        for good in ["/console", "/console/orders", "/console/orders?state=ended&after=1"] {
            assert!(is_ours(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/consoles",
            "//evil.example/console/",
            "https://evil.example/console/",
            "/console/\\evil",
            "/console/ x",
            "/console/\r\nx",
            "javascript:alert(1)",
        ] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
