//! `sunsweep copy`: move a shop from SQLite to PostgreSQL.

use std::path::PathBuf;

use serde_json::json;
use store::Purpose;

use super::output::{Failure, print};
use crate::config::Config;

/// Move a shop from SQLite into an empty PostgreSQL database, and prove that both are equal. From then on
/// the SQLite one refuses to work: start the server with the new URL.
#[derive(Debug, clap::Args)]
pub(super) struct Copy {
    /// The SQLite database, as `sqlite:PATH`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The PostgreSQL database, as `postgres://USER@HOST:PORT/DATABASE`; the password is that of
    /// database.password_file, unless the URL has one.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Do and prove everything, then undo it: the shop stays where it is.
    #[arg(long)]
    rehearse: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Copy {
    /// Runs it between the two databases.
    pub(super) fn run(self, config: Option<&std::path::Path>) -> Result<(), Failure> {
        let config = Config::load(config)?;
        let Some(path) = self.from.strip_prefix("sqlite:").map(PathBuf::from) else {
            return Err(anyhow::anyhow!("--from must begin with sqlite:").into());
        };
        if !path.exists() {
            return Err(anyhow::anyhow!("there is no database {}", path.display()).into());
        }
        let to = config.postgres_url(&self.to)?;
        let purpose = if self.rehearse { Purpose::Rehearsal } else { Purpose::Move };
        let copied = store::copy(&path, &to, purpose).map_err(anyhow::Error::from)?;
        let rows: u64 = copied.iter().map(|table| table.rows).sum();
        if self.json {
            let tables: Vec<_> = copied
                .iter()
                .map(|table| json!({"table": table.name, "rows": table.rows, "hash": table.hash}))
                .collect();
            let is_moved = !self.rehearse;
            let all = json!({"rows": rows, "tables": tables, "audit": "clean", "moved": is_moved});
            print(&all.to_string());
            return Ok(());
        }
        for table in copied.iter().filter(|table| table.rows > 0) {
            print(&format!("{:<18} {:>10}  {}", table.name, table.rows, table.hash));
        }
        print(&format!("{rows} rows are equal on both sides; the audit of the copy is clean"));
        match purpose {
            Purpose::Move => {
                print(&format!("the shop has moved; {} refuses to work", path.display()))
            }
            Purpose::Rehearsal => print("this was a rehearsal: the shop has not moved"),
        }
        Ok(())
    }
}
