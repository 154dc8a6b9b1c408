//! `sunsweep admin`: tokens of the admin interface, and the log of changes.

use std::path::Path;

use app::admin_rows::{AdminToken, Slice};
use app::describe;
use clap::Subcommand;
use domain::admin::{AdminScope, AdminScopes};
use serde_json::json;

use super::output::{Failure, print, say, table};
use crate::admin::token;
use crate::boot::Offline;

/// What to do with the admin interface.
#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Add, revoke and list bearer tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Show who changed what, newest first.
    Log {
        /// Most lines.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Add a token. It is printed once and never again.
    Add {
        /// Name, for people and the log.
        name: String,
        /// What it may do: read, merchants, money, prices, pool, callbacks, batches.
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
        scopes: Vec<AdminScope>,
    },
    /// Revoke a token; its next request is refused.
    Revoke {
        /// The token's id.
        id: String,
    },
    /// List tokens.
    List {
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
}

impl AdminCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Token(TokenCommand::Add { name, scopes }) => add(&offline, name, scopes),
            Self::Token(TokenCommand::Revoke { id }) => {
                let token = offline.wait(offline.administrator().revoke_token(&id))?;
                print(&format!("token {} ({}) is revoked", token.id, token.name));
                Ok(())
            }
            Self::Token(TokenCommand::List { json }) => list(&offline, json),
            Self::Log { limit, json } => log(&offline, limit, json),
        }
    }
}

fn add(offline: &Offline, name: String, scopes: Vec<AdminScope>) -> Result<(), Failure> {
    let new = token::generate()?;
    let administrator = offline.administrator();
    let row = AdminToken {
        id: new.id,
        name,
        scopes: AdminScopes::of(scopes)?,
        secret_hash: new.secret_hash,
        created: administrator.now,
        revoked: None,
    };
    let row = offline.wait(administrator.add_token(row))?;
    let shown = json!({"id": row.id, "name": row.name, "token": new.text.as_str()});
    print(&shown.to_string());
    say("The token is not kept in readable form: store it now.");
    Ok(())
}

fn list(offline: &Offline, as_json: bool) -> Result<(), Failure> {
    let tokens = offline.wait(offline.records.admin_tokens())?;
    if as_json {
        print(&json!(tokens.iter().map(describe::token).collect::<Vec<_>>()).to_string());
        return Ok(());
    }
    let rows = tokens.into_iter().map(|token| {
        vec![
            token.id,
            token.name,
            token.scopes.to_string(),
            if token.revoked.is_some() { "revoked" } else { "live" }.to_owned(),
            wire::time::utc_micros(token.created),
        ]
    });
    print(&table(&["id", "name", "scopes", "state", "created"], rows));
    Ok(())
}

fn log(offline: &Offline, limit: usize, as_json: bool) -> Result<(), Failure> {
    let lines = offline.wait(offline.records.admin_log(Slice { after: None, limit }))?;
    if as_json {
        print(&json!(lines.iter().map(describe::log_entry).collect::<Vec<_>>()).to_string());
        return Ok(());
    }
    let rows = lines.into_iter().map(|line| {
        let entry = line.entry;
        let time = wire::time::utc_micros(entry.at);
        vec![line.number.to_string(), time, entry.actor, entry.action, entry.subject]
    });
    print(&table(&["number", "time", "who", "what", "to"], rows));
    Ok(())
}
