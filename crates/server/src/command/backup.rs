//! `sunsweep backup` and `restore`: a copy of the database while it serves, and the way back.

use std::path::{Path, PathBuf};

use app::ports::Clock;
use serde_json::{Value, json};
use store::backup::{Checked, back_up, restore};

use super::output::{Failure, print, say};
use crate::boot::sqlite_path;
use crate::system::SystemClock;

/// Copy the database as it is at this moment, also while the server runs, and prove the copy before
/// it gets its name.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// Where the copy goes; nothing must be there.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Put a copy in the place of the database. The server must be stopped; what was there is kept.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The copy.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Do it; without this it is only checked.
    #[arg(long)]
    yes: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let made = back_up(&sqlite_path(config)?, &self.to)?;
        match self.json {
            true => print(&facts(&self.to, &made).to_string()),
            false => print(&format!("{} holds {}", self.to.display(), words(&made))),
        }
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let database = sqlite_path(config)?;
        if !self.yes {
            let copy = store::backup::check(&self.from)?;
            print(&format!("{} is sound: {}", self.from.display(), words(&copy)));
            say(&format!("With --yes it takes the place of {}.", database.display()));
            return Ok(());
        }
        let restored = restore(&self.from, &database, SystemClock.now().get())?;
        if self.json {
            let mut object = facts(&database, &restored.copy);
            object["old"] = json!(restored.old);
            print(&object.to_string());
            return Ok(());
        }
        print(&format!("{} holds {}", database.display(), words(&restored.copy)));
        if let Some(old) = &restored.old {
            print(&format!("what was there is {}", old.display()));
        }
        say("Before you start the server: sunsweep audit --reconcile");
        if let Some(watched) = restored.copy.watched {
            say(&format!("Once it has run, the same needs --from-block {}.", watched + 1));
        }
        Ok(())
    }
}

fn words(copy: &Checked) -> String {
    let watched = match copy.watched {
        Some(number) => format!("watched up to block {number}"),
        None => "no block watched".to_owned(),
    };
    format!(
        "{} ledger transactions, migration {}, {} bytes, {watched}, every page checked",
        copy.ledger_txs, copy.migration, copy.bytes
    )
}

fn facts(path: &Path, copy: &Checked) -> Value {
    json!({
        "file": path,
        "bytes": copy.bytes,
        "migration": copy.migration,
        "ledger_txs": copy.ledger_txs,
        "watched_block": copy.watched,
    })
}
