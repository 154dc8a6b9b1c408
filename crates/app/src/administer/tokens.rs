//! Tokens of the admin interface: add, revoke. The secret is made and hashed by the caller.

use super::{AdminRefused, Administrator, NAME_CHARS_MAX, text_within};
use crate::admin_rows::{AdminChanges, AdminNeeds, AdminToken};
use crate::describe;

impl Administrator {
    /// Adds a token.
    ///
    /// Its name is new among those that work: by it the log, and a repeated request, know who it was.
    ///
    /// Errors: [`AdminRefused::Name`], [`AdminRefused::TokenExists`], or the store's.
    pub async fn add_token(&self, token: AdminToken) -> Result<AdminToken, AdminRefused> {
        let name = text_within(&token.name, NAME_CHARS_MAX).ok_or(AdminRefused::Name)?;
        let token = AdminToken { name, ..token };
        let needs = AdminNeeds { token_named: Some(token.name.clone()), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            if rows.admin.token_named.is_some() {
                return Err(AdminRefused::TokenExists(token.name.clone()));
            }
            let after = describe::token(&token);
            let log = me.log("token.add", subject(&token), None, Some(&after));
            let changes = AdminChanges { token: Some(token.clone()), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), token.clone()))
        })
        .await
    }

    /// Revokes a token; its next request is refused.
    ///
    /// Errors: [`AdminRefused::NoToken`], or the store's.
    pub async fn revoke_token(&self, id: &str) -> Result<AdminToken, AdminRefused> {
        let id = id.to_owned();
        let needs = AdminNeeds { token: Some(id.clone()), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            let before = rows.admin.token.as_ref().filter(|token| token.revoked.is_none());
            let before = before.ok_or_else(|| AdminRefused::NoToken(id.clone()))?;
            let after = AdminToken { revoked: Some(me.now), ..before.clone() };
            let (was, is) = (describe::token(before), describe::token(&after));
            let log = me.log("token.revoke", subject(&after), Some(&was), Some(&is));
            let changes = AdminChanges { token: Some(after.clone()), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), after))
        })
        .await
    }
}

fn subject(token: &AdminToken) -> String {
    format!("token {}", token.id)
}
