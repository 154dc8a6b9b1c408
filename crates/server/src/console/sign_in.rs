//! Signing in: name, password and one-time code, all at once, so that nobody learns which was wrong.

use app::administer::{AdminRefused, Administrator, Proof};
use app::person_rows::{Person, PersonKey, Session};
use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::UnixMillis;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::edge::ConsoleEdge;
use super::fields::Fields;
use super::frame::{Frame, is_ours};
use super::password::PASSWORD_CHARS_MAX;
use super::refused::Refused;
use super::totp::{TotpSecret, seal_context};
use super::visit::{Guest, GuestForm, Visit};
use super::{PREFIX, asset, cookie, token};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: &'a Frame,
    name: &'a str,
    next: &'a str,
    problem: Option<String>,
}

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

/// The form.
pub(super) async fn show(
    guest: Guest,
    visit: Result<Visit, Refused>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    if visit.is_ok() {
        return Ok(axum::response::Redirect::to(PREFIX).into_response());
    }
    let page = SignInPage { frame: &guest.frame, name: "", next: &wanted.next, problem: None };
    guest.page(StatusCode::OK, &page)
}

/// Lets somebody in, or says that something is wrong.
pub(super) async fn enter(form: GuestForm) -> Result<Response, Refused> {
    let GuestForm { guest, fields } = form;
    let (edge, now) = (guest.edge.clone(), guest.edge.app.clock.now());
    if let Some(secs) = edge.address_lock.wait_secs(guest.address, now) {
        return refuse(&guest, &fields, Refused::Throttled(secs));
    }
    let Some((person, token)) = try_to_enter(&edge, &guest, &fields, now).await? else {
        edge.address_lock.count(guest.address, now);
        tracing::warn!(client.address = %guest.address, "somebody did not get into the console");
        return refuse(&guest, &fields, Refused::Change(AdminRefused::NotSignedIn));
    };
    edge.address_lock.forgive(guest.address);
    tracing::info!(person = person.name, client.address = %guest.address, "signed in");
    let next = Some(fields.text("next")).filter(|next| is_ours(next)).unwrap_or(PREFIX);
    Ok(entered(&token, next, guest.is_https))
}

/// A browser that is signed in from now on. The token is a new one, whatever the browser had before.
pub(super) fn entered(token: &str, next: &str, is_https: bool) -> Response {
    let next = HeaderValue::from_str(next).unwrap_or_else(|_| HeaderValue::from_static(PREFIX));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, next)]).into_response();
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, cookie::secret(cookie::SESSION, token, is_https));
    headers.append(header::SET_COOKIE, cookie::gone(cookie::VISITOR));
    response
}

async fn try_to_enter(
    edge: &ConsoleEdge,
    guest: &Guest,
    fields: &Fields,
    now: UnixMillis,
) -> Result<Option<(Person, Zeroizing<String>)>, Refused> {
    let name = PersonKey::Name(fields.text("name").to_owned());
    let person = edge.records.person(&name).await?;
    let known = person.as_ref().and_then(|person| person.credentials.clone());
    let password = Zeroizing::new(fields.raw("password").to_owned());
    let is_too_long = password.chars().count() > PASSWORD_CHARS_MAX;
    let hash = known.as_ref().map(|known| known.password_hash.clone()).filter(|_| !is_too_long);
    let is_right = edge.hasher.fits(password, hash).await;
    let Some((person, known)) = person.zip(known) else { return Ok(None) };
    let secret = edge.sealer.open(&seal_context(person.id), &known.sealed_totp);
    let secret = TotpSecret::from_bytes(secret.map_err(|failed| Refused::internal(&failed))?);
    let step = secret.step_of(fields.text("code"), now).filter(|_| is_right);
    let administrator = Administrator {
        store: edge.app.store.clone(),
        actor: format!("person {}", person.name),
        now,
    };
    let Some(totp_step) = step else {
        administrator.refuse_sign_in(person.id, guest.address.to_string()).await?;
        return Ok(None);
    };
    let token = token::fresh().map_err(|failed| Refused::internal(&failed))?;
    let session =
        Session { token_hash: token::hash(&token), person: person.id, began: now, seen: now };
    let proof = Proof { password_hash: known.password_hash, totp_step };
    match administrator.sign_in(person.id, proof, session).await {
        Ok(person) => Ok(Some((person, token))),
        Err(AdminRefused::NotSignedIn) => {
            administrator.refuse_sign_in(person.id, guest.address.to_string()).await?;
            Ok(None)
        }
        Err(failed) => Err(failed.into()),
    }
}

fn refuse(guest: &Guest, fields: &Fields, refused: Refused) -> Result<Response, Refused> {
    let status = if matches!(refused, Refused::Throttled(_)) {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::UNAUTHORIZED
    };
    let page = SignInPage {
        frame: &guest.frame,
        name: fields.text("name"),
        next: fields.text("next"),
        problem: Some(refused.sentence(guest.frame.tongue)),
    };
    guest.page(status, &page)
}
