//! Callbacks: the list, and a test that shows exactly what was sent, with what checks it beside it.

use std::collections::BTreeMap;

use app::admin_rows::{CallbackFilter, CallbackLine, Part, Slice};
use app::rows::{CallbackState, Key, Merchant};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use domain::callback::{CallbackEvent, Outcome};
use domain::{MerchantId, OrderId, Origin, Period};
use serde::Deserialize;
use serde_json::json;
use tron::Sun;
use wire::Timestamp;

use super::attempt::{self, Sent};
use super::frame::Frame;
use super::list::{Asked, List, names};
use super::merchants::chosen;
use super::order::callback_state;
use super::refused::Refused;
use super::visit::{Change, Visit};
use super::{PREFIX, asset, told};
use crate::callback_client::PostOutcome;
use crate::keys::Keys;

/// Callbacks on a page.
pub(super) const CALLBACKS_ON_PAGE: usize = 50;

/// What checks a callback in one language.
struct Verifier {
    language: &'static str,
    /// How it is called, with the secret, the two headers and the body's bytes.
    call: &'static str,
    /// Our client's own files, each with its name.
    files: &'static [(&'static str, &'static str)],
}

/// In six languages. The files are tested with every change, and so is each call.
static VERIFIERS: [Verifier; 6] = [
    Verifier {
        language: "Python",
        call: "verify_callback(secret, timestamp, signature, body)",
        files: &[("sunsweep.py", include_str!("../../../../clients/python/sunsweep.py"))],
    },
    Verifier {
        language: "PHP",
        call: "Sunsweep::verifyCallback($secret, $timestamp, $signature, $body)",
        files: &[("Sunsweep.php", include_str!("../../../../clients/php/Sunsweep.php"))],
    },
    Verifier {
        language: "Java",
        call: "Callbacks.verify(secret, timestamp, signature, body, Instant.now())",
        files: &[
            (
                "Callbacks.java",
                include_str!("../../../../clients/java/src/main/java/sunsweep/Callbacks.java"),
            ),
            (
                "Signing.java",
                include_str!("../../../../clients/java/src/main/java/sunsweep/Signing.java"),
            ),
        ],
    },
    Verifier {
        language: "Go",
        call: "verifyCallback(secret, timestamp, signature, body, time.Now())",
        files: &[("sunsweep.go", include_str!("../../../../clients/go/sunsweep.go"))],
    },
    Verifier {
        language: "Shell",
        call: "sunsweep_verify_callback \"$timestamp\" \"$signature\" <body",
        files: &[("sunsweep.sh", include_str!("../../../../clients/shell/sunsweep.sh"))],
    },
    Verifier {
        language: "Node",
        call: "verifyCallback(secret, timestamp, signature, body)",
        files: &[("sunsweep.js", include_str!("../../../../clients/node/sunsweep.js"))],
    },
];

/// The states with their words in the query.
pub(super) const STATES: [(CallbackState, &str, &str); 3] = [
    (CallbackState::Owed, "owed", "callback.owed"),
    (CallbackState::Delivered, "delivered", "callback.delivered"),
    (CallbackState::Dead, "dead", "callback.dead"),
];

#[derive(Template)]
#[template(path = "callbacks.html")]
struct CallbacksPage<'a> {
    frame: &'a Frame,
    list: List,
    lines: Vec<Line>,
}

struct Line {
    line: CallbackLine,
    merchant: String,
    state: &'static str,
    look: &'static str,
    status: Option<u16>,
    note: String,
}

/// The list, those of the newest orders first.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    let named = names(&visit).await?;
    let state = STATES.iter().find(|(_, word, _)| *word == asked.state).map(|found| found.0);
    let slice = Slice { after: OrderId::parse(&asked.after), limit: CALLBACKS_ON_PAGE };
    let filter = CallbackFilter { merchant: asked.merchant(&visit), state };
    let Part { rows: lines, next } = visit.edge().records.callbacks(filter, slice).await?;
    let is_cut = next.is_some() && lines.len() < CALLBACKS_ON_PAGE;
    let list = List::new("/callbacks", asked, next.map(|order| order.to_string()))
        .cut(is_cut)
        .by_state(STATES.map(|(_, word, phrase)| (word, phrase)).to_vec())
        .by_merchant(&visit, &named);
    let lines = lines.into_iter().map(|one| line(&visit, one, &named)).collect();
    Visit::page(&CallbacksPage { frame: &visit.frame, list, lines })
}

fn line(visit: &Visit, line: CallbackLine, names: &BTreeMap<MerchantId, String>) -> Line {
    let (state, look) = callback_state(line.callback.state);
    let (status, note) = line.last.clone().unwrap_or_default();
    let note = told::note(visit.frame.tongue, status, note);
    let merchant = names.get(&line.merchant).cloned().unwrap_or_default();
    Line { merchant, state, look, status, note, line }
}

/// Whose test.
#[derive(Deserialize)]
pub(super) struct Whose {
    merchant: Option<i64>,
}

#[derive(Template)]
#[template(path = "callback_test.html")]
struct TestPage<'a> {
    frame: &'a Frame,
    merchants: Vec<Merchant>,
    merchant: &'a Merchant,
    keys: Vec<Key>,
    url: &'a str,
    tested: Option<Tested>,
    verifiers: &'static [Verifier],
}

/// What was sent and what came of it.
struct Tested {
    url: String,
    sent: Sent,
    body: String,
    status: Option<u16>,
    note: String,
    took_ms: u64,
}

impl Tested {
    /// Whether the receiver took it.
    fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The form.
pub(super) async fn show(visit: Visit, Query(whose): Query<Whose>) -> Result<Response, Refused> {
    let (merchant, merchants) = chosen(&visit, whose.merchant).await?;
    let url = merchant.callback_url.clone().unwrap_or_default();
    draw(&visit, merchants, &merchant, &url, None).await
}

async fn draw(
    visit: &Visit,
    merchants: Vec<Merchant>,
    merchant: &Merchant,
    url: &str,
    tested: Option<Tested>,
) -> Result<Response, Refused> {
    let mut keys = visit.app().store.keys(merchant.id).await?;
    keys.retain(|key| key.revoked.is_none());
    let (frame, verifiers) = (&visit.frame, VERIFIERS.as_slice());
    Visit::page(&TestPage { frame, merchants, merchant, keys, url, tested, verifiers })
}

/// Posts a made-up outcome once, signed as a real one, to an address that may be called.
pub(super) async fn test(change: Change) -> Result<Response, Refused> {
    let text = change.fields.text("key");
    let key = change.visit.app().store.key(text).await?.ok_or(Refused::NoPage)?;
    change.visit.sees(key.merchant)?;
    let (merchant, merchants) = chosen(&change.visit, Some(key.merchant.0)).await?;
    let url = change.fields.text("url");
    let edge = change.visit.edge();
    edge.callbacks.check_url(url).map_err(|_| Refused::bad("merchants.url-wrong"))?;
    let told = json!({"url": url});
    change.administrator().note("callback.test", format!("key {}", key.text), &told).await?;
    let tested = post(&change.visit, &key, url).await?;
    draw(&change.visit, merchants, &merchant, url, Some(tested)).await
}

async fn post(visit: &Visit, key: &Key, url: &str) -> Result<Tested, Refused> {
    let edge = visit.edge();
    let body = edge.app.format.callback_body(&sample(key, url));
    let keys = Keys::new(edge.app.store.clone(), edge.sealer.clone(), edge.app.clock.clone());
    let live = keys.for_callback(key.id).await.map_err(|failed| Refused::internal(&failed))?;
    let live = live.ok_or(Refused::NoPage)?;
    let at = Timestamp::from_secs(visit.now().get().div_euclid(1_000));
    let at = at.map_err(|failed| Refused::internal(&failed))?;
    let headers = live.with_secret(|secret| wire::callback::headers(&live.text, secret, at, &body));
    let sent = live.with_secret(|secret| attempt::sent(&live.text, secret, at, &body));
    let borrowed: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, note, took_ms) = match edge.callbacks.post(url, &borrowed, &body).await {
        PostOutcome::Answered { status, body_excerpt, took_ms } => {
            (Some(status), body_excerpt, took_ms)
        }
        PostOutcome::Refused(reason) => (None, reason.to_string(), 0),
        PostOutcome::Failed(reason) => (None, reason.to_string(), 0),
    };
    let body = String::from_utf8_lossy(&body).into_owned();
    let note = told::note(visit.frame.tongue, status, note);
    Ok(Tested { url: url.to_owned(), sent, body, status, note, took_ms })
}

/// An outcome that no order had: its serial is all zeros.
fn sample(key: &Key, url: &str) -> CallbackEvent {
    CallbackEvent {
        order: OrderId([0; 16]),
        key: key.id,
        origin: Origin::Api,
        period: Period::HOUR,
        url: url.to_owned(),
        outcome: Outcome::Delivered,
        receiver: node::black_hole(),
        reference: Some("test".to_owned()),
        energy: 65_000,
        energy_delegated: 65_130,
        amount: Sun::new(3_900_000),
        activation: None,
        bandwidth: None,
        delegation: None,
    }
}
