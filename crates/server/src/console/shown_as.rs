//! What a form was filled with: somebody else may have changed it since, and whoever sends an old form would put
//! it back without having meant to.

use axum::http::StatusCode;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::fields::Fields;
use super::refused::Refused;

/// The form's hidden field.
const SHOWN_AS: &str = "shown_as";
/// Digits of it.
const DIGITS: usize = 32;

/// What tells one state of what is shown from another; goes into the form.
pub(super) fn shown_as(state: &Value) -> String {
    let mut digits = hex::encode(Sha256::digest(state.to_string()));
    digits.truncate(DIGITS);
    digits
}

/// Lets a form go on whose sender was shown what holds now.
///
/// Errors: something else was shown.
pub(super) fn check_shown(fields: &Fields, now: &Value) -> Result<(), Refused> {
    match fields.text(SHOWN_AS) == shown_as(now) {
        true => Ok(()),
        false => Err(Refused::Because(StatusCode::CONFLICT, "refused.changed-since")),
    }
}
