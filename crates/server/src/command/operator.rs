//! `sunsweep operator`: people who use the console.

use std::path::Path;

use app::administer::{AdminRefused, Administrator};
use app::describe;
use app::person_rows::{Person, PersonKey};
use clap::Subcommand;
use domain::{Access, MerchantId, Rank};
use serde_json::json;

use super::output::{Failure, print, say, table};
use crate::boot::Offline;
use crate::console::token;

/// What to do with people.
#[derive(Debug, Subcommand)]
pub(super) enum OperatorCommand {
    /// Invite somebody. The link is printed once, works once, and lets in who opens it.
    Add {
        /// Name, to sign in with and for the log.
        name: String,
        /// The merchant whose member it is; without it, one of the operator's people.
        #[arg(long, value_name = "ID")]
        merchant: Option<i64>,
        /// It may look, not change.
        #[arg(long)]
        viewer: bool,
    },
    /// Give somebody a new link; the old password, codes and sessions are void.
    Reset {
        /// Whom.
        name: String,
    },
    /// Shut somebody out; sessions end at once.
    Disable {
        /// Whom.
        name: String,
    },
    /// Let somebody in again.
    Enable {
        /// Whom.
        name: String,
    },
    /// List people.
    List {
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
}

impl OperatorCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Add { name, merchant, viewer } => {
                let rank = if viewer { Rank::Viewer } else { Rank::Admin };
                let access = Access { merchant: merchant.map(MerchantId), rank };
                invite(&offline, async |administrator, invitation| {
                    administrator.add_person(&name, access, invitation).await
                })
            }
            Self::Reset { name } => {
                let person = find(&offline, name)?;
                invite(&offline, async |administrator, invitation| {
                    administrator.reset_person(person.id, invitation).await
                })
            }
            Self::Disable { name } => enable(&offline, name, false),
            Self::Enable { name } => enable(&offline, name, true),
            Self::List { json } => list(&offline, json),
        }
    }
}

fn invite(
    offline: &Offline,
    add: impl AsyncFnOnce(Administrator, app::person_rows::Invitation) -> Result<Person, AdminRefused>,
) -> Result<(), Failure> {
    let administrator = offline.administrator();
    let until = administrator.now.after_secs(offline.invitation_secs());
    let (invitation, token) = token::invitation(until)?;
    let person = offline.wait(add(administrator, invitation))?;
    let link = token::invitation_link(&offline.origin(), &token);
    print(&json!({"id": person.id.0, "name": person.name, "link": link}).to_string());
    say("The link works once and is not shown again: send it over a channel that you trust.");
    Ok(())
}

fn enable(offline: &Offline, name: String, is_enabled: bool) -> Result<(), Failure> {
    let person = find(offline, name)?;
    let person = offline.wait(offline.administrator().enable_person(person.id, is_enabled))?;
    let done = if is_enabled { "may sign in" } else { "is shut out" };
    print(&format!("{} {done}", person.name));
    Ok(())
}

fn find(offline: &Offline, name: String) -> Result<Person, Failure> {
    let person = offline.wait(offline.records.person(&PersonKey::Name(name)))?;
    Ok(person.ok_or(AdminRefused::NoPerson)?)
}

fn list(offline: &Offline, as_json: bool) -> Result<(), Failure> {
    let people = offline.wait(offline.records.people(None))?;
    if as_json {
        print(&json!(people.iter().map(describe::person).collect::<Vec<_>>()).to_string());
        return Ok(());
    }
    let rows = people.into_iter().map(|person| {
        vec![
            person.id.0.to_string(),
            person.name.clone(),
            person.access.to_string(),
            describe::person_state(&person).to_owned(),
            wire::time::utc_micros(person.created),
        ]
    });
    print(&table(&["id", "name", "access", "state", "added"], rows));
    Ok(())
}
