//! Tokens of the admin interface, for programs of the operator's: list, add, revoke. A new token is shown
//! once.

use app::admin_rows::AdminToken;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use domain::admin::{AdminScope, AdminScopes};

use super::frame::Frame;
use super::refused::Refused;
use super::visit::{Change, Visit};
use super::{PREFIX, asset};
use crate::admin::token;

/// What a token may be used for, with what each is called.
const SCOPES: [(AdminScope, &str); 7] = [
    (AdminScope::Read, "tokens.scope-read"),
    (AdminScope::Merchants, "tokens.scope-merchants"),
    (AdminScope::Money, "tokens.scope-money"),
    (AdminScope::Prices, "tokens.scope-prices"),
    (AdminScope::Pool, "tokens.scope-pool"),
    (AdminScope::Callbacks, "tokens.scope-callbacks"),
    (AdminScope::Batches, "tokens.scope-batches"),
];

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage<'a> {
    frame: &'a Frame,
    tokens: Vec<AdminToken>,
    scopes: [(AdminScope, &'static str); 7],
}

#[derive(Template)]
#[template(path = "new_token.html")]
struct NewTokenPage<'a> {
    frame: &'a Frame,
    row: &'a AdminToken,
    text: &'a str,
}

impl TokensPage<'_> {
    /// What a token may be used for, as phrases.
    fn uses(&self, token: &AdminToken) -> Vec<&'static str> {
        let held = self.scopes.iter().filter(|(scope, _)| token.scopes.has(*scope));
        held.map(|(_, phrase)| *phrase).collect()
    }
}

/// The list, newest first, and the form for another one.
pub(super) async fn list(visit: Visit) -> Result<Response, Refused> {
    let mut tokens = visit.operator()?.records.admin_tokens().await?;
    tokens.reverse();
    Visit::page(&TokensPage { frame: &visit.frame, tokens, scopes: SCOPES })
}

/// Adds a token and shows it, once.
pub(super) async fn add(change: Change) -> Result<Response, Refused> {
    change.visit.operator()?;
    let scopes: Result<Vec<AdminScope>, _> = change.fields.all("scope").map(str::parse).collect();
    let scopes = scopes.and_then(AdminScopes::of).map_err(|_| Refused::bad("tokens.no-scope"))?;
    let new = token::generate().map_err(|failed| Refused::internal(&failed))?;
    let row = AdminToken {
        id: new.id,
        name: change.fields.text("name").to_owned(),
        scopes,
        secret_hash: new.secret_hash,
        created: change.visit.now(),
        revoked: None,
    };
    let row = change.administrator().add_token(row).await?;
    Visit::page(&NewTokenPage { frame: &change.visit.frame, row: &row, text: &new.text })
}

/// Revokes a token.
pub(super) async fn revoke(Path(id): Path<String>, change: Change) -> Result<Response, Refused> {
    change.visit.operator()?;
    change.administrator().revoke_token(&id).await?;
    Ok(change.done("/tokens", "token-revoked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_offered() {
        assert_eq!(SCOPES.map(|(scope, _)| scope), AdminScope::ALL);
    }
}
