//! A merchant's keys: list, add, bind, revoke. A new secret is shown once.

use app::administer::{KeyChange, LIVE_KEYS_MAX};
use app::describe;
use app::rows::{Key, Merchant};
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use domain::MerchantId;
use domain::key::{AllowList, KeyLimits, Scope, Scopes};
use serde::Deserialize;
use tron::Sun;

use super::fields::Fields;
use super::frame::Frame;
use super::merchants::chosen;
use super::refused::Refused;
use super::shown::{self, Html};
use super::shown_as::{check_shown, shown_as};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};
use crate::keys::new_key;

/// Whose keys.
#[derive(Deserialize)]
pub(super) struct Wanted {
    merchant: Option<i64>,
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage<'a> {
    frame: &'a Frame,
    merchants: Vec<Merchant>,
    merchant: Merchant,
    keys: Vec<Line>,
    scopes: [(&'static str, &'static str); 3],
    has_room: bool,
    live_max: usize,
}

/// A key as its form shows it.
struct Line {
    key: Key,
    networks: String,
    cap: String,
}

impl Line {
    /// What the form for changes is filled with.
    fn shown_as(&self) -> String {
        shown_as(&describe::key(&self.key))
    }

    fn of(key: Key) -> Self {
        let networks: Vec<String> = key.limits.allowed_from.texts().collect();
        let cap = key.limits.daily_cap.map(|cap| cap.to_trx_string());
        Self { networks: networks.join("\n"), cap: cap.unwrap_or_default(), key }
    }

    /// The cap as people read it.
    fn cap_shown(&self) -> Html {
        shown::trx(self.key.limits.daily_cap.unwrap_or(Sun::ZERO))
    }

    fn has(&self, word: &str) -> bool {
        self.key.limits.scopes.iter().any(|scope| scope.name() == word)
    }
}

#[derive(Template)]
#[template(path = "new_key.html")]
struct NewKeyPage<'a> {
    frame: &'a Frame,
    key: &'a Key,
    secret: &'a str,
}

/// The scopes with what each is called.
const SCOPES: [(&str, &str); 3] = [
    ("read", "keys.scope-read"),
    ("order", "keys.scope-order"),
    ("transfer", "keys.scope-transfer"),
];

/// The list, and the form for another one.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refused> {
    let (merchant, merchants) = chosen(&visit, wanted.merchant).await?;
    let keys = visit.app().store.keys(merchant.id).await?;
    let live = keys.iter().filter(|key| key.revoked.is_none()).count();
    Visit::page(&KeysPage {
        frame: &visit.frame,
        merchants,
        merchant,
        keys: keys.into_iter().rev().map(Line::of).collect(),
        scopes: SCOPES,
        has_room: live < LIVE_KEYS_MAX,
        live_max: LIVE_KEYS_MAX,
    })
}

/// Adds a key and shows its secret, once.
pub(super) async fn add(change: Change) -> Result<Response, Refused> {
    let named = change.fields.given("merchant").and_then(|number| number.parse().ok());
    let merchant = change.visit.merchant(named.map(MerchantId)).await?;
    let (name, limits) = (change.fields.text("name"), limits(&change.fields)?);
    let (sealer, now) = (&change.visit.edge().sealer, change.visit.now());
    let made = new_key(sealer, merchant.id, name, is_strict(&change.fields), limits, now);
    let (key, secret) = made.map_err(|failed| Refused::internal(&failed))?;
    let key = change.administrator().add_key(key).await?;
    Visit::page(&NewKeyPage { frame: &change.visit.frame, key: &key, secret: secret.expose() })
}

/// Binds a key in another way.
pub(super) async fn bind(Path(text): Path<String>, change: Change) -> Result<Response, Refused> {
    let key = seen(&change, &text).await?;
    let limits = limits(&change.fields)?;
    check_shown(&change.fields, &describe::key(&key))?;
    let wanted = KeyChange {
        name: Some(change.fields.text("name").to_owned()),
        scopes: Some(limits.scopes),
        allowed_from: Some(limits.allowed_from),
        daily_cap: Some(limits.daily_cap),
        is_reference_strict: Some(is_strict(&change.fields)),
    };
    change.administrator().change_key(&key.text, wanted).await?;
    Ok(change.done(&format!("/keys?merchant={}", key.merchant.0), "key-changed"))
}

/// Revokes a key.
pub(super) async fn revoke(Path(text): Path<String>, change: Change) -> Result<Response, Refused> {
    let key = seen(&change, &text).await?;
    change.administrator().revoke_key(&key.text).await?;
    Ok(change.done(&format!("/keys?merchant={}", key.merchant.0), "key-revoked"))
}

/// A key that whoever asks may see.
async fn seen(change: &Change, text: &str) -> Result<Key, Refused> {
    let key = change.visit.app().store.key(text).await?.ok_or(Refused::NoPage)?;
    change.visit.sees(key.merchant)?;
    Ok(key)
}

fn is_strict(fields: &Fields) -> bool {
    fields.text("strict") == "on"
}

/// What a form binds a key to.
fn limits(fields: &Fields) -> Result<KeyLimits, Refused> {
    let scopes: Result<Vec<Scope>, _> = fields.all("scope").map(str::parse).collect();
    let scopes = scopes.and_then(Scopes::of).map_err(|_| Refused::bad("keys.no-scope"))?;
    let split = |c: char| c.is_whitespace() || c == ',';
    let networks = fields.text("networks").split(split).filter(|text| !text.is_empty());
    let networks: Vec<&str> = networks.collect();
    let allowed_from = AllowList::of(&networks).map_err(|_| Refused::bad("keys.networks-wrong"))?;
    let daily_cap = match fields.given("cap") {
        None => None,
        Some(text) => Some(
            Sun::parse_trx(text)
                .ok()
                .filter(|cap| !cap.is_negative())
                .ok_or(Refused::bad("keys.cap-wrong"))?,
        ),
    };
    Ok(KeyLimits { scopes, allowed_from, daily_cap })
}
