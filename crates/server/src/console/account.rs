//! The way in and out of the console, and how it looks.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::frame::is_ours;
use super::phrase::Tongue;
use super::refused::{Refused, go};
use super::visit::{GuestForm, OwnChange, Visit};
use super::{PREFIX, cookie};

/// Where somebody who is signed in begins.
pub(super) async fn home(_visit: Visit) -> Redirect {
    Redirect::to(&format!("{PREFIX}/overview"))
}

/// The console without its last slash.
pub(super) async fn to_home() -> Redirect {
    Redirect::permanent(PREFIX)
}

/// Ends the session, here and at every other place that has its cookie.
pub(super) async fn sign_out(own: OwnChange) -> Result<Response, Refused> {
    own.administrator().sign_out(own.visit.person.id, own.visit.session).await?;
    let address = format!("{PREFIX}/sign-in?done=signed-out");
    let mut response = go(&own.visit.frame, own.visit.frame.gone_status(), &address);
    response.headers_mut().append(header::SET_COOKIE, cookie::gone(cookie::SESSION));
    Ok(response)
}

/// Keeps how the console is to look in this browser, and comes back.
pub(super) async fn prefer(form: GuestForm) -> Response {
    let GuestForm { guest, fields } = form;
    let back = Some(fields.text("back")).filter(|back| is_ours(back)).unwrap_or(PREFIX);
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response();
    let chosen = [
        (cookie::LANGUAGE, Tongue::of_code(fields.text("language")).map(Tongue::code)),
        (cookie::THEME, theme(fields.text("theme"))),
    ];
    for (name, value) in chosen {
        if let Some(value) = value {
            let kept = cookie::preference(name, value, guest.is_https);
            response.headers_mut().append(header::SET_COOKIE, kept);
        }
    }
    response
}

fn theme(word: &str) -> Option<&'static str> {
    ["light", "dark", "system"].into_iter().find(|known| *known == word)
}
