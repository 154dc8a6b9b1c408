//! Who asks, and what may be shown to them: what every page's handler takes.
//!
//! Whose things are shown follows from [`Visit::merchant`], [`Visit::only`] and [`Visit::operator`] and
//! from nothing else. What belongs to another merchant is answered exactly as what does not exist.

use std::net::SocketAddr;
use std::sync::Arc;

use app::App;
use app::administer::Administrator;
use app::person_rows::{Person, Session};
use app::rows::Merchant;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use domain::{Access, MerchantId, UnixMillis};

use super::edge::ConsoleEdge;
use super::fields::Fields;
use super::frame::{Frame, Who, token_holder};
use super::refused::{self, Refused};
use super::{PREFIX, cookie, token};
use crate::client_address::ClientAddress;

/// How stale the note of a session's last use may be, in milliseconds: it costs a commit.
const SEEN_EVERY_MS: i64 = 60_000;
/// Header of requests that a page makes by itself: they do not keep a session alive.
pub(super) const BY_ITSELF: &str = "sunsweep-by-itself";

/// A request of somebody who is signed in.
pub(super) struct Visit {
    edge: Arc<ConsoleEdge>,
    /// What the page is drawn with.
    pub(super) frame: Frame,
    /// Who it is.
    pub(super) person: Person,
    /// Hash of the session's token.
    pub(super) session: [u8; 32],
    /// How the browser reaches us, as `https://pool.example`.
    pub(super) origin: String,
    /// Whether nobody on the way can read what is sent: it comes over TLS, or from this very machine.
    pub(super) is_private: bool,
}

impl Visit {
    /// What whoever asks may see and change.
    pub(super) fn access(&self) -> Access {
        self.person.access
    }

    /// The use cases.
    pub(super) fn app(&self) -> &App {
        &self.edge.app
    }

    /// The time.
    pub(super) fn now(&self) -> UnixMillis {
        self.edge.app.clock.now()
    }

    /// The merchant to which lists are bound; `None` for the operator's people, who see all.
    pub(super) fn only(&self) -> Option<MerchantId> {
        self.person.access.merchant
    }

    /// What handlers share, for pages of the operator's people.
    ///
    /// Errors: [`Refused::NoPage`] for everybody else.
    pub(super) fn operator(&self) -> Result<&Arc<ConsoleEdge>, Refused> {
        if self.access().is_operator() { Ok(&self.edge) } else { Err(Refused::NoPage) }
    }

    /// Everything that handlers share. What is read through it has to be bound by [`Self::only`] or
    /// [`Self::sees`].
    pub(super) fn edge(&self) -> &Arc<ConsoleEdge> {
        &self.edge
    }

    /// That what belongs to this merchant may be shown.
    ///
    /// Errors: [`Refused::NoPage`].
    pub(super) fn sees(&self, merchant: MerchantId) -> Result<(), Refused> {
        if self.access().sees(merchant) { Ok(()) } else { Err(Refused::NoPage) }
    }

    /// The merchant of a page about one: a member's own, or the one that an operator names.
    ///
    /// Errors: [`Refused::NoPage`] for another merchant's, for none, and for one that is not there.
    pub(super) async fn merchant(&self, named: Option<MerchantId>) -> Result<Merchant, Refused> {
        let id = named.or(self.only()).ok_or(Refused::NoPage)?;
        self.sees(id)?;
        self.edge.records.merchant(id).await?.ok_or(Refused::NoPage)
    }

    /// The page, drawn.
    pub(super) fn page(template: &impl askama::Template) -> Result<Response, Refused> {
        Ok(Html(template.render()?).into_response())
    }

    fn administrator(&self) -> Administrator {
        Administrator {
            store: self.edge.app.store.clone(),
            actor: format!("person {}", self.person.name),
            now: self.now(),
        }
    }
}

impl FromRequestParts<Arc<ConsoleEdge>> for Visit {
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut Parts,
        edge: &Arc<ConsoleEdge>,
    ) -> Result<Self, Refused> {
        let now = edge.app.clock.now();
        let (row, person) = signed_in(edge, &parts.headers).await?.ok_or(Refused::SignIn)?;
        let session = row.token_hash;
        if now.since(row.seen) >= SEEN_EVERY_MS && !parts.headers.contains_key(BY_ITSELF) {
            edge.sessions.see_session(session, now).await?;
        }
        let frame = Frame { who: Some(who(&person)), ..Frame::of(parts) };
        let origin = origin(edge, parts);
        let is_private = is_private(edge, parts);
        Ok(Self { edge: edge.clone(), frame, person, session, origin, is_private })
    }
}

/// The session of a request with its person, if it has one that holds.
async fn signed_in(
    edge: &ConsoleEdge,
    headers: &HeaderMap,
) -> Result<Option<(Session, Person)>, Refused> {
    let Some(token) = cookie::read(headers, cookie::SESSION) else { return Ok(None) };
    let found = edge.sessions.session(token::hash(token)).await?;
    let now = edge.app.clock.now();
    Ok(found
        .filter(|(row, _)| edge.settings.sessions.allow(row.began, row.seen, now))
        .filter(|(_, person)| person.disabled.is_none() && person.credentials.is_some()))
}

/// Who is signed in, for the frame of a page that says why something was not done.
pub(super) async fn known(edge: &ConsoleEdge, headers: &HeaderMap) -> Option<Who> {
    signed_in(edge, headers).await.ok().flatten().map(|(_, person)| who(&person))
}

/// Whether a request has a session that holds.
///
/// Errors: the database does not answer.
pub(super) async fn is_signed_in(edge: &ConsoleEdge, headers: &HeaderMap) -> Result<bool, Refused> {
    Ok(signed_in(edge, headers).await?.is_some())
}

fn who(person: &Person) -> Who {
    Who { name: person.name.clone(), access: person.access }
}

/// A form of ours, sent by somebody who may change things.
pub(super) struct Change {
    /// Who.
    pub(super) visit: Visit,
    /// What was sent.
    pub(super) fields: Fields,
}

/// A form of ours about whoever sends it.
pub(super) struct OwnChange {
    /// Who.
    pub(super) visit: Visit,
}

/// A form of ours, sent by somebody who need not be signed in.
pub(super) struct GuestForm {
    /// What the page is drawn with.
    pub(super) guest: Guest,
    /// What was sent.
    pub(super) fields: Fields,
}

impl Change {
    /// Who makes the change, for the log.
    pub(super) fn administrator(&self) -> Administrator {
        self.visit.administrator()
    }

    /// Leads back to a place, which then says what was done.
    pub(super) fn done(&self, place: &str, done: &str) -> Response {
        let joint = if place.contains('?') { '&' } else { '?' };
        let address = format!("{PREFIX}{place}{joint}done={done}");
        refused::go(&self.visit.frame, self.visit.frame.gone_status(), &address)
    }
}

impl OwnChange {
    /// Who makes the change, for the log.
    pub(super) fn administrator(&self) -> Administrator {
        self.visit.administrator()
    }
}

impl FromRequest<Arc<ConsoleEdge>> for Change {
    type Rejection = Refused;

    async fn from_request(request: Request, edge: &Arc<ConsoleEdge>) -> Result<Self, Refused> {
        let (visit, fields) = own_form(request, edge).await?;
        if visit.access().may_change() {
            Ok(Self { visit, fields })
        } else {
            Err(Refused::LooksOnly)
        }
    }
}

impl FromRequest<Arc<ConsoleEdge>> for OwnChange {
    type Rejection = Refused;

    async fn from_request(request: Request, edge: &Arc<ConsoleEdge>) -> Result<Self, Refused> {
        Ok(Self { visit: own_form(request, edge).await?.0 })
    }
}

async fn own_form(request: Request, edge: &Arc<ConsoleEdge>) -> Result<(Visit, Fields), Refused> {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::from_request_parts(&mut parts, edge).await?;
    let fields = proven(Request::from_parts(parts, body), &visit.frame).await?;
    Ok((visit, fields))
}

/// A request of somebody who need not be signed in.
pub(super) struct Guest {
    /// What handlers share.
    pub(super) edge: Arc<ConsoleEdge>,
    /// What the page is drawn with.
    pub(super) frame: Frame,
    /// Where the request comes from.
    pub(super) address: std::net::IpAddr,
    /// Whether the browser speaks TLS with us or with a proxy of ours.
    pub(super) is_https: bool,
    /// A visitor's token that the browser has yet to keep.
    new_token: Option<String>,
}

impl Guest {
    /// The page, with what the browser is to keep for its forms.
    pub(super) fn page(
        &self,
        status: StatusCode,
        template: &impl askama::Template,
    ) -> Result<Response, Refused> {
        let mut response = (status, Html(template.render()?)).into_response();
        if let Some(token) = &self.new_token {
            let kept = cookie::secret(cookie::VISITOR, token, self.is_https);
            response.headers_mut().append(header::SET_COOKIE, kept);
        }
        Ok(response)
    }
}

impl FromRequestParts<Arc<ConsoleEdge>> for Guest {
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut Parts,
        edge: &Arc<ConsoleEdge>,
    ) -> Result<Self, Refused> {
        let ConnectInfo(peer) = *parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .expect("the HTTP server says who its peer is");
        let address = ClientAddress::of(peer.ip(), &parts.headers, &edge.trusted_proxies).0;
        let asked = edge.limits.peer(address);
        asked.map_err(|throttled| Refused::Throttled(throttled.available_in_secs))?;
        let mut frame = Frame::of(parts);
        let mut new_token = None;
        if token_holder(&parts.headers).is_none() {
            let fresh = token::fresh().map_err(|failed| Refused::internal(&failed))?;
            frame.form_token = token::of_forms(&fresh);
            new_token = Some(fresh.as_str().to_owned());
        }
        let is_https = is_https(edge, &parts.headers, peer);
        Ok(Self { edge: edge.clone(), frame, address, is_https, new_token })
    }
}

impl FromRequest<Arc<ConsoleEdge>> for GuestForm {
    type Rejection = Refused;

    async fn from_request(request: Request, edge: &Arc<ConsoleEdge>) -> Result<Self, Refused> {
        let (mut parts, body) = request.into_parts();
        let guest = Guest::from_request_parts(&mut parts, edge).await?;
        if guest.new_token.is_some() {
            return Err(Refused::Forged);
        }
        let fields = proven(Request::from_parts(parts, body), &guest.frame).await?;
        Ok(Self { guest, fields })
    }
}

/// The fields of a form that is proven to be one of ours: it has the token that follows from the cookie,
/// and the browser does not say that another site sent it.
async fn proven(request: Request, frame: &Frame) -> Result<Fields, Refused> {
    let is_from_us = is_same_site(request.headers());
    let body = Bytes::from_request(request, &()).await.map_err(|_| Refused::Form)?;
    let fields = Fields::read(&body)?;
    let is_ours = token::is_same(fields.raw("form_token"), &frame.form_token);
    if is_ours && is_from_us && !frame.form_token.is_empty() {
        Ok(fields)
    } else {
        Err(Refused::Forged)
    }
}

/// Whether the browser, if it says anything about it, says that the request comes from our own page.
fn is_same_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == HeaderValue::from_static("same-origin");
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        None => true,
        Some(Ok(origin)) => origin.split_once("://").map(|(_, host)| host) == host,
        Some(Err(_)) => false,
    }
}

/// How the browser reaches us: our own address if it is set, else what the request was sent to.
fn origin(edge: &ConsoleEdge, parts: &Parts) -> String {
    if let Some(url) = &edge.public_url {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let is_https = peer.is_some_and(|peer| is_https(edge, &parts.headers, peer.0));
    let scheme = if is_https { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or_default())
}

/// Whether nobody on the way can read a request. One that a proxy passed on is from anywhere.
fn is_private(edge: &ConsoleEdge, parts: &Parts) -> bool {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return false;
    };
    let is_passed_on = ["x-forwarded-for", "x-forwarded-proto", "forwarded", "via"]
        .iter()
        .any(|name| parts.headers.contains_key(*name));
    let is_from_here = peer.ip().to_canonical().is_loopback() && !is_passed_on;
    is_from_here || is_https(edge, &parts.headers, *peer)
}

/// Whether cookies may only travel over TLS: our own address says so, or a proxy of ours does.
pub(super) fn is_https(edge: &ConsoleEdge, headers: &HeaderMap, peer: SocketAddr) -> bool {
    let by_address = edge.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    let by_proxy = edge.trusted_proxies.contains(peer.ip().to_canonical())
        && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    by_address || by_proxy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_another_site_sends_is_not_ours() {
        for (pairs, is_ours) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("host", "pool.example"), ("origin", "https://pool.example")], true),
            (&[("host", "pool.example"), ("origin", "https://evil.example")], false),
            (&[("host", "pool.example"), ("origin", "null")], false),
        ] {
            assert_eq!(is_same_site(&headers(pairs)), is_ours, "{pairs:?}");
        }
    }
}
