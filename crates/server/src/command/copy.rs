//! `sunsweep copy`: move a shop from SQLite to PostgreSQL.

use std::path::PathBuf;

use serde_json::json;

use super::output::{Failure, print};
use crate::config::Config;

/// Copy everything of a SQLite database into an empty PostgreSQL one, and prove that both are equal. Stop
/// the server first; start it with the new URL afterwards.
#[derive(Debug, clap::Args)]
pub(super) struct Copy {
    /// The SQLite database, as `sqlite:PATH`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The PostgreSQL database, as `postgres://USER@HOST:PORT/DATABASE`; the password is that of
    /// database.password_file, unless the URL has one.
    #[arg(long, value_name = "URL")]
    to: String,
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
        let copied = store::copy(&path, &to).map_err(anyhow::Error::from)?;
        let rows: u64 = copied.iter().map(|table| table.rows).sum();
        if self.json {
            let tables: Vec<_> = copied
                .iter()
                .map(|table| json!({"table": table.name, "rows": table.rows, "hash": table.hash}))
                .collect();
            print(&json!({"rows": rows, "tables": tables, "audit": "clean"}).to_string());
            return Ok(());
        }
        for table in copied.iter().filter(|table| table.rows > 0) {
            print(&format!("{:<18} {:>10}  {}", table.name, table.rows, table.hash));
        }
        print(&format!("{rows} rows are equal on both sides; the audit of the copy is clean"));
        Ok(())
    }
}
