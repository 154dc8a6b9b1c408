//! Tokens of the admin interface.

use app::admin_rows::AdminToken;
use domain::admin::AdminScopes;

use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

/// The columns of a token, as [`read`] expects them.
macro_rules! select {
    () => {
        "SELECT id, name, scopes, secret_hash, created_ms, revoked_ms FROM admin_token"
    };
}

crate::statement::statements! {
    BY_ID = concat!(select!(), " WHERE id = ?1");
    ALL_TOKENS = concat!(select!(), " ORDER BY created_ms, id");
    PUT = "
INSERT INTO admin_token (id, name, scopes, secret_hash, created_ms, revoked_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (id) DO UPDATE SET revoked_ms = excluded.revoked_ms";
}

fn read(row: &Row<'_>) -> sql::Result<AdminToken> {
    let number: i64 = row.get(2)?;
    let scopes = AdminScopes::from_number(number);
    Ok(AdminToken {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: scopes.ok_or_else(|| column::meaningless(2, &number))?,
        secret_hash: row.get(3)?,
        created: column::millis(row, 4)?,
        revoked: column::maybe_millis(row, 5)?,
    })
}

/// A token by its public part, revoked ones too.
pub(crate) fn by_id(connection: &Connection, id: &str) -> Result<Option<AdminToken>, Fault> {
    Ok(connection.prepare_cached(BY_ID)?.query_row([id], read).optional()?)
}

/// Every token, oldest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<AdminToken>, Fault> {
    let mut tokens = connection.prepare_cached(ALL_TOKENS)?;
    Ok(tokens.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// The token with a name that is not revoked. There are few of them.
pub(crate) fn live_named(connection: &Connection, name: &str) -> Result<Option<AdminToken>, Fault> {
    let mut live = all(connection)?.into_iter().filter(|token| token.revoked.is_none());
    Ok(live.find(|token| token.name == name))
}

/// Adds a token, or writes when it stopped working.
pub(crate) fn put(connection: &Connection, token: &AdminToken) -> Result<(), Fault> {
    connection.prepare_cached(PUT)?.run(params![
        token.id,
        token.name,
        token.scopes.number(),
        token.secret_hash,
        token.created.0,
        token.revoked.map(|at| at.0),
    ])?;
    Ok(())
}
