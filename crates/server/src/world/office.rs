//! A world's token for the admin interface, which may do everything.

use app::admin_rows::AdminToken;
use app::administer::Administrator;
use domain::admin::{AdminScope, AdminScopes};
use zeroize::Zeroizing;

use super::World;
use crate::admin::token;

/// The name of the token; earlier ones of this name are revoked.
const NAME: &str = "dev";

impl World {
    /// A fresh token with every scope, in place of those of earlier starts. It is worth nothing outside
    /// its world.
    ///
    /// Shape: one secret is hashed.
    pub async fn admin_token(&self) -> anyhow::Result<Zeroizing<String>> {
        let now = self.app.clock.now();
        let administrator =
            Administrator { store: self.app.store.clone(), actor: NAME.to_owned(), now };
        let live = |token: &AdminToken| token.name == NAME && token.revoked.is_none();
        for earlier in self.records.admin_tokens().await?.into_iter().filter(live) {
            administrator.revoke_token(&earlier.id).await?;
        }
        let new = token::generate()?;
        let row = AdminToken {
            id: new.id,
            name: NAME.to_owned(),
            scopes: AdminScopes::of(AdminScope::ALL)?,
            secret_hash: new.secret_hash,
            created: now,
            revoked: None,
        };
        administrator.add_token(row).await?;
        Ok(new.text)
    }
}
