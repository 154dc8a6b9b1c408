//! Pages that follow what happens, by server-sent events.
//!
//! An event is the changing part of a page as it is now, not what changed: whoever missed some has
//! missed nothing after the next one. It is made by asking the page itself, with the session of whoever
//! follows it, so that a stream shows what the page shows, to whom it shows it, and ends with the
//! session.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use tower::ServiceExt;

use super::PREFIX;
use super::edge::ConsoleEdge;
use super::frame::is_ours;
use super::visit::{BY_ITSELF, is_signed_in};

/// Longest part of a page that is sent, in bytes.
const FRAGMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Time between two signs of life when nothing changes.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// Digits of an event's id.
const ID_DIGITS: usize = 32;

/// What the stream asks pages with.
#[derive(Clone)]
pub(super) struct Follower {
    /// What handlers share.
    pub(super) edge: Arc<ConsoleEdge>,
    /// The pages.
    pub(super) pages: Router,
}

/// Which page is followed.
#[derive(Deserialize)]
pub(super) struct Wanted {
    page: String,
}

/// Follows a page until its reader leaves, the session ends or the server stops.
pub(super) async fn follow(
    State(follower): State<Follower>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    if !is_ours(&wanted.page) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    // Before there is a place for it: whoever is nobody would hold one for nothing.
    match is_signed_in(&follower.edge, request.headers()).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    // Beyond the limit pages ask by themselves, less often.
    let Ok(place) = follower.edge.live_places.clone().try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (parts, _) = request.into_parts();
    let seen = parts.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let followed = Followed {
        page: wanted.page.strip_prefix(PREFIX).unwrap_or_default().to_owned(),
        headers: carried(&parts.headers),
        extensions: parts.extensions,
        seen: seen.unwrap_or_default().to_owned(),
        is_first: true,
        is_over: false,
        _place: place,
    };
    // An event, not a comment: pages notice when it stops.
    let alive = Event::default().event("alive").data("-");
    let alive = KeepAlive::new().interval(ALIVE_EVERY).event(alive);
    Sse::new(events(follower, followed)).keep_alive(alive).into_response()
}

/// A page that is followed.
struct Followed {
    /// Below the prefix.
    page: String,
    headers: HeaderMap,
    extensions: axum::http::Extensions,
    /// The id of what its reader has.
    seen: String,
    is_first: bool,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

/// What a page is asked with: who asks, and in what language.
fn carried(headers: &HeaderMap) -> HeaderMap {
    let mut carried = HeaderMap::new();
    for name in [header::COOKIE, header::ACCEPT_LANGUAGE, header::HOST] {
        if let Some(value) = headers.get(&name) {
            carried.insert(name, value.clone());
        }
    }
    let yes = HeaderValue::from_static("true");
    carried.insert(HeaderName::from_static("hx-request"), yes.clone());
    carried.insert(HeaderName::from_static(BY_ITSELF), yes);
    carried
}

fn events(follower: Follower, followed: Followed) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold((follower, followed), |(follower, mut followed)| async move {
        loop {
            let is_serving = follower.edge.is_ready.load(Ordering::Relaxed);
            if followed.is_over || !is_serving {
                return None;
            }
            if !std::mem::take(&mut followed.is_first) {
                tokio::time::sleep(follower.edge.settings.live_every).await;
            }
            if let Some(event) = look(&follower.pages, &mut followed).await {
                return Some((Ok(event), (follower, followed)));
            }
        }
    })
}

/// The page as it is, if its reader does not have it.
async fn look(pages: &Router, followed: &mut Followed) -> Option<Event> {
    let page = match followed.page.starts_with('/') {
        true => followed.page.as_str(),
        false => "/",
    };
    let mut request = Request::builder().method(Method::GET).uri(page).body(Body::empty()).ok()?;
    *request.headers_mut() = followed.headers.clone();
    *request.extensions_mut() = followed.extensions.clone();
    let Ok(response) = pages.clone().oneshot(request).await;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => {
            followed.is_over = true;
            return Some(Event::default().event("signed-out").data("-"));
        }
        // The page will be there again, or it says to its reader itself that it is not.
        _ => return None,
    }
    let bytes = axum::body::to_bytes(response.into_body(), FRAGMENT_BYTES_MAX).await.ok()?;
    let mut id = hex::encode(Sha256::digest(&bytes));
    id.truncate(ID_DIGITS);
    if id == followed.seen {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes).replace('\r', "");
    followed.seen.clone_from(&id);
    Some(Event::default().event("fragment").id(id).data(text))
}
