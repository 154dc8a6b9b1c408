//! Accepting an invitation: choose a password, set up the one-time codes, and be signed in.
//!
//! The secret of the codes travels through the form, sealed for this very invitation, so that looking at
//! a link changes nothing.

use app::administer::Administrator;
use app::person_rows::{Credentials, Person, PersonKey, Session};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::PersonId;
use zeroize::Zeroizing;

use super::edge::ConsoleEdge;
use super::frame::Frame;
use super::password::{self, PASSWORD_CHARS_MIN};
use super::refused::Refused;
use super::shown::{self, Html};
use super::totp::{TotpSecret, seal_context};
use super::visit::{Guest, GuestForm};
use super::{PREFIX, asset, sign_in, token};

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    frame: &'a Frame,
    token: &'a str,
    name: &'a str,
    access: &'static str,
    secret: &'a str,
    address: &'a str,
    picture: Option<Html>,
    sealed: &'a str,
    password_chars_min: usize,
    problem: Option<String>,
}

/// The form, with a fresh secret to scan.
pub(super) async fn show(guest: Guest, Path(token): Path<String>) -> Result<Response, Refused> {
    let person = invited(&guest.edge, &token).await?;
    let secret = TotpSecret::generate().map_err(|failed| Refused::internal(&failed))?;
    draw(&guest, StatusCode::OK, &token, &person, &secret, None)
}

/// Takes it, if password and code are good.
pub(super) async fn accept(
    Path(token): Path<String>,
    form: GuestForm,
) -> Result<Response, Refused> {
    let GuestForm { guest, fields } = form;
    let edge = &guest.edge;
    let person = invited(edge, &token).await?;
    let sealed = hex::decode(fields.text("sealed")).map_err(|_| Refused::Form)?;
    let opened = edge.sealer.open(&form_context(&token), &sealed).map_err(|_| Refused::Form)?;
    let secret = TotpSecret::from_bytes(opened);
    let now = edge.app.clock.now();
    let password = Zeroizing::new(fields.raw("password").to_owned());
    let refuse = |key: &str| {
        let problem = guest.frame.fill(key, PASSWORD_CHARS_MIN);
        draw(&guest, StatusCode::BAD_REQUEST, &token, &person, &secret, Some(problem))
    };
    if !password::is_allowed(&password) {
        return refuse("invitation.password-short");
    }
    if password.as_str() != fields.raw("again") {
        return refuse("invitation.password-differs");
    }
    let Some(totp_step) = secret.step_of(fields.text("code"), now) else {
        return refuse("invitation.code-wrong");
    };
    let hash = edge.hasher.hash(password).await.map_err(|failed| Refused::internal(&failed))?;
    let credentials = sealed_for(edge, person.id, &secret, hash, totp_step)?;
    let fresh = token::fresh().map_err(|failed| Refused::internal(&failed))?;
    let session =
        Session { token_hash: token::hash(&fresh), person: person.id, began: now, seen: now };
    let administrator = Administrator {
        store: edge.app.store.clone(),
        actor: format!("person {}", person.name),
        now,
    };
    administrator.accept_invitation(token::hash(&token), credentials, session).await?;
    Ok(sign_in::entered(&fresh, PREFIX, guest.is_https))
}

fn sealed_for(
    edge: &ConsoleEdge,
    person: PersonId,
    secret: &TotpSecret,
    password_hash: String,
    totp_step: i64,
) -> Result<Credentials, Refused> {
    let sealed = edge.sealer.seal(&seal_context(person), secret.as_bytes());
    let sealed_totp = sealed.map_err(|failed| Refused::internal(&failed))?;
    Ok(Credentials { password_hash, sealed_totp, totp_step })
}

/// Whom a link invites, if it still works.
async fn invited(edge: &ConsoleEdge, token: &str) -> Result<Person, Refused> {
    let key = PersonKey::Invitation(token::hash(token));
    let person = edge.records.person(&key).await?;
    let now = edge.app.clock.now();
    person
        .filter(|person| {
            person.disabled.is_none()
                && person.invitation.is_some_and(|invitation| now < invitation.until)
        })
        .ok_or(Refused::Because(StatusCode::NOT_FOUND, "refused.no-invitation"))
}

fn draw(
    guest: &Guest,
    status: StatusCode,
    token: &str,
    person: &Person,
    secret: &TotpSecret,
    problem: Option<String>,
) -> Result<Response, Refused> {
    let sealed = guest.edge.sealer.seal(&form_context(token), secret.as_bytes());
    let sealed = hex::encode(sealed.map_err(|failed| Refused::internal(&failed))?);
    let (text, address) = (secret.base32(), secret.url(&person.name));
    let page = InvitationPage {
        frame: &guest.frame,
        token,
        name: &person.name,
        access: guest.frame.access_phrase(&person.access),
        secret: &text,
        address: &address,
        picture: shown::scanned(&address),
        sealed: &sealed,
        password_chars_min: PASSWORD_CHARS_MIN,
        problem,
    };
    guest.page(status, &page)
}

fn form_context(token: &str) -> String {
    format!("console/invitation/{}", hex::encode(token::hash(token)))
}
